"""The forms of a saved view: save the present one, modify one."""

from typing import Any

from reactpy import event, html
from reactpy.types import VdomDict

from backend.saved_views import service
from backend.saved_views.schemas import LONGEST_NAME, SavedViewInfo, ViewPage
from frontend.components.actions import button, link_button
from frontend.components.forms import check, text_field
from frontend.components.layout import panel
from frontend.components.orders.draft_form import one
from frontend.components.saved_views import MANAGE, address_of, described, query_of
from frontend.elements import Child
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_errors import PageError


@component
def SaveView(of: ViewPage, query: str) -> VdomDict | None:
    """Saves the view that the page was opened with."""
    page = use_page()
    text, wanted = page.text, query_of(of, query)

    async def saved(view: SavedViewInfo) -> None:
        await page.push("toast", text=text("Saved as {name}.", name=view.name))
        if view.query:
            await page.navigate(address_of(view.query))

    save = use_mutation(service.save_view, done=saved)
    if wanted is None:
        return None

    async def sent(found: Any) -> None:
        values = found["target"]["values"]
        save.run(one(values, "name"), wanted, shared=bool(values.get("shared")))

    return panel(
        "save",
        text("Save this view"),
        _form(
            text,
            sent,
            html.p({"key": "what"}, described(page, wanted)),
            *_fields(text, "", save.problem, shared=False, may_keep=True),
            html.div(
                {"key": "send"},
                button(text("Save the view"), kind="primary", submit=True, busy=save.pending),
            ),
        ),
    )


@component
def ModifyView(view: SavedViewInfo) -> VdomDict:
    """Another name for a view, and whether it is shared."""
    page = use_page()
    text = page.text

    async def changed(_view: SavedViewInfo) -> None:
        await page.push("toast", text=text("The view is changed."))
        await page.navigate(f"{MANAGE}/{view.page}")

    change = use_mutation(service.change_view, done=changed)

    async def sent(found: Any) -> None:
        values = found["target"]["values"]
        change.run(view.id, name=one(values, "name"), shared=bool(values.get("shared")))

    return panel(
        "save",
        text("Modify {name}", name=view.name),
        _form(
            text,
            sent,
            *_fields(text, view.name, change.problem, shared=view.shared, may_keep=view.own),
            html.div(
                {"class": "row", "key": "send"},
                button(text("Save"), kind="primary", submit=True, busy=change.pending),
                link_button(text("Cancel"), f"{MANAGE}/{view.page}", kind="quiet"),
            ),
        ),
    )


def _form(text: Translator, on_submit: Any, *content: Child) -> VdomDict:
    return html.form(
        {
            "class": "form",
            "id": "view",
            "key": "view",
            "novalidate": True,
            "aria-label": text("Saved view"),
            "onSubmit": event(on_submit, prevent_default=True),
        },
        *content,
    )


def _fields(
    text: Translator, name: str, problem: PageError | None, *, shared: bool, may_keep: bool
) -> list[Child]:
    """Name and sharing. `may_keep`: its owner may stop sharing it."""
    return [
        text_field(
            "name",
            text("Name"),
            value=name,
            error=problem.words if problem else "",
            more={"maxlength": str(LONGEST_NAME), "autocomplete": "off"},
        ),
        check("shared", "yes", text("Share it with everybody in my company"), ticked=shared)
        if may_keep
        else None,
    ]
