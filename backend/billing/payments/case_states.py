"""States of money that the product could not book, and what can be decided of it. Pure."""

from enum import StrEnum

from backend.core.lifecycle import Lifecycle


class CaseKind(StrEnum):
    """What the operator's staff decide about money that the product could not book.

    DIFFERENCE: what came is not what was asked for. UNASKED: nobody asked for it. LATE: it came after the payment had ended.
    OVER: more went back than had come.
    """

    DIFFERENCE = "difference"
    UNASKED = "unasked"
    LATE = "late"
    OVER = "over"


class CaseState(StrEnum):
    """OPEN: it waits. DECIDED: a job carries the decision out. CLOSED: it is done."""

    OPEN = "open"
    DECIDED = "decided"
    CLOSED = "closed"


CASE_LIFECYCLE = Lifecycle(
    CaseState, {CaseState.OPEN: {CaseState.DECIDED}, CaseState.DECIDED: {CaseState.CLOSED}}
)


class CaseChoice(StrEnum):
    """BOOK: what came is booked for a customer number. DISMISS: nothing is booked."""

    BOOK = "book"
    DISMISS = "dismiss"
