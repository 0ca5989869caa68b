"""The facts about invoices and payments; their names stand with all others in `facts.py`."""

from datetime import datetime
from uuid import UUID

from backend.core.facts import Fact, FactName


class InvoiceIssued(Fact, frozen=True, kw_only=True):
    """An invoice or a credit note of a customer number came in and is booked."""

    name = FactName.INVOICE_ISSUED
    invoice_id: UUID


class PaymentBooked(Fact, frozen=True, kw_only=True):
    """A payment of a customer is in the ledger.

    `payment_id` is its id where it came in, `cents` what was paid, and `invoice_ids` the invoices that it is for; what
    they did not need is in favour of the customer number.
    """

    name = FactName.PAYMENT_BOOKED
    payment_id: UUID
    billing_account_id: UUID
    invoice_ids: list[UUID]
    cents: int


class PaymentFailed(Fact, frozen=True, kw_only=True):
    """A payment that was in progress came to nothing: its bank refused it."""

    name = FactName.PAYMENT_FAILED
    payment_id: UUID


class PaymentReturned(Fact, frozen=True, kw_only=True):
    """Money of a payment went back: the operator gave it back (`refund`), or its bank took it back (`reversal`).

    `provider_id` names the refund or the reversal at the payment service.
    """

    name = FactName.PAYMENT_RETURNED
    payment_id: UUID
    provider_id: str
    why: str
    cents: int


class InvoiceAccessChanged(Fact, frozen=True, kw_only=True):
    """An owner gave a member access to invoices, changed it or took it away."""

    name = FactName.INVOICE_ACCESS_CHANGED
    member_id: UUID
    at: datetime


class InvoiceReminded(Fact, frozen=True, kw_only=True):
    """A customer number is reminded of what is overdue."""

    name = FactName.INVOICE_REMINDED
    reminder_id: UUID


class DisputesOpened(Fact, frozen=True, kw_only=True):
    """Charges of an invoice are disputed, in one step: the operator has to decide."""

    name = FactName.DISPUTES_OPENED
    step_id: UUID
    invoice_id: UUID


class DisputesMoved(Fact, frozen=True, kw_only=True):
    """Disputes of an invoice were accepted, refused, credited or withdrawn (`state`), in one move."""

    name = FactName.DISPUTES_MOVED
    move_id: UUID
    invoice_id: UUID
    dispute_ids: list[UUID]
    state: str


class MandateChanged(Fact, frozen=True, kw_only=True):
    """A mandate went from one state to another. `why`: why it ended or is suspended, else empty."""

    name = FactName.MANDATE_CHANGED
    mandate_id: UUID
    before: str
    state: str
    why: str = ""
    at: datetime


class DebitChanged(Fact, frozen=True, kw_only=True):
    """The debit of an invoice is announced, will be tried again, or its customer pays after all (`phase`).

    `reason`: the day, or the bank's reason by the payment service's code.
    """

    name = FactName.DEBIT_CHANGED
    invoice_id: UUID
    mandate_id: UUID
    phase: str
    reason: str = ""
