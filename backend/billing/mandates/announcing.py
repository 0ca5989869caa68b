"""An invoice that says that it will be debited: its day is set and its payer told, or it is paid by its customer after all."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.billing.lifecycle import CollectionMode
from backend.billing.mandates.lifecycle import BackToManual, MandateState, collected_on
from backend.billing.mandates.rows import in_force, lock_mandate, mandate_named, move_mandate, to_manual
from backend.billing.tables import Invoice
from backend.billing.ubl.document import BooksAs
from backend.core import clock
from backend.core.billing_facts import DebitChanged
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.runtime import clients
from tenants.scope import Actor, Scope

ANNOUNCED = "announced"
LOCK_ACCOUNT = """
SELECT a.id FROM billing_account a WHERE a.id = (SELECT billing_account_id FROM invoice WHERE id = $1) FOR NO KEY UPDATE
"""


class DebitInvoice(msgspec.Struct, frozen=True):
    """An invoice, as far as a debit needs it."""

    id: UUID
    billing_account_id: UUID
    number: str
    books_as: str
    collection: str
    mandate_reference: str
    due_on: date | None
    received_at: datetime
    open_cents: int
    disputed_cents: int
    collecting_cents: int
    collect_on: date | None
    debit_attempts: int

    @property
    def payable_cents(self) -> int:
        """What may be collected now."""
        return max(self.open_cents - self.disputed_cents - self.collecting_cents, 0)


async def lock_debit_invoice(scope: Scope, invoice_id: UUID) -> DebitInvoice:
    """Lock the customer number, then the invoice. Raises LookupError."""
    await scope.execute(LOCK_ACCOUNT, invoice_id)
    found = await scope.select_one(DebitInvoice, Invoice, Invoice.id == invoice_id, lock=True)
    if found is None:
        raise LookupError(f"there is no invoice {invoice_id}")
    return found


@idempotent_job(JobName.ANNOUNCE_DEBIT)
async def announce_debit(actor: Actor, *, invoice_id: str) -> None:
    """Set the day of the debit that an invoice names a mandate for, and have its payer told.

    An invoice whose mandate is not known here is collected by its operator elsewhere: nothing is done about it.
    """
    async with job_scope(actor) as scope:
        invoice = await lock_debit_invoice(scope, UUID(invoice_id))
        if invoice.books_as != BooksAs.DEMAND or invoice.collection != CollectionMode.DIRECT_DEBIT:
            return
        if invoice.collect_on is not None or invoice.debit_attempts or invoice.open_cents <= 0:
            return
        mandate = await mandate_named(scope, invoice.billing_account_id, invoice.mandate_reference)
        if mandate is None:
            return
        if not in_force(mandate.state):
            await to_manual(scope, invoice.id, mandate.id, BackToManual.NO_MANDATE, reason=mandate.ending)
            return
        if mandate.state == MandateState.SIGNED:
            await move_mandate(scope, await lock_mandate(scope, mandate.id), MandateState.ACTIVE)
        if invoice.payable_cents > clients().settings.debit_limit_euros * 100:
            await to_manual(scope, invoice.id, mandate.id, BackToManual.ABOVE_LIMIT)
            return
        day = collected_on(invoice.due_on, clock.local(invoice.received_at).date())
        await Invoice.update({Invoice.collect_on: day}).where(Invoice.id == invoice.id)
        scope.emit(
            DebitChanged(
                invoice_id=invoice.id, mandate_id=mandate.id, phase=ANNOUNCED, reason=day.isoformat()
            )
        )
        scope.invalidate(f"invoice:{invoice.id}")
