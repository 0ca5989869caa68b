"""Usage of the whole organisation by month: by customer number, cost centre, plan or service, with its export."""

from datetime import date
from urllib.parse import parse_qs

from reactpy import html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.usage import service as usage
from backend.usage.lifecycle import period_from
from backend.usage.schemas import Grouping, GroupUse, OrganisationUsage
from frontend.components.actions import link_button
from frontend.components.layout import empty, page_header, panel, tabs
from frontend.components.loading import not_ready
from frontend.components.table import rows_table, table_frame
from frontend.components.usage.alerts import UsageAlerts
from frontend.components.usage.words import amount_words, month_title, month_words, service_words
from frontend.hooks import component, use_page
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext
from frontend.queries import use_query

HERE = "/app/usage"
GROUPINGS = {
    Grouping.ACCOUNT: translatable("Customer number"),
    Grouping.COST_CENTRE: translatable("Cost centre"),
    Grouping.PLAN: translatable("Tariff plan"),
    Grouping.SERVICE: translatable("Service"),
}


def read_filter(query: str) -> tuple[date | None, Grouping]:
    """Month and grouping of an address; anything else is as if it were not there."""
    values = {name: found[0] for name, found in parse_qs(query.lstrip("?")).items()}
    by = values.get("by", "")
    return period_from(values.get("month", "")), Grouping(by) if by in set(Grouping) else Grouping.ACCOUNT


def url_of(month: date, grouping: Grouping) -> str:
    return f"{HERE}?month={month:%Y-%m}&by={grouping}"


@component
def UsagePage(query: str) -> VdomDict:
    page = use_page()
    text = page.text
    month, grouping = read_filter(query)
    found = use_query(usage.organisation_usage, topics=("usage",), period=month, grouping=grouping)
    if found.data is None:
        return html.div(page_header(text("Usage")), not_ready(text, found))
    shown: OrganisationUsage = found.data
    by = tabs(
        text,
        text("Grouped by"),
        [(text(words), url_of(shown.period, code), None) for code, words in GROUPINGS.items()],
        url_of(shown.period, grouping),
    )
    return html.div(
        page_header(
            text("Usage"),
            html.p(text("What the company pays, for all lines that you manage.")),
            actions=_exports(page, shown),
        ),
        html.div(
            {"class": "stack"},
            UsageAlerts(here=True, key="alerts") if page.may(Permission.LINES_READ) else None,
            _months(text, shown),
            by,
        ),
        _table(text, shown),
    )


def _exports(page: PageContext, shown: OrganisationUsage) -> list[VdomDict]:
    if not page.may(Permission.USAGE_EXPORT) or not shown.rows:
        return []
    text, base = page.text, "/app/export/usage"
    return [
        link_button(
            text("Export as {kind}", kind=name), f"{base}.{kind}?month={shown.period:%Y-%m}", mark="download"
        )
        for kind, name in (("xlsx", "Excel"), ("csv", "CSV"))
    ]


def _months(text: Translator, shown: OrganisationUsage) -> VdomDict:
    """The months that have usage, as links; the one that is shown is marked."""
    months = shown.months if shown.period in shown.months else [shown.period, *shown.months]
    return html.nav(
        {"class": "chips", "aria-label": text("Month")},
        *(
            html.a(
                {
                    "class": "button button-small button-primary"
                    if month == shown.period
                    else "button button-small",
                    "href": url_of(month, shown.grouping),
                    "data-keep": "",
                    "key": str(month),
                    **({"aria-current": "page"} if month == shown.period else {}),
                },
                month_title(text, month),
            )
            for month in months
        ),
    )


def _table(text: Translator, shown: OrganisationUsage) -> VdomDict:
    if not shown.rows:
        return html.section(
            {"class": "panel"},
            empty(text("No usage in this month"), text("It comes in as the carrier rates it.")),
        )
    total = shown.total
    foot = html.tr(
        html.th({"scope": "row"}, text("Total")),
        html.td({"class": "rank-2 amount"}, text.number(total.lines)),
        *_figures(text, total),
    )
    frame = table_frame(
        text("Usage by group, what the company pays"),
        [
            (text(GROUPINGS[shown.grouping]), ""),
            (text("Lines"), "rank-2 amount"),
            (text("Mobile data"), "amount"),
            (text("Calls"), "rank-3 amount"),
            (text("Messages"), "rank-3 amount"),
            (text("Excl. VAT"), "amount"),
        ],
        foot=foot,
    )
    known = (
        text("Provisional until billed. Usage known up to {moment}.", moment=text.moment(shown.until))
        if shown.until
        else text("Provisional until billed.")
    )
    return html.div(
        {"class": "stack"},
        panel(
            "groups",
            text("Usage in {month}", month=month_words(text, shown.period)),
            rows_table(frame, [(row.key or "-", _row(text, shown.grouping, row)) for row in shown.rows]),
            bare=True,
        ),
        html.p({"class": "small muted"}, known),
    )


def _row(text: Translator, grouping: Grouping, row: GroupUse) -> VdomDict:
    name, under = row.key, row.name
    if grouping is Grouping.SERVICE:
        name = service_words(text, row.key)
    elif grouping is Grouping.PLAN:
        name, under = row.name, ""
    return html.tr(
        html.th(
            {"scope": "row"},
            name or text("No cost centre"),
            html.span({"class": "cell-sub"}, under) if under else None,
        ),
        html.td({"class": "rank-2 amount"}, text.number(row.lines)),
        *_figures(text, row),
    )


def _figures(text: Translator, row: GroupUse) -> list[VdomDict]:
    return [
        html.td({"class": "amount"}, amount_words(text, row.data_bytes, "bytes")),
        html.td({"class": "rank-3 amount"}, amount_words(text, row.voice_seconds, "seconds")),
        html.td({"class": "rank-3 amount"}, text.number(row.messages)),
        html.td({"class": "amount"}, text.money(row.cents)),
    ]
