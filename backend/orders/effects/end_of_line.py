"""Lines that leave the fleet: pending while the carrier works, as they were where the item is cancelled or fails."""

from collections.abc import Sequence
from uuid import UUID

from backend.lines.lifecycle import LineStatus
from backend.lines.line_writes import lock_lines, update_lines
from backend.lines.offboarding import offboard_lines
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ClosedItem, ItemUpdate
from backend.orders.lifecycle import ItemState
from backend.orders.timeline_codes import OrderTimelineCode
from backend.orders.topics import invalidate_lines
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope

MAY_GO_BACK = frozenset({LineStatus.PENDING_RELEASE, LineStatus.PENDING_TERMINATION})


async def mark_pending(scope: Scope, line_ids: Sequence[UUID], status: LineStatus) -> None:
    """Set the lines to the status that says what is planned for them."""
    lines = await lock_lines(scope, line_ids)
    await update_lines(scope, [(line, {"status": str(status)}) for line in lines.values()])
    invalidate_lines(scope, line_ids)


def on_accepted(status: LineStatus) -> Effects:
    """The effects of a kind whose lines have `status` from the carrier's acceptance until the item ends."""

    async def on_update(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
        going = [update.line_id for update in updates if update.state is ItemState.IN_PROGRESS]
        await mark_pending(scope, going, status)

    return Effects(on_update=on_update, on_completed=end_lines, on_cancelled=restore_lines)


async def end_lines(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """End what belongs to the lines: cards, eSIM profiles, shared billing and reserved numbers."""
    await offboard_lines(scope, [update.line_id for update in updates])


async def restore_lines(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    """Give the lines their earlier status back, unless they have another one than pending by now."""
    before = {one.line_id: one.change.get("before_status") for one in closed}
    lines = await lock_lines(scope, list(before))
    back = [line for line in lines.values() if line.status in MAY_GO_BACK and before[line.id]]
    await update_lines(scope, [(line, {"status": before[line.id]}) for line in back])
    stays = [(line.id, dict[str, str]()) for line in back]
    await timeline.record_many(scope, TimelineSubject.LINE, OrderTimelineCode.LINE_STAYS, stays)
    invalidate_lines(scope, [line.id for line in back])


PREPAID = on_accepted(LineStatus.PENDING_RELEASE)
TERMINATION = on_accepted(LineStatus.PENDING_TERMINATION)
