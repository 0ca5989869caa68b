"""Move lines to another customer number from a day (F-043, F-053): which invoice they appear on, never retroactively. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from backend.core.errors import Invalid
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact

LINE_BEARING = "line_bearing"


class MoveAccount(Asked, frozen=True, kw_only=True, tag="move_account"):
    """Move lines to another customer number, at once or from the day `on`."""

    account: str = ""


class AccountChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One customer number; `why_not` is the code of why it cannot be chosen ("" where it can)."""

    number: str
    label: str
    organisation: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Customer numbers within reach: number -> (id, kind)."""

    found: Mapping[str, tuple[UUID, str]]

    def why_not(self, number: str) -> str:
        """Why lines cannot be under this number: unknown (or out of reach), or it serves invoicing only (F-056)."""
        if number not in self.found:
            return "unknown_account"
        return "" if self.found[number][1] == LINE_BEARING else "invoice_only"


def check(ground: Ground, asked: MoveAccount) -> None:
    if not asked.account:
        raise Invalid(account=ground.words.say("bad_none"))
    if why := ground.facts.why_not(asked.account):
        raise Invalid(account=ground.words.say(f"bad_{why}"), code=why)


def plan_line(ground: Ground, asked: MoveAccount, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    if line.account == asked.account:
        return planned.skip("same_account")
    planned.change = {
        "account": asked.account,
        "account_id": str(ground.facts.found[asked.account][0]),
        "before": line.account,
    }
    return planned


def confirm(_line: Mapping[str, Any], change: Mapping[str, Any], _told: Mapping[str, Any]) -> dict[str, Any]:
    return {"account": change["account"], "billing_account_id": UUID(change["account_id"])}


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    return [words.say("moved", before=change["before"], after=change["account"])]


def summary(words: Words, asked: MoveAccount) -> list[Fact]:
    return [Fact(name=words.say("account"), value=[asked.account])]


KIND = Kind(
    asked=MoveAccount,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    message=lambda change: Message("moveAccount", characteristics={"billingAccount": change["account"]}),
    confirm=confirm,
    audit_words=lambda change: {"before": change.get("before", ""), "account": change.get("account", "")},
    done="account.changed",
)
