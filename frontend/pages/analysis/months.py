"""The year as a chart with its values, unit and axis, and as a table."""

from collections.abc import Iterator
from datetime import date

from babel.dates import format_date
from reactpy import html
from reactpy.types import VdomDict

from backend.billing.analysis.schemas import MonthSpend, SpendMonths
from backend.usage.lifecycle import month_before
from frontend.components.layout import panel
from frontend.components.usage.chart import Bar, bar_chart
from frontend.components.usage.words import month_title, month_words
from frontend.i18n import Translator

YEAR = 12
Months = list[tuple[date, MonthSpend | None]]


def months_panel(text: Translator, shown: SpendMonths, title: str) -> VdomDict:
    """What the month costs as a figure, and the year up to it."""
    if shown.month is None:
        return panel("spend", title)
    known = {one.month: one for one in shown.items}
    now = known.get(shown.month)
    figure = text.money(now.cents) if now else text.money(0)
    months = list(_filled(shown))
    bars = [
        Bar(
            name=str(format_date(month, "MMM", locale=text.locale)),
            value=None if one is None else one.cents / 100,
        )
        for month, one in months
    ]
    words = text(
        "{what} by month, {first} to {last}",
        what=text("Spend"),
        first=month_words(text, months[0][0]),
        last=month_words(text, shown.month),
    )
    return panel(
        "spend",
        title,
        html.p(
            {"class": "figure"},
            figure,
            " ",
            html.small(text("in {month}", month=month_words(text, shown.month)), f", {text('excl. VAT')}"),
        ),
        bar_chart(text, "spend-months", words, text("In euros, excl. VAT"), bars, _table(text, months)),
    )


def _filled(shown: SpendMonths) -> Iterator[tuple[date, MonthSpend | None]]:
    """Every month from the first with an invoice up to the one that is shown; None where there is none."""
    known = {one.month: one for one in shown.items}
    first = min(known, default=shown.month)
    for back in range(YEAR - 1, -1, -1):
        month = month_before(shown.month, back) if shown.month else None
        if month and first and month >= first:
            yield month, known.get(month)


def _table(text: Translator, months: Months) -> VdomDict:
    """Every month with its kinds, the newest first."""
    heads = [
        (text("Month"), ""),
        (text("Monthly"), "amount rank-2"),
        (text("Use"), "amount rank-2"),
        (text("Other"), "amount rank-3"),
        (text("Total"), "amount"),
    ]

    def row(month: date, one: MonthSpend | None) -> VdomDict:
        cents = (one.recurring_cents, one.usage_cents, one.other_cents, one.cents) if one else (None,) * 4
        return html.tr(
            {"key": str(month)},
            html.th({"scope": "row"}, month_title(text, month)),
            *(
                html.td({"class": kind}, text("not known") if amount is None else text.money(amount))
                for amount, (_, kind) in zip(cents, heads[1:], strict=True)
            ),
        )

    return html.div(
        {"class": "table-wrap"},
        html.table(
            {"class": "table"},
            html.caption({"class": "visually-hidden"}, text("Spend by month, excluding VAT")),
            html.thead(
                html.tr(
                    *(
                        html.th({"scope": "col", "key": words, **({"class": kind} if kind else {})}, words)
                        for words, kind in heads
                    )
                )
            ),
            html.tbody(*(row(month, one) for month, one in reversed(months))),
        ),
    )
