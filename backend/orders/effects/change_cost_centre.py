"""The cost centres within the actor's reach, for requests that give lines one."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from backend.catalog.catalogue import Catalogue
from backend.lines.organisations import centres_within_reach
from backend.orders.effects.base import Effects
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.change_cost_centre import CostCentreAccess, CostCentreChoice
from tenants.scope import Scope


async def _load_context(
    scope: Scope, _request: Sequence[Any], _lines: Sequence[LineSnapshot]
) -> CostCentreAccess:
    return CostCentreAccess({one.code: one.id for one in await centres_within_reach(scope)})


async def centre_choices(scope: Scope, lines: Sequence[LineSnapshot] = ()) -> list[CostCentreChoice]:
    """The cost centres within reach, for a form; how many `lines` have each."""
    present = Counter(line.cost_centre_id for line in lines)
    return [
        CostCentreChoice(code=one.code, name=one.name, present_on=present[one.id])
        for one in await centres_within_reach(scope)
    ]


async def _form_choices(
    scope: Scope, _catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> list[CostCentreChoice]:
    return await centre_choices(scope, lines)


COST_CENTRES_EFFECTS = Effects(load_context=_load_context, form_choices=_form_choices)
