"""Lines on their way out of the fleet: pending while the carrier works, back as they were where it comes to nothing."""

from collections.abc import Sequence

from backend.core import audit
from backend.lines.changing import lock_lines, write_lines
from backend.lines.lifecycle import LineStatus
from backend.lines.parting import part_with
from backend.orders.effects.base import Effects
from backend.orders.schemas import ItemState
from backend.orders.steps import Ended, Step
from tenants.scope import Scope

MAY_GO_BACK = frozenset({LineStatus.PENDING_RELEASE, LineStatus.PENDING_TERMINATION})


async def pend(scope: Scope, line_ids: Sequence[object], status: LineStatus) -> None:
    """The line says what is planned for it."""
    lines = await lock_lines(scope, list(line_ids))  # type: ignore[arg-type]
    await write_lines(scope, [(line, {"status": str(status)}) for line in lines.values()])
    for line_id in line_ids:
        scope.touch(f"line:{line_id}")
    scope.touch("fleet")


def accepted(status: LineStatus) -> Effects:
    """Effects of a kind whose lines are in `status` from the carrier's acceptance to its end."""

    async def heard(scope: Scope, steps: Sequence[Step]) -> None:
        going = [step.line_id for step in steps if step.state is ItemState.IN_PROGRESS]
        await pend(scope, going, status)

    return Effects(heard=heard, done=gone, dropped=stay)


async def gone(scope: Scope, steps: Sequence[Step]) -> None:
    """Out of the fleet: nothing of it may be used or charged any more."""
    await part_with(scope, [step.line_id for step in steps])


async def stay(scope: Scope, ended: Sequence[Ended]) -> None:
    """It comes to nothing: back to the state before, unless something else has happened to the line."""
    before = {one.line_id: one.change.get("before_status") for one in ended}
    lines = await lock_lines(scope, list(before))
    back = [line for line in lines.values() if line["status"] in MAY_GO_BACK and before[line["id"]]]
    await write_lines(scope, [(line, {"status": before[line["id"]]}) for line in back])
    await audit.record_many(scope, "line.stays", "line", [(line["id"], {}) for line in back])
    for line in back:
        scope.touch(f"line:{line['id']}")
    scope.touch("fleet")


PREPAID = accepted(LineStatus.PENDING_RELEASE)
TERMINATION = accepted(LineStatus.PENDING_TERMINATION)
