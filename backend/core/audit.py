"""Appends to the audit trail, which security reads: who did what to which record, never a secret.

What customers read of a line or an order is its timeline (`backend/timeline/`).
"""

from typing import Any
from uuid import UUID

from backend.core import clock
from backend.core.ids import new_id
from backend.core.outbox import dump
from tenants.scope import Scope

INSERT = """
INSERT INTO audit_event (id, tenant_id, at, actor_id, actor_name, action, subject, subject_id, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def record(scope: Scope, action: str, subject: str, subject_id: UUID | None, **detail: Any) -> None:
    """Write one audit row in the scope's transaction. `action` is past tense and stable: `order.placed`."""
    actor = scope.actor
    await scope.execute(
        INSERT,
        new_id(),
        scope.tenant_id,
        clock.now(),
        actor.member_id,
        actor.name,
        action,
        subject,
        subject_id,
        dump(detail),
    )
