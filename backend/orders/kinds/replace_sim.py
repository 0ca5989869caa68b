"""Give a line another SIM card (F-114 to F-118): a blank one of the carrier; the old one works until it is active. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.identifiers import sim_number
from backend.core.errors import Invalid
from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact


class SwapReason(StrEnum):
    LOST = "lost"
    STOLEN = "stolen"
    DEFECTIVE = "defective"
    NEW_DEVICE = "new_device"


REASONS = tuple(str(reason) for reason in SwapReason)
GONE = frozenset({SwapReason.LOST, SwapReason.STOLEN})
LEAVING = frozenset({"depart", "terminate", "convert_to_prepaid"})


class ReplaceSim(Asked, frozen=True, kw_only=True, tag="replace_sim"):
    """Give one line another SIM card. `reason`: lost, stolen, defective or new_device; `sim_number`: of a blank card."""

    sim_number: str = ""
    reason: str = ""


class SimChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form shows: the present SIM, cards in stock, and how numbers look."""

    present: str
    stock: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Cards:
    """Numbers that are in use anywhere, and those that an order holds for a line."""

    taken: frozenset[str] = frozenset()
    own: Mapping[str, UUID] | None = None
    line_ids: frozenset[UUID] = frozenset()

    def free(self, number: str) -> bool:
        return number not in self.taken or (self.own or {}).get(number) in self.line_ids


def check_reason(ground: Ground, reason: str) -> dict[str, str]:
    return {} if reason in REASONS else {"reason": ground.words.say("bad_reason")}


def check(ground: Ground, asked: ReplaceSim) -> None:
    wrong = check_reason(ground, asked.reason)
    number = sim_number(asked.sim_number, ground.profile.sim_number)
    if number is None:
        example = ground.words.sim(ground.profile.sim_number.example)
        wrong["sim_number"] = ground.words.say("bad_sim", carrier=ground.profile.name, example=example)
    elif not ground.facts.free(number):
        wrong["sim_number"] = ground.words.say("bad_sim_in_use")
    if wrong:
        raise Invalid(**wrong)


def plan_line(ground: Ground, asked: ReplaceSim, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    number = sim_number(asked.sim_number, ground.profile.sim_number)
    planned.change = {"sim_number": number, "reason": asked.reason, "before": line.sim_number}
    return planned


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    old = words.sim(change["before"]) or words.say("no_sim")
    return [words.say("old_sim", sim=old), words.say("new_sim", sim=words.sim(change["sim_number"]))]


def summary(words: Words, asked: ReplaceSim) -> list[Fact]:
    digits = "".join(sign for sign in asked.sim_number if sign.isdigit())
    return [
        Fact(name=words.say("sim"), value=[words.sim(digits)]),
        Fact(name=words.say("reason"), value=[words.say(f"reason_{asked.reason}")]),
    ]


def gone(items: Sequence[Planned]) -> bool:
    """Whether the SIM may be in other hands while the number still works."""
    return any(item.change.get("reason") in GONE and item.line.status == LineStatus.ACTIVE for item in items)


def warnings(words: Words, _ground: Ground, items: Sequence[Planned]) -> list[str]:
    lines = [words.say("old_works"), words.say("restart"), words.say("user_told")]
    return [words.say("suspend_first"), *lines] if gone(items) else lines


def message(change: Mapping[str, Any]) -> Message:
    return Message(
        "replaceSim", characteristics={"simNumber": change["sim_number"], "reason": change["reason"]}
    )


KIND = Kind(
    asked=ReplaceSim,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    message=message,
    confirm=lambda _line, change, told: {
        "sim_number": told.get("simNumber") or change["sim_number"],
        "sim_kind": "physical",
    },
    warnings=warnings,
    audit_words=lambda change: {"reason": str(change.get("reason", ""))},
    done="sim.replaced",
    excludes=frozenset({"request_esim"}) | LEAVING,
    bulk=False,
    fresh=True,
)
