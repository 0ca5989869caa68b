"""Takes one document: the rules, the claim of its number, the booking in its company's scope. Each step may be repeated."""

from collections.abc import Awaitable, Callable

import msgspec

from backend.billing.intake.booking import book
from backend.billing.intake.destination import addressee_of, issuer_of
from backend.billing.intake.invoice_row import BookedDocument, hash_of
from backend.billing.intake.receiving import (
    Claimed,
    ReadDocument,
    Received,
    SeenDocument,
    claim,
    mark_booked,
)
from backend.billing.intake.sources import Source
from backend.billing.lifecycle import DocumentState, ImportOutcome
from backend.billing.ubl.document import InvoiceDocument
from backend.billing.ubl.refusals import DocumentRefused
from tenants.directory import find_customers
from tenants.scope import Actor, TenantId

# A document that is there already, by its state
SEEN = {
    DocumentState.BOOKED: ImportOutcome.REPEATED,
    DocumentState.UNASSIGNED: ImportOutcome.REPEATED,
    DocumentState.PERSONAL: ImportOutcome.REPEATED,
    DocumentState.CONFLICT: ImportOutcome.REPEATED,
    DocumentState.DISMISSED: ImportOutcome.REPEATED,
}


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A document that passed schema and rules, and the version of the rules."""

    document: InvoiceDocument
    rules: str


# Raises DocumentRefused
Check = Callable[[bytes], Awaitable[Checked]]


class DocumentOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one source."""

    name: str
    outcome: ImportOutcome
    issuer: str = ""
    type_code: str = ""
    number: str = ""
    rules: list[str] = []
    reason: str = ""


async def take_document(
    actor: Actor, source: Source, check: Check, *, check_only: bool, seen: SeenDocument | None = None
) -> DocumentOutcome:
    """Take one document, or with `check_only` say what would become of it by the rules alone.

    `actor` acts in the operator's scope. `seen` is what is known of its bytes: it spares the rules, and decides nothing
    that claiming the number would not. Nothing of a refused document is kept.
    """
    if source.problem:
        return DocumentOutcome(name=source.name, outcome=ImportOutcome.REFUSED, reason=source.problem)
    if not check_only and seen is not None and seen.state in SEEN:
        return DocumentOutcome(
            name=source.name,
            outcome=SEEN[DocumentState(seen.state)],
            issuer=seen.issuer,
            type_code=seen.type_code,
            number=seen.number,
        )
    try:
        checked = await check(source.content)
    except DocumentRefused as refused:
        return DocumentOutcome(
            name=source.name, outcome=ImportOutcome.REFUSED, rules=refused.rules, reason=refused.sentence
        )
    if check_only:
        return _outcome(source, checked.document, ImportOutcome.VALID)
    read = ReadDocument(
        document=checked.document,
        content=source.content,
        content_sha256=hash_of(source.content),
        pdf=source.pdf,
        rules=checked.rules,
    )
    return await _take(actor, source, read)


async def _take(actor: Actor, source: Source, read: ReadDocument) -> DocumentOutcome:
    addressee = addressee_of(read.document)
    customers = (
        []
        if addressee.personal or not addressee.enterprise
        else await find_customers(addressee.enterprise, addressee.numbers)
    )
    claimed = await claim(actor, read, customers)
    if claimed.received.state == DocumentState.RECEIVED:
        await book_received(actor, claimed.received, read)
        return _outcome(source, read.document, ImportOutcome.BOOKED)
    return _outcome(source, read.document, _outcome_of(claimed))


def _outcome_of(claimed: Claimed) -> ImportOutcome:
    if not claimed.new:
        return ImportOutcome.REPEATED
    return ImportOutcome(claimed.received.state)


async def book_received(actor: Actor, received: Received, read: ReadDocument) -> None:
    """Give a claimed document to its company, then say so. A crash between the two is mended by doing it again."""
    if received.customer_id is None or received.billing_account_id is None:
        raise LookupError(f"the received document {received.id} has no customer number")
    company = Actor(TenantId(received.customer_id), name=actor.name, operator=actor.operator)
    await book(
        company,
        BookedDocument(
            document_id=received.id,
            billing_account_id=received.billing_account_id,
            account=received.customer_number,
            issuer=issuer_of(read.document),
            document=read.document,
            content=read.content,
            pdf=read.pdf,
            rules=read.rules,
        ),
    )
    await mark_booked(actor, received.id)


def _outcome(source: Source, document: InvoiceDocument, outcome: ImportOutcome) -> DocumentOutcome:
    return DocumentOutcome(
        name=source.name,
        outcome=outcome,
        issuer=issuer_of(document),
        type_code=document.type_code,
        number=document.number,
    )
