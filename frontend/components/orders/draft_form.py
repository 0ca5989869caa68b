"""The page of a request being filled in: one form, checked on the server, nothing typed is ever lost."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reactpy import event, html, use_state
from reactpy.types import VdomDict

from backend.core import clock
from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.components.actions import button, link_button
from frontend.components.forms import error_summary, text_field
from frontend.components.layout import breadcrumb, page_header, panel
from frontend.components.steps import change_steps
from frontend.elements import Child, number
from frontend.hooks import PageError, component, no_page_error, use_mutation, use_once, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext

Values = Mapping[str, list[str]]
Errors = Mapping[str, str]


def one(values: Values, name: str) -> str:
    """The single value of a field, without blanks around it."""
    return (values.get(name) or [""])[0].strip()


@component
def DraftForm(
    draft: DraftView,
    title: str,
    fields: Callable[[PageContext, DraftView, Errors], Sequence[Child]],
    read: Callable[[Values], Mapping[str, Any]],
    lead: str = "",
    following: str | Callable[[Mapping[str, Any]], str] = "review",
    aside: Callable[[PageContext, DraftView], Sequence[Child]] | None = None,
    dated: bool | None = None,
    step: str = "",
    back: str | None = None,
    before: Callable[[PageContext, DraftView], Sequence[Child]] | None = None,
    then: Callable[[PageContext, DraftView, Errors], Sequence[Child]] | None = None,
) -> VdomDict:
    """`fields` draws the questions with their errors; `read` turns what was filled in into the kind's kind_fields.

    Once all of it holds, the page moves on to `following` (check answers, or a further step of this draft, which may
    follow from the kind_fields). `step` is this page's own, whose fields alone are checked here; `back` the one before it.
    `before` are panels that stand before the questions, `then` those between the questions and the button: a file that
    has to be handed in first is a form of its own.
    """
    page = use_page()
    text = page.text
    problem, set_problem = use_state(no_page_error)
    may_wait = draft.dated if dated is None else dated
    target = use_once(lambda: ["review"])
    last = following == "review"

    async def kept(_view: DraftView) -> None:
        set_problem(None)
        await page.navigate(f"/app/drafts/{draft.id}/{target[0]}")

    async def refused(found: PageError) -> None:
        set_problem(found)

    save = use_mutation(drafts.save_draft, done=kept, failed=refused)

    async def submitted(sent: Any) -> None:
        values: Values = sent["target"]["values"]
        kind_fields = dict(read(values))
        if may_wait and last:
            kind_fields["on"] = one(values, "on") or None
        target[0] = following if isinstance(following, str) else following(kind_fields)
        save.run(draft.id, kind_fields, complete=last, step=step)

    errors = dict(problem.fields or {}) if problem else {}
    shown = errors or ({"form": problem.words} if problem else {})
    send = html.div(
        {"class": "row", "key": "send"},
        button(
            text("Check the price") if last else text("Go on"),
            kind="primary large",
            submit=True,
            busy=save.pending,
            more={"form": "form"} if then else None,
        ),
        link_button(text("Back"), f"/app/drafts/{draft.id}{back and '/'}{back}", mark="left", kind="quiet")
        if back is not None
        else None,
    )
    form = html.form(
        {
            "class": "form",
            "id": "form",
            "key": "form",
            "novalidate": True,
            "onSubmit": event(submitted, prevent_default=True),
        },
        *fields(page, draft, errors),
        _day(page, draft, errors) if may_wait and last else None,
        None if then else send,
    )
    return html.div(
        page_header(title, html.p(lead) if lead else None, crumbs=_crumbs(text, draft)),
        change_steps(text, 1, draft),
        html.div({"class": "before-columns", "key": "problem"}, error_summary(text, shown))
        if shown
        else None,
        html.div(
            {"class": "columns", "key": "columns"},
            html.div(
                {"class": "stack", "key": "main"},
                *(before(page, draft) if before else ()),
                panel("questions", draft.title, form),
                *((*then(page, draft, errors), send) if then else ()),
            ),
            html.div(
                {"class": "stack", "key": "aside"},
                *(aside(page, draft) if aside else ()),
                lines_panel(text, draft) if draft.total_lines else None,
            ),
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


def lines_panel(text: Translator, draft: DraftView) -> VdomDict:
    """For which lines: the first ones by name and number, and how many more."""
    more = draft.total_lines - len(draft.lines)
    return panel(
        "lines",
        text.plural("{n} line", "{n} lines", draft.total_lines),
        html.ul(
            {"class": "file-list small"},
            *(
                html.li(
                    {"key": str(line.line_id)},
                    number(text.msisdn(line.msisdn)),
                    html.span({"class": "muted"}, line.name),
                )
                for line in draft.lines[:10]
            ),
        ),
        html.p(
            {"class": "small muted"},
            text.plural("and {n} more line", "and {n} more lines", more + len(draft.lines[10:])),
        )
        if draft.total_lines > 10
        else None,
    )
