"""What is filled in: fields with label, hint and error; ticks; the summary of what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from frontend.components.basics import Child
from frontend.text import Text


def error_summary(text: Text, errors: Mapping[str, str]) -> VdomDict:
    """What is wrong with a form, each sentence a link to its field; the page moves focus here."""
    return html.div(
        {"class": "error-summary", "role": "alert", "tabindex": "-1", "aria-labelledby": "problem"},
        html.h2({"id": "problem"}, text("There is a problem")),
        html.ul(*(html.li(html.a({"href": f"#{name}"}, words)) for name, words in errors.items())),
    )


def check(name: str, value: str, label: Child, *, ticked: bool = False, count: str = "") -> VdomDict:
    return html.label(
        {"class": "check", "key": value},
        html.input({"type": "checkbox", "name": name, "value": value, "defaultChecked": ticked}),
        html.span({"class": "check-label"}, label, " "),
        html.span({"class": "check-count"}, count) if count else None,
    )


def check_group(legend: str, entries: Sequence[VdomDict]) -> VdomDict:
    return html.fieldset({"key": legend}, html.legend(legend), *entries)


def option_card(
    value: str,
    title: str,
    *,
    about: str,
    price: str,
    price_note: str,
    state: Sequence[Child],
    ticked: bool,
    partly: bool = False,
    disabled: bool = False,
    more: dict[str, Any] | None = None,
) -> VdomDict:
    """One choice with its price. `partly` ticked: some of the lines have it."""
    return html.label(
        {"class": "option-card", "key": value},
        html.input(
            {
                "type": "checkbox",
                "id": f"option-{value}",
                "name": "option",
                "value": value,
                "checked": ticked,
                "indeterminate": partly,
                "disabled": disabled,
                "aria-describedby": f"about-{value}",
                **(more or {}),
            }
        ),
        html.span(
            {"class": "option-main"},
            html.strong(title),
            html.span({"class": "muted", "id": f"about-{value}"}, about),
            html.span({"class": "row small"}, *state),
        ),
        html.span(
            {"class": "option-price"},
            html.span({"class": "price"}, price),
            html.span({"class": "price-note"}, price_note),
        ),
    )
