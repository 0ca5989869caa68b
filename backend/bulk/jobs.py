"""The job that checks a bulk file. It may run twice."""

import asyncio
from uuid import UUID

import msgspec

from backend.bulk.kinds import FILES, FileKind
from backend.bulk.lifecycle import UploadState
from backend.bulk.validation import UploadReplaced, UploadRun
from backend.core.errors import FileRejected
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.tabular.columns import CheckedRow, read_checked
from backend.tabular.reading import read_table
from tenants.scope import Actor, MemberId, Reach, Scope

CHUNK = 2000

START_VALIDATION = """
UPDATE bulk_upload SET state = $3, checked = 0, total = 0 WHERE id = $1 AND document_id = $2 AND state = ANY($4)
RETURNING kind, requester_id, language
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
    except FileRejected as refused:
        await run.fail(refused)
        return
    try:
        for first in range(0, len(rows), CHUNK):
            await run.write(rows[first : first + CHUNK], len(rows))
        await run.finish(notes)
    except UploadReplaced:
        return


def _read(kind: FileKind, file: UploadContent, language: str) -> tuple[list[CheckedRow], list[str]]:
    """The checked rows and the notes. Raises FileRejected for an unreadable file and for other columns."""
    table = read_table(file.content, file.media_type)
    return read_checked(kind.columns, table, language), table.notes


async def _requester(scope: Scope, upload: StartedUpload) -> Actor:
    """The member who handed the file in, with the reach of now: lines are looked up within it."""
    member = await scope.fetch_one(
        RequesterReach,
        "SELECT roles, reach_billing_accounts, reach_cost_centres FROM member WHERE id = $1",
        upload.requester_id,
    )
    if member is None:
        raise LookupError(f"no member {upload.requester_id}")
    return Actor(
        scope.tenant_id,
        member_id=MemberId(upload.requester_id),
        language=upload.language,
        roles=frozenset(member.roles) - {"end_user"},
        reach=Reach.of(member.reach_billing_accounts, member.reach_cost_centres),
    )
