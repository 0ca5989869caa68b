"""The tabs of the page of requests: the groups with their numbers, the member's unfinished ones, the saved views."""

from dataclasses import replace

from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.core.use_case import is_allowed
from backend.orders.placement.unfinished import count_unfinished
from backend.orders.queries import OrderFilter
from backend.orders.service import OrderCounts
from backend.orders.topics import drafts_topic
from backend.saved_views.schemas import ViewPage
from backend.saved_views.service import list_views, views_topic
from frontend.components.layout import tabs
from frontend.components.orders.requests_view import DRAFTS, GROUPS, url_of
from frontend.components.saved_views import READ_FOR_TABS, manage_link, tab_entries
from frontend.hooks import component, use_page
from frontend.queries import use_query
from tenants.scope import Actor


@component
def Views(wanted: OrderFilter, counts: OrderCounts | None) -> VdomDict:
    """The groups of requests with their numbers, and the member's unfinished ones."""
    page = use_page()
    text, own = page.text, page.may(Permission.ORDERS_PLACE)
    unfinished = use_query(count_own, topics=(drafts_topic(page.actor.member_id),)).data
    saved = use_query(list_views, ViewPage.REQUESTS, most=READ_FOR_TABS, topics=(views_topic(),)).data
    plain = replace(wanted, kind="", search="")
    entries = [
        (text(words), url_of(wanted, group=group), counts.of(group) if counts else None)
        for group, words in GROUPS
    ]
    if own:
        entries.append((text("Unfinished"), url_of(plain, group=DRAFTS), unfinished))
    here = url_of(wanted)
    words, to = manage_link(text, ViewPage.REQUESTS, "" if wanted.group == DRAFTS else here)
    # Read later than the rest, so they come last: nothing moves under a pointer
    named = [(name, address, None) for name, address in tab_entries(saved or [])]
    return tabs(text, text("Views"), [*entries, (words, to, None), *named], here)


async def count_own(actor: Actor) -> int:
    """How many unfinished requests the member has; none for who may not place any."""
    return await count_unfinished(actor) if is_allowed(actor, Permission.ORDERS_PLACE) else 0
