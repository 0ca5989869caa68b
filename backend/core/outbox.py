"""Announcements become outbox rows in the business transaction, and topics become one NOTIFY at its commit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from backend.core.ids import new_id
from tenants.scope import Scope

LIVE_CHANNEL = "fleetline_live"
OUTBOX_CHANNEL = "fleetline_outbox"

_reactions: dict[str, tuple[str, ...]] = {}


def react(reactions: Mapping[str, Sequence[str]]) -> None:
    """Say which jobs follow each event; `backend/reactions.py` calls this once."""
    _reactions.update({event: tuple(jobs) for event, jobs in reactions.items()})


def dump(value: Any) -> str:
    """JSON text for a jsonb column. UUIDs and instants become strings."""
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> str:
    """UUIDs that asyncpg hands out are of a class of its own, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


async def flush(scope: Scope) -> None:
    """Write what the scope announced, and wake the pages that show what it touched, with its commit."""
    if scope.announcements:
        rows: list[tuple[UUID, UUID, str, str, datetime | None]] = [
            (new_id(), scope.tenant_id, job, dump(said.data), said.not_before)
            for said in scope.announcements
            for job in _reactions[said.event]
        ]
        # Due by the database's clock, which the relay asks: hosts' clocks differ.
        await scope.connection.executemany(
            "INSERT INTO outbox (id, tenant_id, job, data, not_before, created_at, attempts)"
            " VALUES ($1, $2, $3, $4, COALESCE($5, now()), now(), 0)",
            rows,
        )
        scope.announcements.clear()
    if scope.topics:
        payloads = [f"{scope.tenant_id}/{topic}" for topic in sorted(scope.topics)]
        await scope.connection.execute(
            "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", LIVE_CHANNEL, payloads
        )
        scope.topics.clear()
