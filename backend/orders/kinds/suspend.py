"""Suspend lines (F-126): at once after loss or theft, without grace; the monthly charge goes on (domain 3.2). Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from backend.core.errors import Invalid
from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact


class SuspendReason(StrEnum):
    LOST = "lost"
    STOLEN = "stolen"
    ABSENCE = "absence"
    OTHER = "other"


URGENT = frozenset({SuspendReason.LOST, SuspendReason.STOLEN})


class Suspend(Asked, frozen=True, kw_only=True, tag="suspend"):
    """Suspend lines. `reason`: lost, stolen, absence or other; the first two are sent without an undo time."""

    reason: str = ""


def check(ground: Ground, asked: Suspend) -> None:
    if asked.reason not in set(map(str, SuspendReason)):
        raise Invalid(reason=ground.words.say("bad_reason"))
    if asked.on is not None and asked.reason in set(map(str, URGENT)):
        raise Invalid(on=ground.words.say("bad_day"))


def plan_line(ground: Ground, asked: Suspend, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if line.status == LineStatus.SUSPENDED:
        return planned.skip("already_suspended")
    if why := KIND.refuses(line):
        return planned.skip(why)
    planned.change = {"reason": asked.reason}
    return planned


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [words.say("suspended", reason=words.say(f"reason_{change['reason']}"))]


def summary(words: Words, asked: Suspend) -> list[Fact]:
    return [Fact(name=words.say("reason"), value=[words.say(f"reason_{asked.reason}")])]


def warnings(words: Words, _ground: Ground, _items: Sequence[Planned]) -> list[str]:
    return [words.say("charge_goes_on")]


KIND = Kind(
    asked=Suspend,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    message=lambda change: Message("suspend", characteristics={"reason": change["reason"]}),
    confirm=lambda _line, _change, told: {"status": told.get("status", "suspended")},
    warnings=warnings,
    urgent=lambda asked: asked.reason in set(map(str, URGENT)),
    audit_words=lambda change: {"reason": str(change.get("reason", ""))},
    done="line.suspended",
    statuses=frozenset({LineStatus.ACTIVE}),
)
