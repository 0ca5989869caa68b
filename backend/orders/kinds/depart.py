"""Release the number of a leaving employee to a successor on a day (F-128 to F-135, F-139; domain 3.6). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.core.addresses import email_valid
from backend.core.clock import local
from backend.core.errors import ValidationFailed
from backend.core.i18n import LANGUAGES
from backend.lines.lifecycle import LineStatus
from backend.lines.schemas import LockedLine
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
)
from backend.orders.kinds.change_user import name_valid
from backend.orders.kinds.end_of_line import ENDING, MAY_LEAVE, ended_as, plan_end
from backend.orders.schemas import OrderRequest, SummaryRow

PREPAID, PRIVATE = "prepaid", "private"
DETAILS = ("given_name", "family_name", "email", "language")


class Depart(OrderRequest, frozen=True, kw_only=True, tag="depart"):
    """Release a number on the day `on`.

    A successor whose details are given is asked by e-mail to choose an offer. Without details, or without an answer,
    the number becomes prepaid on the day.
    """

    knows_successor: bool | None = None
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class DepartureChoice:
    """A departure that has not ended: its state, and the successor with the chosen offer."""

    state: str
    offer: str
    given_name: str
    family_name: str
    email: str
    language: str
    # Of the line, for a withdrawal
    previous_status: str = LineStatus.ACTIVE


def _check(context: QuoteContext, request: Depart) -> None:
    say, wrong = context.texts.text, dict[str, str]()
    if request.on is None:
        wrong["on"] = say("bad_no_date")
    if request.knows_successor is None:
        wrong["knows_successor"] = say("bad_successor")
    if request.knows_successor:
        for name in ("given_name", "family_name"):
            if not name_valid(getattr(request, name)):
                wrong[name] = say(f"bad_{name}")
        if not email_valid(request.email):
            wrong["email"] = say("bad_email")
        if request.language not in LANGUAGES:
            wrong["language"] = say("bad_language")
    if wrong:
        raise ValidationFailed(**wrong)


def _quote_line(context: QuoteContext, request: Depart, line: LineSnapshot) -> QuoteItem:
    under_way: Mapping[UUID, DepartureChoice] = context.loaded or {}
    chosen = under_way.get(line.id)
    why = DEPART.unavailable_reason(line)
    if not why and line.status == LineStatus.PENDING_RELEASE and chosen is None:
        # The carrier releases it already
        why = "line_not_changeable"
    item = plan_end(context, line, why)
    if item.change:
        item.change |= {"target": PREPAID, "invited": bool(request.knows_successor)}
        if chosen:
            item.change["before_status"] = chosen.previous_status
            # On the day nothing can be chosen any more
            item.change["decided"] = context.day <= local(context.now).date()
        if chosen and chosen.offer and chosen.offer != PREPAID:
            item.change |= {"target": PRIVATE, "offer": chosen.offer}
            item.change |= {name: getattr(chosen, name) for name in DETAILS}
    return item


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    reported = {"target": change["target"], "offer": change.get("offer", "")}
    names = ("successorGivenName", "successorFamilyName", "successorEmail", "successorLanguage")
    if change["target"] == PRIVATE:
        reported |= {name: change[key] for name, key in zip(names, DETAILS, strict=True)}
    return ServiceOrderItem("releaseNumber", "delete", reported)


def _confirmed_columns(
    _line: LockedLine, change: Mapping[str, Any], reported: Mapping[str, Any]
) -> dict[str, Any]:
    private = change["target"] == PRIVATE
    return ended_as(reported, LineStatus.RELEASED_PRIVATE if private else LineStatus.RELEASED_PREPAID)


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    offered = change["invited"] and not change.get("decided")
    key = "to_private" if change["target"] == PRIVATE else "to_successor" if offered else "to_prepaid"
    return [texts.text(key, day=texts.day(change["day"]))]


def _summary(texts: Texts, request: Depart) -> list[SummaryRow]:
    facts = (
        [SummaryRow(name=texts.text("leaves"), value=[texts.day(request.on)], field="on")]
        if request.on
        else []
    )
    if request.knows_successor:
        person = f"{request.given_name} {request.family_name}".strip()
        facts.append(SummaryRow(name=texts.text("successor"), value=[person, request.email]))
    else:
        facts.append(SummaryRow(name=texts.text("successor"), value=[texts.text("unknown")]))
    return facts


def _warnings(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    return [] if _invited(items) else [texts.text("what_follows")]


def _information(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    """What follows where the successor is asked, who may still choose; and what a prepaid card needs."""
    return [*([texts.text("what_follows_invited")] if _invited(items) else []), texts.text("identify")]


def _invited(items: Sequence[QuoteItem]) -> bool:
    return any(item.change.get("invited") for item in items)


DEPART = OrderKind(
    priced=True,
    request=Depart,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    check=_check,
    to_carrier=_to_carrier,
    confirmed_columns=_confirmed_columns,
    warnings=_warnings,
    information=_information,
    expected_completion=lambda _context, _request: "departure",
    timeline_params=lambda change: {"day": str(change.get("day", "")), "target": change.get("target", "")},
    earliest_days=lambda profile, request: profile.successor_days if request.knows_successor else 0,
    statuses=MAY_LEAVE | {LineStatus.PENDING_RELEASE},
    excludes=ENDING,
    # The company gives the number away
    needs_recent_sign_in=True,
    offered=lambda profile: profile.departure_in_portal,
    bulk=False,
)
