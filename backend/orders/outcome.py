"""What may be said of a request: one function for pages, lists, mails and REST. Pure.

The texts stand in `outcome_texts.toml`, the facts are read by `outcome_facts.py`.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import msgspec

from backend.orders.lifecycle import ItemState, OrderFlag, OrderState

# Reasons for which a wish is not carried out because it is so already: nothing that was asked is missing
ALREADY_SO = frozenset(
    {
        "already_on",
        "already_off",
        "already_active",
        "already_suspended",
        "nothing_to_change",
        "no_split",
        "same_account",
        "same_cap",
        "same_plan",
        "same_profile",
    }
)
# A new line is asked for its own cap and second SIM: those of the line whose options are copied are no wish
NOT_ASKED = frozenset({"option_is_cap", "option_is_companion"})


class WaitsFor(StrEnum):
    """Who has to do something before a request goes on."""

    NOBODY = ""
    # Whoever manages the fleet
    CUSTOMER = "customer"
    # The user of the line
    USER = "user"
    OPERATOR = "operator"
    APPROVER = "approver"


class OutcomeCode(StrEnum):
    """What is said of a request in one word."""

    DRAFT = "draft"
    PLANNED = "planned"
    PRICE_CHANGED = "price_changed"
    UNDOABLE = "undoable"
    SENDING = "sending"
    UNDER_WAY = "under_way"
    WAITS = "waits"
    CANCELLING = "cancelling"
    # What it waited for did not come in time
    EXPIRED = "expired"
    # All that was asked is so
    DONE = "done"
    # The lines are done; a message about them could not be delivered
    NOT_DELIVERED = "not_delivered"
    # What was ordered is done; something that was asked was left out
    DONE_EXCEPT = "done_except"
    PARTIAL = "partial"
    FAILED = "failed"
    REFUSED = "refused"
    UNDONE = "undone"
    CANCELLED = "cancelled"
    # On its day no line was left on which it would change anything
    NOTHING_LEFT = "nothing_left"


class PartCode(StrEnum):
    """What is said of a part of a request, with its count."""

    FAILED = "failed"
    WAITS = "waits"
    # Wishes on lines that change otherwise
    LEFT_OUT = "left_out"
    # Lines on which nothing of it is done
    SKIPPED = "skipped"
    # Sent, and not answered
    NOT_KNOWN = "not_known"
    UNDER_WAY = "under_way"
    TO_SEND = "to_send"
    DONE = "done"
    # Lines that are already as asked
    ALREADY = "already"
    CANCELLED = "cancelled"
    CANCEL_REFUSED = "cancel_refused"
    # Lines whose user does not have the code or the link: its mail was refused
    UNDELIVERED = "undelivered"
    # Messages about the request that were refused
    MAIL_REFUSED = "mail_refused"


class ItemCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many items are in a state for a reason; `waits_for`: who has to act on them."""

    state: ItemState
    items: int
    reason: str = ""
    waits_for: WaitsFor = WaitsFor.NOBODY


class LeftOutCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many wishes were left out for a reason, on lines that change otherwise."""

    reason: str
    wishes: int


class OutcomeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request.

    A list gives the items that wait only: they and `missing` decide the code, the rest the parts.
    """

    state: OrderState
    flag: OrderFlag = OrderFlag.NONE
    # An `EndReason`, where it ended before it was sent
    end_reason: str = ""
    due_on: date | None = None
    # Wishes and lines that were left out, without those that are already so
    missing: int = 0
    # Items that have not ended
    open_items: int = 0
    items: tuple[ItemCount, ...] = ()
    left_out: tuple[LeftOutCount, ...] = ()
    # Contracts of lines that are done otherwise, on which the operator has not decided: each waits, and is not done
    contracts: int = 0
    # Messages about it that a mail server refused
    refused_mails: int = 0
    # Lines whose user does not have the code or the link, since its mail was refused
    undelivered: int = 0


