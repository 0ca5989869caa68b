"""The page of a light request (`OrderKind.light`): what is so now, what will be so, and one button that sends it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reactpy import html, use_effect, use_state
from reactpy.types import VdomDict

from backend.core import clock
from backend.orders.outcome import is_missing
from backend.orders.schemas import DraftView, OrderDetail, OrderPreview
from frontend.components.actions import button, link_button
from frontend.components.layout import breadcrumb, page_header, panel
from frontend.components.orders.draft_form import DrawFields, Values, form_values, one
from frontend.components.orders.draft_layout import day_field, error_box_above, lines_panel, question_form
from frontend.components.orders.effect import effect
from frontend.components.orders.light_draft import LightDraft
from frontend.components.orders.unsent import unsent_notice, unsent_query, use_unsent
from frontend.elements import Child, notice
from frontend.hooks import component, handler, use_mutation, use_once, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.page_errors import PageError, no_page_error


def nothing_shown() -> OrderPreview | None:
    """Nothing is complete yet that could be shown."""
    return None


@component
def LightForm(
    draft: DraftView,
    title: str,
    fields: DrawFields,
    read: Callable[[Values], Mapping[str, Any]],
    send: str,
    lead: str = "",
) -> VdomDict:
    """The form of a request that costs nothing.

    `fields` draws the questions with their errors, `read` turns the values of the form into the kind's fields, and
    `send` is what the button says. What has to be read before it is sent is shown first: the first press then shows
    it, and only a press on what is shown sends it.
    """
    page = use_page()
    text = page.text
    state = use_light_draft(page, draft, read)
    unsent = use_unsent(f"/app/drafts/{draft.id}")
    errors = dict(state.problem.fields or {}) if state.problem else {}
    wrong = errors or ({"form": state.problem.words} if state.problem else {})
    shown = state.shown
    return html.div(
        page_header(title, html.p(lead) if lead else None, crumbs=breadcrumb(text, *_crumbs(text, draft))),
        error_box_above(text, wrong),
        _to_read(text, shown, state.unread),
        unsent_notice(text) if unsent and not wrong and not state.unread else None,
        html.div(
            {"class": "columns", "key": "columns"},
            panel(
                "questions",
                draft.title,
                question_form(
                    state.pressed,
                    *fields(page, draft, errors),
                    day_field(page, draft, errors) if draft.dated else None,
                    effect(page, shown) if shown and _worth_showing(shown) else None,
                    _buttons(page, draft, shown, send, busy=state.pending),
                    more={"onInput": handler(page, state.changed)},
                ),
            ),
            html.div({"class": "stack", "key": "aside"}, lines_panel(text, draft)),
        ),
    )


@dataclass(frozen=True)
class LightState:
    """A light form at work: what would happen, what went wrong, and what its events do.

    `unread` counts the presses that have shown something to be read instead of sending it.
    """

    shown: OrderPreview | None
    problem: PageError | None
    unread: int
    pending: bool
    changed: Callable[[Any], None]
    pressed: Callable[[Any], Awaitable[None]]


def use_light_draft(
    page: PageContext, draft: DraftView, read: Callable[[Values], Mapping[str, Any]]
) -> LightState:
    """Keep a draft while it is filled in, show what it would do, and send it."""
    shown, show = use_state(nothing_shown)
    problem, set_problem = use_state(no_page_error)
    unread, set_unread = use_state(0)
    mine = use_once(lambda: LightDraft(page, draft.id, show))

    async def sent(found: OrderPreview | OrderDetail) -> None:
        set_problem(None)
        if isinstance(found, OrderDetail):
            await page.navigate(f"/app/requests/{found.reference}")
        else:
            show(found)
            set_unread(lambda n: n + 1)

    async def refused(found: PageError) -> None:
        set_problem(found)
        set_unread(0)
        if not found.reference:
            await mine.saved()

    sending = use_mutation(mine.send, done=sent, failed=refused, back_with=lambda *_, **__: unsent_query())
    use_effect(lambda: page.run_in_background(mine.saved()), [])

    def asked(values: Values) -> dict[str, Any]:
        day = {"on": one(values, "on") or None} if draft.dated else {}
        return {**read(values), **day}

    def changed(what: Any) -> None:
        mine.keep(asked(form_values(what)))

    async def pressed(what: Any) -> None:
        values = form_values(what)
        sending.run(asked(values), shown=one(values, "shown"), confirmed=bool(values.get("confirmed")))

    return LightState(shown, problem, unread, sending.pending, changed, pressed)


def _worth_showing(preview: OrderPreview) -> bool:
    """A form that is as the line is says nothing yet."""
    return bool(preview.changing or preview.missing or preview.total_lines > 1)


def _can_only_fail(preview: OrderPreview) -> bool:
    """What is asked so far cannot be done on the one line: a press would be refused."""
    return (
        preview.total_lines == 1
        and not preview.changing
        and any(is_missing(item.reason) for item in preview.items)
    )


def _crumbs(text: Translator, draft: DraftView) -> list[tuple[str, str | None]]:
    fleet: list[tuple[str, str | None]] = [(text("Fleet"), "/app/fleet")]
    if draft.total_lines == 1:
        (line,) = draft.lines
        fleet.append((text.msisdn(line.msisdn) or line.name, f"/app/lines/{line.line_id}"))
    return [*fleet, (draft.title, None)]


def _to_read(text: Translator, shown: OrderPreview | None, unread: int) -> VdomDict | None:
    """Why the press has not sent it: the page moves focus here, each time that something else is to be read."""
    if not unread or shown is None:
        return None
    words = text("Nothing was sent yet. Read what will happen, then press the button again.")
    return html.div(
        {"class": "before-columns", "tabindex": "-1", "key": f"unread {shown.fingerprint}"},
        notice(words, tone="attention", mark="alert"),
    )


def _buttons(
    page: PageContext, draft: DraftView, shown: OrderPreview | None, send: str, *, busy: bool
) -> VdomDict:
    text = page.text
    back = f"/app/lines/{draft.lines[0].line_id}" if draft.total_lines == 1 else "/app/fleet"
    fails = shown is not None and _can_only_fail(shown)
    later = shown is not None and shown.on is not None and shown.on > clock.today()
    grace = shown.grace_seconds if shown is not None and shown.changing and not later else 0
    undo: Child = None
    if grace:
        undo = html.p(
            {"class": "small muted", "key": "undo"},
            text.plural(
                "Nothing goes to the operator for {n} second: you can still undo.",
                "Nothing goes to the operator for {n} seconds: you can still undo.",
                grace,
            ),
        )
    return html.div(
        {"class": "stack stack-tight", "key": "send"},
        html.div(
            {"class": "row"},
            None if fails else button(send, kind="primary large", submit=True, busy=busy),
            link_button(text("Back to the line"), back, mark="left")
            if fails
            else link_button(text.context("form", "Cancel"), back, kind="quiet"),
        ),
        undo,
    )
