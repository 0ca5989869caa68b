"""A leaving employee keeps the number (F-128 to F-135, F-139; domain 3.6): released to the successor on a day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.core.errors import Invalid
from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.change_user import LANGUAGES, email_valid, name_valid
from backend.orders.kinds.leaving import ENDING, MAY_LEAVE, ended_as, plan_end
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words
from backend.orders.schemas import Asked, Fact

PREPAID, PRIVATE = "prepaid", "private"
DETAILS = ("given_name", "family_name", "email", "language")


class Depart(Asked, frozen=True, kw_only=True, tag="depart"):
    """Release a number on the day `on`. With the successor's details that person is asked for an offer by e-mail;
    without them, or without an answer, the number becomes prepaid on the day.
    """

    knows_successor: bool | None = None
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a departure that is under way has come to: its state, and who takes the number with which offer."""

    state: str
    offer: str
    given_name: str
    family_name: str
    email: str
    language: str
    previous_status: str = LineStatus.ACTIVE  # of the line, for a withdrawal


def check(ground: Ground, asked: Depart) -> None:
    say, wrong = ground.words.say, dict[str, str]()
    if asked.on is None:
        wrong["on"] = say("bad_no_date")
    if asked.knows_successor is None:
        wrong["knows_successor"] = say("bad_successor")
    if asked.knows_successor:
        for name in ("given_name", "family_name"):
            if not name_valid(getattr(asked, name)):
                wrong[name] = say(f"bad_{name}")
        if not email_valid(asked.email):
            wrong["email"] = say("bad_email")
        if asked.language not in LANGUAGES:
            wrong["language"] = say("bad_language")
    if wrong:
        raise Invalid(**wrong)


def plan_line(ground: Ground, asked: Depart, line: LineNow) -> Planned:
    under_way: Mapping[UUID, Chosen] = ground.facts or {}
    chosen = under_way.get(line.id)
    why = KIND.refuses(line)
    if not why and line.status == LineStatus.PENDING_RELEASE and chosen is None:
        why = "line_not_changeable"  # the carrier releases it already
    planned = plan_end(ground, line, why)
    if planned.change:
        planned.change |= {"target": PREPAID, "invited": bool(asked.knows_successor)}
        if chosen:
            planned.change["before_status"] = chosen.previous_status
        if chosen and chosen.offer and chosen.offer != PREPAID:
            planned.change |= {"target": PRIVATE, "offer": chosen.offer}
            planned.change |= {name: getattr(chosen, name) for name in DETAILS}
    return planned


def message(change: Mapping[str, Any]) -> Message:
    told = {"target": change["target"], "offer": change.get("offer", "")}
    names = ("successorGivenName", "successorFamilyName", "successorEmail", "successorLanguage")
    if change["target"] == PRIVATE:
        told |= {name: change[key] for name, key in zip(names, DETAILS, strict=True)}
    return Message("releaseNumber", "delete", told)


def confirm(_line: Mapping[str, Any], change: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    private = change["target"] == PRIVATE
    return ended_as(told, LineStatus.RELEASED_PRIVATE if private else LineStatus.RELEASED_PREPAID)


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    key = (
        "to_private" if change["target"] == PRIVATE else "to_successor" if change["invited"] else "to_prepaid"
    )
    return [words.say(key, day=words.day(change["day"]))]


def summary(words: Words, asked: Depart) -> list[Fact]:
    facts = [Fact(name=words.say("leaves"), value=[words.day(asked.on)])] if asked.on else []
    if asked.knows_successor:
        person = f"{asked.given_name} {asked.family_name}".strip()
        facts.append(Fact(name=words.say("successor"), value=[person, asked.email]))
    else:
        facts.append(Fact(name=words.say("successor"), value=[words.say("unknown")]))
    return facts


def warnings(words: Words, _ground: Ground, items: Sequence[Planned]) -> list[str]:
    invited = any(item.change.get("invited") for item in items)
    return [words.say("what_follows_invited" if invited else "what_follows"), words.say("identify")]


KIND = Kind(
    asked=Depart,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    message=message,
    confirm=confirm,
    warnings=warnings,
    promise=lambda _ground, _asked: "departure",
    audit_words=lambda change: {"day": str(change.get("day", "")), "target": change.get("target", "")},
    done="line.released",
    statuses=MAY_LEAVE | {LineStatus.PENDING_RELEASE},
    excludes=ENDING,
    offered=lambda profile: profile.departure_in_portal,
    bulk=False,
)
