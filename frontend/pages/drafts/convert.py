"""Converting asks nothing but perhaps a day; what follows is said before it is sent."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.basics import Child
from frontend.components.draft_form import DraftForm, Errors
from frontend.hooks import component, use_visit
from frontend.visit import Visit


@component
def ConvertForm(draft: DraftView) -> Component:
    text = use_visit().text
    return DraftForm(
        draft,
        text.plural(
            "Convert this number to prepaid", "Convert these {n} numbers to prepaid", draft.total_lines
        ),
        _fields,
        lambda _values: {},
    )


def _fields(visit: Visit, draft: DraftView, _errors: Errors) -> list[Child]:
    words = visit.text.plural(
        "The number leaves your fleet and your bill and goes on as a prepaid card.",
        "The {n} numbers leave your fleet and your bill and go on as prepaid cards.",
        draft.total_lines,
    )
    return [html.p({"key": "about"}, words)]
