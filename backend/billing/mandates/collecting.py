"""Collects invoices on their day: each attempt is written before the service is asked, and asked for under its own key.

A process may be killed between any two steps. What is written is found again; what was asked for is asked for again under the
same key, and the service carries it out once.
"""

from datetime import timedelta
from uuid import UUID

import structlog

from backend.billing.lifecycle import CollectionMode
from backend.billing.mandates.announcing import DebitInvoice, lock_debit_invoice
from backend.billing.mandates.following import debits
from backend.billing.mandates.lifecycle import MOST_ATTEMPTS, BackToManual
from backend.billing.mandates.rows import (
    LockedMandate,
    find_mandate_row,
    in_force,
    mandate_named,
    to_manual,
)
from backend.billing.payments.checking import settle
from backend.billing.payments.lifecycle import LEAST_CENTS, PaymentChannel, PaymentState
from backend.billing.payments.rows import find_payment_row, lock_payment, move, shares_of
from backend.billing.payments.tables import Payment, PaymentShare
from backend.billing.tables import Invoice
from backend.core import audit, clock
from backend.core.billing_facts import PaymentFailed
from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.debits import DebitRequest
from backend.integrations.payment_facts import CURRENCY
from backend.integrations.payments import ProviderRefused
from tenants.directory import due_debits
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor, Scope

log = structlog.get_logger()

BATCH = 500
# A debit has no page that ends; it is asked about until its bank has answered
ANSWERED_WITHIN = timedelta(days=90)
# The service forgets keys after 24 hours: from then on it is asked first whether it has the debit
KEYS_LAST = timedelta(hours=20)
WAITS = "SELECT EXISTS (SELECT FROM outbox WHERE job = $1 AND failed_at IS NULL)"


@use_case(Permission.SYSTEM)
async def ask_for_collection(scope: Scope) -> None:
    """Have the worker collect what is due, unless it is to do so already. In the operator's scope."""
    if not await scope.fetch_value(bool, WAITS, JobName.COLLECT_DEBITS):
        scope.enqueue(JobName.COLLECT_DEBITS)


async def collect_soon() -> None:
    """For the scheduler: ask for a collection."""
    await ask_for_collection(Actor(OPERATOR_SCOPE))


@idempotent_job(JobName.COLLECT_DEBITS)
async def collect_debits(_actor: Actor) -> None:
    """Write an attempt for each invoice that is due today. One that cannot be written does not stop the others."""
    after = UUID(int=0)
    while found := await due_debits(clock.today(), after, BATCH):
        for one in found:
            try:
                await collect_invoice(Actor(one.tenant_id), one.id)
            except Exception:
                log.exception("an invoice could not be collected", invoice=str(one.id))
        after = found[-1].id


async def collect_invoice(actor: Actor, invoice_id: UUID) -> None:
    """Write the attempt of one invoice and have it sent, once, whoever else does the same at the same moment."""
    async with job_scope(actor) as scope:
        invoice = await lock_debit_invoice(scope, invoice_id)
        if invoice.collect_on is None or invoice.collect_on > clock.today():
            return
        if invoice.collection != CollectionMode.DIRECT_DEBIT or invoice.open_cents <= 0:
            await _unplan(invoice_id)
            return
        if invoice.payable_cents < min(LEAST_CENTS, invoice.open_cents):
            # It is contested, or another payment is under way: on another day it may be collected
            return
        mandate = await mandate_named(scope, invoice.billing_account_id, invoice.mandate_reference)
        if mandate is None or not in_force(mandate.state) or invoice.debit_attempts >= MOST_ATTEMPTS:
            if mandate is not None:
                await to_manual(scope, invoice_id, mandate.id, BackToManual.NO_MANDATE)
            return
        if invoice.payable_cents < LEAST_CENTS:
            await to_manual(scope, invoice_id, mandate.id, BackToManual.BELOW_LIMIT)
            return
        await _write_attempt(scope, invoice, mandate)


async def _unplan(invoice_id: UUID) -> None:
    await Invoice.update({Invoice.collect_on: None}).where(Invoice.id == invoice_id)


