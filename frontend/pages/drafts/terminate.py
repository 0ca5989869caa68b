"""Terminating asks nothing but perhaps a day; what follows is said before it is sent."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.orders.draft_form import DraftForm, Errors
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext


@component
def TerminateForm(draft: DraftView) -> Component:
    text = use_page().text
    return DraftForm(
        draft,
        text.plural(
            "Terminate this number for good", "Terminate these {n} numbers for good", draft.total_lines
        ),
        _fields,
        lambda _values: {},
    )


def _fields(page: PageContext, draft: DraftView, _errors: Errors) -> list[Child]:
    words = page.text.plural(
        "The number is lost: nobody can bring it back. The next page shows the fee.",
        "The {n} numbers are lost: nobody can bring them back. The next page shows the fee.",
        draft.total_lines,
    )
    return [html.p({"key": "about"}, words)]
