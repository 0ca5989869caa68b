"""Block services on lines, or open them again (F-111, F-112): free of charge, the plan stays as it is. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from backend.core.errors import Invalid
from backend.orders.kinds.plan import (
    Ground,
    Kind,
    LineNow,
    Message,
    Planned,
    Words,
    changed_codes,
    monthly_cost,
)
from backend.orders.schemas import Asked, Fact


class ChangeBarrings(Asked, frozen=True, kw_only=True, tag="change_barrings"):
    """Block services on lines, and open others again."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class BarringChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One service that can be blocked, for a whole selection."""

    code: str
    name: str
    active_on: int  # lines of the selection on which it is blocked


def check(ground: Ground, asked: ChangeBarrings) -> None:
    say = ground.words.say
    for name in ("add", "remove"):
        for code in getattr(asked, name):
            if ground.profile.barring(code) is None:
                raise Invalid(**{name: say("bad_barring", barring=code, carrier=ground.profile.name)})
    if both := set(asked.add) & set(asked.remove):
        raise Invalid(add=say("bad_both", service=ground.words.barring(min(both))))
    if not asked.add and not asked.remove:
        raise Invalid(add=say("bad_none"))


def plan_line(ground: Ground, asked: ChangeBarrings, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    fits = {b.code for b in ground.profile.barrings if line.product_type in b.product_types}
    add = [code for code in asked.add if code in fits and code not in line.barrings]
    remove = [code for code in asked.remove if code in line.barrings]
    planned.notes = {
        **{code: "barred_already" for code in asked.add if code in line.barrings},
        **{code: "barring_not_for_product" for code in asked.add if code not in fits},
        **{code: "not_barred" for code in asked.remove if code not in line.barrings},
    }
    if not add and not remove:
        return planned.skip("nothing_to_change")
    planned.change = {"add": add, "remove": remove}
    return planned


def message(change: Mapping[str, Any]) -> Message:
    return Message(
        "changeBarrings",
        characteristics={"addBarring": change.get("add", []), "removeBarring": change.get("remove", [])},
    )


def confirm(line: Mapping[str, Any], change: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    return {"barrings": told.get("barrings", changed_codes(line["barrings"], change))}


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [words.say("blocked", service=words.barring(code)) for code in change.get("add", [])] + [
        words.say("opened", service=words.barring(code)) for code in change.get("remove", [])
    ]


def summary(words: Words, asked: ChangeBarrings) -> list[Fact]:
    return [
        Fact(name=words.say(key), value=[words.barring(code) for code in codes])
        for key, codes in (("to_block", asked.add), ("to_open", asked.remove))
        if codes
    ]


KIND = Kind(
    asked=ChangeBarrings,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    message=message,
    confirm=confirm,
    audit_words=lambda change: {name: ", ".join(codes) for name, codes in change.items() if codes},
    done="barrings.changed",
)
