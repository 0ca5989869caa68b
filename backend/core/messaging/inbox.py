"""Callbacks from outside, stored once by (source, event id) and handled by a job."""

from collections.abc import Sequence

import msgspec

from backend.core import clock
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

# One statement: of a large order there is a callback for each item. A job that still waits handles this event too: the
# row is locked, so it cannot begin before this event is there. One that was handed over long ago may have died.
STORE = """
WITH sender AS (SELECT 'carrier:' || carrier AS source FROM tenant WHERE id = $1 AND carrier = ANY($2)),
stored AS (INSERT INTO inbox (tenant_id, source, event_id, body, received_at)
  SELECT $1, source, $3, $4, $5 FROM sender ON CONFLICT (tenant_id, source, event_id) DO NOTHING RETURNING source),
waiting AS (SELECT o.id FROM outbox o WHERE o.job = $6 AND o.failed_at IS NULL
  AND o.data->>'source' = (SELECT source FROM stored)
  AND (o.sent_at > now() - interval '10 seconds' OR o.sent_at IS NULL AND o.not_before <= now())
  LIMIT 1 FOR UPDATE OF o SKIP LOCKED),
asked AS (INSERT INTO outbox (id, tenant_id, job, data, not_before, created_at, attempts)
  SELECT $7, $1, $6, jsonb_build_object('source', source), now(), now(), 0 FROM stored
  WHERE NOT EXISTS (SELECT FROM waiting))
SELECT EXISTS (SELECT FROM sender) AS known, EXISTS (SELECT FROM stored) AS is_new
"""
PURGE = "DELETE FROM inbox WHERE handled_at < now() - interval '31 days'"


class StoredEvent(msgspec.Struct, frozen=True):
    """What became of an event: whether its sender is the tenant's carrier, and whether it was not stored before."""

    known: bool
    is_new: bool


async def store_callback(
    scope: Scope, carriers: Sequence[str], event_id: str, body: str, *, job: JobName
) -> StoredEvent:
    """Store a carrier's event once, and have the job handle it.

    `carriers`: the codes of those that may have sent it; nothing is stored where the tenant's is none of them.
    """
    found = await scope.fetch_one(
        StoredEvent, STORE, scope.tenant_id, list(carriers), event_id, body, clock.now(), job, new_id()
    )
    return found or StoredEvent(known=False, is_new=False)


@use_case(Permission.SYSTEM)
async def purge_inbox(scope: Scope) -> None:
    """Delete events that were handled more than a month ago; a periodic task calls this for each tenant."""
    await scope.execute(PURGE)
