"""What the other tabs of a line show: options, requests, history."""

from typing import Any
from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.lines import service as lines
from backend.lines.schemas import LineDetail, TimelineEntry
from backend.orders import service as orders
from frontend.components.layout import empty, panel, timeline
from frontend.components.loading import not_ready
from frontend.components.orders.requests import requests_table
from frontend.elements import icon
from frontend.hooks import component, use_page
from frontend.labels import FAMILIES, action_words
from frontend.page_context import PageContext
from frontend.queries import use_query


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
        requests_table(text, text("Requests on this line, the newest first"), found.data),
        bare=True,
    )


@component
def LineHistory(line_id: UUID) -> VdomDict:
    page = use_page()
    text = page.text
    found = use_query(lines.line_history, line_id, topics=(f"line:{line_id}",))
    if found.data is None:
        return html.div(not_ready(text, found))
    if not found.data:
        return html.section(
            {"class": "panel"},
            empty(
                text("Nothing has happened yet"), text("Changes and looks at secrets will be listed here.")
            ),
        )
    return panel("history", text("History"), timeline([_event(page, entry) for entry in found.data]))


def _event(page: PageContext, entry: TimelineEntry) -> dict[str, Any]:
    text = page.text
    who = text("by {name}", name=entry.actor) if entry.actor else text("by the product or the carrier")
    title: Any = action_words(page, entry)
    if entry.reference:
        title = [
            title,
            " ",
            html.a({"class": "number", "href": f"/app/requests/{entry.reference}"}, entry.reference),
        ]
        title = html.span(*title)
    return {"state": "done", "title": title, "time": text.moment(entry.at), "note": who}
