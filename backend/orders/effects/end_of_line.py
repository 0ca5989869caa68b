"""Lines on their way out of the fleet: pending while the carrier works, back as they were where it comes to nothing."""

from collections.abc import Sequence

from backend.core import audit
from backend.lines.lifecycle import LineStatus
from backend.lines.line_writes import lock_lines, update_lines
from backend.lines.offboarding import offboard_lines
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ClosedItem, ItemUpdate
from backend.orders.lifecycle import ItemState
from tenants.scope import Scope

MAY_GO_BACK = frozenset({LineStatus.PENDING_RELEASE, LineStatus.PENDING_TERMINATION})


async def mark_pending(scope: Scope, line_ids: Sequence[object], status: LineStatus) -> None:
    """The line says what is planned for it."""
    lines = await lock_lines(scope, list(line_ids))  # type: ignore[arg-type]
    await update_lines(scope, [(line, {"status": str(status)}) for line in lines.values()])
    for line_id in line_ids:
        scope.invalidate(f"line:{line_id}")
    scope.invalidate("fleet")


def on_accepted(status: LineStatus) -> Effects:
    """Effects of a kind whose lines are in `status` from the carrier's acceptance to its end."""

    async def heard(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
        going = [update.line_id for update in updates if update.state is ItemState.IN_PROGRESS]
        await mark_pending(scope, going, status)

    return Effects(on_update=heard, on_completed=end_lines, on_cancelled=restore_lines)


async def end_lines(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """Out of the fleet: nothing of it may be used or charged any more."""
    await offboard_lines(scope, [update.line_id for update in updates])


async def restore_lines(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    """It comes to nothing: back to the state before, unless something else has happened to the line."""
    before = {one.line_id: one.change.get("before_status") for one in closed}
    lines = await lock_lines(scope, list(before))
    back = [line for line in lines.values() if line["status"] in MAY_GO_BACK and before[line["id"]]]
    await update_lines(scope, [(line, {"status": before[line["id"]]}) for line in back])
    await audit.record_many(scope, "line.stays", "line", [(line["id"], {}) for line in back])
    for line in back:
        scope.invalidate(f"line:{line['id']}")
    scope.invalidate("fleet")


PREPAID = on_accepted(LineStatus.PENDING_RELEASE)
TERMINATION = on_accepted(LineStatus.PENDING_TERMINATION)
