"""Cut numbers for good (F-136 to F-138, F-140): irreversible, with the fee shown and accepted. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.leaving import ENDING, MAY_LEAVE, ended_as, plan_end
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words
from backend.orders.schemas import Asked, Fact


class Terminate(Asked, frozen=True, kw_only=True, tag="terminate"):
    """Terminate numbers. Nobody can bring them back; `confirmed` accepts that and the fee."""


def plan_line(ground: Ground, _asked: Terminate, line: LineNow) -> Planned:
    return plan_end(ground, line, KIND.refuses(line), fee_cents=ground.profile.termination_fee_cents)


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [words.say("terminated", day=words.day(change["day"]))]


def summary(words: Words, _asked: Terminate) -> list[Fact]:
    return [Fact(name=words.say("what"), value=[words.say("for_good")])]


def warnings(words: Words, ground: Ground, _items: Sequence[Planned]) -> list[str]:
    fee = ground.profile.termination_fee_cents
    said = [words.say("fee", amount=words.euros(fee))] if fee else [words.say("fee_may_apply")]
    return [*said, words.say("keep_instead")]


def must_confirm(words: Words, ground: Ground, items: Sequence[Planned]) -> str:
    fee = ground.profile.termination_fee_cents * len(items)
    return words.counted("confirm", len(items), fee=words.euros(fee))


KIND = Kind(
    asked=Terminate,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    message=lambda _change: Message("terminate", "delete"),
    confirm=lambda _line, _change, told: ended_as(told, LineStatus.TERMINATED),
    warnings=warnings,
    must_confirm=must_confirm,
    promise=lambda _ground, _asked: "change_barrings",  # a switch in the network: moments
    audit_words=lambda change: {"day": str(change.get("day", ""))},
    done="line.terminated",
    statuses=MAY_LEAVE,
    excludes=ENDING,
    offered=lambda profile: profile.termination_in_portal,
    fresh=True,
)
