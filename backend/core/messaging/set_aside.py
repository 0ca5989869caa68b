"""Carriers' messages that could not be read or applied: kept for the operator's staff, while the rest goes on.

Also known as a dead-letter queue. A message is kept once by (source, key): the same one again counts up. The number kept
for a tenant, the size of each and the time are bounded.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from backend.core import clock
from backend.core.ids import new_id
from backend.core.log_fields import order_field
from backend.core.messaging.set_aside_states import SetAsideSource, SetAsideState
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope
from tenants.tenant_info import tenant_info

log = structlog.get_logger()

# Of one tenant; the oldest are deleted for new ones
MOST_KEPT = 500
LARGEST_BODY = 256 * 1024
LONGEST_KEY = 200
LONGEST_WHY = 500
KEPT_DAYS = 31

STORE = """
INSERT INTO set_aside_message (id, tenant_id, source, key, subject, body, why, state, times, first_at, last_at, decided_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9, '')
ON CONFLICT (tenant_id, source, key) DO UPDATE SET body = EXCLUDED.body, why = EXCLUDED.why, state = EXCLUDED.state,
  times = set_aside_message.times + 1, last_at = EXCLUDED.last_at, decided_by = '', decided_at = NULL
RETURNING times
"""
DELETE_OLDEST = """
DELETE FROM set_aside_message WHERE id IN (SELECT id FROM set_aside_message ORDER BY last_at DESC, id DESC OFFSET $1)
"""
CLEAR = """
UPDATE set_aside_message SET state = $2, decided_at = $3 WHERE subject = ANY($1::text[]) AND state = $4
  AND source = ANY($5::text[])
"""
CLEAR_OLDER = """
UPDATE set_aside_message SET state = $2, decided_at = $3 WHERE source = $1 AND state = $4 AND last_at < $3
"""
PURGE = "DELETE FROM set_aside_message WHERE last_at < $1::timestamptz - make_interval(days => $2)"


class UnreadMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be set aside. `key`: one of its source; `why` holds no value of the message."""

    source: SetAsideSource
    key: str
    # The item, the batch of items, the number or the SIM that it is about
    subject: str
    # Without secrets
    body: str
    why: str


async def set_aside(scope: Scope, messages: Sequence[UnreadMessage]) -> None:
    """Keep messages for the operator's staff. One that was kept before is open again."""
    now = clock.now()
    for one in messages:
        times = await scope.fetch_value(
            int,
            STORE,
            new_id(),
            scope.tenant_id,
            one.source,
            one.key[:LONGEST_KEY],
            one.subject[:LONGEST_KEY],
            one.body[:LARGEST_BODY],
            one.why[:LONGEST_WHY],
            SetAsideState.OPEN,
            now,
        )
        # A poll meets the same answer every few seconds
        if times == 1:
            about = {"tenant": (await tenant_info(scope)).slug, **await order_field(scope, [one.subject])}
            log.error(
                "carrier message set aside", **about, source=str(one.source), subject=one.subject, why=one.why
            )
    if messages:
        await scope.execute(DELETE_OLDEST, MOST_KEPT)


async def clear_set_aside(scope: Scope, sources: Sequence[SetAsideSource], subjects: Sequence[str]) -> None:
    """Close the open messages about these subjects: the carrier has said the same in a form that could be read."""
    await scope.execute(
        CLEAR, list(subjects), SetAsideState.DONE, clock.now(), SetAsideState.OPEN, list(sources)
    )


async def clear_older(scope: Scope, source: SetAsideSource, before: datetime) -> None:
    """Close the open messages of a source that did not come again since then."""
    await scope.execute(CLEAR_OLDER, source, SetAsideState.DONE, before, SetAsideState.OPEN)


@use_case(Permission.SYSTEM)
async def purge_set_aside(scope: Scope) -> None:
    """Delete messages that have not come for a month; a periodic task calls this for each tenant."""
    await scope.execute(PURGE, clock.now(), KEPT_DAYS)
