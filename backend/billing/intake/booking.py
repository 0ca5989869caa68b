"""Writes a document as an invoice or credit note of a company, in that company's scope. A repeat changes nothing."""

from uuid import UUID

import msgspec

from backend.billing.disputes.deciding import settle_by_note
from backend.billing.intake.charges import charges_of, write_charges
from backend.billing.intake.invoice_row import BookedDocument, invoice_row
from backend.billing.ledger import LedgerItem, Movement, allocate, enter
from backend.billing.lifecycle import LedgerKind
from backend.billing.tables import Invoice, InvoiceFile, InvoiceVat
from backend.billing.ubl.document import BooksAs
from backend.core import audit
from backend.core.billing_facts import InvoiceIssued
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.file_checks import PDF
from tenants.scope import Scope

XML = "application/xml"
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7143, hashtext($1::uuid::text))"
# Either names the other: a credit note may come before the invoice that it corrects.
CREDITS_OF = f"""
SELECT id AS invoice_id, billing_account_id FROM invoice WHERE billing_account_id = $1 AND books_as = '{BooksAs.CREDIT}' AND open_cents < 0
  AND $2 = ANY(corrects) AND issuer = $3 ORDER BY issued_on, id
"""
CORRECTED_BY = f"""
SELECT id AS invoice_id, billing_account_id FROM invoice WHERE billing_account_id = $1 AND books_as = '{BooksAs.DEMAND}' AND open_cents > 0
  AND number = ANY($2) AND issuer = $3 ORDER BY issued_on, id
"""


class BookedInvoice(msgspec.Struct, frozen=True):
    """An invoice."""

    id: UUID


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def book(scope: Scope, booked: BookedDocument) -> UUID:
    """Write the invoice with its charges, VAT and files and its entry in the ledger; returns its id.

    A document that was booked before is found again and left as it is.
    """
    # Another worker may be booking it: the second one waits, and finds it
    await scope.execute(ONE_AT_A_TIME, booked.document_id)
    known = await scope.select_one(BookedInvoice, Invoice, Invoice.document_id == booked.document_id)
    if known is not None:
        return known.id
    invoice_id = await _write(scope, booked)
    await _enter(scope, invoice_id, booked)
    await audit.record(
        scope, "invoice.booked", "invoice", invoice_id, number=booked.document.number, account=booked.account
    )
    scope.emit(InvoiceIssued(invoice_id=invoice_id))
    scope.invalidate("invoices")
    return invoice_id


async def _write(scope: Scope, booked: BookedDocument) -> UUID:
    row = invoice_row(scope, booked)
    charges = charges_of(booked.document)
    row.charges = len(charges)
    await scope.insert_all([row])
    vat = [
        InvoiceVat(
            id=new_id(),
            tenant_id=scope.tenant_id,
            invoice_id=row.id,
            position=position,
            category=one.category,
            percent=one.percent,
            taxable_cents=one.taxable_cents,
            tax_cents=one.tax_cents,
            exemption=one.exemption,
        )
        for position, one in enumerate(booked.document.vat)
    ]
    await scope.insert_all(vat)
    await write_charges(scope, row.id, charges)
    await scope.insert_all(_files(scope, row.id, booked))
    found: UUID = row.id
    return found


def _files(scope: Scope, invoice_id: UUID, booked: BookedDocument) -> list[InvoiceFile]:
    """The document itself byte for byte, the operator's PDF, and what is attached to the document."""
    stem = booked.document.number
    files = [("original", 0, f"{stem}.xml", XML, booked.content)]
    if booked.pdf is not None:
        files.append(("pdf", 0, f"{stem}.pdf", PDF, booked.pdf))
    for position, one in enumerate(booked.document.attachments):
        files.append(("attachment", position, one.name, one.media_type, one.content))
    return [
        InvoiceFile(
            id=new_id(),
            tenant_id=scope.tenant_id,
            invoice_id=invoice_id,
            kind=kind,
            position=position,
            name=name,
            media_type=media_type,
            content=content,
        )
        for kind, position, name, media_type, content in files
    ]


async def _enter(scope: Scope, invoice_id: UUID, booked: BookedDocument) -> None:
    """The entry of the ledger, and what is left of credits that belong to it."""
    document = booked.document
    credit = document.books_as is BooksAs.CREDIT
    cents = -abs(document.totals.payable) if credit else abs(document.totals.payable)
    await enter(
        scope,
        Movement(
            kind=LedgerKind.CREDIT_NOTE if credit else LedgerKind.INVOICE,
            provider_id=str(booked.document_id),
            billing_account_id=booked.billing_account_id,
            invoice_id=invoice_id,
            cents=cents,
            value_on=document.issued_on,
        ),
    )
    mine = LedgerItem(invoice_id, booked.billing_account_id)
    if credit:
        others = await scope.fetch_all(
            LedgerItem, CORRECTED_BY, booked.billing_account_id, document.corrects, booked.issuer
        )
        pairs = [(mine, other) for other in others]
    else:
        others = await scope.fetch_all(
            LedgerItem, CREDITS_OF, booked.billing_account_id, document.number, booked.issuer
        )
        pairs = [(other, mine) for other in others]
    for one, demand in pairs:
        await allocate(
            scope, one, demand, name=f"{one.invoice_id}/{demand.invoice_id}", value_on=document.issued_on
        )
    if credit:
        await settle_by_note(scope, invoice_id)
