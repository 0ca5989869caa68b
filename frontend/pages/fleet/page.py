"""The fleet: the first view as HTML with the page, every later one as a message; the server keeps no rows."""

from reactpy import use_effect
from reactpy.reactjs import component_from_url
from reactpy.types import VdomDict

from backend.web.html import element, joined
from frontend.assets import asset_url
from frontend.components.lines.fleet_view import read_view
from frontend.hooks import component, handler, use_once, use_page
from frontend.page_context import PageContext
from frontend.pages.fleet.drawing import draw, drawer, read_list
from frontend.pages.fleet.fleet_list import FleetList
from frontend.pages.fleet.live_list import island_html, waiting_html
from frontend.pages.fleet.rows import rows_html

Fleet = component_from_url(asset_url("table.js"), "Fleet", resolve_imports=False)


async def first_view(page: PageContext, query: str) -> str:
    """The page as HTML, for the first answer of an address."""
    view = read_view(query)
    listed, frame = await read_list(page, view)
    rows = "".join(html for _, html in rows_html(page.text, page.profile.carrier, listed.items, frame.esims))
    kept = joined(
        *(
            element("input", {"type": "hidden", "name": key, "value": value})
            for key, value in view.without("search").pairs()
        )
    )
    regions = draw(page, view, listed, frame)
    regions["filters"] = drawer(page, view, frame)
    return island_html(
        page,
        regions,
        rows,
        view=view.key,
        search=view.filter.search,
        kept=kept,
    )


@component
def FleetPage(query: str) -> VdomDict:
    page = use_page()
    listing = use_once(lambda: FleetList(page, query))
    use_effect(listing.start, [])
    return Fleet({"island": waiting_html(page), "onAct": handler(page, listing.act)})
