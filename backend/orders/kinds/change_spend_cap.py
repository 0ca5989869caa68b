"""Set the monthly cap of paid data abroad (F-076, F-113; Regulation (EU) 2022/612, article 14): free. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from backend.catalog.pricing import monthly_cost
from backend.catalog.schemas import CarrierProfile
from backend.core.errors import ValidationFailed
from backend.lines.schemas import LockedLine
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
    changed_codes,
)
from backend.orders.schemas import OrderRequest, SummaryRow

STANDING, CURRENT = "standing", "current"
# The regulation's default: at most 50 EUR a month excluding VAT
DEFAULT_CENTS = 5000
SUGGESTED = (0, 2500, DEFAULT_CENTS, 10000, 25000)
# 10,000 EUR: more is a typing error
HIGHEST = 1_000_000


class ChangeSpendCap(OrderRequest, frozen=True, kw_only=True, tag="change_spend_cap"):
    """Set the cap in cents excluding VAT; null with `no_cap` means none.

    `period`: standing, or current for this month only.
    """

    cap_cents: int | None = None
    no_cap: bool = False
    period: str = STANDING


class PresentCap(msgspec.Struct, frozen=True, kw_only=True):
    """A cap abroad that lines of the selection have; None is no cap."""

    cents: int | None
    lines: int


def _undated(request: ChangeSpendCap) -> str:
    """What is for this month only begins at once."""
    return "bad_day" if request.period == CURRENT else ""


def _check(context: QuoteContext, request: ChangeSpendCap) -> None:
    say = context.texts.text
    if request.cap_cents is None and not request.no_cap:
        raise ValidationFailed(cap_cents=say("bad_none"))
    if request.cap_cents is not None and (request.no_cap or not 0 <= request.cap_cents <= HIGHEST):
        raise ValidationFailed(cap_cents=say("bad_amount", most=context.texts.euros(HIGHEST)))
    if request.period not in {STANDING, CURRENT}:
        raise ValidationFailed(period=say("bad_period"))
    if request.on is not None and (key := _undated(request)):
        raise ValidationFailed(on=say(key))
    if request.period == CURRENT and request.no_cap:
        raise ValidationFailed(period=say("bad_no_cap_now"))


def present_cap(profile: CarrierProfile, line: LineSnapshot) -> int | None:
    """The cap that a line has: as an option, or as an amount where it has no such option; None is no cap."""
    return profile.cap_in_force(line.options, line.roaming_cap_cents)


def _quote_line(context: QuoteContext, request: ChangeSpendCap, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := CHANGE_SPEND_CAP.unavailable_reason(line):
        return item.skip(why)
    overruled, present = _overruled(context, request, line), present_cap(context.profile, line)
    if request.period == STANDING and request.cap_cents == present and not overruled:
        return item.skip("same_cap")
    if request.period == CURRENT and (present is None or (request.cap_cents or 0) <= present):
        return item.skip("not_a_raise")
    item.change = {
        "cap_cents": request.cap_cents,
        "period": request.period,
        "before": present,
        "month": f"{context.day:%Y-%m}",
    }
    if overruled:
        item.change["remove"] = overruled
    return item


def _overruled(context: QuoteContext, request: ChangeSpendCap, line: LineSnapshot) -> list[str]:
    """The line's options that are another cap: they are removed. A raise for this month leaves them."""
    if request.period == CURRENT:
        return []
    caps = {code: context.profile.cap_of([code]) for code in line.options}
    return [code for code, cap in caps.items() if cap is not None and cap != request.cap_cents]


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    characteristics = {"roamingCapCents": change["cap_cents"], "period": change["period"]}
    if change.get("remove"):
        characteristics["removeOption"] = change["remove"]
    return ServiceOrderItem("changeSpendCap", characteristics=characteristics)


def _confirmed_columns(
    line: LockedLine, change: Mapping[str, Any], reported: Mapping[str, Any]
) -> dict[str, Any]:
    if change["period"] == CURRENT:
        return {}
    confirmed = {"roaming_cap_cents": reported.get("roamingCapCents", change["cap_cents"])}
    if change.get("remove"):
        confirmed["options"] = reported.get("options", changed_codes(line.options, change))
    return confirmed


def amount(texts: Texts, cents: int | None) -> str:
    """A cap in words; None is no cap."""
    return texts.text("no_cap") if cents is None else texts.euros(cents)


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    key = "raised" if change["period"] == CURRENT else "moved"
    moved = texts.text(key, before=amount(texts, change["before"]), after=amount(texts, change["cap_cents"]))
    return [moved, *(f"− {texts.option(code)}" for code in change.get("remove", []))]


def _summary(texts: Texts, request: ChangeSpendCap) -> list[SummaryRow]:
    return [
        SummaryRow(
            name=texts.text("cap"), value=[amount(texts, None if request.no_cap else request.cap_cents)]
        ),
        SummaryRow(name=texts.text("period"), value=[texts.text(f"period_{request.period}")]),
    ]


CHANGE_SPEND_CAP = OrderKind(
    request=ChangeSpendCap,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    check=_check,
    to_carrier=_to_carrier,
    confirmed_columns=_confirmed_columns,
    # A free switch in the network, as barrings are
    expected_completion=lambda _context, _request: "change_barrings",
    timeline_params=lambda change: {
        "cap_cents": str(change.get("cap_cents")),
        "period": change.get("period", ""),
    },
    light=True,
    undated=_undated,
)
