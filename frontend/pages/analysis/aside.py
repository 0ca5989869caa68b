"""Beside the analysis: what the month is made of, what moved most, and lines that nobody uses."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.analysis import service
from backend.billing.analysis.schemas import IdleLine, NumberSpend, SpendMonths
from backend.core.permissions import Permission
from frontend.components.invoices.spend_view import SpendView
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.table import rows_table, table_frame
from frontend.components.usage.words import month_words
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.pages.analysis.groups import number_name
from frontend.queries import use_query

SHOWN = 10
TOPICS = ("invoices",)


def made_of(text: Translator, shown: SpendMonths) -> VdomDict | None:
    """The kinds of charges of the month: a bar of shares, and their amounts."""
    one = next((item for item in shown.items if item.month == shown.month), None)
    if one is None:
        return None
    parts = [
        ("tone-1", text("Monthly charges"), one.recurring_cents),
        ("tone-2", text("Use beyond the bundle"), one.usage_cents),
        ("tone-3", text("Other charges"), one.other_cents),
    ]
    whole = sum(max(cents, 0) for _, _, cents in parts) or 1
    bars, at = [], 0.0
    for tone, _, cents in parts:
        width = max(cents, 0) * 100 / whole
        bars.append(
            html.svg.rect(
                {"class": tone, "x": f"{at:.1f}%", "width": f"{width:.1f}%", "height": "100%", "key": tone}
            )
        )
        at += width
    legend = (
        html.li(
            {"key": tone},
            html.svg(
                {"aria-hidden": "true"},
                html.svg.rect({"class": tone, "width": "10", "height": "10", "rx": "2"}),
            ),
            html.span(words),
            html.strong(text.money(cents)),
        )
        for tone, words, cents in parts
    )
    return panel(
        "made-of",
        text("What it is made of"),
        html.svg({"class": "stacked-bar", "aria-hidden": "true"}, *bars),
        html.ul({"class": "legend"}, *legend),
    )


@component
def Movers(view: SpendView) -> VdomDict:
    """The numbers whose amount changed most since the month before."""
    page = use_page()
    text, title = page.text, page.text("What moved most")
    if view.month is None:
        return html.div()
    found = use_query(service.top_movers, view.month, topics=TOPICS, limit=SHOWN)
    if found.data is None:
        return panel("movers", title, not_ready(text, found))
    rows: list[NumberSpend] = found.data
    if not rows:
        return panel(
            "movers", title, html.p({"class": "muted"}, text("No number costs more or less than before."))
        )
    frame = table_frame(
        text("Numbers whose amount changed most since the month before, excluding VAT"),
        [(text("Number"), ""), (text("Difference"), "amount")],
    )

    def row(one: NumberSpend) -> VdomDict:
        change = text(
            "{before} before, {now} now", before=text.money(one.before_cents), now=text.money(one.cents)
        )
        return html.tr(
            html.th(
                {"scope": "row"},
                number_name(page, one),
                html.span({"class": "cell-sub"}, one.name) if one.name else None,
                html.span({"class": "cell-sub"}, change),
            ),
            html.td({"class": "amount"}, html.strong(text.difference(one.cents - one.before_cents))),
        )

    return panel("movers", title, rows_table(frame, [(one.msisdn, row(one)) for one in rows]), bare=True)


@component
def IdleLines(view: SpendView) -> VdomDict:
    """Active lines without any use for two months, and what they cost in the month that is shown."""
    page = use_page()
    text, title = page.text, page.text("Lines that nobody uses")
    if view.month is None:
        return html.div()
    found = use_query(service.idle_lines, view.month, topics=("invoices", "usage"), limit=SHOWN)
    if found.data is None:
        return panel("idle", title, not_ready(text, found))
    rows: list[IdleLine] = found.data
    about = text(
        "No call, message or data for 60 days, of customer numbers whose usage comes in. Lines with a shared bill are left out."
    )
    if not rows:
        return panel(
            "idle", title, html.p({"class": "muted"}, text("None.")), html.p({"class": "small muted"}, about)
        )
    first = rows[0]
    count = text.plural("{n} line", "{n} lines", first.total)
    cost = text(
        "{amount} in {month}", amount=text.money(first.total_cents), month=month_words(text, view.month)
    )
    frame = table_frame(
        text("Lines that nobody uses, with what they cost, excluding VAT"),
        [(text("Line"), ""), (text("Amount"), "amount")],
    )

    def row(one: IdleLine) -> VdomDict:
        words = text.msisdn(one.msisdn)
        name: Child = (
            html.a({"class": "number", "href": f"/app/lines/{one.line_id}"}, words)
            if page.may(Permission.LINES_READ)
            else html.span({"class": "number"}, words)
        )
        last = (
            text("last used on {day}", day=text.date(one.last_on)) if one.last_on else text("no use is known")
        )
        under = ", ".join(part for part in (one.name, last) if part)
        return html.tr(
            html.th({"scope": "row"}, name, html.span({"class": "cell-sub"}, under)),
            html.td({"class": "amount"}, text.money(one.cents)),
        )

    return panel(
        "idle",
        title,
        html.div(
            {"class": "panel-body stack stack-tight"},
            html.p({"class": "figure"}, count, " ", html.small(cost)),
            html.p({"class": "small muted"}, about),
        ),
        rows_table(frame, [(str(one.line_id), row(one)) for one in rows]),
        bare=True,
    )
