"""Open usage alerts as a to-do list on the home page."""

from reactpy import html
from reactpy.types import VdomDict

from backend.usage import service as usage
from backend.usage.schemas import Alert
from frontend.components.actions import link_button
from frontend.components.basics import Child, icon, number
from frontend.components.layout import panel
from frontend.components.usage import alert_words
from frontend.hooks import component, use_query, use_visit
from frontend.visit import Visit

SHOWN = 5


@component
def UsageAlerts(*, here: bool = False) -> VdomDict | None:
    """Nothing at all where no line is near a limit. `here`: on the page of all usage, which needs no link to itself."""
    visit = use_visit()
    text = visit.text
    query = use_query(usage.open_alerts, topics=("usage",), limit=SHOWN + 1)
    if not query.data:
        return None
    more: list[Child] = [] if here else [html.a({"href": "/app/usage"}, text("All usage"))]
    return panel(
        "usage-alerts",
        text("Usage near its limit"),
        html.ul({"class": "todo"}, *(_entry(visit, alert) for alert in query.data[:SHOWN])),
        beside=more,
        bare=True,
    )


def _entry(visit: Visit, alert: Alert) -> VdomDict:
    text = visit.text
    return html.li(
        {"key": str(alert.id)},
        icon("alert", "icon-lost" if alert.threshold >= 100 else "icon-attention"),
        html.div(
            html.h3(alert_words(visit, alert.kind, alert.threshold, alert.subject)),
            html.p(
                {"class": "muted"},
                number(text.msisdn(alert.msisdn)),
                f", {alert.name}" if alert.name else None,
            ),
        ),
        link_button(text("See the usage"), f"/app/lines/{alert.line_id}/usage", kind="small"),
    )
