"""Converting asks nothing but perhaps a day; what follows is said before it is sent."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.orders.draft_form import DraftForm, Errors
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext


@component
def ConvertForm(draft: DraftView) -> Component:
    text = use_page().text
    return DraftForm(
        draft,
        text.plural(
            "Convert this number to prepaid", "Convert these {n} numbers to prepaid", draft.total_lines
        ),
        _fields,
        lambda _values: {},
    )


def _fields(page: PageContext, draft: DraftView, _errors: Errors) -> list[Child]:
    words = page.text.plural(
        "The number leaves your fleet and your bill and goes on as a prepaid card.",
        "The {n} numbers leave your fleet and your bill and go on as prepaid cards.",
        draft.total_lines,
    )
    return [html.p({"key": "about"}, words)]