async def _write_attempt(scope: Scope, invoice: DebitInvoice, mandate: LockedMandate) -> None:
    attempt, now, cents = invoice.debit_attempts + 1, clock.now(), invoice.payable_cents
    payment = Payment(
        id=new_id(),
        tenant_id=scope.tenant_id,
        channel=PaymentChannel.DEBIT,
        state=PaymentState.CREATED,
        cents=cents,
        currency=CURRENCY,
        request_key=debit_key(invoice.id, attempt),
        member_id=mandate.member_id,
        payer_name=mandate.holder or mandate.signer_name,
        payer_email=mandate.signer_email,
        language=mandate.language,
        customer=mandate.customer,
        livemode=mandate.livemode,
        mandate_id=mandate.id,
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
            billing_account_id=invoice.billing_account_id,
            invoice_id=invoice.id,
            number=invoice.number,
            cents=cents,
        )
    )
    await Invoice.update({Invoice.collect_on: None, Invoice.debit_attempts: attempt}).where(
        Invoice.id == invoice.id
    )
    await audit.record(scope, "debit.attempted", "invoice", invoice.id, attempt=attempt, cents=cents)
    scope.enqueue(JobName.SEND_DEBIT, payment_id=payment.id)
    scope.invalidate(f"invoice:{invoice.id}")


def debit_key(invoice_id: UUID, attempt: int) -> str:
    """What an attempt is called: one row of an invoice and a number."""
    return f"debit/{invoice_id}/{attempt}"


@idempotent_job(JobName.SEND_DEBIT)
async def send_debit(actor: Actor, *, payment_id: str) -> None:
    """Debit the account of an attempt, and write what became of it.

    Raises Unavailable where no answer came: the attempt is then UNKNOWN, and is asked for again under its key.
    """
    key = UUID(payment_id)
    async with job_scope(actor) as scope:
        row = await find_payment_row(scope, key)
        if row is None:
            raise LookupError(f"there is no payment {payment_id}")
        mandate_id = await scope.fetch_value(UUID, "SELECT mandate_id FROM payment WHERE id = $1", key)
        mandate = await find_mandate_row(scope, mandate_id) if mandate_id else None
        shares = await shares_of(scope, key)
    if mandate is None or row.state not in {PaymentState.CREATED, PaymentState.UNKNOWN} or row.given_out:
        return
    request = DebitRequest(
        key=f"payment/{key}",
        customer=row.customer,
        payment_method=mandate.payment_method,
        mandate=mandate.provider_id,
        cents=row.cents,
        description=shares[0].number,
        metadata={"tenant": str(actor.tenant_id), "payment": str(key)},
    )
    try:
        intent_id = ""
        if clock.now() - row.created_at > KEYS_LAST:
            intent_id = await debits().find_debit(row.customer, str(key), int(row.created_at.timestamp()))
        intent_id = intent_id or await debits().debit(request)
    except Unavailable:
        await _lose_sight(actor, key)
        raise
    except ProviderRefused as error:
        log.warning("debit refused", payment=payment_id, code=error.code, why=str(error))
        await _refused(actor, key, error.code)
        return
    async with job_scope(actor) as scope:
        await lock_payment(scope, key)
        await Payment.update({Payment.intent_id: intent_id}).where(Payment.id == key)
    await settle(actor, key)


async def _lose_sight(actor: Actor, payment_id: UUID) -> None:
    """Say that it is not known whether money moves."""
    async with job_scope(actor) as scope:
        row = await lock_payment(scope, payment_id)
        if row.state == PaymentState.CREATED:
            await move(scope, row, PaymentState.UNKNOWN)


async def _refused(actor: Actor, payment_id: UUID, code: str) -> None:
    """The service made no debit: none will come of this attempt."""
    async with job_scope(actor) as scope:
        row = await lock_payment(scope, payment_id)
        if row.state in {PaymentState.CREATED, PaymentState.UNKNOWN} and not row.given_out:
            await move(scope, row, PaymentState.FAILED, failure=code)
            scope.emit(PaymentFailed(payment_id=payment_id))
