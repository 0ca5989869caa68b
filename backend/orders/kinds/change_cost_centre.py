"""Give lines another cost centre (F-053): the customer's own tag, of which the carrier knows nothing. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from backend.core.errors import Invalid
from backend.lines.lifecycle import IN_FLEET
from backend.orders.kinds.plan import Ground, Kind, LineNow, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact


class ChangeCostCentre(Asked, frozen=True, kw_only=True, tag="change_cost_centre"):
    """Give lines another cost centre by its code; "" takes it away."""

    cost_centre: str | None = None


class CostCentreChoice(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class CostCentres:
    """The tenant's cost centres, by their codes."""

    ids: Mapping[str, UUID]


def check(ground: Ground, asked: ChangeCostCentre) -> None:
    if asked.cost_centre is None:
        raise Invalid(cost_centre=ground.words.say("bad_none"))
    if asked.cost_centre and asked.cost_centre not in ground.facts.ids:
        raise Invalid(cost_centre=ground.words.say("bad_centre"))


def plan_line(ground: Ground, asked: ChangeCostCentre, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    wanted = ground.facts.ids[asked.cost_centre] if asked.cost_centre else None
    if wanted == line.cost_centre_id:
        return planned.skip("nothing_to_change")
    planned.change = {"cost_centre": asked.cost_centre, "cost_centre_id": str(wanted) if wanted else None}
    return planned


def confirm(_line: Mapping[str, Any], change: Mapping[str, Any], _told: Mapping[str, Any]) -> dict[str, Any]:
    found = change["cost_centre_id"]
    return {"cost_centre_id": UUID(found) if found else None}


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [words.say("to", centre=change["cost_centre"]) if change["cost_centre"] else words.say("to_none")]


def summary(words: Words, asked: ChangeCostCentre) -> list[Fact]:
    return [Fact(name=words.say("cost_centre"), value=[asked.cost_centre or words.say("none")])]


KIND = Kind(
    asked=ChangeCostCentre,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    confirm=confirm,
    audit_words=lambda change: {"cost_centre": change.get("cost_centre") or ""},
    done="cost_centre.changed",
    statuses=frozenset(IN_FLEET),
)
