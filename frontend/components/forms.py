"""What is filled in: fields with label, hint and error; ticks; the summary of what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from frontend.elements import Child, classes, icon
from frontend.i18n import Translator


def error_summary(text: Translator, errors: Mapping[str, str]) -> VdomDict:
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


def field(
    name: str,
    label: Child,
    control: VdomDict,
    *,
    hint: Child = None,
    error: str = "",
    group: bool = False,
) -> VdomDict:
    """One question: label above, hint under it, the error beside the field in the same words as in the summary.

    A `group` (radio buttons, ticks) is a fieldset with a legend.
    """
    head = html.legend(label) if group else html.label({"class": "label", "for": name}, label)
    parts: list[Child] = [
        head,
        html.span({"class": "hint", "id": f"{name}-hint"}, hint) if hint else None,
        html.span({"class": "error", "id": f"{name}-error", "key": "error"}, icon("alert"), error)
        if error
        else None,
        control,
    ]
    if group:
        return html.fieldset({"class": "field", "key": name, "id": name, "tabindex": "-1"}, *parts)
    return html.div({"class": "field", "key": name}, *parts)


def described(name: str, *, hint: object, error: str) -> dict[str, str]:
    """Which texts belong to a control."""
    ids = [f"{name}-hint"] if hint else []
    if error:
        ids.append(f"{name}-error")
    return {
        **({"aria-describedby": " ".join(ids)} if ids else {}),
        **({"aria-invalid": "true"} if error else {}),
    }


def text_field(
    name: str,
    label: Child,
    *,
    value: str = "",
    hint: Child = None,
    error: str = "",
    kind: str = "text",
    short: bool = False,
    more: dict[str, Any] | None = None,
) -> VdomDict:
    """One line of text. The browser keeps what was typed when the page is drawn again after a refusal."""
    control = html.input(
        {
            "class": classes("input", "input-short" if short else "input-medium"),
            "id": name,
            "name": name,
            "type": kind,
            "defaultValue": value,
            "key": f"{name}-input",
            **described(name, hint=hint, error=error),
            **(more or {}),
        }
    )
    return field(name, label, control, hint=hint, error=error)


def select_field(
    name: str,
    label: Child,
    options: Sequence[tuple[str, str]],
    *,
    value: str = "",
    hint: Child = None,
    error: str = "",
    disabled: Mapping[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> VdomDict:
    """One of a list: (value, words). `disabled` values cannot be chosen; their reason stands behind their words."""
    why = disabled or {}
    control = html.select(
        {
            "class": "input input-medium",
            "id": name,
            "name": name,
            "key": f"{name}-input",
            **described(name, hint=hint, error=error),
            **(more or {}),
        },
        *(
            html.option(
                {
                    "value": code,
                    "key": code,
                    # Said on the option: the client gives a select no `defaultValue`.
                    **({"selected": True} if code == value else {}),
                    **({"disabled": True} if code in why else {}),
                },
                f"{words} ({why[code]})" if code in why else words,
            )
            for code, words in options
        ),
    )
    return field(name, label, control, hint=hint, error=error)


def radio_cards(
    name: str,
    label: Child,
    options: Sequence[tuple[str, Child, Child]],
    *,
    value: str = "",
    hint: Child = None,
    error: str = "",
    disabled: Mapping[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> VdomDict:
    """One of a few, each with a line of explanation: (value, title, explanation)."""
    why = disabled or {}

    def card(code: str, title: Child, about: Child) -> VdomDict:
        return html.label(
            {"class": "radio-card", "key": code},
            html.input(
                {
                    "type": "radio",
                    "name": name,
                    "value": code,
                    "id": f"{name}-{code}",
                    "defaultChecked": code == value,
                    "disabled": code in why,
                    **(more or {}),
                }
            ),
            html.span(html.strong(title), html.span({"class": "muted"}, why.get(code) or about)),
        )

    cards = html.div({"class": "radio-cards", "key": "cards"}, *(card(*option) for option in options))
    return field(name, label, cards, hint=hint, error=error, group=True)


def checks_field(
    name: str,
    label: Child,
    entries: Sequence[tuple[str, Child, bool]],
    *,
    hint: Child = None,
    error: str = "",
) -> VdomDict:
    """Several of a list: (value, words, ticked)."""
    boxes = html.div(
        {"class": "stack stack-tight", "key": "boxes"},
        *(check(name, value, words, ticked=ticked) for value, words, ticked in entries),
    )
    return field(name, label, boxes, hint=hint, error=error, group=True)
