"""Give a line another SIM card (F-114 to F-118): a blank one; the old one works until the new one is active. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.identifiers import sim_number
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
)
from backend.orders.schemas import OrderRequest, SummaryRow


class SwapReason(StrEnum):
    """Why a line gets another SIM."""

    LOST = "lost"
    STOLEN = "stolen"
    DEFECTIVE = "defective"
    NEW_DEVICE = "new_device"


REASONS = tuple(str(reason) for reason in SwapReason)
GONE = frozenset({SwapReason.LOST, SwapReason.STOLEN})
LEAVING = frozenset({"depart", "terminate", "convert_to_prepaid"})


class ReplaceSim(OrderRequest, frozen=True, kw_only=True, tag="replace_sim"):
    """Give one line another SIM card. `reason`: lost, stolen, defective or new_device; `sim_number`: a blank card's."""

    sim_number: str = ""
    reason: str = ""


class SimChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form shows: the present SIM, cards in stock, and how numbers look."""

    present: str
    stock: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class SimStock:
    """Numbers that are in use anywhere, and those that an order holds for a line."""

    taken: frozenset[str] = frozenset()
    own: Mapping[str, UUID] | None = None
    line_ids: frozenset[UUID] = frozenset()

    def free(self, number: str) -> bool:
        """Whether the number is not in use, or is held for one of these lines."""
        return number not in self.taken or (self.own or {}).get(number) in self.line_ids


def check_reason(context: QuoteContext, reason: str) -> dict[str, str]:
    """The field `reason` with its sentence where it is wrong; else nothing."""
    return {} if reason in REASONS else {"reason": context.texts.text("bad_reason")}


def _check(context: QuoteContext, request: ReplaceSim) -> None:
    wrong = check_reason(context, request.reason)
    number = sim_number(request.sim_number, context.profile.sim_number)
    if number is None:
        example = context.texts.sim(context.profile.sim_number.example)
        wrong["sim_number"] = context.texts.text("bad_sim", carrier=context.profile.name, example=example)
    elif not context.loaded.free(number):
        wrong["sim_number"] = context.texts.text("bad_sim_in_use")
    if wrong:
        raise ValidationFailed(**wrong)


def _quote_line(context: QuoteContext, request: ReplaceSim, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := REPLACE_SIM.unavailable_reason(line):
        return item.skip(why)
    number = sim_number(request.sim_number, context.profile.sim_number)
    item.change = {"sim_number": number, "reason": request.reason, "before": line.sim_number}
    return item


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    old = texts.sim(change["before"]) or texts.text("no_sim")
    return [texts.text("old_sim", sim=old), texts.text("new_sim", sim=texts.sim(change["sim_number"]))]


def _summary(texts: Texts, request: ReplaceSim) -> list[SummaryRow]:
    digits = "".join(sign for sign in request.sim_number if sign.isdigit())
    return [
        SummaryRow(name=texts.text("sim"), value=[texts.sim(digits)]),
        SummaryRow(name=texts.text("reason"), value=[texts.text(f"reason_{request.reason}")]),
    ]


def gone(items: Sequence[QuoteItem]) -> bool:
    """Whether a SIM was lost or stolen while its line is active."""
    return any(item.change.get("reason") in GONE and item.line.status == LineStatus.ACTIVE for item in items)


def user_told(texts: Texts, items: Sequence[QuoteItem]) -> list[str]:
    """That the user is told at once, where the line has an address."""
    return [texts.text("user_told")] if any(item.line.email for item in items) else []


def _warnings(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    return [texts.text("suspend_first")] if gone(items) else []


def _information(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    return [texts.text("old_works"), texts.text("restart"), *user_told(texts, items)]


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    return ServiceOrderItem(
        "replaceSim", characteristics={"simNumber": change["sim_number"], "reason": change["reason"]}
    )


REPLACE_SIM = OrderKind(
    request=ReplaceSim,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    check=_check,
    to_carrier=_to_carrier,
    confirmed_columns=lambda _line, change, reported: {
        "sim_number": reported.get("simNumber") or change["sim_number"],
        "sim_kind": "physical",
    },
    warnings=_warnings,
    information=_information,
    timeline_params=lambda change: {"reason": str(change.get("reason", ""))},
    excludes=frozenset({"request_esim"}) | LEAVING,
    bulk=False,
    needs_recent_sign_in=True,
)
