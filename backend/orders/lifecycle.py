"""The states of orders and of their items, the moves between them (domain reference 3.1), and an order's flag. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from backend.core.lifecycle import Lifecycle


class OrderState(StrEnum):
    """The state of an order."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"
    GRACE = "grace"
    SUBMITTED = "submitted"
    IN_PROGRESS = "in_progress"
    HELD = "held"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    """The state of one item of an order."""

    WAITING = "waiting"
    SENT = "sent"
    IN_PROGRESS = "in_progress"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class OrderFlag(StrEnum):
    """What is going on with an order beside its state."""

    NONE = ""
    # The customer asked the carrier to cancel it
    CANCELLING = "cancelling"
    # The carrier did not cancel all of it
    CANCEL_REFUSED = "cancel_refused"
    # Somebody has to accept the price of the planned day
    PRICE_CHANGED = "price_changed"
    # It was held too long: the carrier is asked to cancel it, and it fails
    HOLD_EXPIRED = "given_up"


class EndReason(StrEnum):
    """Why an order was cancelled before it was sent."""

    UNDONE = "undone"
    CANCELLED = "cancelled"
    # On its day it would have changed nothing
    NOTHING_LEFT = "nothing_left"


class PortInState(StrEnum):
    """The state of one transfer of a number (domain 3.3)."""

    SUBMITTED = "submitted"
    VALIDATING = "validating"
    INFO_REQUIRED = "info_required"
    ACCEPTED = "accepted"
    EXECUTING = "executing"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"


class DepartureState(StrEnum):
    """The state of one departure (domain 3.6)."""

    REQUESTED = "requested"
    SUCCESSOR_INVITED = "successor_invited"
    OFFER_CHOSEN = "offer_chosen"
    CONVERTED_PRIVATE = "converted_private"
    CONVERTED_PREPAID = "converted_prepaid"
    WITHDRAWN = "withdrawn"


O, I = OrderState, ItemState  # noqa: E741 - the tables below read better

ORDER_LIFECYCLE = Lifecycle(
    OrderState,
    {
        O.DRAFT: {O.AWAITING_APPROVAL, O.SCHEDULED, O.GRACE, O.SUBMITTED, O.CANCELLED},
        O.AWAITING_APPROVAL: {O.SCHEDULED, O.GRACE, O.REJECTED, O.CANCELLED},
        O.SCHEDULED: {O.GRACE, O.SUBMITTED, O.SCHEDULED, O.CANCELLED},
        O.GRACE: {O.SUBMITTED, O.CANCELLED},
        O.SUBMITTED: {O.IN_PROGRESS, O.REJECTED},
        O.IN_PROGRESS: {O.HELD, O.COMPLETED, O.PARTIAL, O.FAILED, O.CANCELLED},
        O.HELD: {O.IN_PROGRESS, O.FAILED, O.COMPLETED, O.PARTIAL, O.CANCELLED},
    },
    code="not_in_this_state",
)
ITEM_LIFECYCLE = Lifecycle(
    ItemState,
    {
        I.WAITING: {I.SENT, I.CANCELLED, I.SKIPPED},
        I.SENT: {I.IN_PROGRESS, I.HELD, I.DONE, I.FAILED, I.CANCELLED},
        I.IN_PROGRESS: {I.HELD, I.DONE, I.FAILED, I.CANCELLED},
        I.HELD: {I.IN_PROGRESS, I.DONE, I.FAILED, I.CANCELLED},
    },
)

# For `state = ANY($n)`. A placed order that has not ended
OPEN_ORDERS = sorted(ORDER_LIFECYCLE.open - {O.DRAFT})
# An order of which items are or will be at the carrier
SUBMITTED_ORDERS = [O.SUBMITTED, O.IN_PROGRESS, O.HELD]
# An item that was sent and has not ended
SENT_ITEMS = sorted(ITEM_LIFECYCLE.open - {I.WAITING})
# An item that the carrier has accepted and not ended
ACCEPTED_ITEMS = [I.IN_PROGRESS, I.HELD]
ENDED_PORT_INS = [PortInState.COMPLETED, PortInState.REJECTED, PortInState.CANCELLED, PortInState.FAILED]
# A departure whose successor may still choose
OFFERED_DEPARTURES = [DepartureState.SUCCESSOR_INVITED, DepartureState.OFFER_CHOSEN]
OPEN_DEPARTURES = [DepartureState.REQUESTED, *OFFERED_DEPARTURES]


def derive_order_state(  # noqa: PLR0911 - one outcome a line
    current: OrderState,
    counts: Mapping[ItemState, int],
    *,
    accepted: bool,
    undecided: int = 0,
    refused: int = 0,
) -> OrderState:
    """The state that follows from the items of a submitted order; any other order keeps its state.

    `counts`: how many items are in which state; `accepted`: whether the carrier accepted at least one item.
    The order is in progress once an item was accepted, and held when every open item is held. It ends as
    rejected when every item was refused before one was accepted, as cancelled when the carrier cancelled every item
    or none was left, otherwise as completed, partial or failed. Skipped items do not count.

    `undecided`, `refused`: contracts of items that are done, on which the operator has not decided, and which it
    refused. The order is held until all are decided, and a refused one makes it partial.
    """
    if current not in SUBMITTED_ORDERS:
        return current
    accepted = accepted or current is not O.SUBMITTED
    running = {state: counts.get(state, 0) for state in ITEM_LIFECYCLE.open}
    if any(running.values()):
        if not accepted:
            return current
        waits_only = running[I.HELD] and not any(
            running[state] for state in (I.WAITING, I.SENT, I.IN_PROGRESS)
        )
        return O.HELD if waits_only else O.IN_PROGRESS
    done, failed, cancelled = (counts.get(state, 0) for state in (I.DONE, I.FAILED, I.CANCELLED))
    if done and undecided:
        return O.HELD
    if done:
        return O.PARTIAL if failed or cancelled or refused else O.COMPLETED
    # The carrier cancelled it while it still could
    if not failed:
        return O.CANCELLED if accepted else O.REJECTED
    return O.FAILED if accepted else O.REJECTED
