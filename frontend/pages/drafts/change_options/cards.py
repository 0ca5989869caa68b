"""The choices: one card per option, by family."""

from collections.abc import Callable, Sequence
from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.schemas import OptionFamily
from backend.orders.kinds.change_options import OptionChoice
from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards
from frontend.components.orders.option_card import option_card
from frontend.elements import Child, pill
from frontend.i18n import Translator
from frontend.labels import FAMILIES


def families(text: Translator, view: DraftView, family: str, choose: Callable[[str], None]) -> VdomDict:
    counts = {f: sum(1 for c in view.choices if c.family == f) for f in OptionFamily}

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


def groups(text: Translator, view: DraftView, family: str, on_tick: Callable[..., Any]) -> list[VdomDict]:
    """The cards of each family; caps abroad are one choice below their family."""
    groups = []
    for f in OptionFamily:
        offered = [c for c in view.choices if c.family == f and family in {"", f.value}]
        choices = [c for c in offered if c.cap_cents is None]
        if choices:
            cards = (_card(text, view, choice, on_tick) for choice in choices)
            groups.append(
                html.fieldset(
                    {"key": f.value},
                    html.legend({"class": "section-title"}, text(FAMILIES[f][0])),
                    html.div({"class": "stack stack-tight"}, *cards),
                )
            )
        if caps := [c for c in offered if c.cap_cents is not None and c.allowed_on]:
            groups.append(_caps(text, view, caps, on_tick))
    return groups


def _caps(
    text: Translator, view: DraftView, caps: Sequence[OptionChoice], on_tick: Callable[..., Any]
) -> VdomDict:
    """One of the caps, or the present one."""
    chosen = next((c.code for c in caps if c.code in view.asked.kind_fields["add"]), "")

    def about(choice: OptionChoice) -> str:
        if not choice.present_on:
            return choice.description
        return text.plural("Present cap on {n} line", "Present cap on {n} lines", choice.present_on)

    present = next((c for c in caps if c.present_on == view.total_lines), None)
    keep = (
        text("Keep the cap of {amount}", amount=text.money(present.cap_cents or 0))
        if present
        else text("Keep the cap as it is")
    )
    cards: list[tuple[str, Child, Child]] = [("", keep, text("Nothing changes for data abroad."))]
    cards += [(c.code, c.name, about(c)) for c in caps if c is not present]
    return radio_cards(
        "cap_option",
        text("Monthly cap on data abroad"),
        cards,
        value=chosen,
        hint=text("A line has one cap: the one you choose takes the place of the present one."),
        more={"onChange": on_tick},
    )


def _card(text: Translator, view: DraftView, choice: OptionChoice, on_tick: Callable[..., Any]) -> VdomDict:
    everywhere, somewhere = choice.active_on >= view.total_lines, choice.active_on > 0
    adding, removing = (
        choice.code in view.asked.kind_fields["add"],
        choice.code in view.asked.kind_fields["remove"],
    )
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
    if choice.zone and choice.zone.lower() not in choice.description.lower():
        state.append(html.span({"class": "muted"}, text("Zone: {zone}", zone=choice.zone)))
    return option_card(
        text,
        choice,
        state=state,
        on_tick=on_tick,
        ticked=adding or (everywhere and not removing),
        partly=somewhere and not everywhere and not adding and not removing,
        disabled=not choice.allowed_on and not somewhere,
    )
