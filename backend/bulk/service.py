"""Use cases on bulk files: hand one in, follow it, leave bad rows out, download the template and the result."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.bulk import writing
from backend.bulk.columns import RowProblem, column_text
from backend.bulk.jobs import finish_validation
from backend.bulk.kinds import FILES, FileKind, with_examples
from backend.bulk.lifecycle import REPLACEABLE, RowStatus, UploadState
from backend.bulk.schemas import (
    BulkRows,
    BulkRowView,
    FileTemplate,
    RowProblemView,
    TemplateColumn,
    Upload,
    UploadList,
)
from backend.catalog.catalogue import catalogue_of
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.facts import BulkUploaded
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.service import DocumentContent, own_document, read_document
from backend.orders.texts import KindTexts, kind_title, support_route
from tenants.scope import Scope

LARGEST_PAGE = 500
LATEST = 20
KEPT = timedelta(days=90)
FILES_OF = (
    "SELECT u.*, d.file_name, o.reference FROM bulk_upload u"
    " JOIN document d ON d.tenant_id = u.tenant_id AND d.id = u.document_id"
    " LEFT JOIN change_order o ON o.tenant_id = u.tenant_id AND o.id = u.order_id"
)
SELECT = f"{FILES_OF} WHERE u.id = $1"
ERRORS_FIRST = "array_position(ARRAY['error', 'skipped', 'warning', 'ok'], status), "
RESULTS = """
SELECT r.number, r.status, r.problems, i.state, i.reason, i.detail FROM bulk_row r
LEFT JOIN change_order_item i ON i.tenant_id = r.tenant_id AND i.order_id = $2 AND i.line_id = r.line_id
  AND r.status IN ('ok', 'warning')
WHERE r.upload_id = $1
"""


@use_case(Permission.ORDERS_PLACE)
async def start_upload(scope: Scope, *, kind: str, document_id: UUID) -> Upload:
    """Begin to check a stored file (purpose "bulk"). Raises NotFound for a file that is not there to be used, and
    Invalid (`through_support`) for what the carrier does not do here.
    """
    _kind(kind)
    if route := support_route(await catalogue_of(scope), kind):
        raise ValidationFailed(kind=route, code="through_support")
    await own_document(scope, document_id, purpose="bulk")
    upload_id = new_id()
    await scope.connection.execute(
        "INSERT INTO bulk_upload (id, tenant_id, kind, document_id, state, requester_id, language, created_at,"
        " problem, notes, skip_bad, total, checked, ok, warnings, errors, skipped)"
        " VALUES ($1, $2, $3, $4, 'uploaded', $5, $6, $7, '', '[]', false, 0, 0, 0, 0, 0, 0)",
        upload_id,
        scope.tenant_id,
        kind,
        document_id,
        scope.actor.member_id,
        scope.actor.language,
        clock.now(),
    )
    await audit.record(scope, "bulk.uploaded", "bulk", upload_id, kind=kind)
    scope.emit(BulkUploaded(upload_id=upload_id, document_id=document_id))
    scope.invalidate("bulk")
    return await _view(scope, upload_id)


@use_case(Permission.ORDERS_READ, read_only=True)
async def file_forms(scope: Scope) -> list[FileTemplate]:
    """What may come as a file, in the words of who asks."""
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
    """The latest files: one's own, and everybody's for who reaches everything."""
    actor = scope.actor
    rows = await scope.connection.fetch(
        f"{FILES_OF} WHERE $1 OR u.requester_id = $2 ORDER BY u.created_at DESC, u.id DESC LIMIT {LATEST}",
        actor.reach.everything and actor.end_user_id is None,
        actor.member_id,
    )
    return UploadList([_shown(scope, row) for row in rows])


@use_case(Permission.ORDERS_PLACE)
async def replace_file(scope: Scope, upload_id: UUID, *, document_id: UUID) -> Upload:
    """Check another file in its place. Raises Conflict once it was ordered, or while it is being checked."""
    row = await _row(scope, upload_id, lock=True)
    await own_document(scope, document_id, purpose="bulk")
    if UploadState(row["state"]) not in REPLACEABLE:
        raise Conflict("The file is being checked or was ordered already.", code="bulk_not_now")
    await scope.connection.execute("DELETE FROM bulk_row WHERE upload_id = $1", upload_id)
    await scope.connection.execute(
        "UPDATE bulk_upload SET document_id = $2, state = 'uploaded', problem = '', notes = '[]', skip_bad = false,"
        " language = $3, total = 0, checked = 0, ok = 0, warnings = 0, errors = 0, skipped = 0 WHERE id = $1",
        upload_id,
        document_id,
        scope.actor.language,
    )
    scope.emit(BulkUploaded(upload_id=upload_id, document_id=document_id))
    scope.invalidate(f"bulk:{upload_id}")
    return await _view(scope, upload_id)


@use_case(Permission.ORDERS_PLACE)
async def skip_bad_rows(scope: Scope, upload_id: UUID) -> Upload:
    """Go on without the rows that have errors. Raises Conflict where there is nothing to go on with."""
    row = await _row(scope, upload_id, lock=True)
    if row["state"] == UploadState.READY and row["skip_bad"]:
        return await _view(scope, upload_id)
    if row["state"] != UploadState.NEEDS_FIX or not row["ok"] + row["warnings"]:
        raise Conflict("There is no good row to go on with.", code="bulk_nothing_good")
    await scope.connection.execute("UPDATE bulk_upload SET skip_bad = true WHERE id = $1", upload_id)
    await finish_validation(scope, upload_id)
    return await _view(scope, upload_id)


@use_case(Permission.ORDERS_READ, read_only=True)
async def get_upload(scope: Scope, upload_id: UUID) -> Upload:
    """A file and how far it has come. Raises NotFound, also for another person's who reaches less."""
    return await _view(scope, upload_id)


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
    """A page of rows in the file's order (`errors_first`: what has to be looked at before it), or of those with one
    status. Raises NotFound.
    """
    row = await _row(scope, upload_id)
    if not 1 <= limit <= LARGEST_PAGE or page < 1:
        raise ValidationFailed(limit=f"Ask for 1 to {LARGEST_PAGE} rows at a time; pages count from 1.")
    found = await scope.connection.fetch(
        "SELECT number, status, fields, line_id, problems, count(*) OVER () AS total FROM bulk_row"
        " WHERE upload_id = $1 AND ($2::text IS NULL OR status = $2)"
        f" ORDER BY {ERRORS_FIRST if errors_first else ''}number LIMIT $3 OFFSET $4",
        upload_id,
        status,
        limit,
        (page - 1) * limit,
    )
    kind, language = _kind(row["kind"]), scope.actor.language
    items = [
        BulkRowView(
            row=one["number"],
            status=RowStatus(one["status"]),
            fields=orjson.loads(one["fields"]),
            line_id=one["line_id"],
            problems=_problems(one["problems"], kind, language),
        )
        for one in found
    ]
    return BulkRows(items, found[0]["total"] if found else 0)


