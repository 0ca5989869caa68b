"""The facts, timers and jobs of the product: every name on one page.

A fact is something that happened; it is emitted in the transaction that made it so (`scope.emit`), and it is what
webhooks will carry. A timer says that a moment has come (`scope.set_timer`). A command is a job that is asked for by
its name (`scope.enqueue`). `backend/subscriptions.py` says which jobs follow each fact and each timer.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec


class FactName(StrEnum):
    """What can happen. The past tense is meant: a fact is never a wish."""

    ORDER_PLACED = "order.placed"
    ORDER_SCHEDULED = "order.scheduled"
    ORDER_MOVED = "order.moved"
    ORDER_SUBMITTED = "order.submitted"
    ORDER_PRICE_CHANGED = "order.price_changed"
    ORDER_HOLD_EXPIRED = "order.hold_expired"
    ORDER_WAITING = "order.waiting"
    ORDER_ENDED = "order.ended"
    CONTRACT_CLOSED = "contract.closed"
    DEPARTURE_PLANNED = "departure.planned"
    DEPARTURE_CHOSEN = "departure.chosen"
    DEPARTURE_RESCHEDULED = "departure.rescheduled"
    DEPARTURE_WITHDRAWN = "departure.withdrawn"
    DEPARTURE_ENDED = "departure.ended"
    ESIM_RELEASED = "esim.released"
    SIM_ACTIVATED = "sim.activated"
    SIM_SWAPPED = "sim.swapped"
    USER_ADDRESS_CHANGED = "user.address_changed"
    ITEM_MAIL_ENDED = "item.mail_ended"
    BULK_UPLOADED = "bulk.uploaded"
    CAP_RAISED = "cap.raised"
    USAGE_LOADED = "usage.loaded"
    USAGE_ALERTED = "usage.alerted"
    INVOICE_ISSUED = "invoice.issued"
    PAYMENT_BOOKED = "payment.booked"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_RETURNED = "payment.returned"
    MANDATE_CHANGED = "mandate.changed"
    DEBIT_CHANGED = "debit.changed"
    INVOICE_ACCESS_CHANGED = "invoice.access_changed"
    INVOICE_REMINDED = "invoice.reminded"
    DISPUTES_OPENED = "disputes.opened"
    DISPUTES_MOVED = "disputes.moved"


class TimerName(StrEnum):
    """Moments that come by themselves."""

    ORDER_GRACE_ENDED = "order.grace_ended"
    ORDER_DUE = "order.due"


class JobName(StrEnum):
    """Every job. Those that no fact and no timer starts are commands."""

    END_GRACE = "orders.end_grace"
    RUN_SCHEDULED_ORDER = "orders.run_scheduled_order"
    SPLIT_SUBMISSION = "orders.split_submission"
    SUBMIT_ITEMS = "orders.submit_items"
    HANDLE_CALLBACKS = "orders.handle_callbacks"
    POLL_ITEMS = "orders.poll_items"
    AMEND_AT_CARRIER = "orders.amend_at_carrier"
    CANCEL_AT_CARRIER = "orders.cancel_at_carrier"
    EXPIRE_HELD_ORDER = "orders.expire_held_order"
    MAIL_ORDER_RECEIVED = "orders.mail_received"
    MAIL_ORDER_SCHEDULED = "orders.mail_scheduled"
    MAIL_ORDER_MOVED = "orders.mail_moved"
    MAIL_PRICE_CHANGED = "orders.mail_price_changed"
    MAIL_ORDER_WAITING = "orders.mail_waiting"
    SETTLE_CONTRACT = "orders.settle_contract"
    NOTE_ITEM_MAIL = "orders.note_item_mail"
    MAIL_ORDER_ENDED = "orders.mail_ended"
    INVITE_SUCCESSOR = "departures.invite_successor"
    CONFIRM_CHOICE = "departures.confirm_choice"
    REPORT_CHOICE = "departures.report_choice"
    NOTIFY_CONVERTED = "departures.notify_converted"
    NOTIFY_RESCHEDULED = "departures.notify_rescheduled"
    NOTIFY_WITHDRAWN = "departures.notify_withdrawn"
    SYNC_INVENTORY = "lines.sync_inventory"
    READ_AFTER_TRANSFER = "lines.read_after_transfer"
    SEAL_CODES = "sims.seal_codes"
    READ_PUK = "sims.read_puk"
    SEND_ACTIVATION_CODE = "sims.send_activation_code"
    SEND_CONFIRMATION_REQUEST = "sims.send_confirmation_request"
    SEND_SWAP_NOTICE = "sims.send_swap_notice"
    SEND_ADDRESS_NOTICE = "users.send_address_notice"
    VALIDATE_UPLOAD = "bulk.validate"
    CHECK_ALERTS = "usage.check_alerts"
    MAIL_ALERT = "usage.mail_alert"
    RAISE_CAP = "usage.raise_cap"
    RUN_BILLING_IMPORT = "billing.run_import"
    BOOK_DOCUMENT = "billing.book_document"
    MATCH_STATEMENT = "billing.match_statement"
    OPEN_CHECKOUT = "payments.open_checkout"
    CHECK_PAYMENT = "payments.check"
    HANDLE_PROVIDER_EVENT = "payments.handle_event"
    RECONCILE_PAYMENTS = "payments.reconcile"
    SEND_REFUND = "payments.send_refund"
    CARRY_OUT_CASE = "payments.carry_out_case"
    MAIL_RECEIPT = "payments.mail_receipt"
    MAIL_PAYMENT_FAILED = "payments.mail_failed"
    MAIL_PAYMENT_RETURNED = "payments.mail_returned"
    OPEN_MANDATE_PAGE = "mandates.open_page"
    CHECK_MANDATE = "mandates.check"
    END_MANDATE = "mandates.end"
    MAIL_MANDATE = "mandates.mail"
    ANNOUNCE_DEBIT = "debits.announce"
    COLLECT_DEBITS = "debits.collect"
    SEND_DEBIT = "debits.send"
    FOLLOW_DEBIT_PAID = "debits.follow_paid"
    FOLLOW_DEBIT_FAILED = "debits.follow_failed"
    FOLLOW_DEBIT_RETURNED = "debits.follow_returned"
    FOLLOW_DEBIT_DISPUTED = "debits.follow_disputed"
    MAIL_DEBIT = "debits.mail"
    MAIL_INVOICE_ACCESS = "billing.mail_access"
    ANNOUNCE_INVOICE = "billing.announce_invoice"
    MAIL_INVOICE = "billing.mail_invoice"
    ANNOUNCE_REMINDER = "billing.announce_reminder"
    MAIL_REMINDER = "billing.mail_reminder"
    LIFT_DEBT_BLOCK = "billing.lift_debt_block"
    PROVE_INVOICE = "billing.prove_invoice"
    PROVE_USE_AGAIN = "billing.prove_use_again"
    MAIL_DISPUTES = "billing.mail_disputes"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. The fields become the keyword arguments of the jobs that follow; ids and instants as text."""

    name: ClassVar[FactName]


