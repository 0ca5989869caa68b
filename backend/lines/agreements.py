"""Split-billing agreements of lines (domain 3.7): signed, looked at by the operator, in force, ended."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound
from backend.core.ids import new_id
from backend.core.outbox import dump
from backend.lines.lifecycle import ENDED
from backend.lines.line_writes import lock_lines, update_lines
from tenants.scope import Scope

DOCUMENT_PENDING, UNDER_REVIEW, ACTIVE, OVER = "document_pending", "under_review", "active", "ended"


async def open_agreement(
    scope: Scope,
    *,
    line_id: UUID,
    item_id: UUID,
    profile: str,
    document_id: UUID | None,
    end_user_id: UUID | None,
    billing: Mapping[str, Any],
) -> UUID:
    """A new agreement of a line; one in force stays so until this one is accepted, one still open gives way."""
    agreement_id, now = new_id(), clock.now()
    await scope.connection.execute(
        "UPDATE split_agreement SET state = 'ended', ended_at = $2 WHERE line_id = $1"
        " AND state IN ('document_pending', 'under_review')",
        line_id,
        now,
    )
    await scope.connection.execute(
        "INSERT INTO split_agreement (id, tenant_id, line_id, item_id, end_user_id, profile, state, document_id, billing,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        agreement_id,
        scope.tenant_id,
        line_id,
        item_id,
        end_user_id,
        profile,
        UNDER_REVIEW if document_id else DOCUMENT_PENDING,
        document_id,
        dump(dict(billing)),
        now,
    )
    scope.invalidate(f"line:{line_id}")
    return agreement_id


async def decide_agreement(scope: Scope, agreement_id: UUID, *, accepted: bool, reason: str, by: str) -> UUID:
    """The operator's word on a signed contract; returns its line.

    Accepted, it is in force in place of an earlier one. Refused, a new scan is needed, and `reason` says why.
    Raises NotFound, and Conflict (`not_under_review`) where it was decided before.
    """
    row = await scope.connection.fetchrow(
        "SELECT line_id, profile, state FROM split_agreement WHERE id = $1 FOR NO KEY UPDATE", agreement_id
    )
    if row is None:
        raise NotFound
    if row["state"] != UNDER_REVIEW:
        raise Conflict("This contract is not under review any more.", code="not_under_review")
    line_id: UUID = row["line_id"]
    now = clock.now()
    if accepted:
        await scope.connection.execute(
            "UPDATE split_agreement SET state = 'ended', ended_at = $2 WHERE line_id = $1 AND state = 'active'",
            line_id,
            now,
        )
        lines = await lock_lines(scope, [line_id])
        if lines[line_id]["status"] not in ENDED:
            await update_lines(scope, [(lines[line_id], {"split_profile": row["profile"]})])
    await scope.connection.execute(
        "UPDATE split_agreement SET state = $2, reason = $3, decided_by = $4, decided_at = $5 WHERE id = $1",
        agreement_id,
        ACTIVE if accepted else DOCUMENT_PENDING,
        "" if accepted else reason,
        by,
        now,
    )
    action = "contract.accepted" if accepted else "contract.refused"
    await audit.record(scope, action, "line", line_id, profile=row["profile"], reason=reason)
    scope.invalidate(f"line:{line_id}")
    return line_id


async def end_agreements(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """The line left, its user changed, or shared billing was stopped: whatever was agreed is over."""
    await scope.connection.execute(
        "UPDATE split_agreement SET state = 'ended', ended_at = $2 WHERE line_id = ANY($1) AND state <> 'ended'",
        list(line_ids),
        clock.now(),
    )
    for line_id in line_ids:
        scope.invalidate(f"line:{line_id}")


async def cancel_agreements(scope: Scope, item_ids: Sequence[UUID]) -> None:
    """Requests that came to nothing before anybody decided."""
    await scope.connection.execute(
        "UPDATE split_agreement SET state = 'ended', ended_at = $2 WHERE item_id = ANY($1) AND state = 'under_review'",
        list(item_ids),
        clock.now(),
    )
