"""What goes in and out of the use cases on online payments. Amounts are integer cents, VAT included."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.billing.payments.lifecycle import PaymentState


class PaymentPart(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that is to be paid: the whole of what may be paid now, or a part of it."""

    invoice_id: UUID
    cents: int | None = None


class PayableInvoice(msgspec.Struct, frozen=True):
    """An invoice that may be paid now, and how much of it."""

    id: UUID
    number: str
    cents: int


class Payable(msgspec.Struct, frozen=True, kw_only=True):
    """What may be paid in one payment, those due first; `left_out` invoices do not fit into it."""

    invoices: list[PayableInvoice]
    left_out: int

    @property
    def cents(self) -> int:
        """The amount of all of them."""
        return sum(one.cents for one in self.invoices)


class ShareInfo(msgspec.Struct, frozen=True):
    """An amount of one invoice; no invoice: of the customer number as a whole."""

    invoice_id: UUID | None
    number: str
    account: str
    cents: int
    # What is open of the invoice now
    open_cents: int | None


class RefundInfo(msgspec.Struct, frozen=True):
    """Money that goes back, or went back."""

    id: UUID
    cents: int
    reason: str
    state: str
    created_at: datetime
    ended_at: datetime | None


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An online payment as it stands."""

    id: UUID
    channel: str
    state: PaymentState
    cents: int
    currency: str
    payer_name: str
    payer_email: str
    method: str
    failure: str
    decision: str
    # Of the hosted page, while it may be open
    address: str
    processing_since: date | None
    received_cents: int
    refunded_cents: int
    reversed_cents: int
    created_at: datetime
    expires_at: datetime
    checked_at: datetime | None
    paid_at: datetime | None
    ended_at: datetime | None


class PaymentInfo(PaymentRow, frozen=True, kw_only=True):
    """An online payment with what it is for, and what of it went back.

    `expected_on`: while its bank has not answered, the day by which it usually does; `latest_on` the last day.
    """

    shares: list[ShareInfo]
    refunds: list[RefundInfo]
    expected_on: date | None
    latest_on: date | None


class InvoicePayment(msgspec.Struct, frozen=True, kw_only=True):
    """An online payment of one invoice: `cents` is what of it is for this invoice."""

    id: UUID
    state: PaymentState
    cents: int
    method: str
    failure: str
    payer_name: str
    processing_since: date | None
    created_at: datetime
    paid_at: datetime | None
