"""Home: what needs me today, what is under way, the fleet at a glance."""

from datetime import timedelta

import msgspec
from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.core.permissions import Permission
from backend.core.use_case import is_allowed
from backend.lines.intake.inventory_sync import sync_status
from backend.lines.schemas import HeldReading
from backend.orders import service as orders
from backend.orders.outcome import OutcomeCode
from backend.orders.outcome_texts import OutcomeTexts
from backend.orders.queries import OrderFilter
from backend.orders.schemas import OrderSummary
from frontend.components.actions import link_button
from frontend.components.layout import columns, empty, page_header, panel
from frontend.components.lines.held_reading import may_decide
from frontend.components.lines.states_chart import LinesByState
from frontend.components.loading import not_ready
from frontend.components.orders.requests import requests_table
from frontend.components.usage.alerts import UsageAlerts
from frontend.elements import Child, icon, number
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query
from tenants.scope import Actor

MOST_LISTED = 50
# Requests that the panel names
SHOWN = 5
RECENT_DAYS = 7


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
            [LinesByState(key="lines")],
        ),
        html.section(
            {"class": "section-below", "aria-labelledby": "shortcuts"},
            html.h2({"id": "shortcuts", "class": "section-title"}, text("Shortcuts")),
            html.div(
                {"class": "links"},
                *shortcuts(
                    text,
                    may_read_orders=page.may(Permission.ORDERS_READ),
                    may_place_orders=page.may(Permission.ORDERS_PLACE),
                ),
            ),
        ),
    )


def shortcuts(text: Translator, *, may_read_orders: bool, may_place_orders: bool) -> list[VdomDict]:
    """What can be done today, as links; a feature that is not there has none."""

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
    if may_read_orders:
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


async def needing_me(actor: Actor) -> list[OrderSummary]:
    """Requests that wait for the customer, and those that ended badly within a week."""
    waiting = await orders.list_orders(actor, OrderFilter(group="attention"), limit=MOST_LISTED)
    since = clock.now() - timedelta(days=RECENT_DAYS)
    badly = await orders.list_orders(
        actor, OrderFilter(group="unsuccessful", ended_since=since), limit=MOST_LISTED
    )
    named = {order.id for order in waiting}
    return [*waiting, *(order for order in badly if order.id not in named)]


class Tasks(msgspec.Struct, frozen=True):
    """What waits for the reader: requests, and a reading of the inventory that somebody has to decide."""

    requests: list[OrderSummary]
    held: HeldReading | None


async def tasks_of(actor: Actor) -> Tasks:
    """What waits for this member, by what the member may see."""
    may_read = is_allowed(actor, Permission.ORDERS_READ)
    return Tasks(await needing_me(actor) if may_read else [], (await sync_status(actor)).held)


@component
def Attention() -> VdomDict:
    page = use_page()
    text = page.text
    query = use_query(tasks_of, topics=("orders", "fleet"))
    if query.data is None:
        return not_ready(text, query)
    tasks: Tasks = query.data
    if not tasks.requests and tasks.held is None:
        return panel("todo", text("To do today"), html.p({"class": "muted"}, text("Nothing waits for you.")))
    more = len(tasks.requests) - SHOWN
    rest = text.plural("See {n} more request", "See {n} more requests", more)
    return panel(
        "todo",
        text("To do today"),
        html.ul(
            {"class": "todo"},
            _held(page, tasks.held) if tasks.held else None,
            *(_todo(text, order) for order in tasks.requests[:SHOWN]),
        ),
        html.div({"class": "panel-footer"}, html.a({"href": "/app/requests?show=attention"}, rest))
        if more > 0
        else None,
        bare=True,
    )


def _held(page: PageContext, held: HeldReading) -> VdomDict:
    """Lines that the operator's list does not have any more: who decides, and where."""
    text = page.text
    may = may_decide(page)
    words = text.plural(
        "Since {date}, the operator's list has {n} line fewer. Nothing was ended.",
        "Since {date}, the operator's list has {n} lines fewer. Nothing was ended.",
        held.lines,
        date=text.moment(held.since),
    )
    who = (
        text("Decide on the fleet page whether to keep or to end them.")
        if may
        else text("A fleet manager who sees every line has to decide whether to keep or to end them.")
    )
    return html.li(
        {"key": "held"},
        icon("alert", "icon-attention"),
        html.div(
            html.h3(text("Lines missing from the operator's list")),
            html.p({"class": "muted"}, words, " ", who),
        ),
        link_button(text("Go to the fleet"), "/app/fleet", kind="small"),
    )


def _todo(text: Translator, order: OrderSummary) -> VdomDict:
    lost = order.outcome.code in {OutcomeCode.FAILED, OutcomeCode.REFUSED}
    return html.li(
        {"key": str(order.id)},
        icon("alert", "icon-lost" if lost else "icon-attention"),
        html.div(
            html.h3(order.title, " ", number(order.reference)),
            html.p({"class": "muted"}, OutcomeTexts(text.language).lead(order.outcome)),
        ),
        link_button(text("See the request"), f"/app/requests/{order.reference}", kind="small"),
    )


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
