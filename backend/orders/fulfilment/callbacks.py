"""The job that handles stored callbacks: each is tried alone, and a bad one is set aside."""

from datetime import datetime

import msgspec

from backend.core.facts import JobName
from backend.core.messaging.jobs import job
from backend.core.messaging.set_aside import UnreadMessage, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.integrations.network import OrderUpdate, batch_of, parse_envelope, parse_event
from backend.orders.fulfilment.apply_each import apply_each, reason_unread
from tenants.scope import Scope

# Callbacks that one transaction handles
MAX_CALLBACKS = 500
UNHANDLED = """
SELECT id, event_id, body, received_at FROM inbox WHERE source = $1 AND handled_at IS NULL
ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
HANDLED = "UPDATE inbox SET handled_at = now() WHERE id = ANY($1)"


class StoredCallback(msgspec.Struct, frozen=True):
    """One callback of the inbox."""

    id: int
    event_id: str
    body: str
    received_at: datetime


@job(JobName.HANDLE_CALLBACKS)
async def handle_callbacks(scope: Scope, *, source: str) -> None:
    """Apply the callbacks that were stored and not handled yet, and mark them as handled, in one transaction."""
    callbacks = await scope.fetch_all(StoredCallback, UNHANDLED, source, MAX_CALLBACKS)
    if not callbacks:
        return
    updates: list[OrderUpdate] = []
    came_with: dict[int, StoredCallback] = {}
    bad: list[UnreadMessage] = []
    for one in callbacks:
        try:
            event = parse_event(one.body.encode(), one.received_at)
        except Exception as error:
            # Nothing is asked of the database here. A fault of our reader is this message's alone, too.
            bad.append(_unread(one, reason_unread(error, {"event": one.event_id})))
            continue
        updates += event.updates
        came_with.update((id(update), one) for update in event.updates)
        bad += [_unread(one, item.why, item_id) for item_id, item in event.unread.items()]
    for update, why in await apply_each(scope, updates):
        bad.append(_unread(came_with[id(update)], why, update.external_id))
    await set_aside(scope, bad)
    await scope.execute(HANDLED, [one.id for one in callbacks])
    if len(callbacks) == MAX_CALLBACKS:
        scope.enqueue(JobName.HANDLE_CALLBACKS, source=source)


def _unread(callback: StoredCallback, why: str, item_id: str = "") -> UnreadMessage:
    """A callback that cannot be read or applied, as a whole or for one item of its batch."""
    about = parse_envelope(callback.body.encode()).external_id
    return UnreadMessage(
        source=SetAsideSource.CALLBACK,
        key=f"{callback.event_id}:{item_id}" if batch_of(about) and item_id else callback.event_id,
        subject=item_id or about,
        body=callback.body,
        why=why,
    )
