"""Convert numbers to prepaid cards (F-127): they leave the company's fleet and bill. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.lines.lifecycle import LineStatus
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
)
from backend.orders.kinds.end_of_line import ENDING, MAY_LEAVE, end_day, ended_as, plan_end
from backend.orders.schemas import OrderRequest, SummaryRow


class ConvertToPrepaid(OrderRequest, frozen=True, kw_only=True, tag="convert_to_prepaid"):
    """Convert numbers to prepaid. A prepaid card stays limited until its user is identified."""


def _quote_line(context: QuoteContext, _request: ConvertToPrepaid, line: LineSnapshot) -> QuoteItem:
    return plan_end(context, line, CONVERT_TO_PREPAID.unavailable_reason(line))


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [texts.text("converted", day=texts.day(change["day"]))]


def _summary(texts: Texts, _request: ConvertToPrepaid) -> list[SummaryRow]:
    return [SummaryRow(name=texts.text("what"), value=[texts.text("to_prepaid")])]


def _warnings(texts: Texts, _context: QuoteContext, _items: Sequence[QuoteItem]) -> list[str]:
    return [texts.text("identify")]


def _must_confirm(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> str:
    return texts.counted("confirm", len(items))


CONVERT_TO_PREPAID = OrderKind(
    priced=True,
    asks_nothing=True,
    request=ConvertToPrepaid,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    to_carrier=lambda _change: ServiceOrderItem("convertToPrepaid", "delete"),
    confirmed_columns=lambda _line, _change, reported: ended_as(reported, LineStatus.RELEASED_PREPAID),
    warnings=_warnings,
    must_confirm=_must_confirm,
    expected_completion=lambda _context, _request: "convert_prepaid",
    timeline_params=end_day,
    statuses=MAY_LEAVE,
    excludes=ENDING,
    # The company gives the number away
    needs_recent_sign_in=True,
    offered=lambda profile: profile.prepaid_in_portal,
)
