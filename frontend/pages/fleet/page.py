"""The fleet: the first view as HTML with the page, every later one as a message; the server keeps no rows."""

import asyncio
from collections.abc import Callable
from html import escape
from typing import Any
from uuid import UUID

import msgspec
from reactpy import use_effect
from reactpy.reactjs import component_from_url
from reactpy.types import VdomDict

from backend.core import clock
from backend.core.errors import NotAuthenticated
from backend.core.permissions import Permission
from backend.lines import service as lines
from backend.lines.intake import inventory_sync as refreshing
from backend.lines.schemas import LineFacets, LineList, Selection
from backend.orders.placement import drafts
from frontend.assets import asset_url
from frontend.hooks import BURST_SECONDS, component, handler, to_page_error, use_once, use_page
from frontend.html import to_html
from frontend.labels import network_words
from frontend.page_context import PageContext
from frontend.pages.fleet import filters, head
from frontend.pages.fleet import regions as parts
from frontend.pages.fleet.cache import FleetCache, cache_of, forget_cache
from frontend.pages.fleet.live_list import island_html, waiting_html
from frontend.pages.fleet.rows import rows_html
from frontend.pages.fleet.view import View, read_view

Fleet = component_from_url(asset_url("table.js"), "Fleet", resolve_imports=False)


async def read_list(page: PageContext, view: View) -> tuple[LineList, FleetCache]:
    """One page of lines; what can be filtered by and how old the list is. A page beyond the end is the last."""
    return await lines.list_page(
        page.actor,
        view.filter,
        lambda scope: cache_of(scope, page),
        sort=view.sort,
        descending=view.descending,
        page=view.page,
    )


def draw(page: PageContext, view: View, page_number: LineList, known: FleetCache) -> dict[str, str]:
    """Every region as HTML, but for the drawer. What is the same on each page of a view is drawn once for all."""
    text, facets, snapshot = page.text, known.facets, known.snapshot
    whole = view.at(1)
    waiting = snapshot.may_refresh_at is not None and snapshot.may_refresh_at > clock.now()
    return {
        "head": known.draw_once(
            ("head", whole, page.actor.roles, waiting, clock.today()),
            lambda: to_html(head.head(page, view, snapshot)),
        ),
        "views": known.draw_once(("views", whole), lambda: to_html(head.quick_views(text, view, facets))),
        "chips": known.draw_once(("chips", whole), lambda: to_html(filters.chips(text, view, facets))),
        "heads": known.draw_once(("heads", whole), lambda: to_html(parts.heads(text, view))),
        "empty": ""
        if page_number.items
        else to_html(parts.nothing(text, view, facets, may_ask=page.may(Permission.LINES_REFRESH))),
        "foot": to_html(parts.foot(text, view, page_number)),
    }


def drawer(page: PageContext, view: View, known: FleetCache) -> str:
    """The filters, as large as the rest of the page around its rows: sent only when they changed."""
    return known.draw_once(
        ("filters", view.at(1)), lambda: to_html(filters.filters(page.text, view, known.facets))
    )


async def first_view(page: PageContext, query: str) -> str:
    """The page as HTML, for the first answer of an address."""
    view = read_view(query)
    page_number, known = await read_list(page, view)
    rows = "".join(html for _, html in rows_html(page.text, page.profile.carrier, page_number.items))
    kept = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
        for key, value in view.without("search").pairs()
    )
    regions = draw(page, view, page_number, known)
    regions["filters"] = drawer(page, view, known)
    return island_html(
        page,
        regions,
        rows,
        view=view.key,
        search=view.filter.search,
        kept=kept,
    )


