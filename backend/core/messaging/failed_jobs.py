"""Jobs that were given up: an operator looks at them, and has them run again once what was wrong is mended."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.core import audit
from backend.core.errors import NotFound
from backend.core.log_fields import order_field
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

MOST = 500

FAILED = f"""
SELECT id, job, data::text, attempts, failed_at, COALESCE(last_error, '') AS last_error FROM outbox WHERE failed_at IS NOT NULL
ORDER BY failed_at DESC, id LIMIT {MOST}
"""
RETRY = """
UPDATE outbox SET failed_at = NULL, attempts = 0, sent_at = NULL, not_before = now()
WHERE failed_at IS NOT NULL AND (id = $1 OR $1 IS NULL) RETURNING id
"""


class FailedRow(msgspec.Struct, frozen=True):
    """A row of the outbox that was given up."""

    id: UUID
    job: str
    data: str
    attempts: int
    failed_at: datetime
    last_error: str


class FailedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that was given up. `order`: the references of the requests that it is about, or ""."""

    id: UUID
    job: str
    order: str
    attempts: int
    failed_at: datetime
    last_error: str


class RetriedRow(msgspec.Struct, frozen=True):
    """A job that runs again."""

    id: UUID


@use_case(Permission.SYSTEM, read_only=True)
async def failed_jobs(scope: Scope) -> list[FailedJob]:
    """The jobs of this company that were given up, the latest first; 500 at most."""
    found = await scope.fetch_all(FailedRow, FAILED)
    return [
        FailedJob(
            id=row.id,
            job=row.job,
            order=(await order_field(scope, [row.data])).get("order", ""),
            attempts=row.attempts,
            failed_at=row.failed_at,
            last_error=row.last_error,
        )
        for row in found
    ]


@use_case(Permission.SYSTEM)
async def retry_jobs(scope: Scope, job_id: UUID | None) -> int:
    """Have one given-up job of this company run again, or with None all of them; returns how many.

    Raises NotFound where the one is not there or was not given up.
    """
    retried = await scope.fetch_all(RetriedRow, RETRY, job_id)
    if job_id is not None and not retried:
        raise NotFound
    for row in retried:
        await audit.record(scope, "job.retried", "job", row.id)
    return len(retried)
