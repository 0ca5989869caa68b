"""A member's unfinished requests: each goes on where it stopped, or is deleted."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.placement import unfinished
from backend.orders.placement.unfinished import UnfinishedPage, UnfinishedRequest
from backend.orders.topics import drafts_topic
from frontend.components.actions import button, link_button
from frontend.components.layout import empty, panel
from frontend.components.loading import not_ready
from frontend.components.paging import pager
from frontend.elements import icon, notice
from frontend.hooks import Mutation, component, handler, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query

PAGE = 50


@component
def Unfinished(here: str, page_number: int) -> VdomDict:
    """The list, the last changed first. `here`: the address of its first page."""
    page = use_page()
    text = page.text
    topics = (drafts_topic(page.actor.member_id),)
    found = use_query(unfinished.list_unfinished, topics=topics, page=page_number, limit=PAGE)
    said = text("The unfinished request is deleted.")
    delete = use_mutation(unfinished.delete_unfinished, done=lambda _nothing: page.push("toast", text=said))
    if found.data is None:
        return html.div(not_ready(text, found))
    shown: UnfinishedPage = found.data
    if not shown.items:
        nothing = empty(
            text("No unfinished request"),
            text("A request that you begin and do not send is kept here for a week."),
            action=link_button(text("Go to the fleet"), "/app/fleet"),
        )
        return html.div(html.section({"class": "panel"}, nothing))
    return html.div(
        notice(delete.problem.words, tone="danger", mark="alert", live=True) if delete.problem else None,
        panel(
            "list",
            text.plural("{n} unfinished request", "{n} unfinished requests", shown.total),
            html.ul({"class": "todo"}, *(_entry(page, delete, one) for one in shown.items)),
            html.div(
                {"class": "panel-footer"},
                html.span(text("Only you see them. Each is deleted a week after its last change.")),
            ),
            bare=True,
        ),
        _pager(text, here, page_number, shown.total),
    )


def address_of(one: UnfinishedRequest) -> str:
    """The page on which it goes on."""
    return f"/app/drafts/{one.id}" + (f"/{one.page}" if one.page else "")


def about(text: Translator, one: UnfinishedRequest) -> str:
    """For how many lines it is."""
    if one.from_file:
        return text.plural("{n} line from a file", "{n} lines from a file", one.lines)
    if one.creates:
        return text("New line")
    return text.plural("{n} line", "{n} lines", one.lines)


def _entry(page: PageContext, delete: Mutation[[UUID], None], one: UnfinishedRequest) -> VdomDict:
    text = page.text
    which = f"{one.title}, {about(text, one)}"
    return html.li(
        {"key": str(one.id)},
        icon("requests"),
        html.div(
            html.h3(one.title),
            html.p(
                {"class": "muted"},
                about(text, one),
                ", ",
                text("last changed on {moment}", moment=text.moment(one.touched_at)),
            ),
        ),
        html.div(
            {"class": "row"},
            link_button(
                text("Go on"),
                address_of(one),
                kind="small",
                more={"aria-label": text("Go on with {request}", request=which)},
            ),
            button(
                text("Delete"),
                kind="quiet small",
                on_click=handler(page, lambda _event: delete.run(one.id)),
                more={"aria-label": text("Delete {request}", request=which)},
            ),
        ),
    )


def _pager(text: Translator, here: str, page: int, total: int) -> VdomDict | None:
    if total <= PAGE:
        return None
    previous = f"{here}&page={page - 1}" if page > 1 else None
    following = f"{here}&page={page + 1}" if page * PAGE < total else None
    return pager(text, previous, following, style="pager push pager-below")
