"""Terminate numbers (F-136 to F-138, F-140): irreversible, with the fee shown and accepted. Pure."""

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


class Terminate(OrderRequest, frozen=True, kw_only=True, tag="terminate"):
    """Terminate numbers. A terminated number cannot be restored; `confirmed` accepts that and the fee."""


def _quote_line(context: QuoteContext, _request: Terminate, line: LineSnapshot) -> QuoteItem:
    return plan_end(
        context, line, TERMINATE.unavailable_reason(line), fee_cents=context.profile.termination_fee_cents
    )


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [texts.text("terminated", day=texts.day(change["day"]))]


def _summary(texts: Texts, _request: Terminate) -> list[SummaryRow]:
    return [SummaryRow(name=texts.text("what"), value=[texts.text("for_good")])]


def _warnings(texts: Texts, context: QuoteContext, _items: Sequence[QuoteItem]) -> list[str]:
    fee = context.profile.termination_fee_cents
    said = [texts.text("fee", amount=texts.euros(fee))] if fee else [texts.text("fee_may_apply")]
    return [*said, texts.text("keep_instead")]


def _must_confirm(texts: Texts, context: QuoteContext, items: Sequence[QuoteItem]) -> str:
    fee = context.profile.termination_fee_cents * len(items)
    return texts.counted("confirm", len(items), fee=texts.euros(fee))


TERMINATE = OrderKind(
    priced=True,
    asks_nothing=True,
    request=Terminate,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    to_carrier=lambda _change: ServiceOrderItem("terminate", "delete"),
    confirmed_columns=lambda _line, _change, reported: ended_as(reported, LineStatus.TERMINATED),
    warnings=_warnings,
    must_confirm=_must_confirm,
    # A switch in the network: moments
    expected_completion=lambda _context, _request: "change_barrings",
    timeline_params=end_day,
    statuses=MAY_LEAVE,
    excludes=ENDING,
    offered=lambda profile: profile.termination_in_portal,
    needs_recent_sign_in=True,
)
