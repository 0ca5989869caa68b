"""One option to choose, with its price."""

from collections.abc import Callable, Sequence
from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.effects.new_line_choices import OptionOffer
from backend.orders.kinds.change_options import OptionChoice
from frontend.elements import Child
from frontend.i18n import Translator


def option_card(
    text: Translator,
    option: OptionChoice | OptionOffer,
    *,
    state: Sequence[Child],
    on_tick: Callable[..., Any],
    ticked: bool,
    partly: bool = False,
    disabled: bool = False,
) -> VdomDict:
    """A card with a tick. `state` stands under the description; `partly` ticked: some of the lines have it."""
    return html.label(
        {"class": "option-card", "key": option.code},
        html.input(
            {
                "type": "checkbox",
                "id": f"option-{option.code}",
                "name": "option",
                "value": option.code,
                "checked": ticked,
                "indeterminate": partly,
                "disabled": disabled,
                "aria-describedby": f"about-{option.code}",
                "onChange": on_tick,
            }
        ),
        html.span(
            {"class": "option-main"},
            html.strong(option.name),
            html.span({"class": "muted", "id": f"about-{option.code}"}, option.description),
            html.span({"class": "row small"}, *state),
        ),
        html.span(
            {"class": "option-price"},
            html.span({"class": "price"}, text.money(option.price_cents)),
            html.span({"class": "price-note"}, _charge_note(text, option)),
        ),
    )


def _charge_note(text: Translator, option: OptionChoice | OptionOffer) -> str:
    if not option.price_cents:
        return text("free of charge")
    return text("a month excl. VAT") if option.charge == "monthly" else text("once excl. VAT")
