"""Appends to the audit trail: who did what to which record, never a secret."""

from typing import Any
from uuid import UUID

from backend.core import clock
from backend.core.ids import new_id
from backend.core.outbox import dump
from tenants.scope import Scope

INSERT = (
    "INSERT INTO audit_event (id, tenant_id, at, actor_id, actor_name, action, subject, subject_id, detail)"
    " SELECT t.id, $1, $2, $3, $4, $5, $6, t.subject_id, t.detail"
    " FROM unnest($7::uuid[], $8::uuid[], $9::jsonb[]) AS t (id, subject_id, detail)"
)


async def record(scope: Scope, action: str, subject: str, subject_id: UUID | None, **detail: Any) -> None:
    """Write one audit row in the scope's transaction. `action` is past tense and stable: `order.placed`."""
    await record_many(scope, action, subject, [(subject_id, detail)])


async def record_many(
    scope: Scope, action: str, subject: str, entries: list[tuple[UUID | None, dict[str, Any]]]
) -> None:
    """The same action on many records, in one statement."""
    actor, now = scope.actor, clock.now()
    await scope.execute(
        INSERT,
        scope.tenant_id,
        now,
        actor.member_id,
        actor.name,
        action,
        subject,
        [new_id() for _ in entries],
        [subject_id for subject_id, _ in entries],
        [dump(detail) for _, detail in entries],
    )
