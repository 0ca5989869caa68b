"""What waits for the reader today: requests, a reading of the inventory to decide, users who could not be reached."""

from datetime import timedelta

import msgspec
from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.core.permissions import Permission
from backend.core.use_case import is_allowed
from backend.lines.intake.inventory_sync import sync_status
from backend.lines.schemas import HeldReading
from backend.lines.unreached import UnreachedLine, UnreachedLines, unreached_lines
from backend.notifications.content import REFUSED_TOPIC, Channel
from backend.orders import service as orders
from backend.orders.outcome import OutcomeCode
from backend.orders.queries import OrderFilter
from backend.orders.schemas import OrderSummary
from frontend.components.actions import link_button
from frontend.components.layout import panel
from frontend.components.lines.held_reading import may_decide
from frontend.components.loading import not_ready
from frontend.components.orders.outcome import outcome_texts
from frontend.elements import icon, number
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query
from tenants.scope import Actor

MOST_LISTED = 50
# Requests that the panel names
SHOWN = 5
RECENT_DAYS = 7


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
    """What waits for the reader: requests, a reading of the inventory to decide, lines whose users were not reached."""

    requests: list[OrderSummary]
    held: HeldReading | None
    unreached: UnreachedLines | None


async def tasks_of(actor: Actor) -> Tasks:
    """What waits for this member, by what the member may see."""
    may_read = is_allowed(actor, Permission.ORDERS_READ)
    unreached = await unreached_lines(actor) if is_allowed(actor, Permission.ORDERS_PLACE) else None
    return Tasks(
        await needing_me(actor) if may_read else [],
        (await sync_status(actor)).held,
        unreached if unreached and unreached.total else None,
    )


@component
def Attention() -> VdomDict:
    page = use_page()
    text = page.text
    query = use_query(tasks_of, topics=("orders", "fleet", REFUSED_TOPIC))
    if query.data is None:
        return not_ready(text, query)
    tasks: Tasks = query.data
    if not (tasks.requests or tasks.held or tasks.unreached):
        return panel("todo", text("To do today"), html.p({"class": "muted"}, text("Nothing waits for you.")))
    more = len(tasks.requests) - SHOWN
    rest = text.plural("See {n} more request", "See {n} more requests", more)
    return panel(
        "todo",
        text("To do today"),
        html.ul(
            {"class": "todo"},
            _held(page, tasks.held) if tasks.held else None,
            _unreached(text, tasks.unreached) if tasks.unreached else None,
            *(_todo(page, order) for order in tasks.requests[:SHOWN]),
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


def _unreached(text: Translator, unreached: UnreachedLines) -> VdomDict:
    """Lines whose user the last message could not reach: how many, and the first of them."""
    more = unreached.total - len(unreached.first)
    return html.li(
        {"key": "unreached"},
        icon("mail", "icon-attention"),
        html.div(
            html.h3(
                text.plural(
                    "The last message to the user of {n} line could not be delivered",
                    "The last message to the users of {n} lines could not be delivered",
                    unreached.total,
                )
            ),
            *(_unreached_line(text, line) for line in unreached.first),
            html.p({"class": "muted"}, text.plural("and {n} more line", "and {n} more lines", more))
            if more
            else None,
        ),
    )


def _unreached_line(text: Translator, line: UnreachedLine) -> VdomDict:
    what = (
        text("Correct the address {email}.", email=line.recipient)
        if line.channel == Channel.MAIL
        else text("Give an e-mail address of the user.")
    )
    return html.p(
        {"class": "muted", "key": str(line.id)},
        html.a({"href": f"/app/lines/{line.id}"}, number(text.msisdn(line.msisdn))),
        f", {line.name}. " if line.name else ". ",
        what,
    )


def _todo(page: PageContext, order: OrderSummary) -> VdomDict:
    text = page.text
    lost = order.outcome.code in {OutcomeCode.FAILED, OutcomeCode.REFUSED}
    return html.li(
        {"key": str(order.id)},
        icon("alert", "icon-lost" if lost else "icon-attention"),
        html.div(
            html.h3(order.title, " ", number(order.reference)),
            html.p(
                {"class": "muted"}, outcome_texts(page, order.kind).lead(order.outcome, msisdn=order.msisdn)
            ),
        ),
        link_button(text("See the request"), f"/app/requests/{order.reference}", kind="small"),
    )
