"""Send the code of a line's eSIM again (F-122): the same code while it is valid, without the carrier. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.pricing import monthly_cost
from backend.core.addresses import email_valid
from backend.core.errors import ValidationFailed
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    Texts,
    no_promise,
)
from backend.orders.kinds.new_line import ESIM
from backend.orders.schemas import OrderRequest, SummaryRow


class ResendEsim(OrderRequest, frozen=True, kw_only=True, tag="resend_esim"):
    """Send the mail with the code of a line's eSIM again. A spent or expired code is refused.

    `email`: the address that it goes to from now on; empty: the same one.
    """

    email: str = ""


class ResendChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form starts from: to whom the mail went last, and whether the mail server refused it."""

    email: str
    refused: bool


@dataclass(frozen=True, slots=True)
class SentProfile:
    """A line's latest profile: why its code cannot go out again ("" where it can), and to whom it goes."""

    why: str
    profile_id: UUID | None = None
    email: str = ""


@dataclass(frozen=True, slots=True)
class SentProfiles:
    """The latest profile of each line that has one."""

    latest: Mapping[UUID, SentProfile] = field(default_factory=dict)


def _check(context: QuoteContext, request: ResendEsim) -> None:
    if request.email and not email_valid(request.email):
        raise ValidationFailed(email=context.texts.text("bad_email"))


def _quote_line(context: QuoteContext, request: ResendEsim, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := RESEND_ESIM.unavailable_reason(line):
        return item.skip(why)
    found = context.loaded.latest.get(line.id) or SentProfile(
        "esim_unknown" if line.sim_kind == ESIM else "no_esim"
    )
    if found.why:
        return item.skip(found.why)
    item.change = {"profile_id": str(found.profile_id), "email": request.email or found.email}
    return item


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [texts.text("again", email=change["email"])]


def _summary(texts: Texts, request: ResendEsim) -> list[SummaryRow]:
    what = SummaryRow(name=texts.text("what"), value=[texts.text("the_mail")])
    return [what, SummaryRow(name=texts.text("email"), value=[request.email])] if request.email else [what]


RESEND_ESIM = OrderKind(
    request=ResendEsim,
    quote_line=_quote_line,
    check=_check,
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
