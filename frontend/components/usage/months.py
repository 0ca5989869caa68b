"""Months of usage as a chart: data, calls, messages or what they cost."""

from collections.abc import Iterator, Sequence
from datetime import date

from babel.dates import format_date
from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.usage.lifecycle import month_before, period_of
from backend.usage.schemas import LineUse, Measure, MonthUse
from frontend.components.usage.chart import Bar, bar_chart
from frontend.components.usage.words import GIGABYTE, MEGABYTE, amount_words, month_title, month_words
from frontend.i18n import Translator, translatable

YEAR = 12
MEASURES = {
    Measure.DATA: translatable("Mobile data"),
    Measure.VOICE: translatable("Calls"),
    Measure.MESSAGES: translatable("Messages"),
    Measure.COST: translatable("Cost"),
}


def amount_of(use: MonthUse | LineUse, measure: Measure) -> int:
    """What a month or a line holds of a measure, in bytes, seconds, pieces or cents."""
    match measure:
        case Measure.DATA:
            return use.data_bytes
        case Measure.VOICE:
            return use.voice_seconds
        case Measure.MESSAGES:
            return use.messages
        case Measure.COST:
            return use.cents


def measure_words(text: Translator, measure: Measure, amount: int) -> str:
    """An amount of a measure as people write it."""
    match measure:
        case Measure.DATA:
            return amount_words(text, amount, "bytes")
        case Measure.VOICE:
            return amount_words(text, amount, "seconds")
        case Measure.MESSAGES:
            return text.number(amount)
        case Measure.COST:
            return text.money(amount)


def unit_of(text: Translator, measure: Measure, most: int) -> tuple[str, int]:
    """What the axis is counted in, in words, and how much of the measure one of it is."""
    match measure:
        case Measure.DATA if most >= GIGABYTE:
            return text("In gigabytes (GB)"), GIGABYTE
        case Measure.DATA:
            return text("In megabytes (MB)"), MEGABYTE
        case Measure.VOICE:
            return text("In minutes"), 60
        case Measure.MESSAGES:
            return text("Number of messages"), 1
        case Measure.COST:
            return text("In euros, excl. VAT"), 100


def filled(months: Sequence[MonthUse], until: date) -> Iterator[tuple[date, MonthUse | None]]:
    """Every month from the first that is known up to `until`, at most a year; None where nothing is known."""
    known = {one.period: one for one in months}
    first = min(known, default=until)
    for back in range(YEAR - 1, -1, -1):
        period = month_before(until, back)
        if period >= first:
            yield period, known.get(period)


def months_chart(
    text: Translator, name: str, months: Sequence[MonthUse], until: date, measure: Measure = Measure.DATA
) -> VdomDict:
    """The months up to `until` as bars with their values, and as a table. A month of which nothing is known is none."""
    shown = list(filled(months, until))
    amounts = [amount_of(use, measure) if use else None for _, use in shown]
    unit, one = unit_of(text, measure, max((amount or 0 for amount in amounts), default=0))
    running = period_of(clock.now())
    bars = [
        Bar(
            name=str(format_date(period, "MMM", locale=text.locale)),
            value=None if amount is None else amount / one,
            running=period == running,
        )
        for (period, _), amount in zip(shown, amounts, strict=True)
    ]
    title = text(
        "{what} by month, {first} to {last}",
        what=text(MEASURES[measure]),
        first=month_words(text, shown[0][0]),
        last=month_words(text, until),
    )
    return bar_chart(text, name, title, unit, bars, _table(text, shown, running))


def _table(text: Translator, shown: Sequence[tuple[date, MonthUse | None]], running: date) -> VdomDict:
    """Every measure of each month, the newest first."""
    rank = {Measure.VOICE: "amount rank-3", Measure.MESSAGES: "amount rank-3"}
    heads = {measure: text(words) for measure, words in MEASURES.items()} | {Measure.COST: text("Excl. VAT")}

    def row(period: date, use: MonthUse | None) -> VdomDict:
        title = month_title(text, period)
        return html.tr(
            {"key": str(period)},
            html.th({"scope": "row"}, text("{month}, to date", month=title) if period == running else title),
            *(
                html.td(
                    {"class": rank.get(measure, "amount")},
                    measure_words(text, measure, amount_of(use, measure)) if use else text("not known"),
                )
                for measure in MEASURES
            ),
        )

    return html.div(
        {"class": "table-wrap"},
        html.table(
            {"class": "table"},
            html.caption({"class": "visually-hidden"}, text("Usage by month")),
            html.thead(
                html.tr(
                    html.th({"scope": "col"}, text("Month")),
                    *(
                        html.th({"scope": "col", "class": rank.get(measure, "amount")}, words)
                        for measure, words in heads.items()
                    ),
                )
            ),
            html.tbody(*(row(period, use) for period, use in reversed(shown))),
        ),
    )
