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
    """A stored file. Its id comes from the browser, so it is looked up within tenant and reach before use."""

    id: UUID
    name: str
    size: int


OnStored = Callable[[Uploaded], Awaitable[None] | None]


@dataclass(frozen=True)
class UploadField:
    """What is asked for. `name` is the input's id, `back` this page, for a form without script."""

    name: str
    label: str
    hint: str
    purpose: str
    accept: str
    back: str


SIGNED_CONTRACT = ".pdf,.jpg,.jpeg,.png"


def contract_upload(text: Translator, label: str, back: str, on_stored: OnStored) -> VdomDict:
    """The upload of a signed contract of split billing."""
    hint = text("PDF, JPEG or PNG, at most 10 MB.")
    return upload(
        text, UploadField("document_id", label, hint, "split_contract", SIGNED_CONTRACT, back), on_stored
    )


def bulk_upload(text: Translator, label: str, hint: str, kind: str, on_stored: OnStored) -> VdomDict:
    """The upload of a file with many requests of one kind."""
    return upload(
        text, UploadField("file", label, hint, "bulk", ".csv,.xlsx", f"/app/bulk?kind={kind}"), on_stored
    )


def upload(text: Translator, field: UploadField, on_stored: OnStored) -> VdomDict:
    """A field with its own button.

    It stands beside a page's own form, not in it. `on_stored` gets the stored file; what is wrong is said under the
    label, in the words of the server, and another file may be chosen at once.
    """

    async def stored(event: dict[str, Any]) -> None:
        try:
            told = msgspec.json.decode(event["target"]["value"], type=_Told)
        except (KeyError, TypeError, ValueError, RecursionError, msgspec.MsgspecError):
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
            "key": f"upload-{field.name}",
        },
        html.input({"type": "hidden", "name": "purpose", "value": field.purpose}),
        html.input({"type": "hidden", "name": "next", "value": field.back}),
        html.input({"type": "hidden", "name": "stored", "defaultValue": "", "onChange": stored}),
        _file_input(text, field),
        html.div(
            html.button(
                {"class": "button", "type": "submit"}, text("Send the file"), hidden(f", {field.label}")
            )
        ),
    )


def _file_input(text: Translator, field: UploadField) -> VdomDict:
    name = field.name
    error = {"class": "error", "id": f"{name}-error", "role": "alert", "data-error": "", "hidden": True}
    return html.div(
        {"class": "field"},
        html.label({"class": "label", "for": name}, field.label),
        html.p({"class": "hint", "id": f"{name}-hint"}, field.hint),
        html.p(error),
        html.input(
            {
                "class": "input",
                "type": "file",
                "id": name,
                "name": "file",
                "accept": field.accept,
                "aria-describedby": f"{name}-hint {name}-error",
            }
        ),
        html.progress({"class": "progress", "hidden": True, "aria-label": text("Sending the file")}),
    )
