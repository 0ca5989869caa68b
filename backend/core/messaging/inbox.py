"""Callbacks from outside, stored once by (source, event id) and handled by a job."""

from backend.core import clock
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

STORE = """
INSERT INTO inbox (tenant_id, source, event_id, body, received_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, source, event_id) DO NOTHING RETURNING id
"""
PURGE = "DELETE FROM inbox WHERE handled_at < now() - interval '31 days'"


async def store_callback(scope: Scope, source: str, event_id: str, body: str, *, job: JobName) -> bool:
    """Store the event and enqueue the job that handles it; False where it was stored before (nothing more happens)."""
    stored = await scope.fetch_value(int, STORE, scope.tenant_id, source, event_id, body, clock.now())
    if stored is None:
        return False
    scope.enqueue(job, source=source)
    return True


@use_case(Permission.SYSTEM)
async def purge_inbox(scope: Scope) -> None:
    """Delete events that were handled more than a month ago; a periodic task calls this for each tenant."""
    await scope.execute(PURGE)
