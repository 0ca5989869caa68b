"""Choosing options for a selection of lines: tick to add, untick to remove; the draft is kept as it is ticked."""

from typing import Any
from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.orders.schemas import DraftView
from frontend.components.forms import error_summary, text_field
from frontend.components.layout import breadcrumb, page_header
from frontend.components.orders.draft_layout import day_hint, day_limits
from frontend.components.steps import steps
from frontend.hooks import component, handler, use_once, use_page
from frontend.i18n import Translator
from frontend.page_errors import PageError, no_page_error
from frontend.pages.drafts.change_options.cards import families, groups
from frontend.pages.drafts.change_options.draft import OptionsDraft, pressed_value
from frontend.pages.drafts.change_options.summary import summary


@component
def OptionsForm(draft: DraftView) -> VdomDict:
    page = use_page()
    text = page.text
    view, show = use_state(draft)
    problem, set_problem = use_state(no_page_error)
    turn, set_turn = use_state(0)
    family, set_family = use_state("")

    def fail(found: PageError) -> None:
        set_problem(found)
        # Draws the cards anew: a refused tick must not stay
        set_turn(lambda n: n + 1)

    def kept(found: DraftView) -> None:
        set_problem(None)
        show(found)

    mine = use_once(lambda: OptionsDraft(page, view, kept, fail))

    async def ticked(event: Any) -> None:
        mine.choose(str(event["target"]["value"]), ticked=bool(event["target"]["checked"]))
        await mine.save()

    async def left(event: Any) -> None:
        mine.leave(pressed_value(event))
        await mine.save()
        # A cap that was left is not chosen any more
        set_turn(lambda n: n + 1)

    async def dated(event: Any) -> None:
        await mine.wait_until(str(event["target"]["value"]))

    async def dropped(event: Any) -> None:
        await mine.drop(UUID(pressed_value(event)))

    async def check(_event: Any) -> None:
        if mine.add or mine.remove:
            if await mine.save():
                await page.navigate(f"/app/drafts/{view.id}/review")
        else:
            set_problem(PageError(text("Tick at least one option to add or to remove."), "nothing_chosen"))
        await page.push("idle")

    return html.div(
        _header(text, view),
        steps(text, view.kind, str(view.id), ""),
        _error_box(text, view, problem),
        _columns(
            families(text, view, family, set_family),
            _cards(text, view, family, turn, handler(page, ticked)),
            summary(
                text,
                view,
                _day(text, view, problem, handler(page, dated)),
                *(handler(page, one) for one in (left, dropped, check)),
            ),
        ),
    )


def _columns(*parts: VdomDict) -> VdomDict:
    # Keys keep a button's address while what stands before it comes and goes: a quick press is not lost.
    return html.div({"class": "columns columns-filter-aside", "key": "columns"}, *parts)


def _cards(text: Translator, view: DraftView, family: str, turn: int, on_tick: Any) -> VdomDict:
    return html.div({"class": "stack", "key": f"cards-{turn}"}, *groups(text, view, family, on_tick))


def _error_box(text: Translator, view: DraftView, problem: PageError | None) -> VdomDict | None:
    """What is wrong: with the day, or with the options, of which the first is led to."""
    if problem is None:
        return None
    day = (problem.fields or {}).get("on")
    first = view.choices[0].code if view.choices else ""
    wrong = {"on": day} if day else {f"option-{first}": problem.words}
    return html.div({"class": "before-columns"}, error_summary(text, wrong))


def _day(text: Translator, view: DraftView, problem: PageError | None, on_change: Any) -> VdomDict:
    """The day on which the options change; kept as soon as it is chosen."""
    chosen = view.asked.on
    return text_field(
        "on",
        html.span(text("On which day?"), " ", html.span({"class": "optional"}, text("(optional)"))),
        kind="date",
        value=chosen.isoformat() if chosen else "",
        hint=day_hint(text, view.days),
        error=((problem.fields or {}).get("on", "")) if problem else "",
        short=True,
        more={**day_limits(view.days), "onChange": on_change},
    )


def _header(text: Translator, view: DraftView) -> VdomDict:
    plans = ", ".join(plan.name for plan in view.plans)
    return page_header(
        text.plural("Which options for this line?", "Which options for these {n} lines?", view.total_lines),
        html.p(text("{plans}. Tick to add, untick to remove.", plans=plans)),
        crumbs=breadcrumb(text, (text("Fleet"), "/app/fleet"), (view.title, None)),
    )
