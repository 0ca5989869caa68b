"""Writes a document as an invoice or credit note of a company, in that company's scope. A repeat changes nothing."""

from datetime import date
from hashlib import sha256
from uuid import UUID

import msgspec

from backend.billing.intake.charges import charges_of, write_charges
from backend.billing.ledger import Movement, OpenItem, allocate, enter
from backend.billing.lifecycle import CollectionMode, DueBasis, LedgerKind
from backend.billing.tables import Invoice, InvoiceFile, InvoiceVat
from backend.billing.ubl.document import BooksAs, InvoiceDocument
from backend.catalog.identifiers import structured_communication
from backend.core import audit, clock
from backend.core.facts import InvoiceIssued
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.file_checks import PDF
from tenants.scope import Scope

XML = "application/xml"
# Either names the other: a credit note may come before the invoice that it corrects.
CREDITS_OF = """
SELECT id, billing_account_id FROM invoice WHERE billing_account_id = $1 AND books_as = 'credit' AND open_cents < 0
  AND $2 = ANY(corrects) ORDER BY issued_on, id
"""
CORRECTED_BY = """
SELECT id, billing_account_id FROM invoice WHERE billing_account_id = $1 AND books_as = 'demand' AND open_cents > 0
  AND number = ANY($2) AND issuer = $3 ORDER BY issued_on, id
"""


class BookedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to book a document: its facts, its bytes, and whose it is."""

    document_id: UUID
    billing_account_id: UUID
    account: str
    issuer: str
    document: InvoiceDocument
    content: bytes
    pdf: bytes | None
    rules: str


class InvoiceId(msgspec.Struct, frozen=True):
    """An invoice."""

    id: UUID


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def book(scope: Scope, booked: BookedDocument) -> UUID:
    """Write the invoice with its charges, VAT and files and its entry in the ledger; returns its id.

    A document that was booked before is found again and left as it is.
    """
    known = await scope.select_one(InvoiceId, Invoice, Invoice.document_id == booked.document_id)
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
    await Invoice.insert(row)
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
    if vat:
        await InvoiceVat.insert(*vat)
    await write_charges(scope, row.id, charges_of(booked.document))
    await InvoiceFile.insert(*_files(scope, row.id, booked))
    found: UUID = row.id
    return found


def invoice_row(scope: Scope, booked: BookedDocument) -> Invoice:
    """The row of a document, as the document says it."""
    document, totals = booked.document, booked.document.totals
    cents = abs(totals.payable) if document.books_as is BooksAs.DEMAND else -abs(totals.payable)
    due_on, basis = due_of(document)
    return Invoice(
        id=new_id(),
        tenant_id=scope.tenant_id,
        billing_account_id=booked.billing_account_id,
        account=booked.account,
        document_id=booked.document_id,
        issuer=booked.issuer,
        type_code=document.type_code,
        number=document.number,
        books_as=document.books_as,
        issued_on=document.issued_on,
        due_on=due_on,
        due_basis=basis,
        terms=document.terms,
        period_start=document.period_start,
        period_end=document.period_end,
        currency=document.currency,
        lines_cents=totals.lines,
        allowance_cents=totals.allowances or 0,
        charge_cents=totals.charges or 0,
        excl_vat_cents=totals.excl_vat,
        vat_cents=totals.vat or 0,
        incl_vat_cents=totals.incl_vat,
        prepaid_cents=totals.prepaid or 0,
        rounding_cents=totals.rounding or 0,
        booked_cents=cents,
        open_cents=cents,
        payment_reference=document.payment_reference,
        structured=structured_communication(document.payment_reference) or "",
        iban=document.iban,
        payee=document.payee or document.account_name or document.seller.name,
        collection=CollectionMode.DIRECT_DEBIT if document.debit else CollectionMode.MANUAL,
        mandate_reference=document.debit.mandate_reference if document.debit else "",
        creditor_id=document.debit.creditor_id if document.debit else "",
        debited_iban=document.debit.debited_iban if document.debit else "",
        seller_name=document.seller.name,
        buyer_name=document.buyer.name,
        buyer_number=document.buyer.company_id or document.buyer.vat_number,
        buyer_address="\n".join(document.buyer.address),
        note=document.note,
        corrects=document.corrects,
        rules=booked.rules,
        received_at=clock.now(),
    )


def due_of(document: InvoiceDocument) -> tuple[date | None, DueBasis]:
    """When a document is due, and from what it follows: without a date by its terms, or else on receipt."""
    if document.due_on is not None:
        return document.due_on, DueBasis.DATE
    return None, DueBasis.TERMS if document.terms.strip() else DueBasis.RECEIPT


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
        ),
    )
    mine = OpenItem(invoice_id, booked.billing_account_id)
    if credit:
        others = await scope.fetch_all(
            OpenItem, CORRECTED_BY, booked.billing_account_id, document.corrects, booked.issuer
        )
        pairs = [(mine, other) for other in others]
    else:
        others = await scope.fetch_all(OpenItem, CREDITS_OF, booked.billing_account_id, document.number)
        pairs = [(other, mine) for other in others]
    for one, demand in pairs:
        await allocate(scope, one, demand, name=f"{one.invoice_id}/{demand.invoice_id}")


def hash_of(content: bytes) -> bytes:
    """What tells one content from another."""
    return sha256(content).digest()
