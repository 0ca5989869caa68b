"""All requests of the company, newest first, those under way on their own tab."""

from urllib.parse import parse_qs

from reactpy import html
from reactpy.types import VdomDict

from backend.orders import service as orders
from frontend.components.actions import link_button
from frontend.components.basics import icon
from frontend.components.layout import empty, page_header, panel, tabs
from frontend.components.loading import not_ready
from frontend.components.requests import requests_table
from frontend.hooks import component, use_query, use_visit
from frontend.text import Text

HERE = "/app/requests"
PAGE = 50


@component
def RequestsPage(query: str) -> VdomDict:
    text = use_visit().text
    asked = parse_qs(query.lstrip("?"))
    open_only = asked.get("show") == ["open"]
    wanted = asked.get("page", ["1"])[0]
    page = max(1, int(wanted)) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 7 else 1
    found = use_query(orders.list_orders, topics=("orders",), open_only=open_only, page=page)
    current = f"{HERE}?show=open" if open_only else HERE
    views = tabs(
        text,
        text("Views"),
        [(text("All requests"), HERE, None), (text("Under way"), f"{HERE}?show=open", None)],
        current,
    )
    head = page_header(text("Requests"), html.p(text("What you asked for, and what became of it.")))
    if found.data is None:
        return html.div(head, views, not_ready(text, found))
    if not found.data:
        return html.div(head, views, html.section({"class": "panel"}, _nothing(text, open_only=open_only)))
    return html.div(
        head,
        views,
        panel(
            "list",
            text("Requests"),
            requests_table(text, text("Requests, the newest first"), found.data),
            beside=[html.span({"class": "live"}, text("Live"))],
            bare=True,
        ),
        _pager(text, current, page, full=len(found.data) >= PAGE),
    )


def _nothing(text: Text, *, open_only: bool) -> VdomDict:
    if open_only:
        return empty(
            text("No request under way"),
            text('Those that ended are under "All requests".'),
            action=link_button(text("See all requests"), HERE),
        )
    return empty(
        text("No request yet"),
        text("Every change on a line will be here, with its promised time and its result."),
        action=link_button(text("Change options on lines"), "/app/fleet?status=active", kind="primary"),
    )


def _pager(text: Text, base: str, page: int, *, full: bool) -> VdomDict | None:
    if page == 1 and not full:
        return None

    def at(number: int) -> str:
        return f"{base}{'&' if '?' in base else '?'}page={number}"

    return html.nav(
        {"class": "pager push pager-below", "aria-label": text("Pages")},
        html.a(
            {"class": "button button-small", "href": at(page - 1)},
            icon("left", "icon-small"),
            text("Previous"),
        )
        if page > 1
        else None,
        html.a(
            {"class": "button button-small", "href": at(page + 1)}, text("Next"), icon("right", "icon-small")
        )
        if full
        else None,
    )
