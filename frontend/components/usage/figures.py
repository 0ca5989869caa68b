"""Usage as it is drawn: meters of bundles and of the cap abroad, bars by month with their table, open alerts."""

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date
from reactpy import Vdom, html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.usage.lifecycle import CapState
from backend.usage.schemas import Bucket, Cap, DetailAccess, LineUsage, MonthUse, ServiceUse, UsageDetailRow
from frontend.components.layout import empty, timeline
from frontend.elements import Child, classes, notice, pill
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext

SERVICES = {
    "data": translatable("Mobile data"),
    "voice": translatable("Calls"),
    "sms": translatable("SMS"),
    "mms": translatable("MMS"),
    "premium": translatable("Third-party services"),
}
CAP_STATES = {
    CapState.BELOW: (translatable("Below the cap"), "active", "dot"),
    CapState.WARNED: (translatable("80 % reached"), "attention", "alert"),
    CapState.BLOCKED: (translatable("Data abroad stopped"), "lost", "pause"),
}
MEGABYTE, GIGABYTE = 10**6, 10**9
# Per cent
ATTENTION = 80


def service_words(text: Translator, code: str) -> str:
    return text(SERVICES[code]) if code in SERVICES else code


def bucket_words(page: PageContext, code: str) -> str:
    """A bundle's name: of a service, an option or a plan; or its code."""
    if code in SERVICES:
        return service_words(page.text, code)
    known = profile(page.profile.carrier)
    found = known.option(code) or known.plan(code)
    return page.text.pick(found.name, code) if found and isinstance(found.name, dict) else code


def month_words(text: Translator, month: date) -> str:
    """A month inside a sentence: "novembre 2026"."""
    return str(format_date(month, "MMMM yyyy", locale=text.locale))


def month_title(text: Translator, month: date) -> str:
    """A month that stands alone: "Novembre 2026"."""
    words = month_words(text, month)
    return words[:1].upper() + words[1:]


