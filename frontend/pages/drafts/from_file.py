"""A request whose rows come from a checked file: the file says it all, but perhaps the day."""

from reactpy import html
from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.basics import Child
from frontend.components.draft_form import DraftForm, Errors
from frontend.hooks import component, use_visit
from frontend.visit import Visit


@component
def FileForm(draft: DraftView) -> Component:
    return DraftForm(draft, use_visit().text("From a file"), _fields, lambda _values: {})


def _fields(visit: Visit, draft: DraftView, _errors: Errors) -> list[Child]:
    text = visit.text
    link = html.a({"href": f"/app/bulk/{draft.asked.upload_id}"}, text("Back to the file"))
    said = text("What is asked for each line is in the file: correct it there.")
    return [html.p({"key": "about"}, said, " ", link)]
