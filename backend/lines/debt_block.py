"""Blocks the lines of a customer number for debt, and lifts it: a blocked line that is suspended stays so."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from backend.lines.lifecycle import IN_FLEET
from backend.lines.tables import Line
from backend.lines.timeline_codes import LineTimelineCode
from backend.timeline.schemas import TimelineSubject
from backend.timeline.service import record_many
from tenants.scope import Scope


class BlockedLine(msgspec.Struct, frozen=True):
    """A line."""

    id: UUID


async def block_for_debt(scope: Scope, billing_account_id: UUID) -> list[UUID]:
    """Set the flag on each line of the customer number that is there and has it not; returns those."""
    changed = await scope.change_all(
        BlockedLine,
        Line.update({Line.debt_block: True}).where(
            (Line.billing_account_id == billing_account_id)
            & (Line.debt_block == False)  # noqa: E712 - an expression of SQL
            & Line.status.is_in([str(one) for one in IN_FLEET])
        ),
    )
    return await _note(scope, LineTimelineCode.DEBT_BLOCKED, changed)


async def lift_debt_block(scope: Scope, line_ids: Sequence[UUID]) -> list[UUID]:
    """Take the flag away from those of these lines that have it; returns them."""
    changed = await scope.change_all(
        BlockedLine,
        Line.update({Line.debt_block: False}).where(
            Line.id.is_in(list(line_ids)) & (Line.debt_block == True)  # noqa: E712 - an expression of SQL
        ),
    )
    return await _note(scope, LineTimelineCode.DEBT_LIFTED, changed)


async def _note(scope: Scope, code: LineTimelineCode, changed: Sequence[BlockedLine]) -> list[UUID]:
    ids = [one.id for one in changed]
    await record_many(scope, TimelineSubject.LINE, code, [(one, {}) for one in ids])
    if ids:
        scope.invalidate("fleet")
    return ids
