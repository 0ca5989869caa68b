"""One file, live: how far it is checked, what is wrong in which row and column, and on to the request."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.bulk import service as bulk
from backend.bulk.lifecycle import RowStatus, UploadState
from backend.bulk.schemas import Upload
from frontend.components.bulk_labels import left_out_words, row_pill, state_pill
from frontend.components.layout import breadcrumb, columns, page_header, panel
from frontend.components.loading import not_ready
from frontend.elements import Child, notice, progress
from frontend.error_messages import ERROR_MESSAGES
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.pages.bulk.next_step import CHECKING, NextStep, has_rows
from frontend.pages.bulk.rows import UploadRows
from frontend.queries import use_query

TONES = {UploadState.NEEDS_FIX: "attention", UploadState.READY: "positive", UploadState.ORDERED: "positive"}
MARKS = {UploadState.NEEDS_FIX: "alert", UploadState.READY: "check", UploadState.ORDERED: "check"}


@component
def UploadPage(upload_id: str) -> VdomDict:
    page = use_page()
    text, id_ = page.text, UUID(upload_id)
    found, forms = use_query(bulk.get_upload, id_, topics=(f"bulk:{id_}",)), use_query(bulk.file_forms)
    if found.data is None:
        return html.div(not_ready(text, found, alone=True))
    if forms.data is None:
        return html.div(not_ready(text, forms, alone=True))
    file: Upload = found.data
    form = next(one for one in forms.data if one.kind == file.kind)
    here = file.file_name or text("Your file")
    return html.div(
        page_header(
            form.title,
            html.p({"class": "muted"}, here),
            beside=state_pill(text, file.state),
            crumbs=breadcrumb(
                text, (text("Fleet"), "/app/fleet"), (text("From a file"), "/app/bulk"), (here, None)
            ),
        ),
        columns(
            [_state(text, file), UploadRows(file=file, key=_version(file)) if has_rows(file) else None],
            [
                NextStep(file=file, form=form, key=f"next-{_version(file)}"),
                panel("counts", text("Rows"), _counts(text, file)) if has_rows(file) else None,
            ],
        ),
    )


def _version(file: Upload) -> str:
    return f"{file.state}-{file.document_id}-{file.skip_bad}"


def _state(text: Translator, file: Upload) -> VdomDict:
    """What there is to know of the whole file, read out when it changes."""
    body: list[Child]
    if file.state in CHECKING:
        said = (
            text("{read} of {total} rows", read=text.number(file.checked), total=text.number(file.total))
            if file.total
            else text("The file is being read")
        )
        body = [
            html.p(
                {"class": "row"},
                html.span({"class": "live"}, text("The rows are being checked")),
                html.span({"class": "muted"}, said),
            ),
            progress(file.checked, file.total, text("Rows checked")),
            html.p({"class": "small muted"}, text("You may close this page: the check goes on.")),
        ]
    elif file.state is UploadState.FAILED:
        words = text(ERROR_MESSAGES.get(file.problem, ERROR_MESSAGES["file_damaged"]))
        body = [
            notice(html.strong(words), tone="danger", mark="alert"),
            html.ul(*(html.li({"key": one.message}, one.message) for one in file.problems))
            if file.problems
            else None,
        ]
    else:
        body = [_said(text, file)]
    body += [notice(note, tone="attention", mark="info") for note in file.notes]
    return html.div({"class": "stack", "role": "status", "key": "state"}, *body)


def _said(text: Translator, file: Upload) -> VdomDict:
    """The verdict; rows that are left out are no plain success."""
    state = UploadState.NEEDS_FIX if file.skipped else file.state
    return notice(_verdict(text, file), tone=TONES[state], mark=MARKS[state])


def _verdict(text: Translator, file: Upload) -> str:
    left = left_out_words(text, file.skipped)
    if file.state is UploadState.ORDERED:
        became = text("This file became the request {reference}.", reference=file.order_reference)
        return f"{became} {left}".strip()
    if file.state is UploadState.NEEDS_FIX:
        return text.plural(
            "{n} row has to be corrected. Nothing was sent.",
            "{n} rows have to be corrected. Nothing was sent.",
            file.errors,
        )
    good = text.plural("{n} row is ready.", "{n} rows are ready.", file.ok + file.warnings)
    return f"{good} {left}".strip()


def _counts(text: Translator, file: Upload) -> VdomDict:
    counted = (
        (RowStatus.ERROR, file.errors),
        (RowStatus.SKIPPED, file.skipped),
        (RowStatus.WARNING, file.warnings),
        (RowStatus.OK, file.ok),
    )
    return html.ul(
        {"class": "file-list"},
        *(
            html.li({"key": status}, row_pill(text, status), html.strong(text.number(n)))
            for status, n in counted
            if n or status is RowStatus.OK
        ),
    )
