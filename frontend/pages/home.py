"""Home: what needs me today, what is under way, the fleet at a glance."""

from collections.abc import Callable

from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.core.permissions import Permission
from backend.orders import service as orders
from frontend.components.actions import link_button
from frontend.components.invoices.due import InvoicesDue
from frontend.components.layout import columns, empty, page_header, panel
from frontend.components.lines.states_chart import LinesByState
from frontend.components.loading import not_ready
from frontend.components.orders.requests import requests_table
from frontend.components.tasks import Attention
from frontend.components.usage.alerts import UsageAlerts
from frontend.elements import Child, icon
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.queries import use_query


@component
def HomePage() -> VdomDict:
    page = use_page()
    text, now = page.text, clock.now()
    first_name = page.actor.name.split(" ")[0]
    return html.div(
        page_header(
            text("Hello {name}", name=first_name),
            html.p(text.long_date(now)),
            actions=[link_button(text("Manage the lines"), "/app/fleet", mark="fleet", kind="primary")],
        ),
        columns(
            [
                Attention(key="attention"),
                UsageAlerts(key="usage") if page.may(Permission.USAGE_READ) else None,
                Running(key="running") if page.may(Permission.ORDERS_READ) else None,
            ],
            [
                InvoicesDue(key="due") if page.may(Permission.INVOICES_READ) else None,
                LinesByState(key="lines"),
            ],
        ),
        html.section(
            {"class": "section-below", "aria-labelledby": "shortcuts"},
            html.h2({"id": "shortcuts", "class": "section-title"}, text("Shortcuts")),
            html.div(
                {"class": "links"},
                *shortcuts(text, page.may),
            ),
        ),
    )


def shortcuts(text: Translator, may: Callable[[Permission], bool]) -> list[VdomDict]:
    """What the person may do, as links."""
    may_place_orders = may(Permission.ORDERS_PLACE)

    def entry(to: str, mark: str, words: str) -> VdomDict:
        return html.li(html.a({"href": to}, icon(mark), words))

    groups = [
        html.div(
            html.h3(text("Mobile fleet")),
            html.ul(
                entry("/app/fleet", "fleet", text("See all lines")),
                entry("/app/start/add_line", "plus", text("Add a line")) if may_place_orders else None,
                entry("/app/fleet?status=active", "options", text("Change options on lines")),
                entry("/app/fleet?status=active", "pause", text("Suspend lines")),
                entry("/app/fleet?status=suspended", "refresh", text("Reactivate lines")),
                entry("/app/bulk", "requests", text("Many requests from a file"))
                if may_place_orders
                else None,
            ),
        )
    ]
    if may(Permission.INVOICES_READ):
        groups.append(
            html.div(
                html.h3(text("Invoices and usage")),
                html.ul(
                    entry("/app/invoices", "invoice", text("See all invoices")),
                    entry("/app/invoices/access", "people", text("Manage the access to invoices"))
                    if may(Permission.MEMBERS_MANAGE)
                    else None,
                    entry("/app/invoices/delivery", "mail", text("Choose the delivery of invoices"))
                    if may(Permission.DELIVERY_MANAGE)
                    else None,
                    entry("/app/usage", "usage", text("Follow the usage")),
                ),
            )
        )
    if may(Permission.ORDERS_READ):
        groups.append(
            html.div(
                html.h3(text("Requests")),
                html.ul(
                    entry("/app/requests", "requests", text("Follow my requests")),
                    entry("/app/requests?show=attention", "alert", text("See what waits for you")),
                ),
            )
        )
    return groups


@component
def Running() -> VdomDict:
    text = use_page().text
    query = use_query(orders.list_orders, topics=("orders",), open_only=True)
    if query.data is None:
        return not_ready(text, query)
    beside: list[Child] = [
        html.span({"class": "live"}, text("Live")),
        html.a({"href": "/app/requests"}, text("All requests")),
    ]
    if not query.data:
        body = empty(
            text("No request under way"),
            text("A change on a line shows here until it is done, with its promised time."),
            action=link_button(text("Change options on lines"), "/app/fleet?status=active"),
        )
    else:
        body = requests_table(
            text, text("Requests under way, with their state and promised time"), query.data[:10]
        )
    return panel("running", text("Requests under way"), body, beside=beside, bare=True)
