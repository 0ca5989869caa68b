"""Saved views of the fleet or of the requests: save the present one, open, rename, share, delete."""

from typing import Any
from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.saved_views import service
from backend.saved_views.schemas import SavedViewInfo, ViewPage
from frontend.components.actions import button, link_button
from frontend.components.layout import breadcrumb, columns, empty, page_header, panel
from frontend.components.loading import not_ready
from frontend.components.saved_view_forms import ModifyView, SaveView
from frontend.components.saved_views import MANAGE, address_of, described, query_of
from frontend.elements import icon, notice
from frontend.hooks import Mutation, component, handler, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.queries import use_query

BACK = {ViewPage.FLEET: "/app/fleet", ViewPage.REQUESTS: "/app/requests"}


@component
def SavedViewsPage(of: str, query: str) -> VdomDict:
    page, shown = use_page(), ViewPage(of)
    text = page.text
    found = use_query(service.list_views, shown, topics=(service.views_topic(),))
    said = text("The view is deleted.")
    delete = use_mutation(service.delete_view, done=lambda _nothing: page.push("toast", text=said))
    name = text("Fleet") if shown is ViewPage.FLEET else text("Requests")
    head = page_header(
        text("Saved views"),
        html.p(text("Filter, search and order under a name: open them again with one click.")),
        crumbs=breadcrumb(text, (name, BACK[shown]), (text("Saved views"), None)),
    )
    if found.data is None:
        return html.div(head, not_ready(text, found))
    views: list[SavedViewInfo] = found.data
    return html.div(
        head,
        notice(delete.problem.words, tone="danger", mark="alert", live=True) if delete.problem else None,
        columns([_list(page, shown, views, delete)], [_aside(shown, views, query)]),
    )


def _aside(of: ViewPage, views: list[SavedViewInfo], query: str) -> VdomDict | Any:
    """The form of the view that is modified, or of the one that is to be saved."""
    wanted = first_values(query).get("modify", "")
    for view in views:
        if str(view.id) == wanted and view.may_change:
            return ModifyView(view=view, key=f"{view.id}-{view.name}-{view.shared}")
    if query_of(of, query) is None:
        return None
    return SaveView(of=of, query=query, key="save")


def _list(
    page: PageContext, of: ViewPage, views: list[SavedViewInfo], delete: Mutation[[UUID], None]
) -> VdomDict:
    text = page.text
    if not views:
        nothing = empty(
            text("No saved view yet"),
            text("Filter the list, then come back here to save what it shows."),
            action=link_button(text("Back to the list"), BACK[of]),
        )
        return html.section({"class": "panel"}, nothing)
    return panel(
        "list",
        text.plural("{n} saved view", "{n} saved views", len(views)),
        html.ul({"class": "todo"}, *(_entry(page, view, delete) for view in views)),
        bare=True,
    )


def _entry(page: PageContext, view: SavedViewInfo, delete: Mutation[[UUID], None]) -> VdomDict:
    text = page.text
    words = (
        described(page, view.query)
        if view.query
        else text(
            "It cannot be opened any more: it is too large, or what it filters by does not exist in this version."
        )
    )
    actions = html.div(
        {"class": "row"},
        link_button(
            text("Modify"),
            f"{MANAGE}/{view.page}?modify={view.id}",
            kind="small",
            more={"aria-label": text("Modify {name}", name=view.name)},
        ),
        button(
            text("Delete"),
            kind="quiet small",
            on_click=handler(page, lambda _event: delete.run(view.id)),
            more={"aria-label": text("Delete {name}", name=view.name)},
        ),
    )
    return html.li(
        {"key": str(view.id)},
        icon("people" if view.shared else "filter"),
        html.div(
            html.h3(html.a({"href": address_of(view.query)}, view.name) if view.query else view.name),
            html.p({"class": "muted"}, words),
            html.p({"class": "small muted"}, whose(text, view)) if view.shared else None,
        ),
        actions if view.may_change else None,
    )


def whose(text: Translator, view: SavedViewInfo) -> str:
    """Who shares a view."""
    if view.own:
        return text("You share it with your company.")
    if not view.owner:
        return text("Shared by somebody who has left. Everybody who sees it may change it.")
    return text("Shared by {name}.", name=view.owner)
