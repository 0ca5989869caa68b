"""What can be done with a file now: go on, leave bad rows out, correct it, or read its results."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.bulk import service as bulk
from backend.bulk.lifecycle import UploadState
from backend.bulk.schemas import FileTemplate, Upload
from backend.core.permissions import Permission
from backend.orders.placement import drafts
from frontend.components.actions import button, link_button
from frontend.components.layout import panel
from frontend.components.upload import Uploaded, bulk_upload
from frontend.elements import Child, notice
from frontend.hooks import Mutation, component, use_mutation, use_page
from frontend.i18n import Translator

CHECKING = frozenset({UploadState.UPLOADED, UploadState.VALIDATING})


def has_rows(file: Upload) -> bool:
    """Whether the file was read, so that there are rows with results."""
    return file.state not in CHECKING and file.state is not UploadState.FAILED


@component
def NextStep(file: Upload, form: FileTemplate) -> VdomDict | None:
    page = use_page()
    text = page.text

    async def begun(draft: UUID) -> None:
        await page.navigate(f"/app/drafts/{draft}/review")

    go_on = use_mutation(drafts.start_draft, done=begun)
    skip = use_mutation(bulk.skip_bad_rows)
    replace = use_mutation(bulk.replace_file)

    def stored(other: Uploaded) -> None:
        replace.run(file.id, document_id=other.id)

    may, failed = page.may(Permission.ORDERS_PLACE), go_on.problem or skip.problem or replace.problem
    good = file.ok + file.warnings
    parts: list[Child] = []
    if failed:
        parts.append(notice(failed.words, tone="danger", mark="alert", live=True))
    if file.state is UploadState.READY and may and file.own:
        parts += _go_on(text, file, go_on)
    if file.state is UploadState.NEEDS_FIX and may and good:
        parts.append(_skip(text, file, good, skip))
    parts += _results(text, file)
    if file.state not in CHECKING and file.state is not UploadState.ORDERED and may:
        hint = text("It takes the place of this one.")
        parts.append(bulk_upload(text, text("Upload a corrected file"), hint, form.kind, stored))
    return panel("next", text("What now?"), *parts) if parts else None


def _go_on(text: Translator, file: Upload, go_on: Mutation[..., UUID]) -> list[Child]:
    return [
        button(
            text("Go on"),
            kind="primary large wide",
            on_click=lambda _event: go_on.run(file.kind, upload_id=file.id),
            busy=go_on.pending,
            more={"id": "go-on", "key": "go-on"},
        ),
        html.p(
            {"class": "small muted"},
            text("You see the price and the effect on each line before anything is sent."),
        ),
    ]


def _skip(text: Translator, file: Upload, good: int, skip: Mutation[..., Upload]) -> VdomDict:
    return button(
        text.plural("Skip the bad rows and keep {n}", "Skip the bad rows and keep {n}", good),
        on_click=lambda _event: skip.run(file.id),
        busy=skip.pending,
        more={"id": "skip", "key": "skip"},
    )


def _results(text: Translator, file: Upload) -> list[Child]:
    links: list[Child] = []
    if file.order_reference:
        to = f"/app/requests/{file.order_reference}"
        links.append(link_button(text("See the request"), to, kind="primary"))
    if has_rows(file):
        more = {"download": "", "key": "result"}
        to = f"/app/results/{file.id}"
        links.append(link_button(text("Download with results"), to, mark="download", more=more))
    return links
