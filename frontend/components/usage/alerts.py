"""Usage alerts in words, and the open ones as a to-do list on the home page."""

from reactpy import html
from reactpy.types import VdomDict

from backend.usage import service as usage
from backend.usage.schemas import Alert, AlertsPage
from frontend.components.actions import link_button
from frontend.components.layout import panel
from frontend.components.paging import pager
from frontend.components.usage.words import bucket_words
from frontend.elements import Child, icon, notice, number
from frontend.hooks import component, use_page
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext
from frontend.queries import use_query

# The first few, and a page of all
SHOWN, PAGE = 5, 20
ALL = "/app/usage?alerts="
ALERTS = {
    ("bucket", 80): translatable("{percent} of the bundle {bucket} is used"),
    ("bucket", 100): translatable("The bundle {bucket} is used up"),
    ("roaming_cap", 80): translatable("{percent} of the cap abroad is reached"),
    ("roaming_cap", 100): translatable("The cap abroad is reached: data abroad is stopped"),
    ("national_ceiling", 100): translatable("Costs outside the bundle in Belgium passed the alert level"),
}


def alert_words(page: PageContext, alert: Alert) -> str:
    """An alert with how much is used by now, not with the threshold that it passed."""
    words = ALERTS.get((alert.kind, alert.threshold), translatable("A limit is near"))
    percent = page.text.percent(alert.percent)
    return page.text(words, bucket=bucket_words(page, alert.subject), percent=percent)


def alert_notice(page: PageContext, alert: Alert) -> VdomDict:
    return notice(alert_words(page, alert), tone="attention", mark="alert")


@component
def UsageAlerts(*, page_of_all: int = 0, here: bool = False) -> VdomDict | None:
    """Nothing at all where no line is near a limit.

    `page_of_all`: the page of all of them, from 1; 0: the first few, with their number and the way to all. `here`: on the
    page of all usage, which needs no link to itself.
    """
    page = use_page()
    text = page.text
    size, first = (PAGE, PAGE * (page_of_all - 1)) if page_of_all else (SHOWN, 0)
    query = use_query(usage.alerts_page, topics=("usage",), limit=size, offset=first)
    if not query.data or not query.data.total:
        return None
    found: AlertsPage = query.data
    more: list[Child] = [] if here else [html.a({"href": "/app/usage"}, text("All usage"))]
    return panel(
        "usage-alerts",
        text("Usage near its limit"),
        html.ul({"class": "todo"}, *(_entry(page, alert) for alert in found.alerts)),
        _foot(text, found, first, page_of_all),
        beside=more,
        bare=True,
    )


def _foot(text: Translator, found: AlertsPage, first: int, page_of_all: int) -> VdomDict | None:
    """How many there are where not all are listed, and the way to the others."""
    if not first and found.total <= len(found.alerts):
        return None
    span = text(
        "{first}-{last} of {total}",
        first=text.number(first + 1),
        last=text.number(first + len(found.alerts)),
        total=text.number(found.total),
    )
    if not page_of_all:
        way = html.a({"href": f"{ALL}1"}, text("See all {n}", n=text.number(found.total)))
        return html.div({"class": "panel-footer"}, html.span(span), html.span({"class": "push"}, way))
    previous = f"{ALL}{page_of_all - 1}" if page_of_all > 1 else None
    following = f"{ALL}{page_of_all + 1}" if first + PAGE < found.total else None
    return html.div({"class": "panel-footer"}, html.span(span), pager(text, previous, following))


def _entry(page: PageContext, alert: Alert) -> VdomDict:
    text = page.text
    return html.li(
        {"key": str(alert.id)},
        icon("alert", "icon-lost" if alert.threshold >= 100 else "icon-attention"),
        html.div(
            html.h3(alert_words(page, alert)),
            html.p(
                {"class": "muted"},
                number(text.msisdn(alert.msisdn)),
                f", {alert.name}" if alert.name else None,
            ),
        ),
        link_button(text("See the usage"), f"/app/lines/{alert.line_id}/usage", kind="small"),
    )
