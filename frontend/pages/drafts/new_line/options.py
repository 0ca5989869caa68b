"""The options of a new line: ticked, or copied from another line with what was left out and why; chosen ones are chips."""

import asyncio
from collections.abc import Sequence
from typing import Any

from reactpy import event, html, use_state
from reactpy.types import VdomDict

from backend.catalog.schemas import OptionFamily
from backend.orders.effects.new_line_choices import OptionOffer
from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.components.actions import button, link_button
from frontend.components.forms import error_summary, option_card, text_field
from frontend.components.layout import breadcrumb, page_header, panel
from frontend.components.orders.draft_form import one
from frontend.components.steps import change_steps
from frontend.elements import Child, hidden, icon, notice
from frontend.hooks import PageError, component, handler, no_page_error, to_page_error, use_once, use_page
from frontend.i18n import Translator
from frontend.labels import FAMILIES
from frontend.pages.drafts.options.cards import charge_note

NOTHING: tuple[str, ...] = ()


@component
def OptionsStep(draft: DraftView, back: str) -> VdomDict:
    page = use_page()
    text = page.text
    view, show = use_state(draft)
    problem, set_problem = use_state(no_page_error)
    skipped, set_skipped = use_state(NOTHING)
    turn, set_turn = use_state(0)
    saving = use_once(asyncio.Lock)
    chosen = use_once(lambda: list(draft.asked.kind_fields["options"]))

    async def save(kind_fields: dict[str, Any]) -> DraftView | None:
        try:
            found = await drafts.save_draft(page.actor, draft.id, kind_fields, step="options")
        except Exception as error:
            set_problem(to_page_error(page, error))
            # Draws the cards anew: a refused tick must not stay
            set_turn(lambda n: n + 1)
            return None
        set_problem(None)
        show(found)
        return found

    async def take(code: str, *, ticked: bool) -> None:
        async with saving:
            before = list(chosen)
            chosen[:] = [other for other in chosen if other != code] + ([code] if ticked else [])
            if await save({"options": tuple(chosen), "copy_options_from": ""}) is None:
                chosen[:] = before
        await page.push("idle")

    async def ticked(sent: Any) -> None:
        await take(str(sent["target"]["value"]), ticked=bool(sent["target"]["checked"]))

    async def left(sent: Any) -> None:
        await take(str(sent.get("currentTarget", sent["target"])["value"]), ticked=False)

    async def copied(sent: Any) -> None:
        async with saving:
            typed = one(sent["target"]["values"], "copy_options_from")
            found = await save({"options": tuple(chosen), "copy_options_from": typed})
            if found is not None:
                chosen.extend(found.choices.copied)
                set_skipped(tuple(one_.words for one_ in found.choices.skipped))
                await save({"options": tuple(chosen), "copy_options_from": ""})
                set_turn(lambda n: n + 1)
        await page.push("idle")

    async def on(_event: Any) -> None:
        await page.navigate(f"/app/drafts/{draft.id}/cap")
        await page.push("idle")

    errors = _errors(problem)
    return html.div(
        page_header(
            text("Which options does the line get?"),
            html.p(text("Tick them, or copy those of another line.")),
            crumbs=breadcrumb(text, (text("Fleet"), "/app/fleet"), (draft.title, None)),
        ),
        change_steps(text, 1, draft),
        html.div({"class": "before-columns", "key": "problem"}, error_summary(text, errors))
        if errors
        else None,
        html.div(
            {"class": "columns", "key": "columns"},
            html.div(
                {"class": "stack", "key": f"cards-{turn}"},
                *_groups(text, view.choices.options, chosen, handler(page, ticked)),
            ),
            html.div(
                {"class": "stack", "key": "aside"},
                _copy(text, errors, skipped, event(copied, prevent_default=True)),
                panel(
                    "chosen",
                    text("Options to activate"),
                    _chosen(text, view.choices.options, chosen, handler(page, left)),
                    html.div(
                        {"class": "row", "key": "on"},
                        button(
                            text("Go on"),
                            kind="primary large",
                            on_click=handler(page, on),
                            more={"id": "go-on"},
                        ),
                        link_button(
                            text("Back"), f"/app/drafts/{draft.id}/{back}", mark="left", kind="quiet"
                        ),
                    ),
                ),
            ),
        ),
    )


def _errors(problem: PageError | None) -> dict[str, str]:
    if problem is None:
        return {}
    fields = dict(problem.fields or {})
    return fields or {"go-on": problem.words}


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
    return option_card(
        offer.code,
        offer.name,
        about=offer.description,
        price=text.money(offer.price_cents),
        price_note=charge_note(text, offer),
        state=zone,
        ticked=ticked,
        more={"onChange": on_tick},
    )


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
    return panel(
        "copy",
        text("Copy from a line"),
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
                text("Number of that line"),
                error=errors.get("copy_options_from", ""),
                more={"inputmode": "tel"},
            ),
            html.div(button(text("Copy its options"), submit=True)),
        ),
        html.div({"role": "status", "key": "skipped"}, html.p(text("Left out:")), left_out)
        if skipped
        else None,
    )
