"""Use cases on bulk files: hand one in, follow it, leave bad rows out, download the template and the result."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import orjson

from backend.bulk.kinds import FILES, with_examples
from backend.bulk.lifecycle import GOOD_ROWS, UPLOAD_LIFECYCLE, RowStatus, UploadState
from backend.bulk.schemas import (
    BulkRows,
    BulkRowView,
    FileTemplate,
    RowProblemView,
    TemplateColumn,
    Upload,
    UploadList,
)
from backend.bulk.tables import BulkRow, BulkUpload
from backend.bulk.texts import texts_in
from backend.bulk.validation import finish_validation
from backend.bulk.views import (
    UPLOADS,
    UploadRecord,
    file_kind,
    problem_views,
    shown,
    upload_record,
    upload_view,
)
from backend.catalog.catalogue import catalogue_of
from backend.core import audit, clock
from backend.core.errors import Conflict, ValidationFailed
from backend.core.facts import BulkUploaded
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.attachments import SubjectKind, attach, detach
from backend.documents.service import DocumentContent, own_document, read_document
from backend.lines.organisations import centres_within_reach
from backend.orders.effects.move_account import account_choices
from backend.orders.texts import KindTexts, kind_title, support_route
from backend.tabular import templates
from backend.tabular.formats import FileFormat
from tenants.scope import Scope

LARGEST_PAGE = 500
LATEST = 20
KEPT = timedelta(days=90)
# States in which another file may take its place
REPLACEABLE = UPLOAD_LIFECYCLE.sources(UploadState.UPLOADED)
COUNTS = ("total", "checked", "ok", "warnings", "errors", "skipped")
LATEST_UPLOADS = f"""
{UPLOADS} WHERE $1 OR u.requester_id = $2 ORDER BY u.created_at DESC, u.id DESC LIMIT {LATEST}
"""
ROWS = """
SELECT number, status, fields, line_id, problems, count(*) OVER () AS total FROM bulk_row
WHERE upload_id = $1 AND ($2::text IS NULL OR status = $2) ORDER BY number LIMIT $3 OFFSET $4
"""
ROWS_ERRORS_FIRST = ROWS.replace("ORDER BY ", "ORDER BY array_position($5::text[], status), ")
ERRORS_FIRST = [RowStatus.ERROR, RowStatus.SKIPPED, RowStatus.WARNING, RowStatus.OK]
RESULTS = """
SELECT r.number, r.status, r.problems, i.state, i.reason, i.detail FROM bulk_row r
LEFT JOIN change_order_item i ON i.tenant_id = r.tenant_id AND i.order_id = $2 AND i.line_id = r.line_id
  AND r.status = ANY($3)
WHERE r.upload_id = $1
"""
PURGE = """
DELETE FROM bulk_upload u WHERE u.created_at < $1 AND NOT EXISTS (SELECT FROM change_order o
  WHERE o.tenant_id = u.tenant_id AND o.id = u.order_id AND o.ended_at IS NULL) RETURNING u.id
"""


class UploadId(msgspec.Struct, frozen=True):
    """An upload that was deleted."""

    id: UUID


class ListedRow(msgspec.Struct, frozen=True):
    """One row of a page of rows; `total` counts all that match."""

    number: int
    status: str
    fields: str
    line_id: UUID | None
    problems: str
    total: int


class RowResult(msgspec.Struct, frozen=True):
    """One row and the item that it became; the item's columns are None where there is none."""

    number: int
    status: str
    problems: str
    state: str | None
    reason: str | None
    detail: str | None


