"""What follows from a debit: paid, failed and tried once more, failed for good, given back, and what stays open."""

from uuid import UUID

from backend.billing.lifecycle import CollectionMode
from backend.billing.mandates.announcing import DebitInvoice, lock_debit_invoice
from backend.billing.mandates.lifecycle import (
    ENDS,
    IN_FORCE,
    MOST_ATTEMPTS,
    MOST_FAILURES,
    RETRIED,
    SUSPENDS,
    BackToManual,
    Ending,
    MandateState,
    retried_on,
)
from backend.billing.mandates.rows import LockedMandate, in_force, lock_mandate, move_mandate, to_manual
from backend.billing.mandates.tables import Mandate
from backend.billing.payments.checking import provider
from backend.billing.payments.debits import DebitAttempt, DebitPayment, attempt_of, debit_key, find_attempt
from backend.billing.payments.lifecycle import PAID, PaymentState
from backend.billing.tables import Invoice
from backend.core import audit, clock
from backend.core.billing_facts import DebitChanged
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from tenants.scope import Actor, Scope

RETRY = "retry"
# What the service says where the mandate is not in force any more
NO_MANDATE_CODES = frozenset({"payment_intent_mandate_invalid", "resource_missing"})


async def _attempt(actor: Actor, payment_id: str) -> DebitAttempt | None:
    async with job_scope(actor) as scope:
        return await attempt_of(scope, UUID(payment_id))


@idempotent_job(JobName.FOLLOW_DEBIT_PAID)
async def follow_paid(
    actor: Actor,
    *,
    payment_id: str,
    billing_account_id: str,  # noqa: ARG001 - of the fact
    invoice_ids: list[str],  # noqa: ARG001 - of the fact
    cents: int,  # noqa: ARG001 - of the fact
) -> None:
    """Note on the mandate that something was collected under it."""
    found = await _attempt(actor, payment_id)
    if found is None:
        return
    async with job_scope(actor) as scope:
        row = await lock_mandate(scope, found.mandate_id)
        await Mandate.update({Mandate.collected_on: clock.today(), Mandate.failures: 0}).where(
            Mandate.id == row.id
        )
    await leave_rest(actor, found.invoice_id)


async def leave_rest(actor: Actor, invoice_id: UUID) -> None:
    """What is open of an invoice after its debit is its customer's to pay: nothing debits it again, and nobody may say so.

    Nothing is done while it is disputed, being collected, or its debit is still to come.
    """
    async with job_scope(actor) as scope:
        invoice = await lock_debit_invoice(scope, invoice_id)
        if invoice.collection != CollectionMode.DIRECT_DEBIT or invoice.collect_on is not None:
            return
        last = await find_attempt(scope, invoice_id, invoice.debit_attempts)
        if last is None or last.mandate_id is None or last.state not in PAID or not invoice.payable_cents:
            return
        if last.state == PaymentState.REVERSED:
            # Its bank took it back, which is said with the bank's reason
            return
        await to_manual(scope, invoice_id, last.mandate_id, BackToManual.REST)


@idempotent_job(JobName.FOLLOW_DEBIT_DISPUTED)
async def follow_disputed(
    actor: Actor,
    *,
    move_id: str,  # noqa: ARG001 - of the fact
    invoice_id: str,
    dispute_ids: list[str],  # noqa: ARG001 - of the fact
    state: str,  # noqa: ARG001 - of the fact
) -> None:
    """What was kept apart of a debit, and is due again: its customer pays it."""
    await leave_rest(actor, UUID(invoice_id))


@idempotent_job(JobName.FOLLOW_DEBIT_FAILED)
async def follow_failed(actor: Actor, *, payment_id: str) -> None:
    """Plan the second attempt where the reason allows one; else its customer pays, who is told why."""
    found = await _attempt(actor, payment_id)
    if found is None:
        return
    invoice_id = found.invoice_id
    async with job_scope(actor) as scope:
        invoice = await lock_debit_invoice(scope, invoice_id)
        mandate = await lock_mandate(scope, found.mandate_id)
        # As it is under the lock
        attempt = await attempt_of(scope, found.payment.id)
        if attempt is None or not _counts(attempt.payment, invoice):
            return
        row = attempt.payment
        again = row.failure in RETRIED and invoice.debit_attempts < MOST_ATTEMPTS and in_force(mandate.state)
        if again:
            day = retried_on(clock.today())
            await Invoice.update({Invoice.collect_on: day}).where(Invoice.id == invoice_id)
            scope.emit(
                DebitChanged(
                    invoice_id=invoice_id, mandate_id=mandate.id, phase=RETRY, reason=day.isoformat()
                )
            )
            scope.invalidate(f"invoice:{invoice_id}")
            return
        await to_manual(scope, invoice_id, mandate.id, BackToManual.FAILED, reason=row.failure)
        await _count_failure(scope, mandate, row.failure)


def _counts(row: DebitPayment, invoice: DebitInvoice) -> bool:
    """Whether this is the last attempt of the invoice, it came to nothing, and nothing follows from it yet."""
    return (
        row.state in {PaymentState.FAILED, PaymentState.CANCELLED}
        and row.request_key == debit_key(invoice.id, invoice.debit_attempts)
        and invoice.collection == CollectionMode.DIRECT_DEBIT
        and invoice.collect_on is None
    )


async def _count_failure(scope: Scope, mandate: LockedMandate, reason: str) -> None:
    """What a failed debit means for its mandate."""
    failures = mandate.failures + 1
    await Mandate.update({Mandate.failures: failures}).where(Mandate.id == mandate.id)
    if mandate.state not in IN_FORCE:
        return
    if reason in ENDS or reason in NO_MANDATE_CODES:
        await move_mandate(scope, mandate, MandateState.REVOKED, ending=Ending.BANK)
    elif mandate.state == MandateState.SUSPENDED:
        return
    elif reason in SUSPENDS:
        await move_mandate(scope, mandate, MandateState.SUSPENDED, ending=Ending.PAYER)
    elif failures >= MOST_FAILURES:
        await move_mandate(scope, mandate, MandateState.SUSPENDED, ending=Ending.FAILURES)


@idempotent_job(JobName.FOLLOW_DEBIT_RETURNED)
async def follow_returned(
    actor: Actor,
    *,
    payment_id: str,
    provider_id: str,
    why: str,
    cents: int,  # noqa: ARG001 - of the fact
) -> None:
    """A debit that its bank took back: its customer pays the invoice, who is told why. Of a refund, what is owed again."""
    found = await _attempt(actor, payment_id)
    if found is None:
        return
    invoice_id = found.invoice_id
    if why != "reversal":
        await leave_rest(actor, invoice_id)
        return
    intent = (await provider().payment(intent_id=found.payment.intent_id)).intent
    disputes = intent.disputes if intent else []
    reason = next((one.reason for one in disputes if one.id == provider_id), "")
    async with job_scope(actor) as scope:
        await lock_debit_invoice(scope, invoice_id)
        mandate = await lock_mandate(scope, found.mandate_id)
        if await to_manual(scope, invoice_id, mandate.id, BackToManual.RETURNED, reason=reason):
            await audit.record(scope, "debit.returned", "invoice", invoice_id, reason=reason)
            await _count_failure(scope, mandate, reason)
