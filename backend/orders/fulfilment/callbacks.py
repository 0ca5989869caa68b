"""The job that handles stored callbacks: each is tried alone, and a bad one is set aside."""

from datetime import datetime

import msgspec

from backend.core.facts import JobName
from backend.core.messaging.jobs import job
from backend.core.messaging.set_aside import UnreadMessage, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.integrations.network import MalformedError, StateChangeEvent, parse_envelope, parse_event
from backend.orders.fulfilment.apply_each import apply_each
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
    read: list[tuple[StoredCallback, StateChangeEvent]] = []
    bad: list[UnreadMessage] = []
    for one in callbacks:
        try:
            read.append((one, parse_event(one.body.encode(), one.received_at)))
        except MalformedError as error:
            bad.append(_unread(one, str(error)))
    refused = await apply_each(scope, [event.update for _, event in read])
    for update, why in refused:
        bad += [_unread(one, why) for one, event in read if event.update is update]
    await set_aside(scope, bad)
    await scope.execute(HANDLED, [one.id for one in callbacks])
    if len(callbacks) == MAX_CALLBACKS:
        scope.enqueue(JobName.HANDLE_CALLBACKS, source=source)


def _unread(callback: StoredCallback, why: str) -> UnreadMessage:
    return UnreadMessage(
        source=SetAsideSource.CALLBACK,
        key=callback.event_id,
        subject=parse_envelope(callback.body.encode()).external_id,
        body=callback.body,
        why=why,
    )