def amount_words(text: Translator, amount: int, unit: str) -> str:
    """As people count it: "11.4 GB", "214 min", "38"."""
    match unit:
        case "bytes" if amount >= GIGABYTE:
            return text("{n} GB", n=text.decimal(amount / GIGABYTE))
        case "bytes":
            return text("{n} MB", n=text.decimal(amount / MEGABYTE))
        case "seconds":
            return text("{n} min", n=text.number(-(-amount // 60)))
        case _:
            return text.number(amount)


def meter(head: str, figure: str, share: float | None, *foot: str, beside: Child = None) -> VdomDict:
    """One meter: name, figure, a bar (none where there is no limit), and words under it that say it all again."""
    full = share is not None and share * 100 >= ATTENTION
    bar = None
    if share is not None:
        width = f"{min(max(share, 0.0), 1.0) * 100:.1f}%"
        bar = html.svg(
            {"aria-hidden": "true"},
            html.svg.rect({"class": "meter-track", "width": "100%", "height": "100%", "rx": "4"}),
            html.svg.rect({"class": "meter-fill", "width": width, "height": "100%", "rx": "4"}),
        )
    return html.div(
        {"class": classes("meter", "meter-attention" if full else None), "key": head},
        html.div({"class": "meter-head"}, html.h3(head), html.span(html.strong(figure), " ", beside)),
        bar,
        html.div({"class": "meter-foot"}, *(html.span(words) for words in foot if words)),
    )


def bucket_meter(page: PageContext, bucket: Bucket) -> VdomDict:
    text = page.text
    used = amount_words(text, bucket.used, bucket.unit)
    measured = text("measured on {moment}", moment=text.moment(bucket.measured_at))
    name = bucket_words(page, bucket.bucket)
    if bucket.allowance is None:
        return meter(name, text("unlimited"), None, text("{amount} used", amount=used), measured)
    whole = amount_words(text, bucket.allowance, bucket.unit)
    share = bucket.used / bucket.allowance if bucket.allowance else 1.0
    of = html.span({"class": "muted"}, text("of {amount}", amount=whole))
    words = text("{percent} used", percent=text.percent(int(share * 100)))
    return meter(name, used, share, words, measured, beside=of)


def cap_meter(text: Translator, cap: Cap) -> VdomDict:
    """Data abroad outside the bundle against the cap, with its state in words."""
    spent = text.money(cap.spent_cents)
    head = text("Data abroad outside the bundle")
    if cap.cap_cents is None:
        return meter(head, spent, None, text("No cap chosen"), text("excl. VAT"))
    words, tone, shape = CAP_STATES[cap.state]
    share = cap.spent_cents / cap.cap_cents if cap.cap_cents else 1.0
    of = html.span({"class": "muted"}, text("of {amount}", amount=text.money(cap.cap_cents)))
    until = text("for this month only") if cap.raised else text("every month")
    drawn = meter(head, spent, share, text("Cap {when}, excl. VAT", when=until), beside=of)
    return html.div(
        {"class": "stack stack-tight", "key": "cap"}, drawn, html.div(pill(text(words), tone, shape))
    )


def provisional(text: Translator, usage: LineUsage) -> VdomDict:
    words = (
        text("Provisional until billed. Usage known up to {moment}.", moment=text.moment(usage.until))
        if usage.until
        else text("Provisional until billed.")
    )
    return html.p({"class": "small muted"}, words)


def services_table(text: Translator, services: Sequence[ServiceUse], cents: str, total: int) -> VdomDict:
    """What was used in a month, with what it costs the reader."""
    rows = [
        html.tr(
            {"key": f"{use.service}{use.unit}{use.roaming}"},
            html.th(
                {"scope": "row"},
                service_words(text, use.service),
                html.span({"class": "cell-sub"}, text("abroad") if use.roaming else text("in Belgium")),
            ),
            html.td({"class": "amount"}, amount_words(text, use.amount, use.unit)),
            html.td({"class": "amount"}, text.money(use.cents)),
        )
        for use in services
    ]
    return html.div(
        {"class": "table-wrap"},
        html.table(
            {"class": "table"},
            html.caption({"class": "visually-hidden"}, text("Usage of the month by service")),
            html.thead(
                html.tr(
                    html.th({"scope": "col"}, text("Service")),
                    html.th({"scope": "col", "class": "amount"}, text("Used")),
                    html.th({"scope": "col", "class": "amount"}, cents),
                )
            ),
            html.tbody(*rows),
            html.tfoot(
                html.tr(
                    html.th({"scope": "row"}, text("Total")),
                    html.td(),
                    html.td({"class": "amount"}, text.money(total)),
                )
            ),
        ),
    )


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


HEIGHT, BAR, GAP = 96, 36, 20
# Months in the table, and as bars: so many stay legible on a telephone
YEAR, DRAWN = 12, 6
# ReactPy's own takes no words
_svg_text = Vdom("text")


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


def access_log(text: Translator, entries: Sequence[DetailAccess]) -> VdomDict:
    """Who looked at single records, and why."""
    if not entries:
        return html.p({"class": "muted"}, text("Nobody has looked at single records."))
    return timeline(
        [
            {
                "state": "done",
                "title": text("{name} looked at the detail", name=look.name),
                "time": text.moment(look.at),
                "note": text("“{reason}”", reason=look.reason),
            }
            for look in entries
        ]
    )


def detail_table(
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


ALERTS = {
    ("bucket", 80): translatable("80 % of the bundle {bucket} is used"),
    ("bucket", 100): translatable("The bundle {bucket} is used up"),
    ("roaming_cap", 80): translatable("80 % of the cap abroad is reached"),
    ("roaming_cap", 100): translatable("The cap abroad is reached: data abroad is stopped"),
    ("national_ceiling", 100): translatable("Costs outside the bundle in Belgium passed the alert level"),
}


def alert_words(page: PageContext, kind: str, threshold: int, subject: str) -> str:
    words = ALERTS.get((kind, threshold), translatable("A limit is near"))
    return page.text(words, bucket=bucket_words(page, subject))


def alert_notice(page: PageContext, kind: str, threshold: int, subject: str) -> VdomDict:
    return notice(alert_words(page, kind, threshold, subject), tone="attention", mark="alert")
