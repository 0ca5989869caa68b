"""Give lines another cost centre (F-053): the customer's own label, which the carrier does not have. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.pricing import monthly_cost
from backend.core.errors import ValidationFailed
from backend.lines.lifecycle import IN_FLEET
from backend.lines.schemas import LockedLine
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    Texts,
    no_promise,
)
from backend.orders.schemas import OrderRequest, SummaryRow


class ChangeCostCentre(OrderRequest, frozen=True, kw_only=True, tag="change_cost_centre"):
    """Give lines another cost centre by its code; "" takes it away."""

    cost_centre: str | None = None


class CostCentreChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One cost centre that may be chosen."""

    code: str
    name: str
    # Lines of the selection that have it now
    present_on: int = 0


@dataclass(frozen=True, slots=True)
class CostCentreAccess:
    """The tenant's cost centres, by their codes."""

    ids: Mapping[str, UUID]


def _check(context: QuoteContext, request: ChangeCostCentre) -> None:
    if request.cost_centre is None:
        raise ValidationFailed(cost_centre=context.texts.text("bad_none"))
    if request.cost_centre and request.cost_centre not in context.loaded.ids:
        raise ValidationFailed(cost_centre=context.texts.text("bad_centre"))


def _quote_line(context: QuoteContext, request: ChangeCostCentre, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := CHANGE_COST_CENTRE.unavailable_reason(line):
        return item.skip(why)
    wanted = context.loaded.ids[request.cost_centre] if request.cost_centre else None
    if wanted == line.cost_centre_id:
        return item.skip("nothing_to_change")
    item.change = {
        "cost_centre": request.cost_centre,
        "cost_centre_id": str(wanted) if wanted else None,
        "before": _present(context, line),
    }
    return item


def _present(context: QuoteContext, line: LineSnapshot) -> str | None:
    """The code of the line's cost centre; "" for none, None for one beyond the actor's reach."""
    if line.cost_centre_id is None:
        return ""
    codes = (code for code, found in context.loaded.ids.items() if found == line.cost_centre_id)
    return next(codes, None)


def _confirmed_columns(
    _line: LockedLine, change: Mapping[str, Any], _reported: Mapping[str, Any]
) -> dict[str, Any]:
    found = change["cost_centre_id"]
    return {"cost_centre_id": UUID(found) if found else None}


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    before, after = change.get("before"), change["cost_centre"]
    if before is None:
        return [texts.text("to", centre=after) if after else texts.text("to_none")]
    none = texts.text("none")
    return [texts.text("moved", before=before or none, after=after or none)]


def _summary(texts: Texts, request: ChangeCostCentre) -> list[SummaryRow]:
    return [SummaryRow(name=texts.text("cost_centre"), value=[request.cost_centre or texts.text("none")])]


CHANGE_COST_CENTRE = OrderKind(
    request=ChangeCostCentre,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    expected_completion=no_promise,
    check=_check,
    confirmed_columns=_confirmed_columns,
    timeline_params=lambda change: {"cost_centre": change.get("cost_centre") or ""},
    statuses=frozenset(IN_FLEET),
    light=True,
)
