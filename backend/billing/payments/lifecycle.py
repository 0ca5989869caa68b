"""States of online payments and refunds (domain reference 3.12), and what follows from what the service says. Pure."""

from datetime import date
from enum import StrEnum

import msgspec

from backend.catalog.lead_times import after_working_days
from backend.core.lifecycle import Lifecycle
from backend.integrations.payment_facts import IntentFacts, PaymentFacts, RefundFacts

# What the provider takes at most and at least in one payment
MOST_CENTS, LEAST_CENTS = 99_999_999, 50
# Above this a SEPA debit is not offered (domain reference 4.4, 6)
MOST_DEBIT_CENTS = 10_000_00
# Invoices of one payment: as many as the hosted page lists
MOST_INVOICES = 100
# A bank usually answers a debit within the first, and at the latest within the second number of working days
USUAL_ANSWER_DAYS, LATEST_ANSWER_DAYS = 5, 14


class PaymentChannel(StrEnum):
    """How a payment is made: on the hosted page, or by a debit that nobody is present for."""

    CHECKOUT = "checkout"
    DEBIT = "debit"


class PaymentState(StrEnum):
    """What is known of a payment.

    CREATED: it was asked for; its page may be open, and no money moved. REQUIRES_ACTION: the payer's bank asks something.
    PROCESSING: its bank has not answered yet. UNKNOWN: an answer was lost, or what came is not what was asked for: money may
    have moved. SUCCEEDED: money came. FAILED, CANCELLED: none did, and none will. REFUNDED, PARTLY_REFUNDED: it went back.
    REVERSED: its bank took it back.
    """

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    REVERSED = "reversed"


S = PaymentState
_ENDS = {S.PROCESSING, S.SUCCEEDED, S.FAILED, S.CANCELLED}
PAYMENT_LIFECYCLE = Lifecycle(
    S,
    {
        S.CREATED: {S.REQUIRES_ACTION, S.UNKNOWN, *_ENDS},
        S.REQUIRES_ACTION: {S.UNKNOWN, *_ENDS},
        # Nobody waits at a page that a debit has left
        S.PROCESSING: {S.UNKNOWN, S.SUCCEEDED, S.FAILED, S.CANCELLED},
        S.UNKNOWN: _ENDS,
        # Only where the operator decided that what came late is booked
        S.FAILED: {S.SUCCEEDED},
        S.CANCELLED: {S.SUCCEEDED},
        S.SUCCEEDED: {S.REFUNDED, S.PARTLY_REFUNDED, S.REVERSED},
        S.PARTLY_REFUNDED: {S.REFUNDED, S.REVERSED, S.SUCCEEDED},
        # A refund that its bank sent back
        S.REFUNDED: {S.PARTLY_REFUNDED, S.SUCCEEDED, S.REVERSED},
    },
)
# What the service says where money moved, or moves
MOVED = {"succeeded": S.SUCCEEDED, "processing": S.PROCESSING}
# Money may move, or is moving: nobody pays the same amount again
HOLDS_AMOUNT = (S.PROCESSING, S.UNKNOWN)
# A page may be open
OPEN_PAGE = (S.CREATED, S.REQUIRES_ACTION)
# What is asked about until it ends
PENDING = (*OPEN_PAGE, *HOLDS_AMOUNT)
# Money came; what went back again is counted beside
PAID = (S.SUCCEEDED, S.PARTLY_REFUNDED, S.REFUNDED, S.REVERSED)


class RefundState(StrEnum):
    """What is known of a refund. REQUESTED: written, and perhaps asked for. PENDING: its bank has not answered yet."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


R = RefundState
REFUND_LIFECYCLE = Lifecycle(
    R,
    {
        R.REQUESTED: {R.PENDING, R.SUCCEEDED, R.FAILED},
        R.PENDING: {R.SUCCEEDED, R.FAILED},
        # A bank may send money back that had left
        R.SUCCEEDED: {R.FAILED},
    },
)
REFUND_OF = {
    "pending": R.PENDING,
    "requires_action": R.PENDING,
    "succeeded": R.SUCCEEDED,
    "failed": R.FAILED,
    "canceled": R.FAILED,
}


class Cause(StrEnum):
    """Why no money came, where that is our own reason and not the payer's bank.

    LEFT: its payer closed the page. EXPIRED: the page was open too long. REPLACED: the same invoice was paid by another
    attempt. OVERTAKEN: the invoice needed no such amount any more. REFUSED: the service made no page. NOT_OPENED: the service
    could not be reached in time. DIFFERENCE: what came is not what was asked for. DISMISSED: money came, and the operator booked
    nothing. LATE: money came after the payment had ended, and nobody has decided yet.
    """

    LEFT = "left"
    EXPIRED = "expired"
    REPLACED = "replaced"
    OVERTAKEN = "overtaken"
    REFUSED = "refused"
    NOT_OPENED = "not_opened"
    DIFFERENCE = "difference"
    DISMISSED = "dismissed"
    LATE = "late"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: a payment that came has to be just that."""

    cents: int
    currency: str
    customer: str
    livemode: bool
    tenant: str
    payment: str


def state_from(facts: PaymentFacts) -> PaymentState:
    """The state that follows from what the service says, refunds and reversals left aside."""
    intent, session = facts.intent, facts.session
    status = intent.status if intent is not None else ""
    if status in MOVED:
        return MOVED[status]
    if session is not None and session.status == "open":
        return S.REQUIRES_ACTION if status == "requires_action" else S.CREATED
    if session is None and status in {"requires_action", "requires_confirmation"}:
        return S.REQUIRES_ACTION
    if intent is not None and status != "canceled" and intent.failure:
        return S.FAILED
    # Complete, and nothing is said of a payment: it is not known
    complete = session is not None and session.status == "complete" and intent is None
    return S.UNKNOWN if complete else S.CANCELLED


def state_after(received: int, refunded: int, reversed_cents: int) -> PaymentState:
    """The state of a payment that came, after what went back again."""
    if reversed_cents > 0:
        return S.REVERSED
    if refunded >= received > 0:
        return S.REFUNDED
    return S.PARTLY_REFUNDED if refunded > 0 else S.SUCCEEDED


def refund_state(facts: RefundFacts) -> RefundState:
    """The state of a refund by what the service says. A word that is not known yet is no end."""
    return REFUND_OF.get(facts.status, R.PENDING)


def differences(intent: IntentFacts, asked: Asked) -> list[str]:
    """In what a payment that came differs from the one that was asked for; empty where it is that one."""
    pairs = (
        ("amount", intent.received_cents, asked.cents),
        ("currency", intent.currency, asked.currency),
        ("customer", intent.customer, asked.customer),
        ("livemode", intent.livemode, asked.livemode),
        ("company", intent.metadata.get("tenant", ""), asked.tenant),
        ("payment", intent.metadata.get("payment", ""), asked.payment),
    )
    return [f"{name}: {came} instead of {wanted}" for name, came, wanted in pairs if came != wanted]


def expected_on(began: date) -> date:
    """The day by which a bank usually answers a debit."""
    return after_working_days(began, USUAL_ANSWER_DAYS, ())


def latest_on(began: date) -> date:
    """The last day on which a bank may answer a debit."""
    return after_working_days(began, LATEST_ANSWER_DAYS, ())
