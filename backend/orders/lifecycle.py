"""States of requests and their items, and the moves between them (domain reference 3.1). Pure."""

from collections.abc import Mapping
from enum import StrEnum

from backend.core.errors import Conflict


class OrderState(StrEnum):
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
    WAITING = "waiting"
    SENT = "sent"
    IN_PROGRESS = "in_progress"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


O, I = OrderState, ItemState  # noqa: E741 - the tables below read better

ENDED = frozenset({O.COMPLETED, O.PARTIAL, O.FAILED, O.REJECTED, O.CANCELLED})
ITEM_OPEN = frozenset({I.WAITING, I.SENT, I.IN_PROGRESS, I.HELD})

MOVES: dict[OrderState, frozenset[OrderState]] = {
    O.DRAFT: frozenset({O.AWAITING_APPROVAL, O.SCHEDULED, O.GRACE, O.SUBMITTED, O.CANCELLED}),
    O.AWAITING_APPROVAL: frozenset({O.SCHEDULED, O.GRACE, O.REJECTED, O.CANCELLED}),
    O.SCHEDULED: frozenset({O.GRACE, O.SUBMITTED, O.SCHEDULED, O.CANCELLED}),
    O.GRACE: frozenset({O.SUBMITTED, O.CANCELLED}),
    O.SUBMITTED: frozenset({O.IN_PROGRESS, O.REJECTED}),
    O.IN_PROGRESS: frozenset({O.HELD, O.COMPLETED, O.PARTIAL, O.FAILED, O.CANCELLED}),
    O.HELD: frozenset({O.IN_PROGRESS, O.FAILED, O.COMPLETED, O.PARTIAL, O.CANCELLED}),
}
ITEM_MOVES: dict[ItemState, frozenset[ItemState]] = {
    I.WAITING: frozenset({I.SENT, I.CANCELLED, I.SKIPPED}),
    I.SENT: frozenset({I.IN_PROGRESS, I.HELD, I.DONE, I.FAILED, I.CANCELLED}),
    I.IN_PROGRESS: frozenset({I.HELD, I.DONE, I.FAILED, I.CANCELLED}),
    I.HELD: frozenset({I.IN_PROGRESS, I.DONE, I.FAILED, I.CANCELLED}),
}


def may_move(current: OrderState, target: OrderState) -> bool:
    """Whether the move is listed. Asking for the state one is in does nothing, so it is allowed."""
    return current == target or target in MOVES.get(current, frozenset())


def may_move_item(current: ItemState, target: ItemState) -> bool:
    return current == target or target in ITEM_MOVES.get(current, frozenset())


def check_move(current: OrderState, target: OrderState) -> None:
    """Raise Conflict (`not_in_this_state`) for a move that is not listed."""
    if not may_move(current, target):
        raise Conflict(f"A request that is {current} cannot become {target}.", code="not_in_this_state")


def derive_order_state(  # noqa: PLR0911 - one outcome a line
    current: OrderState, counts: Mapping[ItemState, int], *, accepted: bool
) -> OrderState:
    """The state that follows from the items, once the order has been submitted.

    In progress from the first acceptance of an item; rejected when every item was refused before any
    acceptance; cancelled when the carrier called every item back; otherwise completed, partial or failed as they end. Skipped items do not count.
    """
    if current in ENDED or current not in {O.SUBMITTED, O.IN_PROGRESS, O.HELD}:
        return current
    accepted = accepted or current is not O.SUBMITTED
    running = {state: counts.get(state, 0) for state in ITEM_OPEN}
    if any(running.values()):
        if not accepted:
            return current
        waits_only = running[I.HELD] and not any(
            running[state] for state in (I.WAITING, I.SENT, I.IN_PROGRESS)
        )
        return O.HELD if waits_only else O.IN_PROGRESS
    done, failed, called_back = (counts.get(state, 0) for state in (I.DONE, I.FAILED, I.CANCELLED))
    if not failed and not called_back:
        return O.COMPLETED
    if done:
        return O.PARTIAL
    # The carrier called it back while it still could be
    if not failed:
        return O.CANCELLED if accepted else O.REJECTED
    return O.FAILED if accepted else O.REJECTED
