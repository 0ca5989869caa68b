"""Move lines to another customer number from a day (F-043, F-053), and so to its invoice; never retroactively. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.pricing import monthly_cost
from backend.core.errors import ValidationFailed
from backend.lines.schemas import LockedLine
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
    no_promise,
)
from backend.orders.schemas import OrderRequest, SummaryRow

LINE_BEARING = "line_bearing"


class MoveAccount(OrderRequest, frozen=True, kw_only=True, tag="move_account"):
    """Move lines to another customer number, at once or from the day `on`."""

    account: str = ""


class AccountChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One customer number; `why_not` is the code of why it cannot be chosen ("" where it can)."""

    number: str
    label: str
    organisation: str
    why_not: str = ""
    # Lines of the selection that are under it now
    present_on: int = 0


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """Customer numbers within reach: number -> (id, kind)."""

    found: Mapping[str, tuple[UUID, str]]

    def why_not(self, number: str) -> str:
        """Why lines cannot be under this number: unknown (or out of reach), or it serves invoicing only (F-056)."""
        if number not in self.found:
            return "unknown_account"
        return "" if self.found[number][1] == LINE_BEARING else "invoice_only"


def _check(context: QuoteContext, request: MoveAccount) -> None:
    if not request.account:
        raise ValidationFailed(account=context.texts.text("bad_none"))
    if why := context.loaded.why_not(request.account):
        raise ValidationFailed(account=context.texts.text(f"bad_{why}"), code=why)


def _quote_line(context: QuoteContext, request: MoveAccount, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := MOVE_ACCOUNT.unavailable_reason(line):
        return item.skip(why)
    if line.account == request.account:
        return item.skip("same_account")
    item.change = {
        "account": request.account,
        "account_id": str(context.loaded.found[request.account][0]),
        "before": line.account,
    }
    return item


def _confirmed_columns(
    _line: LockedLine, change: Mapping[str, Any], _reported: Mapping[str, Any]
) -> dict[str, Any]:
    return {"account": change["account"], "billing_account_id": UUID(change["account_id"])}


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [texts.text("moved", before=change["before"], after=change["account"])]


def _summary(texts: Texts, request: MoveAccount) -> list[SummaryRow]:
    return [SummaryRow(name=texts.text("account"), value=[request.account])]


MOVE_ACCOUNT = OrderKind(
    request=MoveAccount,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    expected_completion=no_promise,
    check=_check,
    to_carrier=lambda change: ServiceOrderItem(
        "moveAccount", characteristics={"billingAccount": change["account"]}
    ),
    confirmed_columns=_confirmed_columns,
    timeline_params=lambda change: {"before": change.get("before", ""), "account": change.get("account", "")},
    light=True,
)
