"""The invoices of a payment, locked, and how much of each may be paid now."""

from uuid import UUID

import msgspec

from backend.billing import queries
from backend.billing.lifecycle import CollectionMode
from backend.billing.queries import PAYABLE
from backend.billing.ubl.document import BooksAs
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.permissions import Permission
from tenants.scope import Scope

REACHED = "SELECT i.id, i.billing_account_id FROM invoice i WHERE {where}"
# Whatever moves money waits here: customer numbers first, then invoices, each in the order of their ids
LOCK_ACCOUNTS = "SELECT id FROM billing_account WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
TO_PAY = f"""
SELECT i.id, i.number, i.billing_account_id, i.books_as, i.collection, {PAYABLE} AS payable_cents
FROM invoice i WHERE i.id = ANY($1) ORDER BY i.id FOR NO KEY UPDATE
"""


class InvoiceNow(msgspec.Struct, frozen=True):
    """What may be paid of an invoice."""

    id: UUID
    number: str
    billing_account_id: UUID
    books_as: str
    collection: str
    payable_cents: int


class ReachedInvoice(msgspec.Struct, frozen=True):
    """An invoice within reach, and its customer number."""

    id: UUID
    billing_account_id: UUID


async def locked_invoices(scope: Scope, invoice_ids: list[UUID]) -> list[InvoiceNow]:
    """The invoices, locked. Raises NotFound where one is not within reach."""
    where = queries.within_reach(scope.actor, Permission.INVOICES_PAY)
    where.add("i.id = ANY({0})", invoice_ids)
    reached = await scope.fetch_all(ReachedInvoice, REACHED.format(where=where.sql), *where.values)
    if len(reached) != len(invoice_ids):
        raise NotFound
    await scope.execute(LOCK_ACCOUNTS, [one.billing_account_id for one in reached])
    return await scope.fetch_all(InvoiceNow, TO_PAY, invoice_ids)


def amount_to_pay(invoice: InvoiceNow, cents: int | None) -> int:
    """How much of an invoice is paid. Raises Conflict and ValidationFailed."""
    if invoice.books_as != BooksAs.DEMAND or invoice.collection != CollectionMode.MANUAL:
        raise Conflict("Nothing is to be paid of this invoice.", code="nothing_to_pay")
    if invoice.payable_cents <= 0:
        raise Conflict("Nothing is to be paid of this invoice now.", code="nothing_to_pay")
    if cents is None:
        return invoice.payable_cents
    if not 0 < cents <= invoice.payable_cents:
        raise ValidationFailed(
            cents="This is more than can be paid of the invoice now, or nothing.", code="amount_too_high"
        )
    return cents
