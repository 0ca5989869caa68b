"""Choose the monthly limit of paid data abroad (F-076, F-113; Regulation (EU) 2022/612, article 14): free, at any time. Pure."""

from collections.abc import Mapping
from typing import Any

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

STANDING, CURRENT = "standing", "current"
DEFAULT_CENTS = 5000  # the regulation's default: at most 50 EUR a month excluding VAT
SUGGESTED = (0, 2500, DEFAULT_CENTS, 10000, 25000)
HIGHEST = 1_000_000  # 10,000 EUR: a typing error beyond


class ChangeSpendCap(Asked, frozen=True, kw_only=True, tag="change_spend_cap"):
    """Set the cap in cents excluding VAT; null with `no_cap` means none. `period`: standing, or current for this month only."""

    cap_cents: int | None = None
    no_cap: bool = False
    period: str = STANDING


def check(ground: Ground, asked: ChangeSpendCap) -> None:
    say = ground.words.say
    if asked.cap_cents is None and not asked.no_cap:
        raise Invalid(cap_cents=say("bad_none"))
    if asked.cap_cents is not None and (asked.no_cap or not 0 <= asked.cap_cents <= HIGHEST):
        raise Invalid(cap_cents=say("bad_amount", most=ground.words.euros(HIGHEST)))
    if asked.period not in {STANDING, CURRENT}:
        raise Invalid(period=say("bad_period"))
    if asked.period == CURRENT and asked.on is not None:
        raise Invalid(on=say("bad_day"))
    if asked.period == CURRENT and asked.no_cap:
        raise Invalid(period=say("bad_no_cap_now"))


def plan_line(ground: Ground, asked: ChangeSpendCap, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    overruled = _overruled(ground, asked, line)
    if asked.period == STANDING and asked.cap_cents == line.roaming_cap_cents and not overruled:
        return planned.skip("same_cap")
    if asked.period == CURRENT and (
        line.roaming_cap_cents is None or (asked.cap_cents or 0) <= line.roaming_cap_cents
    ):
        return planned.skip("not_a_raise")
    planned.change = {
        "cap_cents": asked.cap_cents,
        "period": asked.period,
        "before": line.roaming_cap_cents,
        "month": f"{ground.day:%Y-%m}",
    }
    if overruled:
        planned.change["remove"] = overruled
    return planned


def _overruled(ground: Ground, asked: ChangeSpendCap, line: LineNow) -> list[str]:
    """The line's options that are another cap: they go with it. A raise for this month leaves them."""
    if asked.period == CURRENT:
        return []
    caps = {code: ground.profile.cap_of([code]) for code in line.options}
    return [code for code, cap in caps.items() if cap is not None and cap != asked.cap_cents]


def message(change: Mapping[str, Any]) -> Message:
    characteristics = {"roamingCapCents": change["cap_cents"], "period": change["period"]}
    if change.get("remove"):
        characteristics["removeOption"] = change["remove"]
    return Message("changeSpendCap", characteristics=characteristics)


def confirm(line: Mapping[str, Any], change: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    if change["period"] == CURRENT:
        return {}
    confirmed = {"roaming_cap_cents": told.get("roamingCapCents", change["cap_cents"])}
    if change.get("remove"):
        confirmed["options"] = told.get("options", changed_codes(line["options"], change))
    return confirmed


def amount(words: Words, cents: int | None) -> str:
    return words.say("no_cap") if cents is None else words.euros(cents)


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    key = "raised" if change["period"] == CURRENT else "moved"
    moved = words.say(key, before=amount(words, change["before"]), after=amount(words, change["cap_cents"]))
    return [moved, *(f"− {words.option(code)}" for code in change.get("remove", []))]


def summary(words: Words, asked: ChangeSpendCap) -> list[Fact]:
    return [
        Fact(name=words.say("cap"), value=[amount(words, None if asked.no_cap else asked.cap_cents)]),
        Fact(name=words.say("period"), value=[words.say(f"period_{asked.period}")]),
    ]


KIND = Kind(
    asked=ChangeSpendCap,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    message=message,
    confirm=confirm,
    promise=lambda _ground, _asked: "change_barrings",  # a free switch in the network, as barrings are
    audit_words=lambda change: {
        "cap_cents": str(change.get("cap_cents")),
        "period": change.get("period", ""),
    },
    done="cap.changed",
)
