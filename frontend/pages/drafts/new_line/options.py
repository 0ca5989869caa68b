"""The options of a new line: ticked, or copied from another line with what was left out and why; chosen ones are chips."""

from collections.abc import Sequence
from typing import Any

from reactpy import event, html, use_state
from reactpy.types import VdomDict

from backend.catalog.schemas import OptionFamily
from backend.orders.effects.new_line_choices import OptionOffer
from backend.orders.schemas import DraftView
from frontend.components.actions import button
from frontend.components.forms import text_field
from frontend.components.layout import panel
from frontend.components.orders.draft_form import one
from frontend.components.orders.draft_layout import error_box_above
from frontend.components.orders.option_card import option_card
from frontend.elements import Child, hidden, icon, notice
from frontend.hooks import component, handler, use_once, use_page
from frontend.i18n import Translator
from frontend.labels import FAMILIES
from frontend.page_errors import PageError, no_page_error
from frontend.pages.drafts.change_options.draft import pressed_value
from frontend.pages.drafts.new_line.chosen_options import ChosenOptions
from frontend.pages.drafts.new_line.person import optional


@component
def OptionsPanel(draft: DraftView) -> VdomDict:
    """The options of the third page, with those of another line to copy; each tick is kept at once."""
    page = use_page()
    text = page.text
    view, show = use_state(draft)
    problem, set_problem = use_state(no_page_error)
    turn, set_turn = use_state(0)

    def draw_anew() -> None:
        # A tick that was refused must not stay.
        set_turn(lambda n: n + 1)

    def kept(found: DraftView) -> None:
        set_problem(None)
        show(found)

    def refused(found: PageError) -> None:
        set_problem(found)
        draw_anew()

    chosen = use_once(lambda: ChosenOptions(page, draft, kept, refused))

    async def ticked(sent: Any) -> None:
        await chosen.tick(str(sent["target"]["value"]), ticked=bool(sent["target"]["checked"]))

    async def left(sent: Any) -> None:
        await chosen.tick(pressed_value(sent), ticked=False)
        draw_anew()

    async def copied(sent: Any) -> None:
        if await chosen.copy_from(one(sent["target"]["values"], "copy_options_from")):
            draw_anew()

    errors, offers = _errors(problem), view.choices.options
    return panel(
        "options",
        text("Options"),
        error_box_above(text, errors) if errors else None,
        _copy(text, errors, chosen.skipped, event(copied, prevent_default=True)),
        _chosen(text, offers, chosen.codes, handler(page, left)),
        html.details(
            {"class": "more", "key": "all", "open": not draft.asked.kind_fields["options"]},
            html.summary(text.plural("Choose from {n} option", "Choose from {n} options", len(offers))),
            html.div(
                {"class": "stack", "key": f"cards-{turn}"},
                *_groups(text, offers, chosen.codes, handler(page, ticked)),
            ),
        ),
    )


def _errors(problem: PageError | None) -> dict[str, str]:
    if problem is None:
        return {}
    fields = dict(problem.fields or {})
    return fields or {"copy_options_from": problem.words}


def _groups(
    text: Translator, offers: Sequence[OptionOffer], chosen: Sequence[str], on_tick: Any
) -> list[VdomDict]:
    groups = []
    for family in OptionFamily:
        cards = [
            _card(text, offer, offer.code in chosen, on_tick) for offer in offers if offer.family == family
        ]
        if cards:
            groups.append(
                html.fieldset(
                    {"key": family.value},
                    html.legend({"class": "section-title"}, text(FAMILIES[family][0])),
                    html.div({"class": "stack stack-tight"}, *cards),
                )
            )
    return groups or [notice(text("This plan has no options."))]


def _card(text: Translator, offer: OptionOffer, ticked: bool, on_tick: Any) -> VdomDict:
    zone = [html.span({"class": "muted"}, text("Zone: {zone}", zone=offer.zone))] if offer.zone else []
    return option_card(text, offer, state=zone, on_tick=on_tick, ticked=ticked)


def _chosen(
    text: Translator, offers: Sequence[OptionOffer], chosen: Sequence[str], on_leave: Any
) -> VdomDict:
    names = {offer.code: offer.name for offer in offers}
    chips: list[Child] = [
        html.li(
            {"class": "chip", "key": code},
            names.get(code, code),
            html.button(
                {"type": "button", "value": code, "onClick": on_leave},
                icon("close"),
                hidden(text("Take out {option}", option=names.get(code, code))),
            ),
        )
        for code in chosen
    ]
    if not chips:
        return html.p({"class": "muted", "key": "none"}, text("None yet."))
    return html.ul({"class": "chips", "key": "chips"}, *chips)


def _copy(text: Translator, errors: dict[str, str], skipped: Sequence[str], on_submit: Any) -> VdomDict:
    left_out = html.ul(*(html.li({"key": words}, words) for words in skipped))
    return html.div(
        {"class": "stack stack-tight", "key": "copy"},
        html.form(
            {
                "class": "form",
                "id": "copy-form",
                "key": "copy-form",
                "novalidate": True,
                "onSubmit": on_submit,
            },
            text_field(
                "copy_options_from",
                optional(text, text("Copy those of another line, by its number")),
                error=errors.get("copy_options_from", ""),
                more={"inputmode": "tel"},
            ),
            html.div(button(text("Copy its options"), submit=True)),
        ),
        html.div({"role": "status", "key": "skipped"}, html.p(text("Left out:")), left_out)
        if skipped
        else None,
    )
