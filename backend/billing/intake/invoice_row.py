"""The row of an invoice, as its document says it. Pure."""

from datetime import date
from hashlib import sha256
from uuid import UUID

import msgspec

from backend.billing.lifecycle import CollectionMode, DueBasis
from backend.billing.tables import Invoice
from backend.billing.ubl.document import BooksAs, InvoiceDocument
from backend.catalog.identifiers import structured_communication
from backend.core import clock
from backend.core.ids import new_id
from tenants.scope import Scope


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


def hash_of(content: bytes) -> bytes:
    """What tells one content from another."""
    return sha256(content).digest()