@use_case(Permission.ORDERS_READ, read_only=True)
async def file_template(scope: Scope, kind: str, *, format: writing.TemplateFormat = "xlsx") -> bytes:  # noqa: A002
    """An empty file for a kind, in the language of who asks. Raises NotFound for a kind that has none."""
    columns = with_examples(_kind(kind), await catalogue_of(scope))
    return await asyncio.to_thread(writing.template, columns, scope.actor.language, format)


@use_case(Permission.ORDERS_READ, read_only=True)
async def result_file(scope: Scope, upload_id: UUID) -> DocumentContent:
    """The file as it came, with status, reason and reference beside each row. Raises NotFound."""
    row = await _row(scope, upload_id)
    language, kind = scope.actor.language, _kind(row["kind"])
    file = await read_document(scope, row["document_id"])
    rows = await scope.connection.fetch(RESULTS, upload_id, row["order_id"])
    texts, reference = KindTexts(await catalogue_of(scope), row["kind"]), row["reference"] or ""
    results = {}
    for one in rows:
        # What became of it
        if one["state"]:
            told = texts.why(one["reason"], one["detail"])
            results[one["number"]] = (column_text(f"item_{one['state']}", language), told, reference)
        else:
            told = _reason(_problems(one["problems"], kind, language))
            results[one["number"]] = (column_text(f"row_{one['status']}", language), told, "")
    made = await asyncio.to_thread(writing.result, file.content, file.file.type, results, language)
    stem, dot, ending = file.file.name.rpartition(".")
    named = f"{stem}-{column_text('result', language)}{dot}{ending}"
    return DocumentContent(msgspec.structs.replace(file.file, name=named, size=len(made)), made)


def _kind(kind: str) -> FileKind:
    if kind not in FILES:
        raise NotFound
    return FILES[kind]


async def _row(scope: Scope, upload_id: UUID, *, lock: bool = False) -> Any:
    row = await scope.connection.fetchrow(f"{SELECT}{' FOR UPDATE OF u' if lock else ''}", upload_id)
    actor = scope.actor
    own = row is not None and (actor.system or row["requester_id"] == actor.member_id)
    if row is None or not (own or (actor.reach.everything and actor.end_user_id is None)):
        raise NotFound
    return row


async def _view(scope: Scope, upload_id: UUID) -> Upload:
    return _shown(scope, await _row(scope, upload_id))


def _shown(scope: Scope, row: Any) -> Upload:
    failed, language = row["state"] == UploadState.FAILED, scope.actor.language
    return Upload(
        id=row["id"],
        kind=row["kind"],
        document_id=row["document_id"],
        file_name=row["file_name"],
        state=UploadState(row["state"]),
        problem=row["problem"],
        problems=_problems(row["notes"], _kind(row["kind"]), language) if failed else [],
        notes=[] if failed else [column_text(note, language) for note in orjson.loads(row["notes"])],
        skip_bad=row["skip_bad"],
        total=row["total"],
        checked=row["checked"],
        ok=row["ok"],
        warnings=row["warnings"],
        errors=row["errors"],
        skipped=row["skipped"],
        created_at=row["created_at"],
        order_reference=row["reference"] or "",
        own=row["requester_id"] == scope.actor.member_id,
    )


@use_case(Permission.SYSTEM)
async def purge_uploads(scope: Scope) -> None:
    """Delete files of more than 90 days ago, unless their request still reads them; a sweep calls this for each tenant."""
    await scope.connection.execute(
        "DELETE FROM bulk_upload u WHERE u.created_at < $1 AND NOT EXISTS (SELECT FROM change_order o"
        " WHERE o.tenant_id = u.tenant_id AND o.id = u.order_id AND o.ended_at IS NULL)",
        clock.now() - KEPT,
    )


def _problems(stored: str, kind: FileKind, language: str) -> list[RowProblemView]:
    labels = {column.code: column.label(language) for column in kind.columns}
    return [
        RowProblemView(
            column=one.column,
            label=labels.get(one.column, ""),
            code=one.code,
            message=one.message(language),
            warning=one.warning,
            given=one.given,
        )
        for one in msgspec.json.decode(stored, type=list[RowProblem])
    ]


def _reason(problems: list[RowProblemView]) -> str:
    return " ".join(f"{one.label}: {one.message}" if one.label else one.message for one in problems)