@use_case(Permission.ORDERS_PLACE)
async def start_upload(scope: Scope, *, kind: str, document_id: UUID) -> Upload:
    """Begin to check a stored file (purpose "bulk").

    Raises NotFound for a file that the actor may not use or a kind that does not come as a file, and ValidationFailed
    (`through_support`) for a kind that the carrier has done by its support.
    """
    file_kind(kind)
    if route := support_route(await catalogue_of(scope), kind):
        raise ValidationFailed(kind=route, code="through_support")
    await own_document(scope, document_id, purpose="bulk")
    upload_id = new_id()
    await BulkUpload.insert(
        BulkUpload(
            id=upload_id,
            tenant_id=scope.tenant_id,
            kind=kind,
            document_id=document_id,
            state=UploadState.UPLOADED,
            requester_id=scope.actor.member_id,
            language=scope.actor.language,
            created_at=clock.now(),
        )
    )
    await attach(scope, document_id, subject_kind=SubjectKind.BULK_UPLOAD, subject_id=upload_id)
    await audit.record(scope, "bulk.uploaded", "bulk", upload_id, kind=kind)
    scope.emit(BulkUploaded(upload_id=upload_id, document_id=document_id))
    scope.invalidate("bulk")
    return await upload_view(scope, upload_id)


@use_case(Permission.ORDERS_READ, read_only=True)
async def file_forms(scope: Scope) -> list[FileTemplate]:
    """The order kinds that come as a file, with their columns, in the actor's language."""
    catalogue = await catalogue_of(scope)
    language = catalogue.language
    return [
        FileTemplate(
            kind=kind,
            title=kind_title(catalogue, kind),
            columns=[
                TemplateColumn(
                    code=column.code,
                    label=column.label(language),
                    hint=column.hint.get(language, column.hint.get("en", "")),
                    required=column.required,
                )
                for column in file.columns
            ],
            refused=support_route(catalogue, kind),
        )
        for kind, file in FILES.items()
    ]


@use_case(Permission.ORDERS_READ, read_only=True)
async def list_uploads(scope: Scope) -> UploadList:
    """The latest files: own ones, and those of all members for a member who reaches everything."""
    actor = scope.actor
    rows = await scope.fetch_all(
        UploadRecord,
        LATEST_UPLOADS,
        actor.reach.everything and actor.end_user_id is None,
        actor.member_id,
    )
    return UploadList([shown(scope, row) for row in rows])


@use_case(Permission.ORDERS_PLACE)
async def replace_file(scope: Scope, upload_id: UUID, *, document_id: UUID) -> Upload:
    """Check another document in the place of a file's.

    Raises NotFound, and Conflict (`bulk_not_now`) for a file that is ordered or being checked.
    """
    row = await upload_record(scope, upload_id, lock=True)
    await own_document(scope, document_id, purpose="bulk")
    if row.state not in REPLACEABLE:
        raise Conflict("The file is being checked or was ordered already.", code="bulk_not_now")
    await BulkRow.delete().where(BulkRow.upload_id == upload_id)
    await BulkUpload.update(
        {
            BulkUpload.document_id: document_id,
            BulkUpload.state: UploadState.UPLOADED,
            BulkUpload.problem: "",
            BulkUpload.notes: "[]",
            BulkUpload.skip_bad: False,
            BulkUpload.language: scope.actor.language,
            **dict.fromkeys(COUNTS, 0),
        }
    ).where(BulkUpload.id == upload_id)
    await detach(scope, subject_kind=SubjectKind.BULK_UPLOAD, subject_ids=[upload_id])
    await attach(scope, document_id, subject_kind=SubjectKind.BULK_UPLOAD, subject_id=upload_id)
    scope.emit(BulkUploaded(upload_id=upload_id, document_id=document_id))
    scope.invalidate(f"bulk:{upload_id}")
    return await upload_view(scope, upload_id)


@use_case(Permission.ORDERS_PLACE)
async def skip_bad_rows(scope: Scope, upload_id: UUID) -> Upload:
    """Leave out the rows that have errors. Raises NotFound, and Conflict (`bulk_nothing_good`) where no row is left."""
    row = await upload_record(scope, upload_id, lock=True)
    if row.state == UploadState.READY and row.skip_bad:
        return await upload_view(scope, upload_id)
    if row.state != UploadState.NEEDS_FIX or not row.ok + row.warnings:
        raise Conflict("There is no good row to go on with.", code="bulk_nothing_good")
    await BulkUpload.update({BulkUpload.skip_bad: True}).where(BulkUpload.id == upload_id)
    await finish_validation(scope, upload_id)
    return await upload_view(scope, upload_id)