class OrderPlaced(Fact, frozen=True, kw_only=True):
    """A request stands, whatever its first state: in its undo time, planned for a day, or on its way."""

    name = FactName.ORDER_PLACED
    order_id: UUID


class OrderScheduled(Fact, frozen=True, kw_only=True):
    """A request was placed for a later day."""

    name = FactName.ORDER_SCHEDULED
    order_id: UUID


class OrderMoved(Fact, frozen=True, kw_only=True):
    """A planned request got another day."""

    name = FactName.ORDER_MOVED
    order_id: UUID
    at: datetime


class OrderSubmitted(Fact, frozen=True, kw_only=True):
    """A request can no longer be undone: it goes to the carrier."""

    name = FactName.ORDER_SUBMITTED
    order_id: UUID


class OrderPriceChanged(Fact, frozen=True, kw_only=True):
    """A planned request costs more on its day than was accepted: somebody has to decide."""

    name = FactName.ORDER_PRICE_CHANGED
    order_id: UUID


class OrderHoldExpired(Fact, frozen=True, kw_only=True):
    """A request was held longer than its carrier lets it wait."""

    name = FactName.ORDER_HOLD_EXPIRED
    order_id: UUID


class OrderWaiting(Fact, frozen=True, kw_only=True):
    """A request waits for its customer, or, with its lines done, for the operator's decision on their contracts."""

    name = FactName.ORDER_WAITING
    order_id: UUID
    at: datetime


