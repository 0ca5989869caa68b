"""Usage month by month: bars drawn on the server, and a table."""

from collections.abc import Sequence

from babel.dates import format_date
from reactpy import Vdom, html
from reactpy.types import VdomDict

from backend.usage.schemas import MonthUse
from frontend.components.usage.words import amount_words, month_title
from frontend.i18n import Translator

HEIGHT, BAR, GAP = 96, 36, 20
# Months in the table, and as bars: so many stay legible on a telephone
YEAR, DRAWN = 12, 6
# ReactPy's own takes no words
_svg_text = Vdom("text")


def history(text: Translator, months: Sequence[MonthUse]) -> VdomDict:
    """Data of the last months as bars, drawn on the server, and a year's months as a table."""
    shown = list(months)[-YEAR:]
    return html.div(
        {"class": "stack"},
        _bars(text, shown[-DRAWN:]),
        html.div(
            {"class": "table-wrap"},
            html.table(
                {"class": "table"},
                html.caption({"class": "visually-hidden"}, text("Usage by month")),
                html.thead(
                    html.tr(
                        html.th({"scope": "col"}, text("Month")),
                        html.th({"scope": "col", "class": "amount"}, text("Mobile data")),
                        html.th({"scope": "col", "class": "amount rank-3"}, text("Calls")),
                        html.th({"scope": "col", "class": "amount rank-3"}, text("Messages")),
                        html.th({"scope": "col", "class": "amount"}, text("Excl. VAT")),
                    )
                ),
                html.tbody(*(_month_row(text, month) for month in reversed(shown))),
            ),
        ),
    )


def _month_row(text: Translator, month: MonthUse) -> VdomDict:
    return html.tr(
        {"key": str(month.period)},
        html.th({"scope": "row"}, month_title(text, month.period)),
        html.td({"class": "amount"}, amount_words(text, month.data_bytes, "bytes")),
        html.td({"class": "amount rank-3"}, amount_words(text, month.voice_seconds, "seconds")),
        html.td({"class": "amount rank-3"}, text.number(month.messages)),
        html.td({"class": "amount"}, text.money(month.cents)),
    )


def _bars(text: Translator, months: Sequence[MonthUse]) -> VdomDict:
    most = max((month.data_bytes for month in months), default=0) or 1
    # As wide with one month as with six
    width = DRAWN * (BAR + GAP)
    parts = []
    for index, month in enumerate(months):
        height = max(round(HEIGHT * month.data_bytes / most), 1)
        x = index * (BAR + GAP) + GAP // 2
        rank = "bar" if index == len(months) - 1 else "bar-past"
        label = str(format_date(month.period, "MMM", locale=text.locale))
        parts += [
            html.svg.rect(
                {
                    "class": rank,
                    "x": str(x),
                    "y": str(HEIGHT - height),
                    "width": str(BAR),
                    "height": str(height),
                    "rx": "3",
                    "key": f"bar{month.period}",
                }
            ),
            _svg_text(
                {
                    "x": str(x + BAR // 2),
                    "y": str(HEIGHT + 18),
                    "text-anchor": "middle",
                    "key": f"t{month.period}",
                },
                label,
            ),
        ]
    return html.svg(
        {
            "class": "chart chart-months",
            "viewBox": f"0 0 {width} {HEIGHT + 24}",
            "aria-hidden": "true",
            "preserveAspectRatio": "xMinYMid",
        },
        *parts,
    )
