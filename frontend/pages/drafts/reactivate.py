"""Reactivating asks nothing but perhaps a day."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.basics import Child
from frontend.components.draft_form import DraftForm, Errors
from frontend.hooks import component, use_visit
from frontend.visit import Visit


@component
def ReactivateForm(draft: DraftView) -> Component:
    text = use_visit().text
    return DraftForm(
        draft,
        text.plural("Reactivate this number", "Reactivate these {n} numbers", draft.total_lines),
        _fields,
        lambda _values: {},
    )


def _fields(visit: Visit, draft: DraftView, _errors: Errors) -> list[Child]:
    words = visit.text.plural(
        "The number works again as soon as the network has carried it out.",
        "The {n} numbers work again as soon as the network has carried it out.",
        draft.total_lines,
    )
    return [html.p({"key": "about"}, words)]
