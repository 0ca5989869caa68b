"""One file, live: how far it is checked, what is wrong in which row and column, and on to the request."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.bulk import service as bulk
from backend.bulk.lifecycle import RowStatus, UploadState
from backend.bulk.schemas import BulkRows, BulkRowView, FileTemplate, RowProblemView, Upload
from backend.core.permissions import Permission
from backend.orders.placement import drafts
from frontend.components.actions import button, link_button
from frontend.components.layout import breadcrumb, columns, page_header, panel
from frontend.components.loading import not_ready
from frontend.components.table import rows_table, table_frame
from frontend.components.upload import Uploaded, upload
from frontend.elements import Child, notice, number, progress
from frontend.error_messages import ERROR_MESSAGES
from frontend.hooks import component, use_mutation, use_page, use_query
from frontend.i18n import Translator
from frontend.pages.bulk.labels import row_pill, state_pill

CHECKING = frozenset({UploadState.UPLOADED, UploadState.VALIDATING})
SHOWN = 200


@component
def UploadPage(upload_id: str) -> VdomDict:
    page = use_page()
    text, id_ = page.text, UUID(upload_id)
    found, forms = use_query(bulk.get_upload, id_, topics=(f"bulk:{id_}",)), use_query(bulk.file_forms)
    if found.data is None:
        return html.div(not_ready(text, found))
    if forms.data is None:
        return html.div(not_ready(text, forms))
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
            [_state(text, file), UploadRows(file=file, key=_version(file)) if _has_rows(file) else None],
            [
                NextStep(file=file, form=form, key=f"next-{_version(file)}"),
                panel("counts", text("Rows"), _counts(text, file)) if _has_rows(file) else None,
            ],
        ),
    )


def _version(file: Upload) -> str:
    return f"{file.state}-{file.document_id}-{file.skip_bad}"


def _has_rows(file: Upload) -> bool:
    return file.state not in CHECKING and file.state is not UploadState.FAILED


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
        body = [notice(_verdict(text, file), tone=TONES[file.state], mark=MARKS[file.state])]
    body += [notice(note, tone="attention", mark="info") for note in file.notes]
    return html.div({"class": "stack", "role": "status", "key": "state"}, *body)


TONES = {UploadState.NEEDS_FIX: "attention", UploadState.READY: "positive", UploadState.ORDERED: "positive"}
MARKS = {UploadState.NEEDS_FIX: "alert", UploadState.READY: "check", UploadState.ORDERED: "check"}


def _verdict(text: Translator, file: Upload) -> str:
    if file.state is UploadState.ORDERED:
        return text("This file became the request {reference}.", reference=file.order_reference)
    if file.state is UploadState.NEEDS_FIX:
        return text.plural(
            "{n} row has to be corrected. Nothing was sent.",
            "{n} rows have to be corrected. Nothing was sent.",
            file.errors,
        )
    good = text.plural("{n} row is ready.", "{n} rows are ready.", file.ok + file.warnings)
    left = text.plural("{n} row is left out.", "{n} rows are left out.", file.skipped) if file.skipped else ""
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


@component
def NextStep(file: Upload, form: FileTemplate) -> VdomDict | None:
    """What can be done with it now."""
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
        parts.append(
            button(
                text("Go on"),
                kind="primary large wide",
                on_click=lambda _event: go_on.run(file.kind, upload_id=file.id),
                busy=go_on.pending,
                more={"id": "go-on", "key": "go-on"},
            )
        )
        parts.append(
            html.p(
                {"class": "small muted"},
                text("You see the price and the effect on each line before anything is sent."),
            )
        )
    if file.state is UploadState.NEEDS_FIX and may and good:
        parts.append(
            button(
                text.plural("Skip the bad rows and keep {n}", "Skip the bad rows and keep {n}", good),
                on_click=lambda _event: skip.run(file.id),
                busy=skip.pending,
                more={"id": "skip", "key": "skip"},
            )
        )
    if file.order_reference:
        parts.append(
            link_button(text("See the request"), f"/app/requests/{file.order_reference}", kind="primary")
        )
    if _has_rows(file):
        parts.append(
            link_button(
                text("Download with results"),
                f"/app/results/{file.id}",
                mark="download",
                more={"download": "", "key": "result"},
            )
        )
    if file.state not in CHECKING and file.state is not UploadState.ORDERED and may:
        parts.append(
            upload(
                text,
                name="file",
                label=text("Upload a corrected file"),
                hint=text("It takes the place of this one."),
                purpose="bulk",
                accept=".csv,.xlsx",
                back=f"/app/bulk?kind={form.kind}",
                on_stored=stored,
            )
        )
    return panel("next", text("What now?"), *parts) if parts else None


@component
def UploadRows(file: Upload) -> VdomDict:
    """The first rows, those with something wrong before the others."""
    page = use_page()
    text = page.text
    found = use_query(bulk.upload_rows, file.id, limit=SHOWN, errors_first=True)
    if found.data is None:
        return html.div(not_ready(text, found))
    rows: BulkRows = found.data
    frame = table_frame(
        text("Rows of the file, those with something wrong first"),
        [(text("Row"), "amount"), (text("State"), ""), (text("What to do"), "")],
        hover=False,
    )
    more = rows.total - len(rows.items)
    return panel(
        "rows",
        text.plural("{n} row", "{n} rows", rows.total),
        rows_table(frame, [(str(row.row), _row(text, row)) for row in rows.items]),
        html.p(
            {"class": "panel-footer"},
            text.plural("and {n} more row in the download", "and {n} more rows in the download", more),
        )
        if more > 0
        else None,
        bare=True,
    )


def _where(text: Translator, problem: RowProblemView) -> list[Child]:
    """The column and what stood there, on a line of their own above what is wrong with it."""
    if not problem.label:
        return []
    shown = problem.given and problem.given not in problem.message
    given = html.span({"class": "muted"}, text("“{reason}”", reason=problem.given)) if shown else None
    return [html.strong(problem.label), " ", given, html.br()]


def _row(text: Translator, row: BulkRowView) -> VdomDict:
    problems: list[Child] = [
        html.div(
            {"key": f"{index}"},
            *_where(text, problem),
            problem.message,
        )
        for index, problem in enumerate(row.problems)
    ]
    named = row.fields.get("number") or row.fields.get("family_name") or ""
    return html.tr(
        {"class": "is-skipped"} if row.status is RowStatus.SKIPPED else {},
        html.th({"scope": "row", "class": "amount"}, number(text.number(row.row))),
        html.td({"class": "keep"}, row_pill(text, row.status)),
        html.td(*problems or [text.msisdn(str(named)) if str(named).startswith("+") else str(named)]),
    )
