"""Reactivate suspended lines (F-126); a suspension for debt is the carrier's and stays (domain 3.2). Pure."""

from collections.abc import Mapping
from typing import Any

from backend.catalog.pricing import monthly_cost
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


class Reactivate(OrderRequest, frozen=True, kw_only=True, tag="reactivate"):
    """Reactivate suspended lines."""


def _quote_line(context: QuoteContext, _request: Reactivate, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if line.status == LineStatus.ACTIVE:
        return item.skip("already_active")
    if line.debt_block:
        return item.skip("debt_block")
    if why := REACTIVATE.unavailable_reason(line):
        return item.skip(why)
    item.change = {"status": "active"}
    return item


def _describe(texts: Texts, _change: Mapping[str, Any]) -> list[str]:
    return [texts.text("reactivated")]


def _summary(texts: Texts, _request: Reactivate) -> list[SummaryRow]:
    return [SummaryRow(name=texts.text("what"), value=[texts.text("reactivated")])]


REACTIVATE = OrderKind(
    request=Reactivate,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    expected_completion=no_promise,
    to_carrier=lambda _change: ServiceOrderItem("reactivate"),
    confirmed_columns=lambda _line, _change, reported: {"status": reported.get("status", "active")},
    statuses=frozenset({LineStatus.SUSPENDED}),
    light=True,
)
