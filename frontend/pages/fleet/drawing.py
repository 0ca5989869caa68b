"""Reads a page of the fleet and draws its regions as HTML."""

from dataclasses import dataclass
from uuid import UUID

from backend.core import clock
from backend.core.permissions import Permission
from backend.lines import service as lines
from backend.lines.schemas import LineList
from backend.saved_views.schemas import ViewPage
from backend.saved_views.service import list_views
from frontend.components.lines.fleet_view import View
from frontend.components.saved_views import READ_FOR_TABS, tab_entries
from frontend.html import to_html
from frontend.page_context import PageContext
from frontend.pages.fleet import filters, head
from frontend.pages.fleet import regions as parts
from frontend.pages.fleet.cache import FleetCache, cache_of
from tenants.scope import Scope


@dataclass(frozen=True, slots=True)
class FleetSurroundings:
    """What stands around the rows: what all members share, and the views that this one sees."""

    known: FleetCache
    saved: tuple[tuple[str, str], ...]
    # The lines whose eSIM mail can be sent again
    esims: frozenset[UUID] = frozenset()


async def read_list(page: PageContext, view: View) -> tuple[LineList, FleetSurroundings]:
    """One page of lines; what can be filtered by, how old the list is, and the saved views.

    A page beyond the end is the last.
    """

    async def frame(scope: Scope, esims: frozenset[UUID]) -> FleetSurroundings:
        saved = await list_views(scope, ViewPage.FLEET, most=READ_FOR_TABS)
        return FleetSurroundings(await cache_of(scope, page), tuple(tab_entries(saved)), esims)

    return await lines.list_page(
        page.actor,
        view.filter,
        frame,
        sort=view.sort,
        descending=view.descending,
        page=view.page,
    )


def draw(page: PageContext, view: View, listed: LineList, frame: FleetSurroundings) -> dict[str, str]:
    """Every region as HTML, but for the drawer. What is the same on each page of a view is drawn once for all."""
    known = frame.known
    text, facets, snapshot = page.text, known.facets, known.snapshot
    whole = view.at(1)
    waiting = snapshot.may_refresh_at is not None and snapshot.may_refresh_at > clock.now()
    return {
        "head": known.draw_once(
            ("head", whole, page.actor.roles, waiting, clock.today()),
            lambda: to_html(head.head(page, view, snapshot)),
        ),
        "views": known.draw_once(
            ("views", whole, frame.saved),
            lambda: to_html(head.quick_views(text, view, facets, frame.saved)),
        ),
        "chips": known.draw_once(("chips", whole), lambda: to_html(filters.chips(text, view, facets))),
        "heads": known.draw_once(("heads", whole), lambda: to_html(parts.heads(text, view))),
        "empty": ""
        if listed.items
        else to_html(parts.nothing(text, view, facets, may_ask=page.may(Permission.LINES_REFRESH))),
        "foot": to_html(parts.foot(text, view, listed)),
    }


def drawer(page: PageContext, view: View, frame: FleetSurroundings) -> str:
    """The filters, as large as the rest of the page around its rows: sent only when they changed."""
    known = frame.known
    return known.draw_once(
        ("filters", view.at(1)), lambda: to_html(filters.filters(page.text, view, known.facets))
    )
