"""A cap raised for the running month only: the standing one stays, and whoever counts usage is told."""

from collections.abc import Sequence

from backend.orders.effects.base import Effects
from backend.orders.kinds.change_spend_cap import CURRENT
from backend.orders.steps import Step
from tenants.scope import Scope


async def done(scope: Scope, steps: Sequence[Step]) -> None:
    for step in steps:
        if step.change["period"] == CURRENT:
            scope.announce(
                "cap.raised",
                line_id=str(step.line_id),
                period=step.change["month"],
                cents=step.change["cap_cents"],
            )


EFFECTS = Effects(done=done)
