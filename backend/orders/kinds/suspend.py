"""Suspend lines (F-126): without an undo time after loss or theft; the monthly charge goes on (domain 3.2). Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from backend.catalog.pricing import monthly_cost
from backend.core.errors import ValidationFailed
from backend.lines.lifecycle import LineStatus
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


class SuspendReason(StrEnum):
    """Why a line is suspended."""

    LOST = "lost"
    STOLEN = "stolen"
    ABSENCE = "absence"
    OTHER = "other"


URGENT = frozenset({SuspendReason.LOST, SuspendReason.STOLEN})


class Suspend(OrderRequest, frozen=True, kw_only=True, tag="suspend"):
    """Suspend lines. `reason`: lost, stolen, absence or other; the first two are sent without an undo time."""

    reason: str = ""


def _undated(request: Suspend) -> str:
    """What is lost or stolen does not wait."""
    return "bad_day" if request.reason in set(map(str, URGENT)) else ""


def _check(context: QuoteContext, request: Suspend) -> None:
    if request.reason not in set(map(str, SuspendReason)):
        raise ValidationFailed(reason=context.texts.text("bad_reason"))
    if request.on is not None and (key := _undated(request)):
        raise ValidationFailed(on=context.texts.text(key))


def _quote_line(context: QuoteContext, request: Suspend, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if line.status == LineStatus.SUSPENDED:
        return item.skip("already_suspended")
    if why := SUSPEND.unavailable_reason(line):
        return item.skip(why)
    item.change = {"reason": request.reason}
    return item


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [texts.text("suspended", reason=texts.text(f"reason_{change['reason']}"))]


def _summary(texts: Texts, request: Suspend) -> list[SummaryRow]:
    return [SummaryRow(name=texts.text("reason"), value=[texts.text(f"reason_{request.reason}")])]


def _warnings(texts: Texts, _context: QuoteContext, _items: Sequence[QuoteItem]) -> list[str]:
    return [texts.text("charge_goes_on")]


SUSPEND = OrderKind(
    request=Suspend,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    expected_completion=no_promise,
    check=_check,
    to_carrier=lambda change: ServiceOrderItem("suspend", characteristics={"reason": change["reason"]}),
    confirmed_columns=lambda _line, _change, reported: {"status": reported.get("status", "suspended")},
    warnings=_warnings,
    skips_grace=lambda request: request.reason in set(map(str, URGENT)),
    timeline_params=lambda change: {"reason": str(change.get("reason", ""))},
    statuses=frozenset({LineStatus.ACTIVE}),
    light=True,
    undated=_undated,
)
