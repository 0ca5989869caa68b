"""Writes and reads timelines: what customers read of a line or an order. The security trail is `core/audit.py`.

Callers check that the actor may see the subject.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import orjson

from backend.core import clock
from backend.core.outbox import dump
from backend.timeline.schemas import TimelineCode, TimelineEntry, TimelineSubject
from tenants.scope import Scope

MOST_ENTRIES = 500
# Entries written at once: the event loop makes one statement of them
BATCH = 2000

INSERT = """
INSERT INTO timeline_entry (tenant_id, subject_kind, subject_id, at, actor_id, actor_name, code, from_state, to_state,
  params)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
INSERT_MANY = """
INSERT INTO timeline_entry (tenant_id, subject_kind, subject_id, at, actor_id, actor_name, code, from_state, to_state,
  params)
SELECT $1, $2, t.subject_id, $3, $4, $5, $6, '', '', t.params
FROM unnest($7::uuid[], $8::jsonb[]) AS t (subject_id, params)
"""
ENTRIES = """
SELECT id, at, actor_id, actor_name, code, from_state, to_state, params FROM timeline_entry
WHERE subject_kind = $1 AND subject_id = $2 AND ($3::text[] IS NULL OR code = ANY($3))
  AND ($4::timestamptz IS NULL OR (at, id) < ($4, $5::bigint))
ORDER BY at DESC, id DESC LIMIT $6
"""


class StoredEntry(msgspec.Struct, frozen=True):
    """The columns of one entry; `params` is JSON."""

    id: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    code: str
    from_state: str
    to_state: str
    params: str


async def record(
    scope: Scope,
    subject_kind: TimelineSubject,
    subject_id: UUID,
    code: TimelineCode,
    *,
    from_state: str = "",
    to_state: str = "",
    **params: str,
) -> None:
    """Write one entry in the scope's transaction. `params` are values for its text, never a secret."""
    actor = scope.actor
    await scope.execute(
        INSERT,
        scope.tenant_id,
        subject_kind,
        subject_id,
        clock.now(),
        actor.member_id,
        actor.name,
        code,
        from_state,
        to_state,
        dump(params),
    )


async def record_many(
    scope: Scope,
    subject_kind: TimelineSubject,
    code: TimelineCode,
    subjects: Sequence[tuple[UUID, Mapping[str, str]]],
) -> None:
    """Write the same code for many subjects, `BATCH` in one statement. `subjects`: each one's id and its params."""
    actor, now = scope.actor, clock.now()
    for batch in (subjects[start : start + BATCH] for start in range(0, len(subjects), BATCH)):
        await scope.execute(
            INSERT_MANY,
            scope.tenant_id,
            subject_kind,
            now,
            actor.member_id,
            actor.name,
            code,
            [subject_id for subject_id, _ in batch],
            [dump(params) for _, params in batch],
        )


async def entries(
    scope: Scope,
    subject_kind: TimelineSubject,
    subject_id: UUID,
    *,
    limit: int = MOST_ENTRIES,
    before: tuple[datetime, int] | None = None,
    codes: Collection[TimelineCode] = (),
) -> list[TimelineEntry]:
    """Entries of one subject, the newest first, at most `MOST_ENTRIES`.

    `before`: the `key` of an entry; only older ones follow. `codes`: only entries with these; none of them: all.
    """
    at, key = before or (None, None)
    rows = await scope.fetch_all(
        StoredEntry,
        ENTRIES,
        subject_kind,
        subject_id,
        list(codes) or None,
        at,
        key,
        min(limit, MOST_ENTRIES),
    )
    return [_entry(row) for row in rows]


def _entry(row: StoredEntry) -> TimelineEntry:
    return TimelineEntry(
        id=row.id,
        at=row.at,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        code=row.code,
        from_state=row.from_state,
        to_state=row.to_state,
        params=orjson.loads(row.params),
    )
