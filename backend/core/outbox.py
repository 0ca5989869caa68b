"""Facts, timers and commands become outbox rows in the business transaction; topics become NOTIFYs at its commit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.core.facts import Fact, FactName, JobName, TimerName
from backend.core.ids import new_id
from tenants.scope import OutboxEvent, Scope

LIVE_CHANNEL = "fleetline_live"
OUTBOX_CHANNEL = "fleetline_outbox"

_subscriptions: dict[str, tuple[str, ...]] = {}


def subscribe(subscriptions: Mapping[FactName | TimerName, Sequence[JobName]]) -> None:
    """Set which jobs follow each fact and timer; `backend/subscriptions.py` calls this once."""
    _subscriptions.update({str(name): tuple(jobs) for name, jobs in subscriptions.items()})


def dump(value: Any) -> str:
    """JSON text for a jsonb column. UUIDs and instants become strings."""
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> str:
    """UUIDs that asyncpg hands out are of a class of its own, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def _jobs_of(event: OutboxEvent) -> Sequence[str]:
    """Raises KeyError for a timer that nobody subscribed to: it would never do anything."""
    if event.jobs is not None:
        return event.jobs
    return _subscriptions.get(event.name, ()) if isinstance(event.data, Fact) else _subscriptions[event.name]


async def flush(scope: Scope) -> None:
    """Write the scope's events to the outbox, and wake the pages that show its topics, with its commit."""
    if scope.events:
        rows: list[tuple[UUID, UUID, str, str, datetime | None]] = [
            (
                new_id(),
                scope.tenant_id,
                job,
                dump(msgspec.to_builtins(event.data, enc_hook=_plain)),
                event.not_before,
            )
            for event in scope.events
            for job in _jobs_of(event)
        ]
        # Due by the database's clock, which the relay asks: hosts' clocks differ.
        await scope.execute_many(
            "INSERT INTO outbox (id, tenant_id, job, data, not_before, created_at, attempts)"
            " VALUES ($1, $2, $3, $4, COALESCE($5, now()), now(), 0)",
            rows,
        )
        scope.events.clear()
    if scope.topics:
        payloads = [f"{scope.tenant_id}/{topic}" for topic in sorted(scope.topics)]
        await scope.execute(
            "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", LIVE_CHANNEL, payloads
        )
        scope.topics.clear()