class OutcomePart(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an outcome: how many lines, wishes or messages, why, and who has to act."""

    code: PartCode
    count: int
    reason: str = ""
    waits_for: WaitsFor = WaitsFor.NOBODY


class OrderOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What may be said of a request. `complete`: everything that was asked is so."""

    code: OutcomeCode
    complete: bool
    waits_for: WaitsFor = WaitsFor.NOBODY
    # The day for which it is planned
    day: date | None = None
    # Wishes and lines that were left out
    missing: int = 0
    # Lines whose user does not have the code or the link: somebody has to give another address
    undelivered: int = 0
    parts: tuple[OutcomePart, ...] = ()


def is_missing(reason: str) -> bool:
    """Whether what is left out for this reason is something that was asked and is not so."""
    return reason not in ALREADY_SO and reason not in NOT_ASKED


# Of several who are waited for, the first is named
PRESSING = (WaitsFor.CUSTOMER, WaitsFor.APPROVER, WaitsFor.USER, WaitsFor.OPERATOR)
CODES: Mapping[OrderState, OutcomeCode] = {
    OrderState.DRAFT: OutcomeCode.DRAFT,
    OrderState.AWAITING_APPROVAL: OutcomeCode.WAITS,
    OrderState.SCHEDULED: OutcomeCode.PLANNED,
    OrderState.GRACE: OutcomeCode.UNDOABLE,
    OrderState.SUBMITTED: OutcomeCode.SENDING,
    OrderState.IN_PROGRESS: OutcomeCode.UNDER_WAY,
    OrderState.HELD: OutcomeCode.WAITS,
    OrderState.COMPLETED: OutcomeCode.DONE,
    OrderState.PARTIAL: OutcomeCode.PARTIAL,
    OrderState.FAILED: OutcomeCode.FAILED,
    OrderState.REJECTED: OutcomeCode.REFUSED,
    OrderState.CANCELLED: OutcomeCode.CANCELLED,
}
UNDER_WAY = frozenset({OrderState.SUBMITTED, OrderState.IN_PROGRESS, OrderState.HELD})
# The states in which a mail may go to the user of a line
DELIVERS = UNDER_WAY | {OrderState.SCHEDULED, OrderState.COMPLETED, OrderState.PARTIAL}
# Nobody is waited for in these
TAKEN_BACK = frozenset({OutcomeCode.CANCELLING, OutcomeCode.EXPIRED})
# What a flag says of a request in one of these states
FLAGGED: Mapping[OrderFlag, Mapping[OrderState, OutcomeCode]] = {
    OrderFlag.PRICE_CHANGED: {OrderState.SCHEDULED: OutcomeCode.PRICE_CHANGED},
    OrderFlag.CANCELLING: dict.fromkeys(UNDER_WAY, OutcomeCode.CANCELLING),
    OrderFlag.HOLD_EXPIRED: dict.fromkeys(UNDER_WAY, OutcomeCode.EXPIRED),
}
PART_OF: Mapping[ItemState, PartCode] = {
    ItemState.FAILED: PartCode.FAILED,
    ItemState.HELD: PartCode.WAITS,
    ItemState.SENT: PartCode.NOT_KNOWN,
    ItemState.IN_PROGRESS: PartCode.UNDER_WAY,
    ItemState.WAITING: PartCode.TO_SEND,
    ItemState.DONE: PartCode.DONE,
    ItemState.CANCELLED: PartCode.CANCELLED,
}
PART_ORDER = {code: place for place, code in enumerate(PartCode)}


def outcome_of(facts: OutcomeFacts) -> OrderOutcome:
    """What may be said of a request that is as the facts say."""
    if facts.state not in DELIVERS:
        facts = msgspec.structs.replace(facts, undelivered=0)
    code = _code(facts)
    return OrderOutcome(
        code=code,
        complete=facts.state is OrderState.COMPLETED and not facts.missing and not facts.undelivered,
        waits_for=_waits_for(facts, code),
        day=facts.due_on if facts.state is OrderState.SCHEDULED else None,
        missing=facts.missing,
        undelivered=facts.undelivered,
        parts=_parts(facts),
    )


def _code(facts: OutcomeFacts) -> OutcomeCode:
    state = facts.state
    if flagged := FLAGGED.get(facts.flag, {}).get(state):
        return flagged
    if state is OrderState.IN_PROGRESS and 0 < facts.open_items <= _waiting(facts):
        return OutcomeCode.WAITS
    if state is OrderState.COMPLETED and facts.missing:
        return OutcomeCode.DONE_EXCEPT
    if state is OrderState.COMPLETED and (facts.undelivered or facts.refused_mails):
        return OutcomeCode.NOT_DELIVERED
    if state is OrderState.CANCELLED and facts.end_reason:
        return OutcomeCode(facts.end_reason)
    return CODES[state]


def _waiting(facts: OutcomeFacts) -> int:
    """How many items wait for somebody."""
    return sum(one.items for one in facts.items if _party(one))


def _waits_for(facts: OutcomeFacts, code: OutcomeCode) -> WaitsFor:
    """Whom the request waits for; nobody while it is taken back, nor once it has ended and its messages have arrived."""
    if code is OutcomeCode.PRICE_CHANGED:
        return WaitsFor.CUSTOMER
    if facts.state is OrderState.AWAITING_APPROVAL:
        return WaitsFor.APPROVER
    if facts.undelivered and code not in TAKEN_BACK:
        return WaitsFor.CUSTOMER
    if code not in {OutcomeCode.SENDING, OutcomeCode.UNDER_WAY, OutcomeCode.WAITS}:
        return WaitsFor.NOBODY
    parties = {_party(one) for one in facts.items if one.items}
    if facts.contracts or code is OutcomeCode.WAITS:
        parties.add(WaitsFor.OPERATOR)
    return next((party for party in PRESSING if party in parties), WaitsFor.NOBODY)


def _parts(facts: OutcomeFacts) -> tuple[OutcomePart, ...]:
    parts = [_item_part(one) for one in _without_reviewed(facts) if one.items]
    parts += [
        OutcomePart(code=PartCode.LEFT_OUT, count=one.wishes, reason=one.reason)
        for one in facts.left_out
        if one.wishes and is_missing(one.reason)
    ]
    if facts.contracts:
        parts.append(
            OutcomePart(
                code=PartCode.WAITS,
                count=facts.contracts,
                reason="contract_under_review",
                waits_for=WaitsFor.OPERATOR,
            )
        )
    if facts.flag is OrderFlag.CANCEL_REFUSED and facts.state in UNDER_WAY:
        parts.append(OutcomePart(code=PartCode.CANCEL_REFUSED, count=1))
    if facts.undelivered:
        parts.append(
            OutcomePart(code=PartCode.UNDELIVERED, count=facts.undelivered, waits_for=WaitsFor.CUSTOMER)
        )
    if facts.refused_mails:
        parts.append(OutcomePart(code=PartCode.MAIL_REFUSED, count=facts.refused_mails))
    return tuple(sorted(parts, key=lambda part: (PART_ORDER[part.code], part.waits_for, part.reason)))


def _without_reviewed(facts: OutcomeFacts) -> list[ItemCount]:
    """The counts of items; a line whose contract is looked at is not counted as done too."""
    left, found = facts.contracts, list[ItemCount]()
    for one in facts.items:
        taken = min(left, one.items) if one.state is ItemState.DONE else 0
        left -= taken
        found.append(msgspec.structs.replace(one, items=one.items - taken))
    return found


def _item_part(one: ItemCount) -> OutcomePart:
    party = _party(one)
    if one.state is ItemState.SKIPPED:
        code = PartCode.SKIPPED if is_missing(one.reason) else PartCode.ALREADY
    else:
        code = PartCode.WAITS if party else PART_OF[one.state]
    return OutcomePart(code=code, count=one.items, reason=one.reason, waits_for=party)


def _party(one: ItemCount) -> WaitsFor:
    """Who has to act on these items; the operator on a held one that nobody else can put right."""
    if one.state in {ItemState.HELD, ItemState.IN_PROGRESS}:
        return one.waits_for or (WaitsFor.OPERATOR if one.state is ItemState.HELD else WaitsFor.NOBODY)
    return WaitsFor.NOBODY
