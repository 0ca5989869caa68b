"""Single usage records, and who looked at them."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.usage.schemas import DetailAccess, UsageDetail, UsageDetailRow
from frontend.components.layout import empty, panel
from frontend.components.timeline import TimelineStep, timeline
from frontend.components.usage.words import amount_words, service_words
from frontend.i18n import Translator


def no_detail() -> UsageDetail | None:
    """The state of a component before single records were asked for."""
    return None


def detail_panel(text: Translator, name: str, title: str, detail: UsageDetail, *, own: bool) -> VdomDict:
    """Single records in a panel. `own`: the reader pays for them and sees whom they called."""
    cents = text("Paid by me") if own else text("Paid by the company")
    more = (
        html.p({"class": "small muted"}, text("Only the newest records are shown.")) if detail.more else None
    )
    table = _detail_table(text, detail.rows, cents, by_day=detail.by_day and not own, own=own)
    return panel(name, title, table, more, bare=True)


def _detail_table(
    text: Translator, rows: Sequence[UsageDetailRow], cents: str, *, by_day: bool, own: bool
) -> VdomDict:
    """Single records, the newest first; with a split bill sums of days."""
    if not rows:
        return empty(text("Nothing was recorded in this month"))
    return html.div(
        {"class": "table-wrap", "tabindex": "0", "role": "region", "aria-label": text("Detail of the month")},
        html.table(
            {"class": "table"},
            html.caption({"class": "visually-hidden"}, text("Detail of the month")),
            html.thead(
                html.tr(
                    html.th({"scope": "col"}, text("Day") if by_day else text("When")),
                    html.th({"scope": "col"}, text("Service")),
                    html.th({"scope": "col"}, text("Number called")) if own else None,
                    html.th({"scope": "col", "class": "amount"}, text("Used")),
                    html.th({"scope": "col", "class": "amount"}, cents),
                )
            ),
            html.tbody(
                *(
                    html.tr(
                        {"key": str(index)},
                        html.th({"scope": "row"}, text.date(row.at) if by_day else text.moment(row.at)),
                        html.td(
                            service_words(text, row.service),
                            html.span({"class": "cell-sub"}, row.zone or text("abroad"))
                            if row.roaming
                            else None,
                        ),
                        html.td({"class": "number"}, row.counterpart) if own else None,
                        html.td({"class": "amount"}, amount_words(text, row.amount, row.unit)),
                        html.td({"class": "amount"}, text.money(row.cents)),
                    )
                    for index, row in enumerate(rows)
                )
            ),
        ),
    )


def access_log(text: Translator, entries: Sequence[DetailAccess]) -> VdomDict:
    """Who looked at single records, and why."""
    if not entries:
        return html.p({"class": "muted"}, text("Nobody has looked at single records."))
    return timeline(
        [
            TimelineStep(
                title=text("{name} looked at the detail", name=look.name),
                time=text.moment(look.at),
                note=text("“{reason}”", reason=look.reason),
            )
            for look in entries
        ]
    )
