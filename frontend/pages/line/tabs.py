"""What the other tabs of a line show: options, requests, history."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.lines import service as lines
from backend.lines.schemas import LineDetail
from backend.orders import service as orders
from frontend.components.layout import empty, panel
from frontend.components.loading import not_ready
from frontend.components.orders.requests import requests_table
from frontend.components.timeline import entries_timeline
from frontend.elements import icon
from frontend.hooks import component, use_page
from frontend.labels import FAMILIES
from frontend.page_context import PageContext
from frontend.queries import use_query

ENTRIES_SHOWN = 100


def options(page: PageContext, detail: LineDetail) -> VdomDict:
    text, known = page.text, profile(page.profile.carrier)
    if not detail.options:
        return html.section(
            {"class": "panel"},
            empty(
                text("No option on this line"), text("Roaming, data or other options will be listed here.")
            ),
        )
    entries = [option for code in detail.options if (option := known.option(code))]
    return panel(
        "options",
        text("Active options"),
        html.ul(
            {"class": "todo"},
            *(
                html.li(
                    {"key": option.code},
                    icon(FAMILIES[option.family][1]),
                    html.div(
                        html.h3(text.pick(option.name)),
                        html.p(
                            {"class": "muted"},
                            text.pick(option.description) or text(FAMILIES[option.family][0]),
                        ),
                    ),
                    html.span(
                        {"class": "option-price"},
                        html.span({"class": "price"}, text.money(option.price_cents)),
                        html.span(
                            {"class": "price-note"},
                            text("a month excl. VAT")
                            if option.charge == "monthly"
                            else text("once excl. VAT"),
                        ),
                    ),
                )
                for option in entries
            ),
        ),
        bare=True,
    )


@component
def LineRequests(line_id: UUID) -> VdomDict:
    text = use_page().text
    found = use_query(orders.list_orders, topics=("orders",), line_id=line_id)
    if found.data is None:
        return html.div(not_ready(text, found))
    if not found.data:
        return html.section(
            {"class": "panel"},
            empty(
                text("No request on this line"),
                text("Every change will be here, with its promised time and its result."),
            ),
        )
    return panel(
        "requests",
        text("Requests on this line"),
        requests_table(text, text("Requests on this line, the newest first"), found.data, of_line=True),
        bare=True,
    )


@component
def LineHistory(line_id: UUID) -> VdomDict:
    page = use_page()
    text = page.text
    found = use_query(lines.line_history, line_id, topics=(f"line:{line_id}",), limit=ENTRIES_SHOWN + 1)
    if found.data is None:
        return html.div(not_ready(text, found))
    if not found.data:
        return html.section(
            {"class": "panel"},
            empty(
                text("Nothing has happened yet"), text("Changes and looks at secrets will be listed here.")
            ),
        )
    more = len(found.data) > ENTRIES_SHOWN
    return panel(
        "history",
        text("History"),
        entries_timeline(page, found.data[:ENTRIES_SHOWN]),
        html.p({"class": "small muted"}, text("Only the newest entries are shown.")) if more else None,
    )
