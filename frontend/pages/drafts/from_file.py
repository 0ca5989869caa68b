"""A request whose rows come from a checked file: the file says it all, but perhaps the day."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.orders.draft_form import DraftForm, Errors
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext


@component
def FileRequestForm(draft: DraftView) -> Component:
    return DraftForm(draft, use_page().text("From a file"), _fields, lambda _values: {})


def _fields(page: PageContext, draft: DraftView, _errors: Errors) -> list[Child]:
    text = page.text
    link = html.a({"href": f"/app/bulk/{draft.asked.upload_id}"}, text("Back to the file"))
    said = text("What is asked for each line is in the file: correct it there.")
    return [html.p({"key": "about"}, said, " ", link)]
