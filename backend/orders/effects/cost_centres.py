"""The cost centres within the actor's reach, for the request that gives lines another one."""

from collections.abc import Sequence
from typing import Any

from backend.catalog.catalogue import Catalogue
from backend.orders.effects.base import Effects
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.change_cost_centre import CostCentreAccess, CostCentreChoice
from tenants.scope import Scope


async def rows_within_reach(scope: Scope) -> list[Any]:
    """Who reaches some cost centres only gives lines to no other; who reaches all, or customer numbers, to any."""
    wanted = scope.actor.reach.cost_centres
    return await scope.connection.fetch(
        "SELECT code, name, id FROM cost_centre WHERE $1 OR id = ANY($2::uuid[]) ORDER BY code",
        wanted is None,
        list(wanted or ()),
    )


async def _load_context(
    scope: Scope, _asked: Sequence[Any], _lines: Sequence[LineSnapshot]
) -> CostCentreAccess:
    rows = await rows_within_reach(scope)
    return CostCentreAccess({row["code"]: row["id"] for row in rows})


async def _form_choices(
    scope: Scope, _catalogue: Catalogue, _asked: Any, _lines: Sequence[LineSnapshot]
) -> list[CostCentreChoice]:
    rows = await rows_within_reach(scope)
    return [CostCentreChoice(code=row["code"], name=row["name"]) for row in rows]


COST_CENTRES_EFFECTS = Effects(load_context=_load_context, form_choices=_form_choices)
