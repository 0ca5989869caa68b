"""A cap that is raised for the present month only: the line keeps its cap, and CapRaised is emitted."""

from collections.abc import Sequence

from backend.core.facts import CapRaised
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ItemUpdate
from backend.orders.kinds.change_spend_cap import CURRENT
from tenants.scope import Scope


async def _on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    for update in updates:
        if update.change["period"] == CURRENT:
            cents = update.change["cap_cents"]
            scope.emit(CapRaised(line_id=update.line_id, period=update.change["month"], cents=cents))


CAPS_EFFECTS = Effects(on_completed=_on_completed)
