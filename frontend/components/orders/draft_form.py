"""The page of a request being filled in: one form, checked on the server, nothing typed is ever lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.core import clock
from backend.orders.kinds import KINDS
from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.components.actions import button, link_button
from frontend.components.forms import text_field
from frontend.components.layout import breadcrumb, page_header, panel
from frontend.components.orders.draft_layout import error_box_above, lines_panel, question_form
from frontend.components.steps import change_steps
from frontend.elements import Child
from frontend.hooks import component, use_mutation, use_once, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.page_errors import PageError, no_page_error

Values = Mapping[str, list[str]]
Errors = Mapping[str, str]


def one(values: Values, name: str) -> str:
    """The single value of a field, without blanks around it."""
    return (values.get(name) or [""])[0].strip()


DrawFields = Callable[[PageContext, DraftView, Errors], Sequence[Child]]
DrawPanels = Callable[[PageContext, DraftView], Sequence[Child]]


@dataclass(frozen=True)
class QuestionStep:
    """One of several pages of a draft: its name, the page before it, and the page after it.

    `following` may depend on the answers. Only the fields of this step are checked when the form is sent.
    """

    name: str
    back: str
    following: str | Callable[[Mapping[str, Any]], str]

    def next_page(self, kind_fields: Mapping[str, Any]) -> str:
        """The page to open after this one, with these answers."""
        return self.following if isinstance(self.following, str) else self.following(kind_fields)


@dataclass(frozen=True)
class FormSlots:
    """Panels around the questions: `before` and `after` them, and `aside`.

    `after` stands between the questions and the button: an upload is a form of its own and cannot stand inside.
    """

    before: DrawPanels | None = None
    after: DrawFields | None = None
    aside: DrawPanels | None = None


NO_SLOTS = FormSlots()
REVIEW = "review"


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
    problem, set_problem = use_state(no_page_error)
    target = use_once(lambda: [REVIEW])
    last = step is None or step.following == REVIEW
    asks_day = last and (draft.dated if dated is None else dated)

    async def kept(_view: DraftView) -> None:
        set_problem(None)
        await page.navigate(f"/app/drafts/{draft.id}/{target[0]}")

    async def refused(found: PageError) -> None:
        set_problem(found)

    save = use_mutation(drafts.save_draft, done=kept, failed=refused)

    async def submitted(sent: Any) -> None:
        values: Values = sent["target"]["values"]
        kind_fields = dict(read(values))
        if asks_day:
            kind_fields["on"] = one(values, "on") or None
        target[0] = step.next_page(kind_fields) if step else REVIEW
        name = step.name if step else ""
        save.run(draft.id, kind_fields, complete=last, step=name, next_page=target[0])

    errors = dict(problem.fields or {}) if problem else {}
    shown = errors or ({"form": problem.words} if problem else {})
    send = _send(text, draft, step, busy=save.pending, outside=slots.after is not None)
    questions = [*fields(page, draft, errors), _day(page, draft, errors) if asks_day else None]
    form = question_form(submitted, *questions, None if slots.after else send)
    return html.div(
        page_header(title, html.p(lead) if lead else None, crumbs=_crumbs(text, draft)),
        change_steps(text, 1, draft),
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
            _next_words(text, draft, last=last),
            kind="primary large",
            submit=True,
            busy=busy,
            more={"form": "form"} if outside else None,
        ),
        link_button(text("Back"), back, mark="left", kind="quiet") if step else None,
    )


def _next_words(text: Translator, draft: DraftView, *, last: bool) -> str:
    """What the button leads to: the price only where there is one."""
    if not last:
        return text("Go on")
    return text("Check the price") if KINDS[draft.kind].priced else text("Check the request")


def _columns(
    page: PageContext, draft: DraftView, slots: FormSlots, form: VdomDict, after: Sequence[Child]
) -> VdomDict:
    return html.div(
        {"class": "columns", "key": "columns"},
        html.div(
            {"class": "stack", "key": "main"},
            *(slots.before(page, draft) if slots.before else ()),
            panel("questions", draft.title, form),
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


def _day(page: PageContext, draft: DraftView, errors: Errors) -> VdomDict:
    text = page.text
    return text_field(
        "on",
        html.span(text("On which day?"), " ", html.span({"class": "optional"}, text("(optional)"))),
        kind="date",
        value=draft.asked.on.isoformat() if draft.asked.on else "",
        hint=text("Leave it empty to have it done at once."),
        error=errors.get("on", ""),
        short=True,
        more={"min": clock.today().isoformat()},
    )
