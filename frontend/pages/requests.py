"""All requests of the company, newest first: filtered by what they need, by kind, by number, reference or name."""

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.catalogue import Catalogue
from backend.catalog.profiles import profile
from backend.core.permissions import Permission
from backend.orders import service as orders
from backend.orders.kinds import KINDS
from backend.orders.queries import OrderFilter
from backend.orders.service import OrderPage
from backend.orders.texts import kind_title
from frontend.components.actions import button, link_button
from frontend.components.layout import empty, page_header, panel
from frontend.components.loading import not_ready, view_not_shown
from frontend.components.orders.requests import requests_table
from frontend.components.orders.requests_tabs import Views
from frontend.components.orders.requests_view import (
    DRAFTS,
    REQUESTS,
    read_filter,
    unknown_values,
    url_of,
)
from frontend.components.orders.unfinished import Unfinished
from frontend.components.paging import pager
from frontend.elements import icon
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query

PAGE = 50


@component
def RequestsPage(query: str) -> VdomDict:
    page = use_page()
    text, (wanted, number) = page.text, read_filter(query)
    counts = use_query(orders.counts_by_group, wanted, topics=("orders",)).data
    head = page_header(text("Requests"), html.p(text("What you asked for, and what became of it.")))
    if unknown := unknown_values(wanted):
        return html.div(head, Views(wanted=wanted, counts=None, key="views"), _unknown(text, unknown))
    if wanted.group == DRAFTS and page.may(Permission.ORDERS_PLACE):
        here = url_of(wanted)
        return html.div(
            head,
            Views(wanted=wanted, counts=counts, key="views"),
            Unfinished(here=here, page_number=number, key=f"drafts-{number}"),
        )
    return html.div(
        head,
        Views(wanted=wanted, counts=counts, key="views"),
        _filters(page, wanted),
        Listed(wanted=wanted, page_number=number, key="listed"),
    )


def _unknown(text: Translator, values: list[str]) -> VdomDict:
    words = text(
        "This view filters by something that does not exist any more: {values}.", values=", ".join(values)
    )
    return view_not_shown(text, words, link_button(text("See all requests"), REQUESTS))


@component
def Listed(wanted: OrderFilter, page_number: int) -> VdomDict:
    """One page of the requests that match."""
    text = use_page().text
    found = use_query(orders.page_of_orders, wanted, topics=("orders",), page=page_number)
    if found.data is None:
        return html.div(not_ready(text, found))
    result: OrderPage = found.data
    if not result.items:
        return html.div(html.section({"class": "panel"}, _nothing(text, wanted)))
    return html.div(
        panel(
            "list",
            text.plural("{n} request", "{n} requests", result.total),
            requests_table(text, text("Requests, the newest first"), result.items),
            beside=[html.span({"class": "live"}, text("Live"))],
            bare=True,
        ),
        _pager(text, wanted, page_number, result.total),
    )


def _filters(page: PageContext, wanted: OrderFilter) -> VdomDict:
    """A form of the address: it works before anything else does."""
    text, catalogue = page.text, Catalogue(profile(page.profile.carrier), page.text.language)
    kinds = sorted(((kind_title(catalogue, code), code) for code in KINDS), key=lambda pair: pair[0])
    return html.form(
        {
            "class": "toolbar toolbar-plain",
            "action": REQUESTS,
            "method": "get",
            "role": "search",
            "key": "filters",
        },
        html.input({"type": "hidden", "name": "show", "value": wanted.group}) if wanted.group else None,
        html.div(
            {"class": "search"},
            html.label({"class": "visually-hidden", "for": "request-search"}, text("Search the requests")),
            icon("search"),
            html.input(
                {
                    "class": "input input-compact",
                    "type": "search",
                    "id": "request-search",
                    "name": "search",
                    "defaultValue": wanted.search,
                    "placeholder": text("Reference, number or name"),
                    "autocomplete": "off",
                }
            ),
        ),
        html.div(
            html.label({"class": "visually-hidden", "for": "request-kind"}, text("Kind of request")),
            html.select(
                {
                    "class": "input input-compact",
                    "id": "request-kind",
                    "name": "kind",
                },
                html.option({"value": ""}, text("Every kind")),
                *(
                    html.option(
                        {"value": code, "key": code, **({"selected": True} if code == wanted.kind else {})},
                        title,
                    )
                    for title, code in kinds
                ),
            ),
        ),
        button(text("Filter"), mark="filter", submit=True),
        html.a({"class": "button button-quiet", "href": REQUESTS}, text("Clear"))
        if wanted != OrderFilter()
        else None,
    )


def _nothing(text: Translator, wanted: OrderFilter) -> VdomDict:
    if wanted.search or wanted.kind:
        return empty(
            text("Nothing matches these filters"),
            text("Look under all requests, or search for something else."),
            action=link_button(text("Clear the filters"), REQUESTS),
        )
    if wanted.group == "attention":
        return empty(
            text("Nothing waits for you."),
            text(
                "A request that needs your decision, a correction or another address will be here. Those that wait for the operator stand under way."
            ),
        )
    if wanted.group == "running":
        return empty(
            text("No request under way"),
            text('Those that ended are under "All requests".'),
            action=link_button(text("See all requests"), REQUESTS),
        )
    return empty(
        text("No request yet"),
        text("Every change on a line will be here, with its promised time and its result."),
        action=link_button(text("Change options on lines"), "/app/fleet?status=active", kind="primary"),
    )


def _pager(text: Translator, wanted: OrderFilter, page: int, total: int) -> VdomDict | None:
    if total <= PAGE:
        return None
    previous = url_of(wanted, page=page - 1) if page > 1 else None
    following = url_of(wanted, page=page + 1) if page * PAGE < total else None
    return pager(text, previous, following, style="pager push pager-below")
