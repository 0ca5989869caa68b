"""Open usage alerts as a to-do list on the home page."""

from reactpy import html
from reactpy.types import VdomDict

from backend.usage import service as usage
from backend.usage.schemas import Alert
from frontend.components.actions import link_button
from frontend.components.layout import panel
from frontend.components.usage.figures import alert_words
from frontend.elements import Child, icon, number
from frontend.hooks import component, use_page, use_query
from frontend.page_context import PageContext

SHOWN = 5


@component
def UsageAlerts(*, here: bool = False) -> VdomDict | None:
    """Nothing at all where no line is near a limit. `here`: on the page of all usage, which needs no link to itself."""
    page = use_page()
    text = page.text
    query = use_query(usage.open_alerts, topics=("usage",), limit=SHOWN + 1)
    if not query.data:
        return None
    more: list[Child] = [] if here else [html.a({"href": "/app/usage"}, text("All usage"))]
    return panel(
        "usage-alerts",
        text("Usage near its limit"),
        html.ul({"class": "todo"}, *(_entry(page, alert) for alert in query.data[:SHOWN])),
        beside=more,
        bare=True,
    )


def _entry(page: PageContext, alert: Alert) -> VdomDict:
    text = page.text
    return html.li(
        {"key": str(alert.id)},
        icon("alert", "icon-lost" if alert.threshold >= 100 else "icon-attention"),
        html.div(
            html.h3(alert_words(page, alert.kind, alert.threshold, alert.subject)),
            html.p(
                {"class": "muted"},
                number(text.msisdn(alert.msisdn)),
                f", {alert.name}" if alert.name else None,
            ),
        ),
        link_button(text("See the usage"), f"/app/lines/{alert.line_id}/usage", kind="small"),
    )
