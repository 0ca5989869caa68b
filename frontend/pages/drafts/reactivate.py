"""Reactivating asks nothing but perhaps a day."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.orders.draft_form import Errors
from frontend.components.orders.light_form import LightForm
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext


@component
def ReactivateForm(draft: DraftView) -> Component:
    text = use_page().text
    return LightForm(
        draft,
        text.plural("Reactivate this number", "Reactivate these {n} numbers", draft.total_lines),
        _fields,
        lambda _values: {},
        text.plural("Reactivate the number", "Reactivate the {n} numbers", draft.total_lines),
    )


def _fields(page: PageContext, draft: DraftView, _errors: Errors) -> list[Child]:
    words = page.text.plural(
        "The number works again as soon as the network has carried it out.",
        "The {n} numbers work again as soon as the network has carried it out.",
        draft.total_lines,
    )
    return [html.p({"key": "about"}, words)]
