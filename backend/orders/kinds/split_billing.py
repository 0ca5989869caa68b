"""Share a line's bill with its user (F-078 to F-081, domain 4.6): a profile and a reviewed contract. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    Texts,
    no_promise,
)
from backend.orders.kinds.replace_sim import LEAVING
from backend.orders.schemas import OrderRequest, SummaryRow

# Why such an item is held
UNDER_REVIEW = "contract_under_review"
BILLING = ("billing_street", "billing_postcode", "billing_town")
LONGEST = 80


class SplitBilling(OrderRequest, frozen=True, kw_only=True, tag="split_billing"):
    """Share a line's bill by a profile and a signed contract (`document_id`, purpose split_contract), or `stop` it.

    The address is the user's, where the carrier bills them.
    """

    stop: bool = False
    profile: str = ""
    document_id: UUID | None = None
    billing_street: str = ""
    billing_postcode: str = ""
    billing_town: str = ""


class SplitChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One way to share the bill, with its rules as sentences."""

    code: str
    name: str
    rules: list[str]


class SplitChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form offers. `document`: the name of the scan that was sent; `refused`: why an earlier one was."""

    profiles: list[SplitChoice]
    present: str
    user: str
    billing_data: bool
    document: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ContractFiles:
    """The scans of those named that the requester may attach, and the state of each line's open agreement."""

    documents: frozenset[UUID] = frozenset()
    under_review: frozenset[UUID] = field(default_factory=frozenset)


def _check(context: QuoteContext, request: SplitBilling) -> None:
    if request.stop:
        return
    say, wrong = context.texts.text, dict[str, str]()
    if context.profile.split_profile(request.profile) is None:
        wrong["profile"] = say("bad_profile")
    if context.profile.split_billing_data:
        for name in BILLING:
            value = getattr(request, name)
            if not (0 < len(value) <= LONGEST and value.isprintable() and value == value.strip()):
                wrong[name] = say(f"bad_{name}")
    if request.document_id is None or request.document_id not in context.loaded.documents:
        wrong["document_id"] = say("bad_document")
    if wrong:
        raise ValidationFailed(**wrong)


def _quote_line(context: QuoteContext, request: SplitBilling, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := SPLIT_BILLING.unavailable_reason(line):
        return item.skip(why)
    if request.stop:
        if not line.split_profile:
            return item.skip("no_split")
        item.change = {"stop": True, "before": line.split_profile}
        return item
    if line.end_user_id is None or not (line.given_name or line.family_name):
        return item.skip("no_user")
    if line.split_profile == request.profile:
        return item.skip("same_profile")
    item.change = {
        "stop": False,
        "profile": request.profile,
        "before": line.split_profile,
        "document_id": str(request.document_id),
        "billing": {name: getattr(request, name) for name in BILLING if getattr(request, name)},
    }
    return item


def _confirmed_columns(
    _line: LockedLine, change: Mapping[str, Any], _reported: Mapping[str, Any]
) -> dict[str, Any]:
    return {"split_profile": "" if change["stop"] else change["profile"]}


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    before = change.get("before", "")
    if change["stop"]:
        return (
            [texts.text("ends")]
            if not before
            else [texts.text("ends_from", profile=texts.split_profile(before))]
        )
    after = texts.split_profile(change["profile"])
    if before:
        return [texts.text("moved", before=texts.split_profile(before), after=after)]
    return [texts.text("starts", profile=after)]


def _summary(texts: Texts, request: SplitBilling) -> list[SummaryRow]:
    if request.stop:
        return [SummaryRow(name=texts.text("profile"), value=[texts.text("stop_asked")])]
    facts = [
        SummaryRow(name=texts.text("profile"), value=[texts.split_profile(request.profile)]),
        SummaryRow(name=texts.text("contract"), value=[texts.text("attached")], field="document_id"),
    ]
    place = f"{request.billing_postcode} {request.billing_town}".strip()
    address = [part for part in (request.billing_street, place) if part]
    return [*facts, SummaryRow(name=texts.text("who"), value=address)] if address else facts


def _warnings(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    if any(item.change.get("stop") for item in items):
        return [texts.text("warn_stop")]
    replaces = any(item.change.get("before") for item in items)
    keys = ["warn_review", *(["warn_old"] if replaces else []), "warn_pays", "warn_personal"]
    return [texts.text(key) for key in keys]


SPLIT_BILLING = OrderKind(
    request=SplitBilling,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    expected_completion=no_promise,
    check=_check,
    confirmed_columns=_confirmed_columns,
    warnings=_warnings,
    decided_by=UNDER_REVIEW,
    needs_decision=lambda change: not change["stop"],
    timeline_params=lambda change: {"profile": str(change.get("profile", ""))},
    excludes=frozenset({"change_user"}) | LEAVING,
    split_after=lambda _before, change: "" if change["stop"] else change["profile"],
    bulk=False,
)
