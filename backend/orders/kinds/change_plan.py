"""Change the tariff plan of lines (F-098, F-099): the new price, and the options that it does not allow. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.catalog.pricing import monthly_cost
from backend.catalog.rules import option_allowed
from backend.catalog.schemas import CarrierProfile, ChargeType
from backend.core.errors import ValidationFailed
from backend.lines.schemas import LockedLine
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
)
from backend.orders.lifecycle import ItemState
from backend.orders.schemas import OrderRequest, SummaryRow


class ChangePlan(OrderRequest, frozen=True, kw_only=True, tag="change_plan"):
    """Move lines to another plan of the same product type. Options that it does not allow are removed."""

    plan: str = ""


class PlanChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One plan card of the page."""

    code: str
    name: str
    allowance: str
    # Excluding VAT
    monthly_cents: int
    # Lines of the selection that have it
    current_on: int
    # Names of options that some line would lose
    lost_options: list[str]


def lost_options(profile: CarrierProfile, line: LineSnapshot, plan: str) -> list[str]:
    """The line's options that the plan does not allow."""
    found = [profile.option(code) for code in line.options]
    return [option.code for option in found if option and not option_allowed(option, plan, line.product_type)]


def _check(context: QuoteContext, request: ChangePlan) -> None:
    if not request.plan:
        raise ValidationFailed(plan=context.texts.text("bad_none"))
    if context.profile.plan(request.plan) is None:
        raise ValidationFailed(
            plan=context.texts.text("bad_plan", plan=request.plan, carrier=context.profile.name)
        )


def _quote_line(context: QuoteContext, request: ChangePlan, line: LineSnapshot) -> QuoteItem:
    profile = context.profile
    plan = profile.plan(request.plan)
    before = monthly_cost(profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=before, monthly_after=before)
    if why := CHANGE_PLAN.unavailable_reason(line):
        return item.skip(why)
    if plan is None or plan.product_type != line.product_type:
        return item.skip("plan_not_for_product")
    if plan.code == line.plan:
        return item.skip("same_plan")
    if line.companion_sim and not plan.companion_sim:
        return item.skip("companion_not_on_plan")
    lost = lost_options(profile, line, plan.code)
    kept = [code for code in line.options if code not in lost]
    item.change = {"plan": plan.code, "before": line.plan, "remove": lost}
    item.monthly_after = monthly_cost(profile, plan.code, kept)
    old = profile.plan(line.plan)
    item.pro_rata = context.month.part(plan.monthly_cents) - context.month.part(
        old.monthly_cents if old else 0
    )
    for code in lost:
        option = profile.option(code)
        if option and option.charge is ChargeType.MONTHLY:
            item.pro_rata -= context.month.part(option.price_cents)
    return item


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    return ServiceOrderItem(
        "changePlan", characteristics={"plan": change["plan"], "removeOption": change.get("remove", [])}
    )


def _confirmed_columns(
    line: LockedLine, change: Mapping[str, Any], reported: Mapping[str, Any]
) -> dict[str, Any]:
    left = [code for code in line.options if code not in change.get("remove", [])]
    return {"plan": reported.get("plan", change["plan"]), "options": reported.get("options", left)}


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    moved = texts.text("moved", before=texts.plan(change["before"]), after=texts.plan(change["plan"]))
    return [moved, *(texts.text("option_lost", what=texts.option(code)) for code in change.get("remove", []))]


def _summary(texts: Texts, request: ChangePlan) -> list[SummaryRow]:
    return [SummaryRow(name=texts.text("new_plan"), value=[texts.plan(request.plan)])]


def _warnings(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    """The options that go, before it is sent."""
    lost: dict[str, int] = {}
    for item in items:
        if item.state is ItemState.WAITING:
            for code in item.change["remove"]:
                lost[code] = lost.get(code, 0) + 1
    return [texts.text("option_goes", option=texts.option(code), count=count) for code, count in lost.items()]


CHANGE_PLAN = OrderKind(
    priced=True,
    request=ChangePlan,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    check=_check,
    to_carrier=_to_carrier,
    confirmed_columns=_confirmed_columns,
    warnings=_warnings,
    timeline_params=lambda change: {"plan": change.get("plan", ""), "before": change.get("before", "")},
    excludes=frozenset({"change_options"}),
)
