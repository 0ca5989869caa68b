"""One bulk file as its row, and what pages and the API show of it."""

from datetime import datetime
from uuid import UUID

import msgspec
import orjson

from backend.bulk.kinds import FILES, FileKind
from backend.bulk.lifecycle import UploadState
from backend.bulk.schemas import RowProblemView, Upload
from backend.bulk.texts import texts_in
from backend.core.errors import NotFound
from backend.tabular.problems import RowProblem
from tenants.scope import Scope

UPLOADS = """
SELECT u.id, u.kind, u.document_id, u.state, u.problem, u.notes, u.skip_bad, u.total, u.checked, u.ok, u.warnings,
  u.errors, u.skipped, u.created_at, u.requester_id, u.order_id, d.file_name, o.reference FROM bulk_upload u
JOIN document d ON d.tenant_id = u.tenant_id AND d.id = u.document_id
LEFT JOIN change_order o ON o.tenant_id = u.tenant_id AND o.id = u.order_id
"""
BY_ID = f"{UPLOADS} WHERE u.id = $1"
BY_ID_LOCKED = f"{BY_ID} FOR UPDATE OF u"


class UploadRecord(msgspec.Struct, frozen=True):
    """The columns of a bulk file, its document's name and its order's reference."""

    id: UUID
    kind: str
    document_id: UUID
    state: str
    problem: str
    notes: str
    skip_bad: bool
    total: int
    checked: int
    ok: int
    warnings: int
    errors: int
    skipped: int
    created_at: datetime
    requester_id: UUID
    order_id: UUID | None
    file_name: str
    reference: str | None


def file_kind(kind: str) -> FileKind:
    """The form of files of an order kind. Raises NotFound for a kind that does not come as a file."""
    if kind not in FILES:
        raise NotFound
    return FILES[kind]


async def upload_record(scope: Scope, upload_id: UUID, *, lock: bool = False) -> UploadRecord:
    """A file that the actor may see: an own one, or any for a member who reaches everything. Raises NotFound."""
    found = await scope.fetch_one(UploadRecord, BY_ID_LOCKED if lock else BY_ID, upload_id)
    actor = scope.actor
    own = found is not None and (actor.system or found.requester_id == actor.member_id)
    if found is None or not (own or (actor.reach.everything and actor.end_user_id is None)):
        raise NotFound
    return found


async def upload_view(scope: Scope, upload_id: UUID) -> Upload:
    """What is shown of a file. Raises NotFound."""
    return shown(scope, await upload_record(scope, upload_id))


def shown(scope: Scope, row: UploadRecord) -> Upload:
    """What is shown of a file, in the actor's language."""
    failed, language = row.state == UploadState.FAILED, scope.actor.language
    return Upload(
        id=row.id,
        kind=row.kind,
        document_id=row.document_id,
        file_name=row.file_name,
        state=UploadState(row.state),
        problem=row.problem,
        problems=problem_views(row.notes, file_kind(row.kind), language) if failed else [],
        notes=[] if failed else [texts_in(language).text(note) for note in orjson.loads(row.notes)],
        skip_bad=row.skip_bad,
        total=row.total,
        checked=row.checked,
        ok=row.ok,
        warnings=row.warnings,
        errors=row.errors,
        skipped=row.skipped,
        created_at=row.created_at,
        order_reference=row.reference or "",
        own=row.requester_id == scope.actor.member_id,
    )


def problem_views(stored: str, kind: FileKind, language: str) -> list[RowProblemView]:
    """The problems of a row, or of a file as a whole, from their JSON."""
    texts = texts_in(language)
    labels = {column.code: column.label(language) for column in kind.columns}
    return [
        RowProblemView(
            column=one.column,
            label=labels.get(one.column, ""),
            code=one.code,
            message=one.message(texts),
            warning=one.warning,
            given=one.given,
        )
        for one in msgspec.json.decode(stored, type=list[RowProblem])
    ]