class FleetList:
    """Reads the list when the view, the fleet or a request changed, and tells the page what is new."""

    def __init__(self, page: PageContext, query: str) -> None:
        self.visit, self.query = page, query
        # The filter that the drawer was last drawn for
        self.drawer: str | None = None
        # And what it offered
        self.facets: LineFacets | None = None
        # Row -> fingerprint of its HTML: unchanged rows are not sent again
        self.seen: dict[str, int] = {}
        self.over = self.due = False

    def start(self) -> Callable[[], None]:
        subscribe, tenant = self.visit.services.subscribe, self.visit.actor.tenant_id
        ends = [subscribe(tenant, topic, self.poke) for topic in ("fleet", "orders")]
        if self.visit.booted:
            self.drawer = read_view(self.query).without("search").key
        else:
            self.visit.run_in_background(self.load())
        self.visit.booted = False
        self.visit.take_query = self.show

        def stop() -> None:
            self.over = True
            if self.visit.take_query == self.show:
                self.visit.take_query = None
            for end in ends:
                end()

        return stop

    def show(self, query: str) -> None:
        self.query = query
        self.visit.run_in_background(self.load())

    def poke(self) -> None:
        if not self.due:
            self.due = True
            self.visit.run_in_background(self._soon())

    async def _soon(self) -> None:
        await asyncio.sleep(BURST_SECONDS)
        self.due = False
        await self.load()

    async def load(self) -> None:
        page, query, version = self.visit, self.query, self.visit.next_version()
        view = read_view(query)
        try:
            page_number, known = await read_list(page, view)
        except NotAuthenticated:
            await page.push("again")
            return
        except Exception as error:
            if not self.over:
                failed = to_html(parts.unreadable(page.text, to_page_error(page, error).words))
                await page.push(
                    "fleet",
                    version=version,
                    regions={"empty": failed, "head": to_html(head.bare(page.text)), "foot": ""},
                    rows=[],
                    view=view.key,
                    search=view.filter.search,
                )
                self.seen = {}
            return
        if self.over or query != self.query:
            # A newer view is on its way
            return
        rows = rows_html(page.text, page.profile.carrier, page_number.items)
        prints = {key: hash(html) for key, html in rows}
        regions = draw(page, view, page_number, known)
        filtered = view.without("search").key
        if filtered != self.drawer or (self.facets is not None and known.facets is not self.facets):
            regions["filters"] = drawer(page, view, known)
        self.drawer, self.facets = filtered, known.facets
        message: dict[str, Any] = {
            "version": version,
            "regions": regions,
            "view": view.key,
            "search": view.filter.search,
            "network": network_words(page.text, known.snapshot.refreshed_at),
        }
        if list(prints) == list(self.seen):
            message["some"] = [(key, html) for key, html in rows if self.seen[key] != prints[key]]
        else:
            message["rows"] = rows
        self.seen = prints
        await page.push("fleet", **message)

    async def act(self, event: Any) -> None:
        """What a person does on the page, one message each."""
        page, actor = self.visit, self.visit.actor
        view = read_view(self.query)
        try:
            match event["act"]:
                case "load":
                    await self.load()
                case "refresh":
                    await refreshing.request_sync(actor)
                    forget_cache(page)
                    await self.load()
                case "pick":
                    found = await lines.selection_summary(
                        actor, view.filter, product_type=str(event["type"]), status=str(event["status"])
                    )
                    words = page.text.plural(
                        "Choose the {n} compatible line", "Choose all {n} compatible lines", found.count
                    )
                    await page.push(
                        "picked",
                        product_type=found.product_type,
                        status=found.status,
                        count=found.count,
                        words=words,
                    )
                case "start":
                    draft = await drafts.start_draft(actor, str(event["kind"]), self._selection(event, view))
                    await page.navigate(f"/app/drafts/{draft}")
        finally:
            await page.push("idle")

    @staticmethod
    def _selection(event: Any, view: View) -> Selection:
        if event.get("all"):
            narrowed = msgspec.structs.replace(
                view.filter, product_type=(str(event["type"]),), status=(str(event["status"]),)
            )
            return Selection(filter=narrowed)
        return Selection(line_ids=tuple(UUID(str(line)) for line in event["ids"]))


@component
def FleetPage(query: str) -> VdomDict:
    page = use_page()
    listing = use_once(lambda: FleetList(page, query))
    use_effect(listing.start, [])
    return Fleet({"island": waiting_html(page), "onAct": handler(page, listing.act)})