@use_case(Permission.ORDERS_READ, read_only=True)
async def get_upload(scope: Scope, upload_id: UUID) -> Upload:
    """A file and its state. Raises NotFound, also for another member's file where the reach is limited."""
    return await upload_view(scope, upload_id)


@use_case(Permission.ORDERS_READ, read_only=True)
async def upload_rows(
    scope: Scope,
    upload_id: UUID,
    *,
    status: RowStatus | None = None,
    page: int = 1,
    limit: int = 50,
    errors_first: bool = False,
) -> BulkRows:
    """A page of rows in the file's order, or of those with one status; `errors_first` puts rows with errors before it.

    Raises NotFound, and ValidationFailed for a page or a limit that is out of range.
    """
    row = await upload_record(scope, upload_id)
    if not 1 <= limit <= LARGEST_PAGE or page < 1:
        raise ValidationFailed(limit=f"Ask for 1 to {LARGEST_PAGE} rows at a time; pages count from 1.")
    page_of_rows = (upload_id, status, limit, (page - 1) * limit)
    if errors_first:
        found = await scope.fetch_all(ListedRow, ROWS_ERRORS_FIRST, *page_of_rows, ERRORS_FIRST)
    else:
        found = await scope.fetch_all(ListedRow, ROWS, *page_of_rows)
    kind, language = file_kind(row.kind), scope.actor.language
    items = [
        BulkRowView(
            row=one.number,
            status=RowStatus(one.status),
            fields=orjson.loads(one.fields),
            line_id=one.line_id,
            problems=problem_views(one.problems, kind, language),
        )
        for one in found
    ]
    return BulkRows(items, found[0].total if found else 0)


@use_case(Permission.ORDERS_READ, read_only=True)
async def file_template(scope: Scope, kind: str, *, format: FileFormat = "xlsx") -> bytes:  # noqa: A002
    """An empty file for a kind, in the actor's language. Raises NotFound for a kind that does not come as a file."""
    values = {
        "account": [one.number for one in await account_choices(scope) if not one.why_not],
        "cost_centre": [one.code for one in await centres_within_reach(scope)],
    }
    columns = with_examples(file_kind(kind), await catalogue_of(scope), values)
    return await asyncio.to_thread(templates.template, columns, scope.actor.language, format)


@use_case(Permission.ORDERS_READ, read_only=True)
async def result_file(scope: Scope, upload_id: UUID) -> DocumentContent:
    """The file as it was handed in, with status, reason and reference beside each row. Raises NotFound."""
    row = await upload_record(scope, upload_id)
    language, kind = scope.actor.language, file_kind(row.kind)
    words = texts_in(language)
    file = await read_document(scope, row.document_id)
    found = await scope.fetch_all(RowResult, RESULTS, upload_id, row.order_id, GOOD_ROWS)
    texts, reference = KindTexts(await catalogue_of(scope), row.kind), row.reference or ""
    results = {}
    for one in found:
        if one.state:
            why = texts.why(one.reason or "", one.detail or "")
            results[one.number] = (words.text(f"item_{one.state}"), why, reference)
        else:
            why = _reason(problem_views(one.problems, kind, language))
            results[one.number] = (words.text(f"row_{one.status}"), why, "")
    made = await asyncio.to_thread(templates.result, file.content, file.file.type, results, language)
    stem, dot, ending = file.file.name.rpartition(".")
    named = f"{stem}-{words.text('result')}{dot}{ending}"
    return DocumentContent(msgspec.structs.replace(file.file, name=named, size=len(made)), made)


@use_case(Permission.SYSTEM)
async def purge_uploads(scope: Scope) -> None:
    """Delete files of more than 90 days ago, unless their order is open. A periodic task calls this for each tenant."""
    purged = await scope.fetch_all(UploadId, PURGE, clock.now() - KEPT)
    await detach(scope, subject_kind=SubjectKind.BULK_UPLOAD, subject_ids=[one.id for one in purged])


def _reason(problems: list[RowProblemView]) -> str:
    return " ".join(f"{one.label}: {one.message}" if one.label else one.message for one in problems)
