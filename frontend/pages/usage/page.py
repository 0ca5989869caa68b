"""Usage of the whole organisation: months as a chart, groups, the lines that use most; each name leads further down."""

from datetime import date, timedelta

from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.core.permissions import Permission
from backend.usage import service as usage
from backend.usage.lifecycle import period_of
from backend.usage.schemas import OrganisationUsage
from frontend.components.actions import link_button
from frontend.components.layout import columns, page_header, tabs
from frontend.components.loading import not_ready, view_not_shown
from frontend.components.paging import page_number
from frontend.components.usage.alerts import UsageAlerts
from frontend.components.usage.meters import provisional
from frontend.components.usage.months import MEASURES
from frontend.components.usage.words import month_title
from frontend.elements import notice
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.labels import FILE_FORMATS
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.pages.usage.charts import MostUsed, UsageMonths
from frontend.pages.usage.groups import GROUPINGS, group_name, groups_table
from frontend.pages.usage.view import HERE, UsageView, unknown_values
from frontend.queries import use_query

# Carriers send usage every day; without any for so long it is late
LATE = timedelta(days=2)


@component
def UsagePage(query: str) -> VdomDict:
    page = use_page()
    text, view = page.text, UsageView.read(query)
    if wrong := unknown_values(query):
        return html.div(page_header(text("Usage")), _unknown(text, wrong))
    found = use_query(usage.organisation_usage, topics=("usage",), period=view.month, grouping=view.grouping)
    if found.data is None:
        return html.div(page_header(text("Usage")), not_ready(text, found))
    shown: OrganisationUsage = found.data
    chosen = next((row for row in shown.rows if row.key == view.group), None)
    if chosen is None:
        view = view.of(None)
    key = view.at(shown.period).address()
    by = tabs(
        text,
        text("Grouped by"),
        [(text(words), view.by(code).address(), None) for code, words in GROUPINGS.items()],
        view.by(view.grouping).address(),
    )
    months = UsageMonths(
        view=view,
        shown=shown,
        name=group_name(text, view.grouping, chosen) if chosen else "",
        key=f"months {key}",
    )
    # Whoever asks for all of them finds them first
    asked = first_values(query).get("alerts", "")
    of_all = page_number(asked) if asked else 0
    alerts = (
        UsageAlerts(page_of_all=of_all, here=True, key=f"alerts {of_all}")
        if page.may(Permission.LINES_READ)
        else None
    )
    return html.div(
        page_header(
            text("Usage"),
            html.p(text("What the company pays, for all lines that you manage.")),
            actions=_exports(page, shown),
        ),
        html.div(
            {"class": "stack"},
            _late(text, shown),
            alerts if of_all else None,
            html.div({"class": "stack stack-tight"}, _months(text, view, shown), _measures(text, view)),
            _whole(text, view) if chosen else None,
            columns(
                [
                    months,
                    by,
                    groups_table(text, view, shown),
                    provisional(text, shown.until),
                    None if of_all else alerts,
                ],
                [MostUsed(view=view, shown=shown, key=f"most {key}")],
            )
            if shown.rows
            else groups_table(text, view, shown),
        ),
    )


def _unknown(text: Translator, values: list[str]) -> VdomDict:
    words = text("This address names something that does not exist: {values}.", values=", ".join(values))
    return view_not_shown(text, words, link_button(text("Back to the whole company"), HERE))


def _exports(page: PageContext, shown: OrganisationUsage) -> list[VdomDict]:
    if not page.may(Permission.USAGE_EXPORT) or not shown.rows:
        return []
    text, base = page.text, "/app/export/usage"
    return [
        link_button(
            text("Export as {kind}", kind=name), f"{base}.{kind}?month={shown.period:%Y-%m}", mark="download"
        )
        for kind, name in FILE_FORMATS.items()
    ]


def _late(text: Translator, shown: OrganisationUsage) -> VdomDict | None:
    """Where the carrier has sent nothing for some days, the figures are not those of today."""
    now = clock.now()
    if shown.until is None or shown.period != period_of(now) or now - shown.until < LATE:
        return None
    words = text(
        "No usage has come in since {moment}. What was used after it is not known.",
        moment=text.moment(shown.until),
    )
    return notice(words, tone="attention", mark="clock")


def _chip(words: str, to: str, *, here: bool) -> VdomDict:
    kind = "button button-small button-primary" if here else "button button-small"
    current = {"aria-current": "page"} if here else {}
    return html.a({"class": kind, "href": to, "data-keep": "", "key": to, **current}, words)


def _months(text: Translator, view: UsageView, shown: OrganisationUsage) -> VdomDict:
    """The months that have usage, as links; the one that is shown is marked."""
    months: list[date] = shown.months if shown.period in shown.months else [shown.period, *shown.months]
    return html.nav(
        {"class": "chips", "aria-label": text("Month")},
        *(
            _chip(month_title(text, month), view.at(month).address(), here=month == shown.period)
            for month in months
        ),
    )


def _measures(text: Translator, view: UsageView) -> VdomDict:
    return html.nav(
        {"class": "chips", "aria-label": text("Counted in")},
        *(
            _chip(text(words), view.counting(code).address(), here=code is view.measure)
            for code, words in MEASURES.items()
        ),
    )


def _whole(text: Translator, view: UsageView) -> VdomDict:
    return html.div(
        link_button(text("Back to the whole company"), view.of(None).address(), mark="left", kind="small")
    )
