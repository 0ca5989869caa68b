"""Caps abroad: those that lines have, for the form; one that is raised for the present month only is emitted."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from backend.catalog.catalogue import Catalogue
from backend.core.facts import CapRaised
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ItemUpdate
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.change_spend_cap import CURRENT, PresentCap, present_cap
from tenants.scope import Scope


async def _present_caps(
    _scope: Scope, catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> list[PresentCap]:
    """The caps of these lines, the most frequent first."""
    counts = Counter(present_cap(catalogue.profile, line) for line in lines)
    return [PresentCap(cents=cents, lines=n) for cents, n in counts.most_common()]


async def _on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    for update in updates:
        if update.change["period"] == CURRENT:
            cents = update.change["cap_cents"]
            scope.emit(CapRaised(line_id=update.line_id, period=update.change["month"], cents=cents))


CAPS_EFFECTS = Effects(form_choices=_present_caps, on_completed=_on_completed)
