"""Change options on lines (F-099 to F-110): which are added and removed on each, and at what price. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.catalog.rules import allowed, conflicting
from backend.catalog.schemas import CarrierProfile, Charge
from backend.core.errors import Invalid
from backend.orders.kinds.plan import (
    Ground,
    Kind,
    LineNow,
    Message,
    Month,
    Planned,
    Words,
    changed_codes,
    monthly_cost,
)
from backend.orders.schemas import Asked, Fact


class ChangeOptions(Asked, frozen=True, kw_only=True, tag="change_options"):
    """Add options to lines and remove others. Codes are those of `GET /catalog/options`."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class OptionChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One option card of the page, for a whole selection."""

    code: str
    name: str
    description: str
    zone: str
    family: str
    charge: str
    price_cents: int  # excluding VAT
    active_on: int  # lines of the selection that have it
    allowed_on: int  # lines of the selection whose plan allows it


def check(ground: Ground, asked: ChangeOptions) -> None:
    """Raise Invalid for a request that no line could follow."""
    profile, say = ground.profile, ground.words.say
    for name in ("add", "remove"):
        for code in getattr(asked, name):
            if profile.option(code) is None:
                raise Invalid(**{name: say("bad_option", option=code, carrier=profile.name)})
    if both := set(asked.add) & set(asked.remove):
        raise Invalid(add=say("bad_both", option=ground.words.option(min(both))))
    if not asked.add and not asked.remove:
        raise Invalid(add=say("bad_none"))
    check_together(ground, asked.add, "add")


def check_together(ground: Ground, codes: Sequence[str], name: str) -> None:
    """Raise Invalid where two of the options exclude each other."""
    for code in codes:
        option = ground.profile.option(code)
        clash = set(option.conflicts if option else ()) & set(codes)
        if clash:
            words = ground.words
            sentence = words.say("bad_conflict", one=words.option(code), other=words.option(min(clash)))
            raise Invalid(code="option_conflict", **{name: sentence})


def plan_line(ground: Ground, asked: ChangeOptions, line: LineNow) -> Planned:
    """What the request does on one line. An option that cannot be is left out with a note; a line on which
    nothing remains is skipped with the reason.
    """
    profile = ground.profile
    before = monthly_cost(profile, line.plan, line.options)
    planned = Planned(line, monthly_before=before, monthly_after=before)
    if why := KIND.refuses(line):
        return planned.skip(why)
    remove = [code for code in asked.remove if code in line.options]
    kept = [code for code in line.options if code not in remove]
    notes = dict.fromkeys((code for code in asked.remove if code not in remove), "already_off")
    add: list[str] = []
    for code in asked.add:
        if why := why_not(profile, code, line, [*kept, *add]):
            notes[code] = why
        else:
            add.append(code)
    planned.notes = notes
    if not add and not remove:
        blocking = [why for why in ("option_not_on_plan", "option_conflict") if why in notes.values()]
        return planned.skip(blocking[0] if blocking else "nothing_to_change")
    planned.change = {"add": add, "remove": remove}
    if (cap := profile.cap_of(add)) is not None:
        planned.change["cap_cents"] = cap
    planned.monthly_after = monthly_cost(profile, line.plan, [*kept, *add])
    charge(profile, planned, add, remove, ground.month)
    return planned


def why_not(profile: CarrierProfile, code: str, line: LineNow, present: Sequence[str]) -> str:
    """Why an option is not added to a line; "" where it is."""
    option = profile.option(code)
    if code in line.options:
        return "already_on"
    if option is None or not allowed(option, line.plan, line.product_type):
        return "option_not_on_plan"
    return "option_conflict" if conflicting(profile, option, present) else ""


def charge(
    profile: CarrierProfile, planned: Planned, add: Sequence[str], remove: Sequence[str], month: Month
) -> None:
    """Monthly charges count for the days left, removals as credits; one-off charges in full."""
    for code, sign in (*((code, 1) for code in add), *((code, -1) for code in remove)):
        option = profile.option(code)
        if option is None:
            continue
        if option.charge is Charge.MONTHLY:
            planned.pro_rata += sign * month.part(option.price_cents)
        elif sign > 0:
            planned.one_off += option.price_cents


def message(change: Mapping[str, Any]) -> Message:
    return Message(
        "changeOptions",
        characteristics={"addOption": change.get("add", []), "removeOption": change.get("remove", [])},
    )


def confirm(line: Mapping[str, Any], change: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """An option that is a cap brings the line's cap with it; one that goes leaves it, so that nothing is uncapped."""
    confirmed = {"options": told.get("options", changed_codes(line["options"], change))}
    if "cap_cents" in change:
        confirmed["roaming_cap_cents"] = told.get("roamingCapCents", change["cap_cents"])
    return confirmed


def audit_words(change: Mapping[str, Any]) -> dict[str, str]:
    return {name: ", ".join(codes) for name in ("add", "remove") if (codes := change.get(name))}


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [f"+ {words.option(code)}" for code in change.get("add", [])] + [
        f"− {words.option(code)}" for code in change.get("remove", [])
    ]


def summary(words: Words, asked: ChangeOptions) -> list[Fact]:
    return [
        Fact(name=words.say(key), value=[words.option_price(code) for code in codes])
        for key, codes in (("to_add", asked.add), ("to_remove", asked.remove))
        if codes
    ]


KIND = Kind(
    asked=ChangeOptions,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    message=message,
    confirm=confirm,
    audit_words=audit_words,
    done="options.changed",
    excludes=frozenset({"change_plan"}),  # a new plan decides which options there are
)
