"""The page of a request being filled in: one form, checked on the server, nothing typed is ever lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.kinds import KINDS
from backend.orders.schemas import DraftView
from frontend.components.actions import button, link_button
from frontend.components.layout import breadcrumb, page_header, panel
from frontend.components.orders.draft_layout import (
    day_field,
    error_box_above,
    lines_panel,
    question_form,
)
from frontend.components.orders.kept_form import REVIEW, QuestionStep, use_kept_form
from frontend.components.steps import steps
from frontend.elements import Child
from frontend.hooks import component, handler, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext

Values = Mapping[str, list[str]]
Errors = Mapping[str, str]


def one(values: Values, name: str) -> str:
    """The single value of a field, without blanks around it."""
    return (values.get(name) or [""])[0].strip()


def form_values(what: Any) -> Values:
    """The values of a form, from an event of its own or of one of its controls."""
    found: Values = what.get("currentTarget", what["target"])["values"]
    return found


DrawFields = Callable[[PageContext, DraftView, Errors], Sequence[Child]]
DrawPanels = Callable[[PageContext, DraftView], Sequence[Child]]


@dataclass(frozen=True)
class FormSlots:
    """Panels around the questions: `before` and `after` them, and `aside`.

    `after` stands between the questions and the button: an upload is a form of its own and cannot stand inside.
    """

    before: DrawPanels | None = None
    after: DrawFields | None = None
    aside: DrawPanels | None = None
    # The title of the panel with the questions; "" for the name of the request
    title: str = ""


NO_SLOTS = FormSlots()


@component
def DraftForm(
    draft: DraftView,
    title: str,
    fields: DrawFields,
    read: Callable[[Values], Mapping[str, Any]],
    lead: str = "",
    dated: bool | None = None,
    step: QuestionStep | None = None,
    slots: FormSlots = NO_SLOTS,
) -> VdomDict:
    """The form of a draft.

    `fields` draws the questions with their errors. `read` turns the values of the form into the kind's fields.
    `dated` says whether the form asks for a day; None: where the kind allows one. `step` is set where the draft has
    several pages; without it, and after the last step, the next page is check answers.
    """
    page = use_page()
    text = page.text
    asks_day = draft.dated if dated is None else dated

    def asked(what: Any) -> dict[str, Any]:
        values = form_values(what)
        day = {"on": one(values, "on") or None} if asks_day else {}
        return {**read(values), **day}

    state = use_kept_form(page, draft, asked, step)
    errors = dict(state.problem.fields or {}) if state.problem else {}
    shown = errors or ({"form": state.problem.words} if state.problem else {})
    send = _send(text, draft, step, busy=state.pending, outside=slots.after is not None)
    questions = [*fields(page, draft, errors), day_field(page, draft, errors) if asks_day else None]
    form = question_form(
        state.submitted,
        *questions,
        None if slots.after else send,
        more={"onInput": handler(page, state.typed)},
    )
    return html.div(
        page_header(title, html.p(lead) if lead else None, crumbs=_crumbs(text, draft)),
        steps(text, draft.kind, str(draft.id), step.name if step else "", draft.asked.upload_id),
        error_box_above(text, shown),
        _columns(page, draft, slots, form, [*slots.after(page, draft, errors), send] if slots.after else []),
    )


def _send(
    text: Translator, draft: DraftView, step: QuestionStep | None, *, busy: bool, outside: bool
) -> VdomDict:
    """The button, and the link to the page before. `outside`: the button stands outside its form and names it."""
    last = step is None or step.following == REVIEW
    back = f"/app/drafts/{draft.id}{step.back and '/'}{step.back}" if step else ""
    return html.div(
        {"class": "row", "key": "send"},
        button(
            check_words(text, draft.kind) if last else text("Go on"),
            kind="primary large",
            submit=True,
            busy=busy,
            more={"form": "form"} if outside else None,
        ),
        link_button(text("Back"), back, mark="left", kind="quiet")
        if step and step.back != step.name
        else None,
    )


def check_words(text: Translator, kind: str) -> str:
    """What the button says that leads to check answers: the price, where there is one."""
    return text("Check the price") if KINDS[kind].priced else text("Check the request")


def _columns(
    page: PageContext, draft: DraftView, slots: FormSlots, form: VdomDict, after: Sequence[Child]
) -> VdomDict:
    return html.div(
        {"class": "columns", "key": "columns"},
        html.div(
            {"class": "stack", "key": "main"},
            *(slots.before(page, draft) if slots.before else ()),
            panel("questions", slots.title or draft.title, form),
            *after,
        ),
        html.div(
            {"class": "stack", "key": "aside"},
            *(slots.aside(page, draft) if slots.aside else ()),
            lines_panel(page.text, draft) if draft.total_lines else None,
        ),
    )


def _crumbs(text: Translator, draft: DraftView) -> VdomDict:
    return breadcrumb(text, (text("Fleet"), "/app/fleet"), (draft.title, None))
