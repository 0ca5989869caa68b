"""The open fleet page: what it reads again, what it sends, and what a person does on it."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from backend.core.errors import NotAuthenticated
from backend.lines import service as lines
from backend.lines.intake import inventory_sync as refreshing
from backend.lines.intake.held_reading import decide_held_reading
from backend.lines.schemas import LineFacets, Selection
from backend.orders.placement import drafts
from backend.saved_views.service import views_topic
from frontend.components.lines.fleet_view import View, read_view
from frontend.components.orders.draft_layout import first_page
from frontend.html import to_html
from frontend.labels import network_words
from frontend.page_context import PageContext
from frontend.page_errors import to_page_error
from frontend.pages.fleet import head
from frontend.pages.fleet import regions as parts
from frontend.pages.fleet.cache import forget_cache
from frontend.pages.fleet.drawing import draw, drawer, read_list
from frontend.pages.fleet.rows import rows_html
from frontend.queries import BURST_SECONDS


class FleetList:
    """Reads the list when the view, the fleet or a request changed, and tells the page what is new."""

    def __init__(self, page: PageContext, query: str) -> None:
        self.page, self.query = page, query
        # The filter that the drawer was last drawn for
        self.drawn_filter: str | None = None
        # And what it offered
        self.facets: LineFacets | None = None
        # Row -> fingerprint of its HTML: unchanged rows are not sent again. None: rows that came with the page itself,
        # or none at all
        self.seen: dict[str, int] | None = None
        self.closed = self.waiting = False

    def start(self) -> Callable[[], None]:
        """Listen to what changes the list; returns the ending call. Reads at once, unless the rows came with the page."""
        subscribe, tenant = self.page.services.subscribe, self.page.actor.tenant_id
        ends = [
            subscribe(tenant, topic, self.read_again_soon) for topic in ("fleet", "orders", views_topic())
        ]
        if self.page.booted:
            self.drawn_filter = read_view(self.query).without("search").key
        else:
            self.page.run_in_background(self.load())
        self.page.booted = False
        self.page.take_query = self.show

        def stop() -> None:
            self.closed = True
            if self.page.take_query == self.show:
                self.page.take_query = None
            for end in ends:
                end()

        return stop

    def show(self, query: str) -> None:
        """Read the view of another address."""
        self.query = query
        self.page.run_in_background(self.load())

    def read_again_soon(self) -> None:
        """Read once for all that happens within a moment."""
        if not self.waiting:
            self.waiting = True
            self.page.run_in_background(self._soon())

    async def _soon(self) -> None:
        await asyncio.sleep(BURST_SECONDS)
        self.waiting = False
        await self.load()

    async def load(self) -> None:
        """Read the list and send what is new; nothing where a newer view was asked for meanwhile."""
        page, query, version = self.page, self.query, self.page.next_version()
        view = View()
        try:
            view = read_view(query)
            listed, frame = await read_list(page, view)
        except NotAuthenticated:
            await page.push("again")
            return
        except Exception as error:
            if not self.closed:
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
        if self.closed or query != self.query:
            # A newer view is on its way
            return
        rows = rows_html(page.text, page.profile.carrier, listed.items, frame.esims)
        prints = {key: hash(html) for key, html in rows}
        regions = draw(page, view, listed, frame)
        filtered = view.without("search").key
        facets = frame.known.facets
        if filtered != self.drawn_filter or (self.facets is not None and facets is not self.facets):
            regions["filters"] = drawer(page, view, frame)
        self.drawn_filter, self.facets = filtered, facets
        message: dict[str, Any] = {
            "version": version,
            "regions": regions,
            "view": view.key,
            "search": view.filter.search,
            "network": network_words(page.text, frame.known.snapshot.refreshed_at),
        }
        seen = self.seen
        if seen is not None and list(prints) == list(seen):
            message["some"] = [(key, html) for key, html in rows if seen[key] != prints[key]]
        else:
            message["rows"] = rows
        self.seen = prints
        await page.push("fleet", **message)

    async def act(self, event: Any) -> None:
        """What a person does on the page, one message each."""
        page, actor = self.page, self.page.actor
        view = read_view(self.query)
        try:
            match event["act"]:
                case "load":
                    await self.load()
                case "refresh":
                    await refreshing.request_sync(actor)
                    forget_cache(page)
                    await self.load()
                case str(act) if act.startswith(("end-lines:", "keep-lines:")):
                    # The button says how many lines it was drawn for
                    choice, _, shown = act.partition(":")
                    lines_shown = int(shown) if shown.isdecimal() else 0
                    await decide_held_reading(actor, end_lines=choice == "end-lines", lines=lines_shown)
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
                    draft = await drafts.start_draft(
                        actor, str(event["kind"]), self._selection(event, view), except_ids=_excepted(event)
                    )
                    await page.navigate(first_page(str(event["kind"]), draft))
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


def _excepted(event: Any) -> tuple[UUID, ...]:
    """The lines that were unticked after all were chosen."""
    return tuple(UUID(str(line)) for line in event.get("except", ())) if event.get("all") else ()
