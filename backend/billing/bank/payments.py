"""Books money that came in, or went back, in the scope of its company. Each movement once, however often it is tried."""

from datetime import date
from uuid import UUID

import msgspec

from backend.billing.ledger import Movement, enter
from backend.billing.lifecycle import LedgerKind
from backend.billing.ubl.document import BooksAs
from backend.core import audit
from backend.core.billing_facts import PaymentBooked
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

# Whatever moves money of a customer number waits here for the one before it.
LOCK_ACCOUNT = "SELECT id FROM billing_account WHERE id = $1 FOR NO KEY UPDATE"
BOOKED = "SELECT invoice_id, cents FROM ledger_entry WHERE kind = $1 AND provider_id = $2 ORDER BY id"
# Every invoice of its communication, the chosen one first. Locked in the order of their ids, as everywhere.
TO_PAY = """
SELECT id, open_cents, booked_cents, issued_on FROM invoice WHERE billing_account_id = $1 AND books_as = $2
  AND (id = $3 OR (structured = $4 AND structured <> '' AND open_cents > 0)) ORDER BY id FOR NO KEY UPDATE
"""
TARGETS = """
SELECT id AS invoice_id, billing_account_id, account AS customer_number, number AS invoice_number, open_cents FROM invoice
WHERE id = ANY($1) ORDER BY open_cents > 0 DESC, issued_on, id
"""


class BankPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved on the operator's account, and whose it is. `cents` is positive where it came in.

    `structured` also pays other invoices of the same communication; `reverses` is the payment that it takes back.
    """

    movement_id: UUID
    billing_account_id: UUID
    cents: int
    # The bank's day
    value_on: date
    invoice_id: UUID | None = None
    structured: str = ""
    reverses: UUID | None = None
    detail: str = ""


class PaidEntry(msgspec.Struct, frozen=True):
    """One entry of a payment."""

    invoice_id: UUID | None
    cents: int


class InvoiceToPay(msgspec.Struct, frozen=True):
    """What is open of an invoice."""

    id: UUID
    open_cents: int
    booked_cents: int
    issued_on: date


class PaymentTarget(msgspec.Struct, frozen=True):
    """An invoice that a payment may be for, and its customer number."""

    invoice_id: UUID
    billing_account_id: UUID
    customer_number: str
    invoice_number: str
    open_cents: int


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def payment_targets(scope: Scope, invoice_ids: list[UUID]) -> list[PaymentTarget]:
    """Those of these invoices that the company has, the oldest open one first."""
    return await scope.fetch_all(PaymentTarget, TARGETS, invoice_ids)


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def book_payment(scope: Scope, payment: BankPayment) -> None:
    """Write the entries of a payment, or of one that went back. What was written before is left as it is.

    A payment closes what is open, the chosen invoice first; what is left over is in favour of the customer number.
    """
    kind = LedgerKind.PAYMENT if payment.cents > 0 else LedgerKind.REVERSAL
    await scope.execute(LOCK_ACCOUNT, payment.billing_account_id)
    if await _booked(scope, kind, payment.movement_id):
        return
    if payment.cents > 0:
        entries = await _shares_of_payment(scope, payment)
    elif payment.reverses is not None:
        before = await _booked(scope, LedgerKind.PAYMENT, payment.reverses)
        entries = [PaidEntry(one.invoice_id, -one.cents) for one in before]
    else:
        entries = await _shares_of_return(scope, payment)
    await _write(scope, payment, kind, entries)


async def _booked(scope: Scope, kind: LedgerKind, movement_id: UUID) -> list[PaidEntry]:
    return await scope.fetch_all(PaidEntry, BOOKED, kind, str(movement_id))


async def _invoices(scope: Scope, payment: BankPayment) -> list[InvoiceToPay]:
    """The invoices that a payment is for, in the order in which it pays them."""
    found = await scope.fetch_all(
        InvoiceToPay,
        TO_PAY,
        payment.billing_account_id,
        BooksAs.DEMAND,
        payment.invoice_id,
        payment.structured,
    )
    return sorted(found, key=lambda one: (one.id != payment.invoice_id, one.issued_on, one.id))


async def _shares_of_payment(scope: Scope, payment: BankPayment) -> list[PaidEntry]:
    left, entries = payment.cents, []
    for one in await _invoices(scope, payment):
        share = min(left, max(one.open_cents, 0))
        if share:
            entries.append(PaidEntry(one.id, -share))
            left -= share
    return [*entries, PaidEntry(None, -left)] if left else entries


async def _shares_of_return(scope: Scope, payment: BankPayment) -> list[PaidEntry]:
    """Money that went back without a payment that is known: what was paid of the chosen invoice is open again."""
    left, entries = -payment.cents, []
    for one in await _invoices(scope, payment):
        if one.id == payment.invoice_id:
            share = min(left, max(one.booked_cents - one.open_cents, 0))
            if share:
                entries.append(PaidEntry(one.id, share))
                left -= share
    return [*entries, PaidEntry(None, left)] if left else entries


async def _write(scope: Scope, payment: BankPayment, kind: LedgerKind, entries: list[PaidEntry]) -> None:
    for one in entries:
        await enter(
            scope,
            Movement(
                kind=kind,
                provider_id=str(payment.movement_id),
                billing_account_id=payment.billing_account_id,
                cents=one.cents,
                value_on=payment.value_on,
                invoice_id=one.invoice_id,
                detail=payment.detail,
            ),
        )
    invoice_ids = [one.invoice_id for one in entries if one.invoice_id is not None]
    what = "payment.booked" if kind is LedgerKind.PAYMENT else "payment.reversed"
    await audit.record(
        scope,
        what,
        "billing_account",
        payment.billing_account_id,
        movement=payment.movement_id,
        cents=payment.cents,
    )
    if kind is LedgerKind.PAYMENT:
        scope.emit(
            PaymentBooked(
                payment_id=payment.movement_id,
                billing_account_id=payment.billing_account_id,
                invoice_ids=invoice_ids,
                cents=payment.cents,
            )
        )
    scope.invalidate("invoices")
    for invoice_id in invoice_ids:
        scope.invalidate(f"invoice:{invoice_id}")
