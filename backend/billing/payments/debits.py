"""Payments that nobody is present for: attempts to debit an account under a mandate. `backend/billing/mandates/` decides them."""

from datetime import timedelta
from uuid import UUID

import msgspec

from backend.billing.payments.lifecycle import PaymentChannel, PaymentState
from backend.billing.payments.rows import LockedPayment, find_payment_row, lock_payment, move, shares_of
from backend.billing.payments.tables import Payment, PaymentShare
from backend.core import clock
from backend.core.billing_facts import PaymentFailed
from backend.core.ids import new_id
from backend.integrations.payment_facts import CURRENCY
from tenants.scope import Scope

# A debit has no page that ends; it is asked about until its bank has answered
ANSWERED_WITHIN = timedelta(days=90)
WAITING = frozenset({PaymentState.CREATED, PaymentState.UNKNOWN})


class NewDebit(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to debit an invoice under a mandate."""

    invoice_id: UUID
    billing_account_id: UUID
    number: str
    cents: int
    attempt: int
    mandate_id: UUID
    customer: str
    livemode: bool
    member_id: UUID | None
    payer_name: str
    payer_email: str
    language: str


class DebitPayment(msgspec.Struct, frozen=True):
    """An attempt as it is now."""

    id: UUID
    channel: str
    state: str
    mandate_id: UUID | None
    request_key: str
    intent_id: str
    failure: str
    cents: int


class DebitShare(msgspec.Struct, frozen=True):
    """The invoice that an attempt is for."""

    invoice_id: UUID


class DebitAttempt(msgspec.Struct, frozen=True):
    """An attempt, its invoice and its mandate."""

    payment: DebitPayment
    invoice_id: UUID
    mandate_id: UUID


def debit_key(invoice_id: UUID, attempt: int) -> str:
    """What an attempt is called: one row of an invoice and a number."""
    return f"debit/{invoice_id}/{attempt}"


async def write_debit(scope: Scope, wanted: NewDebit) -> UUID:
    """Write an attempt before anybody is asked; returns its id. An invoice has one of each number."""
    now = clock.now()
    payment = Payment(
        id=new_id(),
        tenant_id=scope.tenant_id,
        channel=PaymentChannel.DEBIT,
        state=PaymentState.CREATED,
        cents=wanted.cents,
        currency=CURRENCY,
        request_key=debit_key(wanted.invoice_id, wanted.attempt),
        member_id=wanted.member_id,
        payer_name=wanted.payer_name,
        payer_email=wanted.payer_email,
        language=wanted.language,
        customer=wanted.customer,
        livemode=wanted.livemode,
        mandate_id=wanted.mandate_id,
        created_at=now,
        expires_at=now + ANSWERED_WITHIN,
    )
    await Payment.insert(payment)
    await PaymentShare.insert(
        PaymentShare(
            id=new_id(),
            tenant_id=scope.tenant_id,
            payment_id=payment.id,
            position=0,
            billing_account_id=wanted.billing_account_id,
            invoice_id=wanted.invoice_id,
            number=wanted.number,
            cents=wanted.cents,
        )
    )
    made: UUID = payment.id
    return made


async def attempt_of(scope: Scope, payment_id: UUID) -> DebitAttempt | None:
    """An attempt with its invoice; None where the payment is no debit under a mandate."""
    row = await scope.select_one(DebitPayment, Payment, Payment.id == payment_id)
    if row is None or row.channel != PaymentChannel.DEBIT or row.mandate_id is None:
        return None
    share = await scope.select_one(DebitShare, PaymentShare, PaymentShare.payment_id == row.id)
    return DebitAttempt(row, share.invoice_id, row.mandate_id) if share else None


async def find_attempt(scope: Scope, invoice_id: UUID, attempt: int) -> DebitPayment | None:
    """An attempt of an invoice by its number."""
    return await scope.select_one(
        DebitPayment, Payment, Payment.request_key == debit_key(invoice_id, attempt)
    )


async def unsent(scope: Scope, payment_id: UUID) -> tuple[LockedPayment, str] | None:
    """An attempt of which no debit is known yet, and the number of its invoice; None for any other. Raises LookupError."""
    row = await find_payment_row(scope, payment_id)
    if row is None:
        raise LookupError(f"there is no payment {payment_id}")
    if row.state not in WAITING or row.given_out:
        return None
    return row, (await shares_of(scope, payment_id))[0].number


async def note_debit(scope: Scope, payment_id: UUID, intent_id: str) -> None:
    """Write down by which id the service knows an attempt."""
    await lock_payment(scope, payment_id)
    await Payment.update({Payment.intent_id: intent_id}).where(Payment.id == payment_id)


async def lose_sight(scope: Scope, payment_id: UUID) -> None:
    """Say that it is not known whether money moves."""
    row = await lock_payment(scope, payment_id)
    if row.state == PaymentState.CREATED:
        await move(scope, row, PaymentState.UNKNOWN)


async def refuse_debit(scope: Scope, payment_id: UUID, code: str) -> None:
    """The service made no debit: none will come of this attempt."""
    row = await lock_payment(scope, payment_id)
    if row.state in WAITING and not row.given_out:
        await move(scope, row, PaymentState.FAILED, failure=code)
        scope.emit(PaymentFailed(payment_id=payment_id))
