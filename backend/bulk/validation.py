"""The check of one bulk file: rows are checked and written in chunks, then the file gets its state."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from piccolo.custom_types import Combinable

from backend.bulk.kinds import FileKind
from backend.bulk.lifecycle import RowStatus, UploadState, state_after_validation
from backend.bulk.resolving import ResolvedRow, resolve
from backend.bulk.tables import BulkUpload
from backend.core import clock
from backend.core.errors import FileRejected
from backend.core.ids import new_id
from backend.core.messaging.jobs import job_scope
from backend.core.outbox import dump
from backend.tabular.columns import CheckedRow
from backend.tabular.problems import TableRejected
from tenants.scope import Actor, Scope

INSERT_ROWS = """
INSERT INTO bulk_row (id, tenant_id, upload_id, number, fields, line_id, status, problems)
SELECT t.id, $1, $2, t.number, t.fields, t.line, t.status, t.problems
FROM unnest($3::uuid[], $4::int[], $5::jsonb[], $6::uuid[], $7::text[], $8::jsonb[])
  AS t (id, number, fields, line, status, problems)
ON CONFLICT (tenant_id, upload_id, number) DO UPDATE
  SET fields = excluded.fields, line_id = excluded.line_id, status = excluded.status, problems = excluded.problems
"""
WRITE_PROGRESS = """
UPDATE bulk_upload SET total = $2, checked = (SELECT count(*) FROM bulk_row WHERE upload_id = $1) WHERE id = $1
"""
COUNT_ROWS = "SELECT status, count(*) AS rows FROM bulk_row WHERE upload_id = $1 GROUP BY status"
FINISH_VALIDATION = """
UPDATE bulk_upload SET state = $2, ok = $3, warnings = $4, errors = $5, skipped = $6, problem = '',
  notes = coalesce($7, notes), validated_at = now() WHERE id = $1
"""


class StatusCount(msgspec.Struct, frozen=True):
    """How many rows have a status."""

    status: str
    rows: int


class HeldUpload(msgspec.Struct, frozen=True):
    """A file that this run keeps others from changing."""

    skip_bad: bool


class UploadReplaced(Exception):
    """The file was replaced meanwhile: the result of this run is not used."""


class UploadRun:
    """One run of the check over one file."""

    def __init__(self, actor: Actor, upload: UUID, document: UUID, kind: FileKind, requester: Actor) -> None:
        self.actor, self.upload, self.document = actor, upload, document
        self.kind, self.requester = kind, requester

    async def write(self, rows: Sequence[CheckedRow], total: int) -> None:
        """Check a chunk of rows and write it. Raises UploadReplaced where the file was replaced meanwhile."""
        fresh = [
            ResolvedRow(row=row.row, fields=dict(row.fields), problems=list(row.problems), cells=row.cells)
            for row in rows
        ]
        async with job_scope(self.requester) as scope:
            await self._hold(scope)
            good = [row for row in fresh if row.status is not RowStatus.ERROR]
            if good:
                await resolve(scope, self.kind, good)
            await scope.execute(
                INSERT_ROWS,
                scope.tenant_id,
                self.upload,
                [new_id() for _ in fresh],
                [row.row for row in fresh],
                [dump(row.fields) for row in fresh],
                [row.line_id for row in fresh],
                [row.status for row in fresh],
                [dump(msgspec.to_builtins(row.problems)) for row in fresh],
            )
            await scope.execute(WRITE_PROGRESS, self.upload, total)
            scope.invalidate(f"bulk:{self.upload}")

    async def finish(self, notes: list[str]) -> None:
        """Write the state that follows from the rows. Raises UploadReplaced as `write` does."""
        async with job_scope(self.actor) as scope:
            await self._hold(scope)
            await finish_validation(scope, self.upload, notes=notes)

    async def fail(self, refused: FileRejected) -> None:
        """Write why the file as a whole cannot be read."""
        problems = msgspec.to_builtins(refused.problems) if isinstance(refused, TableRejected) else []
        async with job_scope(self.actor) as scope:
            await BulkUpload.update(
                {
                    BulkUpload.state: UploadState.FAILED,
                    BulkUpload.problem: refused.code,
                    BulkUpload.notes: dump(problems),
                    BulkUpload.validated_at: clock.now(),
                    **dict.fromkeys(("ok", "warnings", "errors", "skipped"), 0),
                }
            ).where(self._present())
            scope.invalidate(f"bulk:{self.upload}")

    async def _hold(self, scope: Scope) -> None:
        """Lock the file's row. Raises UploadReplaced where this run's document is not the present one."""
        if await scope.select_one(HeldUpload, BulkUpload, self._present(), lock=True) is None:
            raise UploadReplaced

    def _present(self) -> Combinable:
        return (
            (BulkUpload.id == self.upload)
            & (BulkUpload.document_id == self.document)
            & (BulkUpload.state == UploadState.VALIDATING)
        )


async def finish_validation(scope: Scope, upload_id: UUID, *, notes: list[str] | None = None) -> UploadState:
    """Count the rows, leave bad ones out where that was asked, and write and return the file's state."""
    skip_bad = await scope.fetch_value(bool, "SELECT skip_bad FROM bulk_upload WHERE id = $1", upload_id)
    if skip_bad:
        await scope.execute(
            "UPDATE bulk_row SET status = $2 WHERE upload_id = $1 AND status = $3",
            upload_id,
            RowStatus.SKIPPED,
            RowStatus.ERROR,
        )
    count = {one.status: one.rows for one in await scope.fetch_all(StatusCount, COUNT_ROWS, upload_id)}
    ok, warnings, errors, skipped = (count.get(status, 0) for status in RowStatus)
    state = state_after_validation(good=ok + warnings, errors=errors, skip_bad=bool(skip_bad))
    await scope.execute(
        FINISH_VALIDATION,
        upload_id,
        state,
        ok,
        warnings,
        errors,
        skipped,
        None if notes is None else dump(notes),
    )
    scope.invalidate(f"bulk:{upload_id}")
    scope.invalidate("bulk")
    return state
