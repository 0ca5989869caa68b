"""Finds the invoices whose day has come, and writes an attempt to debit each, once. `sending.py` asks the service."""

from uuid import UUID

import structlog

from backend.billing.lifecycle import CollectionMode
from backend.billing.mandates.announcing import DebitInvoice, lock_debit_invoice
from backend.billing.mandates.lifecycle import MOST_ATTEMPTS, BackToManual
from backend.billing.mandates.rows import LockedMandate, in_force, mandate_named, to_manual
from backend.billing.payments.debits import NewDebit, write_debit
from backend.billing.payments.lifecycle import LEAST_CENTS
from backend.billing.tables import Invoice
from backend.core import audit, clock
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.directory import due_debits
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor, Scope

log = structlog.get_logger()

BATCH = 500
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
        await write_attempt(scope, invoice, mandate)


async def _unplan(invoice_id: UUID) -> None:
    """Nothing is left to debit. Should its payment come back, the invoice is its customer's to pay, who may be reminded."""
    await Invoice.update({Invoice.collect_on: None, Invoice.collection: CollectionMode.MANUAL}).where(
        Invoice.id == invoice_id
    )


async def write_attempt(scope: Scope, invoice: DebitInvoice, mandate: LockedMandate) -> None:
    """Write the next attempt of a locked invoice, take its day away, and have it sent: one transaction."""
    attempt, cents = invoice.debit_attempts + 1, invoice.payable_cents
    payment_id = await write_debit(
        scope,
        NewDebit(
            invoice_id=invoice.id,
            billing_account_id=invoice.billing_account_id,
            number=invoice.number,
            cents=cents,
            attempt=attempt,
            mandate_id=mandate.id,
            customer=mandate.customer,
            livemode=mandate.livemode,
            member_id=mandate.member_id,
            payer_name=mandate.holder or mandate.signer_name,
            payer_email=mandate.signer_email,
            language=mandate.language,
        ),
    )
    await Invoice.update({Invoice.collect_on: None, Invoice.debit_attempts: attempt}).where(
        Invoice.id == invoice.id
    )
    await audit.record(scope, "debit.attempted", "invoice", invoice.id, attempt=attempt, cents=cents)
    scope.enqueue(JobName.SEND_DEBIT, payment_id=payment_id)
    scope.invalidate(f"invoice:{invoice.id}")
