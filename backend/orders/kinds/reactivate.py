"""Reactivate suspended lines (F-126); a suspension for debt is the carrier's, and not lifted here (domain 3.2). Pure."""

from collections.abc import Mapping
from typing import Any

from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact


class Reactivate(Asked, frozen=True, kw_only=True, tag="reactivate"):
    """Reactivate suspended lines."""


def plan_line(ground: Ground, _asked: Reactivate, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if line.status == LineStatus.ACTIVE:
        return planned.skip("already_active")
    if line.debt_block:
        return planned.skip("debt_block")
    if why := KIND.refuses(line):
        return planned.skip(why)
    planned.change = {"status": "active"}
    return planned


def describe(words: Words, _change: Mapping[str, Any]) -> list[str]:
    return [words.say("reactivated")]


def summary(words: Words, _asked: Reactivate) -> list[Fact]:
    return [Fact(name=words.say("what"), value=[words.say("reactivated")])]


KIND = Kind(
    asked=Reactivate,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    message=lambda _change: Message("reactivate"),
    confirm=lambda _line, _change, told: {"status": told.get("status", "active")},
    done="line.reactivated",
    statuses=frozenset({LineStatus.SUSPENDED}),
)
