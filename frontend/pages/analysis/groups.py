"""One month by group with the share of each, and the numbers of one group; every name opens the next level."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.analysis import service
from backend.billing.analysis.schemas import GroupSpend, NumberSpend, SpendBy, SpendGroups
from backend.catalog.profiles import profile
from backend.core.permissions import Permission
from backend.usage.lifecycle import month_before
from frontend.components.invoices.spend_view import GROUPINGS, SpendView
from frontend.components.layout import empty, panel
from frontend.components.loading import not_ready
from frontend.components.paging import pager
from frontend.components.table import rows_table, table_frame
from frontend.components.usage.words import month_words
from frontend.elements import Child, hidden
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query

PAGE = 50
TOPICS = ("invoices",)


def group_title(page: PageContext, view: SpendView) -> str:
    """The group that is shown, as people call it."""
    key = view.group or ""
    if view.grouping is SpendBy.PLAN and key:
        plan = profile(page.profile.carrier).plan(key)
        return page.text.pick(plan.name, key) if plan else key
    return key or _nothing(page.text, view.grouping)


def _nothing(text: Translator, grouping: SpendBy) -> str:
    words = {SpendBy.PLAN: text("No tariff plan"), SpendBy.COST_CENTRE: text("No cost centre")}
    return words.get(grouping, text("Customer number"))


@component
def SpendTable(view: SpendView) -> VdomDict:
    """The groups of the month, the highest first, with the month before."""
    text = use_page().text
    if view.month is None:
        return html.div()
    found = use_query(service.spend_groups, view.month, view.grouping, topics=TOPICS)
    title = text("Spend in {month}", month=month_words(text, view.month))
    if found.data is None:
        return panel("groups", title, not_ready(text, found))
    shown: SpendGroups = found.data
    if not shown.rows:
        return html.section({"class": "panel"}, empty(text("No invoice of this month")))
    before = month_words(text, month_before(view.month, 1))
    first = text("Since {month}", month=before)
    frame = table_frame(
        text("Spend by group, excluding VAT, with the difference since the month before"),
        [
            (text(GROUPINGS[view.grouping]), ""),
            (text("Share"), "rank-2 bar-cell"),
            (text("Amount"), "amount"),
            (first, "amount rank-2"),
        ],
        foot=html.tr(
            html.th({"scope": "row"}, text("Total")),
            html.td({"class": "rank-2"}),
            html.td({"class": "amount"}, text.money(shown.cents)),
            html.td({"class": "amount rank-2"}, text.difference(shown.cents - shown.before_cents)),
        ),
    )
    rows = [(row.key or "-", _row(text, view, row, shown.cents)) for row in shown.rows]
    return panel(
        "groups",
        title,
        rows_table(frame, rows),
        html.div(
            {"class": "panel-footer"},
            html.span(_about(text, view.grouping)),
            html.span(text("{n} more groups", n=shown.left_out)) if shown.left_out else None,
        ),
        bare=True,
    )


def _about(text: Translator, grouping: SpendBy) -> str:
    if grouping is SpendBy.PLAN:
        return text("Options and use are counted with the tariff plan of their number.")
    if grouping is SpendBy.COST_CENTRE:
        return text("The cost centre is the one that the invoice names.")
    return text("A name opens its numbers.")


def _row(text: Translator, view: SpendView, row: GroupSpend, whole: int) -> VdomDict:
    named = view.grouping is SpendBy.PLAN
    name = (row.name if named else row.key) or _nothing(text, view.grouping)
    count = text.plural("{n} number", "{n} numbers", row.numbers)
    under = ", ".join(part for part in ("" if named else row.name, count if row.numbers else "") if part)
    share = max(row.cents, 0) * 100 / whole if whole > 0 else 0
    return html.tr(
        html.th(
            {"scope": "row"},
            html.a({"href": view.of(row.key).address(), "data-keep": ""}, name),
            html.span({"class": "cell-sub"}, under) if under else None,
        ),
        html.td(
            {"class": "rank-2 bar-cell"},
            html.svg(
                {"class": "inline-meter inline-meter-wide", "aria-hidden": "true"},
                html.svg.rect({"class": "meter-track", "width": "100%", "height": "100%", "rx": "3"}),
                html.svg.rect({"class": "meter-fill", "width": f"{share:.1f}%", "height": "100%", "rx": "3"}),
            ),
            html.span({"class": "cell-sub"}, text("{rate} %", rate=text.decimal(share))),
        ),
        html.td({"class": "amount"}, html.strong(text.money(row.cents))),
        html.td({"class": "amount rank-2"}, text.difference(row.cents - row.before_cents)),
    )


@component
def GroupNumbers(view: SpendView) -> VdomDict:
    """The numbers of one group, the highest first, page by page."""
    page = use_page()
    text = page.text
    if view.month is None:
        return html.div()
    found = use_query(
        service.spend_numbers,
        view.month,
        topics=TOPICS,
        grouping=view.grouping,
        group=view.group or "",
        limit=PAGE,
        offset=(view.page - 1) * PAGE,
    )
    title = text("Numbers in {month}", month=month_words(text, view.month))
    if found.data is None:
        return panel("numbers", title, not_ready(text, found))
    rows: list[NumberSpend] = found.data
    if not rows:
        return html.section({"class": "panel"}, empty(text("Nothing of this group in this month")))
    first = text("Since {month}", month=month_words(text, month_before(view.month, 1)))
    frame = table_frame(
        text("Spend by number, excluding VAT, with the difference since the month before"),
        [
            (text("Number"), ""),
            (text("Tariff plan"), "rank-3"),
            (text("Amount"), "amount"),
            (first, "amount rank-2"),
        ],
    )
    total = rows[0].total
    previous = view.on(view.page - 1).address() if view.page > 1 else None
    following = view.on(view.page + 1).address() if view.page * PAGE < total else None
    return html.div(
        panel(
            "numbers",
            title,
            rows_table(frame, [(one.msisdn or "-", _number(page, one)) for one in rows]),
            bare=True,
        ),
        pager(text, previous, following, style="pager push pager-below") if previous or following else None,
    )


def number_name(page: PageContext, one: NumberSpend) -> Child:
    """The number, leading to its line where the reader may see lines."""
    words = page.text.msisdn(one.msisdn) if one.msisdn else page.text("Not of one number")
    if one.line_id and page.may(Permission.LINES_READ):
        return html.a({"class": "number", "href": f"/app/lines/{one.line_id}"}, words)
    return html.span({"class": "number"}, words)


def _number(page: PageContext, one: NumberSpend) -> VdomDict:
    text = page.text
    under = ", ".join(part for part in (one.name, one.account, one.cost_centre) if part)
    return html.tr(
        html.th({"scope": "row"}, number_name(page, one), html.span({"class": "cell-sub"}, under)),
        html.td({"class": "rank-3"}, one.plan or hidden("–")),
        html.td({"class": "amount"}, html.strong(text.money(one.cents))),
        html.td({"class": "amount rank-2"}, text.difference(one.cents - one.before_cents)),
    )
