"""Send the code of a line's eSIM again (F-122): the same code while it is valid, without the carrier. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.catalog.pricing import monthly_cost
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    Texts,
    no_promise,
)
from backend.orders.schemas import OrderRequest, SummaryRow


class ResendEsim(OrderRequest, frozen=True, kw_only=True, tag="resend_esim"):
    """Send the mail with the code of a line's eSIM again, to the same address. A spent or expired code is refused."""


@dataclass(frozen=True, slots=True)
class SentProfile:
    """A line's latest profile: why its code cannot go out again ("" where it can), and to whom it goes."""

    why: str = "no_esim"
    profile_id: UUID | None = None
    email: str = ""


@dataclass(frozen=True, slots=True)
class SentProfiles:
    """The latest profile of each line that has one."""

    latest: Mapping[UUID, SentProfile] = field(default_factory=dict)


def _quote_line(context: QuoteContext, _request: ResendEsim, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := RESEND_ESIM.unavailable_reason(line):
        return item.skip(why)
    found = context.loaded.latest.get(line.id, SentProfile())
    if found.why:
        return item.skip(found.why)
    item.change = {"profile_id": str(found.profile_id), "email": found.email}
    return item


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [texts.text("again", email=change["email"])]


def _summary(texts: Texts, _request: ResendEsim) -> list[SummaryRow]:
    return [SummaryRow(name=texts.text("what"), value=[texts.text("the_mail")])]


RESEND_ESIM = OrderKind(
    request=ResendEsim,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    expected_completion=no_promise,
    skips_grace=lambda _request: True,
    statuses=frozenset({"ordered", "pending_active", "active", "suspended"}),
    bulk=False,
    dated=False,
    needs_recent_sign_in=True,
    light=True,
)
