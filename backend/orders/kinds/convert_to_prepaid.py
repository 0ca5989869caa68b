"""Convert numbers to prepaid cards (F-127): they leave the company's fleet and bill. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.leaving import ENDING, MAY_LEAVE, ended_as, plan_end
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words
from backend.orders.schemas import Asked, Fact


class ConvertToPrepaid(Asked, frozen=True, kw_only=True, tag="convert_to_prepaid"):
    """Convert numbers to prepaid. A prepaid card stays limited until its user is identified."""


def plan_line(ground: Ground, _asked: ConvertToPrepaid, line: LineNow) -> Planned:
    return plan_end(ground, line, KIND.refuses(line))


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [words.say("converted", day=words.day(change["day"]))]


def summary(words: Words, _asked: ConvertToPrepaid) -> list[Fact]:
    return [Fact(name=words.say("what"), value=[words.say("to_prepaid")])]


def warnings(words: Words, _ground: Ground, _items: Sequence[Planned]) -> list[str]:
    return [words.say("identify")]


def must_confirm(words: Words, _ground: Ground, items: Sequence[Planned]) -> str:
    return words.counted("confirm", len(items))


KIND = Kind(
    asked=ConvertToPrepaid,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    message=lambda _change: Message("convertToPrepaid", "delete"),
    confirm=lambda _line, _change, told: ended_as(told, LineStatus.RELEASED_PREPAID),
    warnings=warnings,
    must_confirm=must_confirm,
    promise=lambda _ground, _asked: "convert_prepaid",
    audit_words=lambda change: {"day": str(change.get("day", ""))},
    done="line.converted",
    statuses=MAY_LEAVE,
    excludes=ENDING,
    offered=lambda profile: profile.prepaid_in_portal,
)
