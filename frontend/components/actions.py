"""What is pressed: buttons, links that look like buttons, menus."""

from collections.abc import Callable
from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from frontend.elements import Child, classes, icon


def button(
    label: Child,
    *,
    mark: str | None = None,
    kind: str = "",
    on_click: Callable[..., Any] | None = None,
    busy: bool = False,
    submit: bool = False,
    local: bool = False,
    more: dict[str, Any] | None = None,
) -> VdomDict:
    """A button. Kinds, several at once: primary, quiet, danger, small, large, wide.

    A button that does work on the server shows so as soon as it is pressed, and takes no second press. `local`: it only
    opens or closes something of its page, stays there, and is pressed again.
    """
    attributes: dict[str, Any] = {
        "class": classes("button", *(f"button-{name}" for name in kind.split())),
        "type": "submit" if submit else "button",
        **(more or {}),
    }
    if on_click is not None:
        attributes["onClick"] = on_click
    if (on_click is not None or submit) and not local:
        attributes["data-work"] = ""
    if busy:
        attributes["aria-busy"] = "true"
    return html.button(attributes, icon(mark) if mark else None, label)


def link_button(
    label: Child, to: str, *, mark: str | None = None, kind: str = "", more: dict[str, Any] | None = None
) -> VdomDict:
    return html.a(
        {
            "class": classes("button", *(f"button-{name}" for name in kind.split())),
            "href": to,
            **(more or {}),
        },
        icon(mark) if mark else None,
        label,
    )
