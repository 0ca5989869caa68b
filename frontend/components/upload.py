"""A file to hand in: a whole form of its own, which works without the script, and shows progress with it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from reactpy import html
from reactpy.types import VdomDict

from frontend.elements import hidden
from frontend.i18n import Translator


class _Told(msgspec.Struct):
    """What the script was answered."""

    id: UUID
    name: str
    size: int
    type: str


@dataclass(frozen=True)
class Uploaded:
    """A stored file. Its id comes from the browser: whoever attaches it looks it up within the tenant and reach."""

    id: UUID
    name: str
    size: int


def upload(
    text: Translator,
    *,
    name: str,
    label: str,
    hint: str,
    purpose: str,
    accept: str,
    back: str,
    on_stored: Callable[[Uploaded], Awaitable[None] | None],
) -> VdomDict:
    """A field with its own button. `name` is the input's id; `back` is this page, for a form without script.

    It stands beside a page's own form, not in it. `on_stored` gets the stored file; what is wrong is said under the
    label, in the words of the server, and another file may be chosen at once.
    """

    async def stored(event: dict[str, Any]) -> None:
        try:
            told = msgspec.json.decode(event["target"]["value"], type=_Told)
        except (KeyError, msgspec.MsgspecError):
            return
        done = on_stored(Uploaded(told.id, told.name, told.size))
        if done is not None:
            await done

    return html.form(
        {
            "class": "form",
            "method": "post",
            "action": "/app/files",
            "encType": "multipart/form-data",
            "data-upload": "",
            "data-missing": text("Choose a file."),
            "data-failed": text("The file did not arrive. Check your connection and try again."),
            "key": f"upload-{name}",
        },
        html.input({"type": "hidden", "name": "purpose", "value": purpose}),
        html.input({"type": "hidden", "name": "next", "value": back}),
        html.input({"type": "hidden", "name": "stored", "defaultValue": "", "onChange": stored}),
        html.div(
            {"class": "field"},
            html.label({"class": "label", "for": name}, label),
            html.p({"class": "hint", "id": f"{name}-hint"}, hint),
            html.p(
                {"class": "error", "id": f"{name}-error", "role": "alert", "data-error": "", "hidden": True}
            ),
            html.input(
                {
                    "class": "input",
                    "type": "file",
                    "id": name,
                    "name": "file",
                    "accept": accept,
                    "aria-describedby": f"{name}-hint {name}-error",
                }
            ),
            html.progress({"class": "progress", "hidden": True, "aria-label": text("Sending the file")}),
        ),
        html.div(
            html.button({"class": "button", "type": "submit"}, text("Send the file"), hidden(f", {label}"))
        ),
    )
