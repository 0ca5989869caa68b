"""The cost centres within the actor's reach, for requests that give lines one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue
from backend.orders.effects.base import Effects
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.change_cost_centre import CostCentreAccess, CostCentreChoice
from tenants.scope import Scope


class ReachableCentre(msgspec.Struct, frozen=True):
    """A cost centre within reach."""

    code: str
    name: str
    id: UUID


async def centres_within_reach(scope: Scope) -> list[ReachableCentre]:
    """The cost centres to choose from, by code.

    A member whose reach names cost centres has those only; one whose reach is everything, or customer numbers, has all.
    """
    wanted = scope.actor.reach.cost_centres
    return await scope.fetch_all(
        ReachableCentre,
        "SELECT code, name, id FROM cost_centre WHERE $1 OR id = ANY($2::uuid[]) ORDER BY code",
        wanted is None,
        list(wanted or ()),
    )


async def _load_context(
    scope: Scope, _request: Sequence[Any], _lines: Sequence[LineSnapshot]
) -> CostCentreAccess:
    return CostCentreAccess({one.code: one.id for one in await centres_within_reach(scope)})


async def centre_choices(scope: Scope) -> list[CostCentreChoice]:
    """The cost centres within reach, for a form."""
    return [CostCentreChoice(code=one.code, name=one.name) for one in await centres_within_reach(scope)]


async def _form_choices(
    scope: Scope, _catalogue: Catalogue, _request: Any, _lines: Sequence[LineSnapshot]
) -> list[CostCentreChoice]:
    return await centre_choices(scope)


COST_CENTRES_EFFECTS = Effects(load_context=_load_context, form_choices=_form_choices)
