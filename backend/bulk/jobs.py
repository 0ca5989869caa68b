"""Checks a bulk file: read, checked and looked up in chunks, each written down with the progress. May run twice."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.bulk.columns import CheckedRow, HeaderError, RowProblem, check_rows, match_header
from backend.bulk.kinds import FILES, FileKind
from backend.bulk.lifecycle import RowStatus, UploadState, state_after_validation
from backend.bulk.reading import read_table
from backend.bulk.resolving import resolve
from backend.core.errors import ValidationFailed
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.outbox import dump
from tenants.scope import Actor, MemberId, Reach, Scope

CHUNK = 2000

INSERT = """
INSERT INTO bulk_row (id, tenant_id, upload_id, number, fields, line_id, status, problems)
SELECT t.id, $1, $2, t.number, t.fields, t.line, t.status, t.problems
FROM unnest($3::uuid[], $4::int[], $5::jsonb[], $6::uuid[], $7::text[], $8::jsonb[])
  AS t (id, number, fields, line, status, problems)
ON CONFLICT (tenant_id, upload_id, number) DO UPDATE
  SET fields = excluded.fields, line_id = excluded.line_id, status = excluded.status, problems = excluded.problems
"""


class UploadReplaced(Exception):
    """The file was replaced or decided on meanwhile: what this run finds is of no use any more."""


@idempotent_job(JobName.VALIDATE_UPLOAD)
async def validate(actor: Actor, *, upload_id: str, document_id: str) -> None:
    """Check every row of a file for its kind. A run that was cut off is simply done again."""
    upload, document = UUID(upload_id), UUID(document_id)
    async with job_scope(actor) as scope:
        row = await scope.connection.fetchrow(
            "UPDATE bulk_upload SET state = 'validating', checked = 0, total = 0 WHERE id = $1 AND document_id = $2"
            " AND state IN ('uploaded', 'validating') RETURNING kind, requester_id, language",
            upload,
            document,
        )
        if row is None:
            return
        file = await scope.connection.fetchrow(
            "SELECT content, media_type FROM document WHERE id = $1", document
        )
        await scope.connection.execute("DELETE FROM bulk_row WHERE upload_id = $1", upload)
        requester = await _requester(scope, row["requester_id"], row["language"])
        scope.invalidate(f"bulk:{upload}")
    work = UploadRun(actor, upload, document, FILES[row["kind"]], requester)
    try:
        # Takes seconds of computing: not in this loop.
        rows, notes = await asyncio.to_thread(_read, work.kind, file, row["language"])
    except (ValidationFailed, HeaderError) as refused:
        await work.fail(refused)
        return
    try:
        for first in range(0, len(rows), CHUNK):
            await work.write(rows[first : first + CHUNK], len(rows))
        await work.finish(notes)
    except UploadReplaced:
        return


def _read(kind: FileKind, file: Any, language: str) -> tuple[list[CheckedRow], list[str]]:
    """Raises Invalid for a file that cannot be read, WrongHeader for one of another form."""
    table = read_table(file["content"], file["media_type"])
    _, header = next(table.rows, (1, []))
    columns = match_header(kind.columns, header, language)
    rows = check_rows(columns, table.rows)
    if not rows:
        raise HeaderError([RowProblem(column="", code="no_rows")])
    return rows, table.notes


async def _requester(scope: Scope, member_id: UUID, language: str) -> Actor:
    """Who asked, with the reach of now: rows are found for nobody else."""
    row = await scope.connection.fetchrow(
        "SELECT roles, reach_billing_accounts, reach_cost_centres FROM member WHERE id = $1", member_id
    )
    accounts, centres = row["reach_billing_accounts"], row["reach_cost_centres"]
    return Actor(
        scope.tenant_id,
        member_id=MemberId(member_id),
        language=language,
        roles=frozenset(row["roles"]) - {"end_user"},
        reach=Reach(
            None if accounts is None else frozenset(accounts), None if centres is None else frozenset(centres)
        ),
    )


class UploadRun:
    """One run over one file."""

    def __init__(self, actor: Actor, upload: UUID, document: UUID, kind: FileKind, requester: Actor) -> None:
        self.actor, self.upload, self.document = actor, upload, document
        self.kind, self.requester = kind, requester

    async def write(self, rows: Sequence[CheckedRow], total: int) -> None:
        """Look a chunk up and write it down, unless another file has come meanwhile."""
        fresh = [
            msgspec.structs.replace(row, problems=list(row.problems), fields=dict(row.fields)) for row in rows
        ]
        async with job_scope(self.requester) as scope:
            await self._hold(scope)
            good = [row for row in fresh if row.status is not RowStatus.ERROR]
            if good:
                await resolve(scope, self.kind, good)
            await scope.connection.execute(
                INSERT,
                scope.tenant_id,
                self.upload,
                [new_id() for _ in fresh],
                [row.row for row in fresh],
                [dump(row.fields) for row in fresh],
                [row.line_id for row in fresh],
                [row.status for row in fresh],
                [dump(msgspec.to_builtins(row.problems)) for row in fresh],
            )
            await scope.connection.execute(
                "UPDATE bulk_upload SET total = $2, checked = (SELECT count(*) FROM bulk_row WHERE upload_id = $1)"
                " WHERE id = $1",
                self.upload,
                total,
            )
            scope.invalidate(f"bulk:{self.upload}")

    async def finish(self, notes: list[str]) -> None:
        async with job_scope(self.actor) as scope:
            await self._hold(scope)
            await finish_validation(scope, self.upload, notes=notes)

    async def fail(self, refused: ValidationFailed | HeaderError) -> None:
        """The file as a whole is of no use: say why."""
        problems = [msgspec.to_builtins(one) for one in getattr(refused, "problems", ())]
        async with job_scope(self.actor) as scope:
            await scope.connection.execute(
                "UPDATE bulk_upload SET state = 'failed', problem = $3, notes = $4, validated_at = now(), ok = 0,"
                " warnings = 0, errors = 0, skipped = 0 WHERE id = $1 AND document_id = $2 AND state = 'validating'",
                self.upload,
                self.document,
                "file_header" if isinstance(refused, HeaderError) else refused.code,
                dump(problems),
            )
            scope.invalidate(f"bulk:{self.upload}")

    async def _hold(self, scope: Scope) -> None:
        """Lock the file's row. Raises _Gone where this run's file is not the present one."""
        held = await scope.connection.fetchval(
            "SELECT true FROM bulk_upload WHERE id = $1 AND document_id = $2 AND state = 'validating' FOR UPDATE",
            self.upload,
            self.document,
        )
        if not held:
            raise UploadReplaced


async def finish_validation(scope: Scope, upload_id: UUID, *, notes: list[str] | None = None) -> UploadState:
    """Count the rows, leave bad ones out where that was asked, and say where the file stands."""
    skip = await scope.connection.fetchval("SELECT skip_bad FROM bulk_upload WHERE id = $1", upload_id)
    if skip:
        await scope.connection.execute(
            "UPDATE bulk_row SET status = 'skipped' WHERE upload_id = $1 AND status = 'error'", upload_id
        )
    rows = await scope.connection.fetch(
        "SELECT status, count(*) AS n FROM bulk_row WHERE upload_id = $1 GROUP BY status", upload_id
    )
    count = {row["status"]: row["n"] for row in rows}
    ok, warnings, errors = (count.get(status, 0) for status in ("ok", "warning", "error"))
    state = state_after_validation(good=ok + warnings, errors=errors, skip_bad=skip)
    await scope.connection.execute(
        "UPDATE bulk_upload SET state = $2, ok = $3, warnings = $4, errors = $5, skipped = $6, problem = '',"
        " notes = coalesce($7, notes), validated_at = now() WHERE id = $1",
        upload_id,
        state,
        ok,
        warnings,
        errors,
        count.get("skipped", 0),
        None if notes is None else dump(notes),
    )
    scope.invalidate(f"bulk:{upload_id}")
    scope.invalidate("bulk")
    return state
