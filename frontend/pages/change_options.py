"""Choosing options for a selection of lines: tick to add, untick to remove; the draft is kept as it is ticked."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

from reactpy import html, use_state
from reactpy.types import Component, VdomDict

from backend.catalog.schemas import Family
from backend.orders import drafts
from backend.orders.schemas import DraftView, OptionChoice
from frontend.components.actions import button
from frontend.components.basics import Child, hidden, icon, number, pill, total
from frontend.components.forms import error_summary, option_card
from frontend.components.layout import breadcrumb, page_header
from frontend.components.loading import not_ready
from frontend.components.steps import change_steps
from frontend.hooks import Problem, component, handler, no_problem, once, problem_of, use_query, use_visit
from frontend.labels import FAMILIES
from frontend.text import Text
from frontend.visit import Visit


@component
def ChangeOptionsPage(draft: str) -> VdomDict | Component:
    visit = use_visit()
    found = use_query(drafts.get_draft, UUID(draft))
    if found.data is None:
        return html.div(not_ready(visit.text, found))
    return Chooser(draft=found.data, key=draft)


class Draft:
    """The draft as it is on the page; saved in the order of the ticks."""

    def __init__(
        self,
        visit: Visit,
        view: DraftView,
        show: Callable[[DraftView], None],
        fail: Callable[[Problem], None],
    ) -> None:
        self.visit, self.view, self.show, self.fail = visit, view, show, fail
        self.add, self.remove = list(view.add), list(view.remove)
        self.saving = asyncio.Lock()

    def tick(self, choice: OptionChoice, *, ticked: bool) -> None:
        """Ticked: every line shall have it. Unticked: none shall. Back to how it is: nothing changes."""
        self.leave(choice.code)
        if ticked and choice.active_on < self.view.total_lines:
            self.add.append(choice.code)
        elif not ticked and choice.active_on:
            self.remove.append(choice.code)

    def leave(self, code: str) -> None:
        self.add = [other for other in self.add if other != code]
        self.remove = [other for other in self.remove if other != code]

    async def save(self) -> None:
        async with self.saving:
            await self._keep(drafts.save_draft, self.view.id, add=tuple(self.add), remove=tuple(self.remove))

    async def drop(self, line_id: UUID) -> None:
        async with self.saving:
            await self._keep(drafts.drop_draft_line, self.view.id, line_id)

    async def _keep(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        try:
            self.view = await function(self.visit.actor, *args, **kwargs)
            self.show(self.view)
        except Exception as error:
            self.add, self.remove = list(self.view.add), list(self.view.remove)
            self.fail(problem_of(self.visit, error))
        finally:
            await self.visit.tell("idle")


@component
def Chooser(draft: DraftView) -> VdomDict:
    visit = use_visit()
    text = visit.text
    view, show = use_state(draft)
    problem, set_problem = use_state(no_problem)
    turn, set_turn = use_state(0)
    family, set_family = use_state("")

    def fail(found: Problem) -> None:
        set_problem(found)
        set_turn(lambda n: n + 1)  # draws the cards anew: a refused tick must not stay

    def kept(found: DraftView) -> None:
        set_problem(None)
        show(found)

    mine = once(lambda: Draft(visit, view, kept, fail))

    async def ticked(event: Any) -> None:
        code = event["target"]["value"]
        choice = next((c for c in view.choices if c.code == code), None)
        if choice is not None:
            mine.tick(choice, ticked=bool(event["target"]["checked"]))
            await mine.save()

    async def left(event: Any) -> None:
        mine.leave(
            str(event["currentTarget"]["value"] if "currentTarget" in event else event["target"]["value"])
        )
        await mine.save()

    async def dropped(event: Any) -> None:
        await mine.drop(
            UUID(event["currentTarget"]["value"] if "currentTarget" in event else event["target"]["value"])
        )

    async def check(_event: Any) -> None:
        if mine.add or mine.remove:
            await visit.move(f"/app/change-options/{view.id}/review")
        else:
            set_problem(Problem(text("Tick at least one option to add or to remove."), "nothing_chosen"))
        await visit.tell("idle")

    plans = ", ".join(plan.name for plan in view.plans)
    first = view.choices[0].code if view.choices else ""
    return html.div(
        page_header(
            text.plural(
                "Which options for this line?", "Which options for these {n} lines?", view.total_lines
            ),
            html.p(text("{plans}. Tick to add, untick to remove.", plans=plans)),
            crumbs=breadcrumb(text, (text("Fleet"), "/app/fleet"), (text("Change options"), None)),
        ),
        change_steps(text, 1, str(view.id)),
        html.div({"class": "before-columns"}, error_summary(text, {f"option-{first}": problem.words}))
        if problem
        else None,
        html.div(
            {"class": "columns columns-filter-aside"},
            _families(text, view, family, set_family),
            html.div(
                {"class": "stack", "key": f"cards-{turn}"},
                *_groups(text, view, family, handler(visit, ticked)),
            ),
            _summary(text, view, handler(visit, left), handler(visit, dropped), handler(visit, check)),
        ),
    )


def _families(text: Text, view: DraftView, family: str, choose: Callable[[str], None]) -> VdomDict:
    counts = {f: sum(1 for c in view.choices if c.family == f) for f in Family}

    def entry(code: str, words: str, count: int) -> VdomDict:
        current = {"aria-current": "true"} if code == family else {}
        return html.button(
            {
                "type": "button",
                "key": code or "all",
                "onClick": lambda _event, code=code: choose(code),
                **current,
            },
            words,
            " ",
            html.span(text.number(count)),
        )

    return html.nav(
        {"class": "facets", "aria-label": text("Option families")},
        entry("", text("All"), len(view.choices)),
        *(entry(f.value, text(FAMILIES[f][0]), n) for f, n in counts.items() if n),
    )


def _groups(text: Text, view: DraftView, family: str, on_tick: Callable[..., Any]) -> list[VdomDict]:
    groups = []
    for f in Family:
        choices = [c for c in view.choices if c.family == f and family in {"", f.value}]
        if choices:
            cards = (_card(text, view, choice, on_tick) for choice in choices)
            groups.append(
                html.fieldset(
                    {"key": f.value},
                    html.legend({"class": "section-title"}, text(FAMILIES[f][0])),
                    html.div({"class": "stack stack-tight"}, *cards),
                )
            )
    return groups


def _card(text: Text, view: DraftView, choice: OptionChoice, on_tick: Callable[..., Any]) -> VdomDict:
    everywhere, somewhere = choice.active_on >= view.total_lines, choice.active_on > 0
    adding, removing = choice.code in view.add, choice.code in view.remove
    state: list[Child] = []
    if adding:
        state.append(pill(text("To be added"), "running", "plus"))
    elif removing:
        state.append(pill(text("To be removed"), "attention", "minus"))
    if not choice.allowed_on:
        state.append(pill(text("Not with this plan"), "", "lock"))
    elif somewhere:
        state.append(
            html.span(
                {"class": "muted"},
                text.plural("Active on {n} line", "Active on {n} lines", choice.active_on)
                if not everywhere or view.total_lines > 1
                else text("Active"),
            )
        )
    elif choice.allowed_on < view.total_lines:
        available = text.plural("Available on {n} line", "Available on {n} lines", choice.allowed_on)
        state.append(html.span({"class": "muted"}, available))
    else:
        state.append(html.span({"class": "muted"}, text("Available")))
    zone = "" if choice.zone.lower() in choice.description.lower() else choice.zone
    about = ". ".join(part.rstrip(".") for part in (choice.description, zone) if part)
    return option_card(
        choice.code,
        choice.name,
        about=f"{about}." if about else "",
        price=text.money(choice.price_cents),
        price_note=charge_note(text, choice),
        state=state,
        ticked=adding or (everywhere and not removing),
        partly=somewhere and not everywhere and not adding and not removing,
        disabled=not choice.allowed_on and not somewhere,
        more={"onChange": on_tick},
    )


def charge_note(text: Text, choice: OptionChoice) -> str:
    if not choice.price_cents:
        return text("free of charge")
    return text("a month excl. VAT") if choice.charge == "monthly" else text("once excl. VAT")


def _summary(text: Text, view: DraftView, on_leave: Any, on_drop: Any, on_check: Any) -> VdomDict:
    chosen = [(c, 1) for c in view.choices if c.code in view.add] + [
        (c, -1) for c in view.choices if c.code in view.remove
    ]
    monthly = sum(sign * c.price_cents for c, sign in chosen if c.charge == "monthly")

    def entry(choice: OptionChoice, sign: int) -> tuple[Child, Child]:
        leave = html.button(
            {
                "class": "icon-button icon-button-small",
                "type": "button",
                "value": choice.code,
                "onClick": on_leave,
            },
            icon("close", "icon-small"),
            hidden(text("Leave {option} as it is", option=choice.name)),
        )
        name = html.span({"class": "row row-fixed summary-name"}, leave, html.span(choice.name))
        if choice.charge != "monthly":
            cents = choice.price_cents if sign > 0 else 0
            return name, html.span(text("{amount} once", amount=text.money(cents)))
        cents = sign * choice.price_cents
        tone = "difference-down" if cents < 0 else "difference-up"
        return name, html.span({"class": tone}, text.difference(cents))

    body: list[Child] = []
    if chosen:
        rows = [entry(choice, sign) for choice, sign in chosen]
        body.append(total(rows, (text("A month, per line"), text.difference(monthly))))
        body.append(
            html.p(
                {"class": "small muted"}, text("Excl. VAT. The exact price of each line is in the next step.")
            )
        )
    else:
        body.append(html.p({"class": "muted"}, text("Nothing chosen yet.")))
    body.append(button(text("Check the price"), kind="primary large wide", on_click=on_check))
    body.append(_lines(text, view, on_drop))
    return html.aside(
        {"class": "aside-sticky panel", "aria-labelledby": "sum"},
        html.div({"class": "panel-header"}, html.h2({"id": "sum"}, text("Your changes"))),
        html.div({"class": "panel-body stack", "aria-live": "polite"}, *body),
    )


def _lines(text: Text, view: DraftView, on_drop: Any) -> VdomDict:
    more = view.total_lines - len(view.lines)
    return html.details(
        {"class": "more", "key": "lines"},
        html.summary(text.plural("The line chosen", "The {n} lines chosen", view.total_lines)),
        html.ul(
            {"class": "file-list small"},
            *(
                html.li(
                    {"key": str(line.line_id)},
                    number(text.msisdn(line.msisdn)),
                    html.span({"class": "muted"}, line.name),
                    html.button(
                        {
                            "class": "icon-button icon-button-small",
                            "type": "button",
                            "value": str(line.line_id),
                            "onClick": on_drop,
                        },
                        icon("close", "icon-small"),
                        hidden(text("Take {number} out", number=text.msisdn(line.msisdn))),
                    )
                    if view.total_lines > 1
                    else None,
                )
                for line in view.lines
            ),
        ),
        html.p({"class": "small muted"}, text.plural("and {n} more line", "and {n} more lines", more))
        if more > 0
        else None,
    )