class ContractClosed(Fact, frozen=True, kw_only=True):
    """A contract for shared billing was accepted or refused, or ended without a decision."""

    name = FactName.CONTRACT_CLOSED
    agreement_id: UUID


class OrderEnded(Fact, frozen=True, kw_only=True):
    """A request reached a final state. `why`: "undone" or "cancelled" where a person took it back, else empty."""

    name = FactName.ORDER_ENDED
    order_id: UUID
    state: str
    why: str = ""


class DeparturePlanned(Fact, frozen=True, kw_only=True):
    """An employee is to leave with the number, and the successor is known."""

    name = FactName.DEPARTURE_PLANNED
    departure_id: UUID


class DepartureChosen(Fact, frozen=True, kw_only=True):
    """The successor chose an offer, or another one than before."""

    name = FactName.DEPARTURE_CHOSEN
    departure_id: UUID
    offer: str
    at: datetime


class DepartureEnded(Fact, frozen=True, kw_only=True):
    """A number was released: to its successor's offer, or as a prepaid card."""

    name = FactName.DEPARTURE_ENDED
    departure_id: UUID


class DepartureRescheduled(Fact, frozen=True, kw_only=True):
    """A departure got another day."""

    name = FactName.DEPARTURE_RESCHEDULED
    departure_id: UUID
    day: date


class DepartureWithdrawn(Fact, frozen=True, kw_only=True):
    """A departure whose successor was invited comes to nothing."""

    name = FactName.DEPARTURE_WITHDRAWN
    departure_id: UUID


class EsimReleased(Fact, frozen=True, kw_only=True):
    """The carrier has an activation code ready for a profile (SGP.22 `released`)."""

    name = FactName.ESIM_RELEASED
    profile_id: UUID


class SimActivated(Fact, frozen=True, kw_only=True):
    """A line works with another SIM."""

    name = FactName.SIM_ACTIVATED
    line_id: UUID
    sim_number: str


class SimSwapped(Fact, frozen=True, kw_only=True):
    """A SIM swap was asked for, is done, or comes to nothing (`phase`); `by` is who asked."""

    name = FactName.SIM_SWAPPED
    item_id: UUID
    line_id: UUID
    phase: str
    by: str
    at: datetime


class UserAddressChanged(Fact, frozen=True, kw_only=True):
    """A line's messages go to another address. `language` is the earlier user's."""

    name = FactName.USER_ADDRESS_CHANGED
    item_id: UUID
    line_id: UUID
    language: str
    at: datetime


class ItemMailEnded(Fact, frozen=True, kw_only=True):
    """The mail server took a message about an item of a request, or refused it for good (`refused`).

    `needed`: what the item asked for is not with its user before the message is.
    """

    name = FactName.ITEM_MAIL_ENDED
    item_id: UUID
    refused: bool
    needed: bool


class BulkUploaded(Fact, frozen=True, kw_only=True):
    """A file of requests was handed in, or replaced."""

    name = FactName.BULK_UPLOADED
    upload_id: UUID
    document_id: UUID


class CapRaised(Fact, frozen=True, kw_only=True):
    """A line's cap abroad is another one for one billing period. `period`: `2026-11`; `cents` None: no cap."""

    name = FactName.CAP_RAISED
    line_id: UUID
    period: str
    cents: int | None


class UsageLoaded(Fact, frozen=True, kw_only=True):
    """A file of usage was loaded."""

    name = FactName.USAGE_LOADED
    load_id: UUID


class UsageAlerted(Fact, frozen=True, kw_only=True):
    """A line passed a threshold that its user is told of."""

    name = FactName.USAGE_ALERTED
    alert_id: UUID
