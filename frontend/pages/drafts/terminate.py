"""Terminating asks nothing but perhaps a day; what follows is said before it is sent."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.basics import Child
from frontend.components.draft_form import DraftForm, Errors
from frontend.hooks import component, use_visit
from frontend.visit import Visit


@component
def TerminateForm(draft: DraftView) -> Component:
    text = use_visit().text
    return DraftForm(
        draft,
        text.plural(
            "Terminate this number for good", "Terminate these {n} numbers for good", draft.total_lines
        ),
        _fields,
        lambda _values: {},
    )


def _fields(visit: Visit, draft: DraftView, _errors: Errors) -> list[Child]:
    words = visit.text.plural(
        "The number is lost: nobody can bring it back. The next page shows the fee.",
        "The {n} numbers are lost: nobody can bring them back. The next page shows the fee.",
        draft.total_lines,
    )
    return [html.p({"key": "about"}, words)]
