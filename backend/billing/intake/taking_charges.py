"""Takes the charges of one invoice from a file, in the scope of its company. They must add up to the invoice."""

from hashlib import sha256
from uuid import UUID

import msgspec

from backend.billing.disputes.lifecycle import KEPT_APART
from backend.billing.intake.charge_file import InvoiceCharges, read_charges
from backend.billing.intake.charges import write_charges
from backend.billing.intake.sources import Source, sources_of
from backend.billing.intake.taking import DocumentOutcome
from backend.billing.lifecycle import DocumentState, ImportOutcome
from backend.billing.tables import Invoice, InvoiceCharge, ReceivedDocument
from backend.core import audit
from backend.core.errors import FileRejected
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Actor, Scope, TenantId

DISPUTED = "SELECT EXISTS (SELECT FROM invoice_dispute WHERE invoice_id = $1 AND state = ANY($2))"


class Holder(msgspec.Struct, frozen=True):
    """The company that has an invoice."""

    id: UUID
    customer_id: UUID | None


class ChargedInvoice(msgspec.Struct, frozen=True):
    """The invoice that charges belong to, and the hash of the charges that it has from a file."""

    id: UUID
    excl_vat_cents: int
    charges_sha256: bytes | None


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to take: a document, or the charges of one invoice."""

    source: Source
    charges: InvoiceCharges | None = None


def work_of(name: str, content: bytes) -> list[Work]:
    """What a file has to take, in an order that is the same each time: documents first, then charges by invoice.

    Raises FileRejected where the file as a whole cannot be read. A bad file of charges in an archive is one refusal.
    """
    found: list[Work] = []
    for source in sources_of(name, content):
        if not source.is_charges or source.problem:
            found.append(Work(source=source))
            continue
        try:
            charges = read_charges(source.content)
        except FileRejected as refused:
            bad = Source(name=source.name, problem=refused.message)
            found.append(Work(source=bad))
            continue
        named = Source(name=source.name, is_charges=True)
        found += [Work(source=named, charges=one) for one in charges]
    return found


async def take_charges(actor: Actor, work: Work, *, check_only: bool) -> DocumentOutcome:
    """Take the charges of one invoice. `actor` acts in the operator's scope."""
    charges = work.charges
    if charges is None:
        raise ValueError("these are no charges")
    outcome, reason = await _take(actor, charges, check_only=check_only)
    return DocumentOutcome(name=work.source.name, outcome=outcome, number=charges.number, reason=reason)


async def _take(actor: Actor, one: InvoiceCharges, *, check_only: bool) -> tuple[ImportOutcome, str]:
    if one.problems:
        return ImportOutcome.REFUSED, "; ".join(one.problems)
    if check_only:
        return ImportOutcome.VALID, ""
    holders = await _holders(actor, one.number)
    if len(holders) != 1 or holders[0].customer_id is None:
        why = "Several invoices have" if holders else "No invoice of a company has"
        return ImportOutcome.REFUSED, f"{why} the number {one.number}."
    company = Actor(TenantId(holders[0].customer_id), name=actor.name, operator=actor.operator)
    return await _replace(company, holders[0].id, one)


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def _holders(scope: Scope, number: str) -> list[Holder]:
    return await scope.select_all(
        Holder,
        ReceivedDocument,
        (ReceivedDocument.number == number) & (ReceivedDocument.state == DocumentState.BOOKED),
        limit=2,
    )


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def _replace(scope: Scope, document_id: UUID, one: InvoiceCharges) -> tuple[ImportOutcome, str]:
    """Put the charges in the place of those of the document, where they add up to the cent."""
    invoice = await scope.select_one(ChargedInvoice, Invoice, Invoice.document_id == document_id, lock=True)
    if invoice is None:
        return ImportOutcome.REFUSED, f"No invoice of a company has the number {one.number}."
    total = sum(charge.net_cents for charge in one.charges)
    if total != invoice.excl_vat_cents:
        return ImportOutcome.REFUSED, (
            f"The charges add up to {total / 100:.2f}, the invoice to {invoice.excl_vat_cents / 100:.2f}."
        )
    digest = sha256(msgspec.json.encode(one.charges)).digest()
    if invoice.charges_sha256 == digest:
        return ImportOutcome.REPEATED, ""
    if await scope.fetch_value(bool, DISPUTED, invoice.id, [str(one) for one in KEPT_APART]):
        return ImportOutcome.REFUSED, "Charges of this invoice are disputed: decide these first."
    await InvoiceCharge.delete().where(InvoiceCharge.invoice_id == invoice.id)
    await write_charges(scope, invoice.id, one.charges)
    await Invoice.update({Invoice.charges_sha256: digest, Invoice.charges: len(one.charges)}).where(
        Invoice.id == invoice.id
    )
    await audit.record(scope, "invoice.charges_loaded", "invoice", invoice.id, charges=len(one.charges))
    scope.enqueue(JobName.PROVE_INVOICE, invoice_id=invoice.id)
    scope.invalidate(f"invoice:{invoice.id}")
    return ImportOutcome.BOOKED, ""
