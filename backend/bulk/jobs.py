"""The job that checks a bulk file: it is read, then its rows are checked and written in chunks. It may run twice."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec
from piccolo.custom_types import Combinable

from backend.bulk.columns import CheckedRow, HeaderError, RowProblem, check_rows, match_header
from backend.bulk.kinds import FILES, FileKind
from backend.bulk.lifecycle import RowStatus, UploadState, state_after_validation
from backend.bulk.reading import read_table
from backend.bulk.resolving import resolve
from backend.bulk.tables import BulkUpload
from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.outbox import dump
from tenants.scope import Actor, MemberId, Reach, Scope

CHUNK = 2000

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
START_VALIDATION = """
UPDATE bulk_upload SET state = $3, checked = 0, total = 0 WHERE id = $1 AND document_id = $2 AND state = ANY($4)
RETURNING kind, requester_id, language
"""
COUNT_ROWS = "SELECT status, count(*) AS rows FROM bulk_row WHERE upload_id = $1 GROUP BY status"
FINISH_VALIDATION = """
UPDATE bulk_upload SET state = $2, ok = $3, warnings = $4, errors = $5, skipped = $6, problem = '',
  notes = coalesce($7, notes), validated_at = now() WHERE id = $1
"""


class StartedUpload(msgspec.Struct, frozen=True):
    """A file whose check begins."""

    kind: str
    requester_id: UUID
    language: str


class UploadContent(msgspec.Struct, frozen=True):
    """The bytes of a file."""

    content: bytes
    media_type: str


class RequesterReach(msgspec.Struct, frozen=True):
    """What a member may see."""

    roles: list[str]
    reach_billing_accounts: list[UUID] | None
    reach_cost_centres: list[UUID] | None


class StatusCount(msgspec.Struct, frozen=True):
    """How many rows have a status."""

    status: str
    rows: int


class HeldUpload(msgspec.Struct, frozen=True):
    """A file that this run keeps others from changing."""

    skip_bad: bool


class UploadReplaced(Exception):
    """The file was replaced meanwhile: the result of this run is not used."""


@idempotent_job(JobName.VALIDATE_UPLOAD)
async def validate(actor: Actor, *, upload_id: str, document_id: str) -> None:
    """Check every row of a file by the rules of its kind. A run that was cut off is repeated from the start."""
    upload, document = UUID(upload_id), UUID(document_id)
    async with job_scope(actor) as scope:
        started = await scope.fetch_one(
            StartedUpload,
            START_VALIDATION,
            upload,
            document,
            UploadState.VALIDATING,
            [UploadState.UPLOADED, UploadState.VALIDATING],
        )
        file = await scope.fetch_one(
            UploadContent, "SELECT content, media_type FROM document WHERE id = $1", document
        )
        if started is None or file is None:
            return
        await scope.execute("DELETE FROM bulk_row WHERE upload_id = $1", upload)
        requester = await _requester(scope, started)
        scope.invalidate(f"bulk:{upload}")
    run = UploadRun(actor, upload, document, FILES[started.kind], requester)
    try:
        # It computes for seconds: not in the event loop
        rows, notes = await asyncio.to_thread(_read, run.kind, file, started.language)
    except (ValidationFailed, HeaderError) as refused:
        await run.fail(refused)
        return
    try:
        for first in range(0, len(rows), CHUNK):
            await run.write(rows[first : first + CHUNK], len(rows))
        await run.finish(notes)
    except UploadReplaced:
        return


def _read(kind: FileKind, file: UploadContent, language: str) -> tuple[list[CheckedRow], list[str]]:
    """The checked rows and the notes. Raises FileRejected for a file that cannot be read, HeaderError for other columns."""
    table = read_table(file.content, file.media_type)
    _, header = next(table.rows, (1, []))
    columns = match_header(kind.columns, header, language)
    rows = check_rows(columns, table.rows)
    if not rows:
        raise HeaderError([RowProblem(column="", code="no_rows")])
    return rows, table.notes


async def _requester(scope: Scope, upload: StartedUpload) -> Actor:
    """The member who handed the file in, with the reach of now: lines are looked up within it."""
    member = await scope.fetch_one(
        RequesterReach,
        "SELECT roles, reach_billing_accounts, reach_cost_centres FROM member WHERE id = $1",
        upload.requester_id,
    )
    if member is None:
        raise LookupError(f"no member {upload.requester_id}")
    accounts, centres = member.reach_billing_accounts, member.reach_cost_centres
    return Actor(
        scope.tenant_id,
        member_id=MemberId(upload.requester_id),
        language=upload.language,
        roles=frozenset(member.roles) - {"end_user"},
        reach=Reach(
            None if accounts is None else frozenset(accounts), None if centres is None else frozenset(centres)
        ),
    )


class UploadRun:
    """One run of the check over one file."""

    def __init__(self, actor: Actor, upload: UUID, document: UUID, kind: FileKind, requester: Actor) -> None:
        self.actor, self.upload, self.document = actor, upload, document
        self.kind, self.requester = kind, requester

    async def write(self, rows: Sequence[CheckedRow], total: int) -> None:
        """Check a chunk of rows and write it. Raises UploadReplaced where the file was replaced meanwhile."""
        fresh = [
            msgspec.structs.replace(row, problems=list(row.problems), fields=dict(row.fields)) for row in rows
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

    async def fail(self, refused: ValidationFailed | HeaderError) -> None:
        """Write why the file as a whole cannot be read."""
        problems = [msgspec.to_builtins(one) for one in getattr(refused, "problems", ())]
        async with job_scope(self.actor) as scope:
            await BulkUpload.update(
                {
                    BulkUpload.state: UploadState.FAILED,
                    BulkUpload.problem: "file_header" if isinstance(refused, HeaderError) else refused.code,
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
