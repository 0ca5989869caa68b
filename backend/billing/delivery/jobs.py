"""Tells the readers of a customer number that an invoice is there: a job for each, so that one bad address stops nobody."""

from datetime import timedelta
from uuid import UUID

import msgspec

from backend.billing.delivery.lifecycle import DeliveryMethod
from backend.billing.delivery.messages import invoice_message
from backend.billing.delivery.recipients import addresses_of, find_recipient, recipients_of
from backend.billing.queries import one_summary
from backend.billing.tables import Invoice
from backend.core import clock
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job
from backend.notifications.content import Message
from backend.notifications.sending import send_once
from tenants.scope import Actor, Scope

# Older documents are history that is handed in: nobody is written to about each of them
NEWS_FOR = timedelta(days=31)
IS_NEWS = """
SELECT i.billing_account_id FROM invoice i JOIN tenant t ON t.id = i.tenant_id
WHERE i.id = $1 AND i.issued_on >= $2 AND i.issued_on >= (t.created_at AT TIME ZONE 'Europe/Brussels')::date
"""


class InvoiceKey(msgspec.Struct, frozen=True):
    """What is needed of an invoice beside its summary."""

    billing_account_id: UUID
    structured: str


@job(JobName.ANNOUNCE_INVOICE)
async def announce_invoice(scope: Scope, *, invoice_id: str) -> None:
    """Ask for a message to each reader, unless the document is history."""
    account = await scope.fetch_value(UUID, IS_NEWS, UUID(invoice_id), clock.today() - NEWS_FOR)
    if account is None:
        return
    for one in await recipients_of(scope, account):
        scope.enqueue(JobName.MAIL_INVOICE, invoice_id=invoice_id, recipient=one.key)


@idempotent_job(JobName.MAIL_INVOICE)
async def mail_invoice(actor: Actor, *, invoice_id: str, recipient: str) -> None:
    """Write to one recipient, as the invoice stands now. Where another delivery was chosen, the portal alone shows it."""

    async def compose(scope: Scope) -> Message | None:
        invoice = await one_summary(scope, UUID(invoice_id))
        key = await scope.select_one(InvoiceKey, Invoice, Invoice.id == UUID(invoice_id))
        if invoice is None or key is None:
            return None
        to = await find_recipient(scope, key.billing_account_id, recipient)
        if to is None:
            return None
        wanted = await addresses_of(scope, key.billing_account_id)
        by_mail = wanted is None or wanted.method == DeliveryMethod.EMAIL
        return invoice_message(to, invoice, key.structured, by_mail=by_mail)

    await send_once(actor, f"invoice/{invoice_id}/{recipient}", compose)
