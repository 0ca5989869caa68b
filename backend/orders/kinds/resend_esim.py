"""Send the code of a line's eSIM once more (F-122): the same code while it is valid; the carrier has no part in it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.orders.kinds.plan import Ground, Kind, LineNow, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact


class ResendEsim(Asked, frozen=True, kw_only=True, tag="resend_esim"):
    """Send the mail with the code of a line's eSIM again, to the same address. A spent or expired code is refused."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A line's latest profile: why its code cannot go out again ("" where it can), and to whom it goes."""

    why: str = "no_esim"
    profile_id: UUID | None = None
    email: str = ""


@dataclass(frozen=True, slots=True)
class Profiles:
    latest: Mapping[UUID, Sent] = field(default_factory=dict)


def plan_line(ground: Ground, _asked: ResendEsim, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    found = ground.facts.latest.get(line.id, Sent())
    if found.why:
        return planned.skip(found.why)
    planned.change = {"profile_id": str(found.profile_id), "email": found.email}
    return planned


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [words.say("again", email=change["email"])]


def summary(words: Words, _asked: ResendEsim) -> list[Fact]:
    return [Fact(name=words.say("what"), value=[words.say("the_mail")])]


KIND = Kind(
    asked=ResendEsim,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    done="esim.resent",
    urgent=lambda _asked: True,
    statuses=frozenset({"ordered", "pending_active", "active", "suspended"}),
    bulk=False,
    dated=False,
    fresh=True,
)
