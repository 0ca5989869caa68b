"""Messages to the person who is signed in: what happened, and the page that it leads to. A new one appears by itself."""

from typing import Any
from urllib.parse import urlencode

from reactpy import html
from reactpy.types import VdomDict

from backend.core import clock
from backend.notifications.content import notification_topic
from backend.notifications.service import (
    LISTED,
    NotificationPage,
    NotificationView,
    list_notifications,
    mark_all_read,
    mark_read,
)
from frontend.components.actions import button, link_button
from frontend.components.layout import empty, page_header, panel, tabs
from frontend.components.loading import not_ready
from frontend.components.paging import page_number, pager
from frontend.elements import icon, notice, pill
from frontend.hooks import component, handler, use_mutation, use_page
from frontend.i18n import Translator, translatable
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.queries import use_query

HERE = "/app/notifications"
VIEWS = (("", translatable("All messages")), ("unread", translatable("Unread")))


def url_of(*, unread_only: bool, page: int = 1) -> str:
    parts = {"show": "unread" if unread_only else "", "page": str(page) if page > 1 else ""}
    query = urlencode({name: value for name, value in parts.items() if value})
    return f"{HERE}?{query}" if query else HERE


@component
def NotificationsPage(query: str) -> VdomDict:
    page = use_page()
    asked = first_values(query)
    unread_only, number = asked.get("show") == "unread", page_number(asked.get("page", "1"))
    text, member_id = page.text, page.actor.member_id
    found = use_query(
        list_notifications,
        topics=(notification_topic(member_id),) if member_id else (),
        unread_only=unread_only,
        page=number,
    )
    marking = use_mutation(mark_all_read)
    result: NotificationPage | None = found.data
    mark_all = button(
        text("Mark all as read"),
        mark="check",
        on_click=handler(page, lambda _event: marking.run()),
        busy=marking.pending,
    )
    top = [
        page_header(
            text("Messages"),
            html.p(text("What happened to your requests, lines and invoices.")),
            actions=[mark_all] if result is not None and result.unread else [],
        ),
        notice(marking.problem.words, tone="danger", mark="alert", live=True) if marking.problem else None,
        tabs(
            text,
            text("Views"),
            [(text(words), url_of(unread_only=view == "unread"), None) for view, words in VIEWS],
            url_of(unread_only=unread_only),
        ),
    ]
    if result is None:
        return html.div(*top, not_ready(text, found))
    if not result.items:
        return html.div(
            *top, html.section({"class": "panel"}, _nothing(text, result.total, unread_only=unread_only))
        )
    return html.div(
        *top,
        panel(
            "list",
            text.plural("{n} message", "{n} messages", result.total),
            html.ul({"class": "todo"}, *(_entry(page, one) for one in result.items)),
            beside=[html.span({"class": "live"}, text("Live"))],
            bare=True,
        ),
        _pager(text, number, result.total, unread_only=unread_only),
    )


def _entry(page: PageContext, one: NotificationView) -> VdomDict:
    """One message: its title leads to its page, which marks it as read. Its texts are in the language it was sent in."""
    text, unread = page.text, one.read_at is None

    async def read(_event: Any) -> None:
        await mark_read(page.actor, one.id)

    async def read_here(event: Any) -> None:
        try:
            await read(event)
        finally:
            await page.push("idle")

    to_page: dict[str, Any] = {"href": one.path}
    if unread:
        to_page["onClick"] = handler(page, read)
    spoken = {"lang": one.language} if one.language != text.language else {}
    mark_as_read = button(
        text("Mark as read"),
        kind="quiet small",
        on_click=handler(page, read_here),
        more={"aria-label": text("Mark as read: {title}", title=one.title)},
    )
    return html.li(
        {"key": str(one.id)},
        icon("bell" if unread else "check"),
        html.div(
            html.h3(
                html.a({**to_page, **spoken}, one.title),
                " ",
                pill(text("New"), mark="dot") if unread else None,
            ),
            html.p(spoken, one.text),
            html.p(
                {"class": "muted small"},
                html.time({"dateTime": one.created_at.isoformat()}, _when(page, one)),
            ),
        ),
        mark_as_read if unread else html.span({"class": "small muted"}, text("Read")),
    )


def _when(page: PageContext, one: NotificationView) -> str:
    """The hour alone while it is today's."""
    today = clock.local(one.created_at).date() == clock.today()
    return page.text.time(one.created_at) if today else page.text.moment(one.created_at)


def _nothing(text: Translator, total: int, *, unread_only: bool) -> VdomDict:
    if total:
        return empty(
            text("There is nothing on this page"),
            text("There are fewer messages than before."),
            action=link_button(text("Go to the first page"), url_of(unread_only=unread_only)),
        )
    if unread_only:
        return empty(
            text("No unread message"),
            text('Those that you have read are under "All messages".'),
            action=link_button(text("See all messages"), HERE),
        )
    return empty(
        text("No message yet"),
        text("What happens to your requests and your lines will be here, for at most 90 days."),
        action=link_button(text("Go to the home page"), "/app", kind="primary"),
        mark="bell",
    )


def _pager(text: Translator, page: int, total: int, *, unread_only: bool) -> VdomDict | None:
    if total <= LISTED:
        return None
    previous = url_of(unread_only=unread_only, page=page - 1) if page > 1 else None
    following = url_of(unread_only=unread_only, page=page + 1) if page * LISTED < total else None
    return pager(text, previous, following, style="pager push pager-below")
