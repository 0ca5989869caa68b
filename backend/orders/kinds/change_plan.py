"""Change the tariff plan of lines (F-098, F-099): the new price, and the options that the new plan does not allow. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.catalog.rules import allowed
from backend.catalog.schemas import CarrierProfile, Charge
from backend.core.errors import Invalid
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact, ItemState


class ChangePlan(Asked, frozen=True, kw_only=True, tag="change_plan"):
    """Move lines to another plan of the same product type. Options that it does not allow are removed."""

    plan: str = ""


class PlanChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One plan card of the page."""

    code: str
    name: str
    allowance: str
    monthly_cents: int  # excluding VAT
    current_on: int  # lines of the selection that have it
    lost_options: list[str]  # names of options that some line would lose


def lost_options(profile: CarrierProfile, line: LineNow, plan: str) -> list[str]:
    """The line's options that the plan does not allow."""
    found = [profile.option(code) for code in line.options]
    return [option.code for option in found if option and not allowed(option, plan, line.product_type)]


def check(ground: Ground, asked: ChangePlan) -> None:
    if not asked.plan:
        raise Invalid(plan=ground.words.say("bad_none"))
    if ground.profile.plan(asked.plan) is None:
        raise Invalid(plan=ground.words.say("bad_plan", plan=asked.plan, carrier=ground.profile.name))


def plan_line(ground: Ground, asked: ChangePlan, line: LineNow) -> Planned:
    profile = ground.profile
    plan = profile.plan(asked.plan)
    before = monthly_cost(profile, line.plan, line.options)
    planned = Planned(line, monthly_before=before, monthly_after=before)
    if why := KIND.refuses(line):
        return planned.skip(why)
    if plan is None or plan.product_type != line.product_type:
        return planned.skip("plan_not_for_product")
    if plan.code == line.plan:
        return planned.skip("same_plan")
    if line.companion_sim and not plan.companion_sim:
        return planned.skip("companion_not_on_plan")
    lost = lost_options(profile, line, plan.code)
    kept = [code for code in line.options if code not in lost]
    planned.change = {"plan": plan.code, "before": line.plan, "remove": lost}
    planned.notes = dict.fromkeys(lost, "option_lost")
    planned.monthly_after = monthly_cost(profile, plan.code, kept)
    old = profile.plan(line.plan)
    planned.pro_rata = ground.month.part(plan.monthly_cents) - ground.month.part(
        old.monthly_cents if old else 0
    )
    for code in lost:
        option = profile.option(code)
        if option and option.charge is Charge.MONTHLY:
            planned.pro_rata -= ground.month.part(option.price_cents)
    return planned


def message(change: Mapping[str, Any]) -> Message:
    return Message(
        "changePlan", characteristics={"plan": change["plan"], "removeOption": change.get("remove", [])}
    )


def confirm(line: Mapping[str, Any], change: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    left = [code for code in line["options"] if code not in change.get("remove", [])]
    return {"plan": told.get("plan", change["plan"]), "options": told.get("options", left)}


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    moved = words.say("moved", before=words.plan(change["before"]), after=words.plan(change["plan"]))
    return [moved, *(f"− {words.option(code)}" for code in change.get("remove", []))]


def summary(words: Words, asked: ChangePlan) -> list[Fact]:
    return [Fact(name=words.say("new_plan"), value=[words.plan(asked.plan)])]


def warnings(words: Words, _ground: Ground, items: Sequence[Planned]) -> list[str]:
    """The options that go, before it is sent."""
    lost: dict[str, int] = {}
    for item in items:
        if item.state is ItemState.WAITING:
            for code in item.change["remove"]:
                lost[code] = lost.get(code, 0) + 1
    return [words.say("option_goes", option=words.option(code), count=count) for code, count in lost.items()]


KIND = Kind(
    asked=ChangePlan,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    message=message,
    confirm=confirm,
    warnings=warnings,
    audit_words=lambda change: {"plan": change.get("plan", ""), "before": change.get("before", "")},
    done="plan.changed",
    excludes=frozenset({"change_options"}),
)
