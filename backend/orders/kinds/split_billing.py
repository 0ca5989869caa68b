"""Share a line's bill with its user (F-078 to F-081, domain 4.6): a profile, and a contract that the operator accepts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from backend.core.errors import Invalid
from backend.orders.kinds.plan import Ground, Kind, LineNow, Planned, Words, monthly_cost
from backend.orders.kinds.replace_sim import LEAVING
from backend.orders.schemas import Asked, Fact

UNDER_REVIEW = "contract_under_review"  # why such an item is held
BILLING = ("billing_street", "billing_postcode", "billing_town")
LONGEST = 80


class SplitBilling(Asked, frozen=True, kw_only=True, tag="split_billing"):
    """Share a line's bill by a profile and a signed contract (`document_id`, purpose split_contract), or `stop` it.

    The address is the user's, where the carrier bills them.
    """

    stop: bool = False
    profile: str = ""
    document_id: UUID | None = None
    billing_street: str = ""
    billing_postcode: str = ""
    billing_town: str = ""


class SplitChoice(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str
    rules: list[str]


class SplitChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form offers; `document` is the name of the scan that was sent, `refused` why an earlier one was."""

    profiles: list[SplitChoice]
    present: str
    user: str
    billing_data: bool
    document: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Contracts:
    """The scans of those named that the requester may attach, and the state of each line's open agreement."""

    documents: frozenset[UUID] = frozenset()
    under_review: frozenset[UUID] = field(default_factory=frozenset)


def check(ground: Ground, asked: SplitBilling) -> None:
    if asked.stop:
        return
    say, wrong = ground.words.say, dict[str, str]()
    if ground.profile.split_profile(asked.profile) is None:
        wrong["profile"] = say("bad_profile")
    if ground.profile.split_billing_data:
        for name in BILLING:
            value = getattr(asked, name)
            if not (0 < len(value) <= LONGEST and value.isprintable() and value == value.strip()):
                wrong[name] = say(f"bad_{name}")
    if asked.document_id is None or asked.document_id not in ground.facts.documents:
        wrong["document_id"] = say("bad_document")
    if wrong:
        raise Invalid(**wrong)


def plan_line(ground: Ground, asked: SplitBilling, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    if asked.stop:
        if not line.split_profile:
            return planned.skip("no_split")
        planned.change = {"stop": True, "before": line.split_profile}
        return planned
    if line.end_user_id is None or not (line.given_name or line.family_name):
        return planned.skip("no_user")
    if line.split_profile == asked.profile:
        return planned.skip("same_profile")
    planned.change = {
        "stop": False,
        "profile": asked.profile,
        "before": line.split_profile,
        "document_id": str(asked.document_id),
        "billing": {name: getattr(asked, name) for name in BILLING if getattr(asked, name)},
    }
    return planned


def confirm(_line: Mapping[str, Any], change: Mapping[str, Any], _told: Mapping[str, Any]) -> dict[str, Any]:
    return {"split_profile": "" if change["stop"] else change["profile"]}


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    if change["stop"]:
        return [words.say("ends")]
    return [words.say("starts", profile=words.split_profile(change["profile"]))]


def summary(words: Words, asked: SplitBilling) -> list[Fact]:
    if asked.stop:
        return [Fact(name=words.say("profile"), value=[words.say("stop_asked")])]
    facts = [
        Fact(name=words.say("profile"), value=[words.split_profile(asked.profile)]),
        Fact(name=words.say("contract"), value=[words.say("attached")]),
    ]
    place = f"{asked.billing_postcode} {asked.billing_town}".strip()
    address = [part for part in (asked.billing_street, place) if part]
    return [*facts, Fact(name=words.say("who"), value=address)] if address else facts


def warnings(words: Words, _ground: Ground, items: Sequence[Planned]) -> list[str]:
    if any(item.change.get("stop") for item in items):
        return [words.say("warn_stop")]
    replaces = any(item.change.get("before") for item in items)
    keys = ["warn_review", *(["warn_old"] if replaces else []), "warn_pays", "warn_personal"]
    return [words.say(key) for key in keys]


KIND = Kind(
    asked=SplitBilling,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    confirm=confirm,
    warnings=warnings,
    held_for=UNDER_REVIEW,
    needs_decision=lambda change: not change["stop"],
    audit_words=lambda change: {"profile": str(change.get("profile", ""))},
    done="split.changed",
    excludes=frozenset({"change_user"}) | LEAVING,
    bulk=False,
)
