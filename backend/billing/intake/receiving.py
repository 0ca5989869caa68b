"""Claims the number of a document in the operator's scope, and says what becomes of it. A repeat changes nothing."""

from uuid import UUID

import msgspec

from backend.billing.intake.destination import Addressee, addressee_of, issuer_of
from backend.billing.lifecycle import DocumentState
from backend.billing.ubl.document import InvoiceDocument
from backend.core import clock
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.directory import CustomerNumber
from tenants.scope import Scope

KNOWN = """
SELECT id, state, customer_id, billing_account_id, customer_number, issuer, type_code, number FROM received_document
"""
BY_HASH = """
SELECT DISTINCT ON (content_sha256) content_sha256, state, issuer, type_code, number FROM received_document
WHERE content_sha256 = ANY($1) ORDER BY content_sha256, received_at, id
"""
BY_KEY = f"{KNOWN} WHERE issuer = $1 AND type_code = $2 AND number = $3 AND content_sha256 = $4"
# Waits where another worker is writing the same number, and then writes nothing.
CLAIM = """
INSERT INTO received_document (id, tenant_id, issuer, type_code, number, content_sha256, state, customer_id,
  billing_account_id, reason, buyer_name, buyer_number, customer_number, msisdn, payable_cents, issued_on, rules,
  content, pdf, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
ON CONFLICT DO NOTHING RETURNING id
"""
# The bytes are with the company from now on.
BOOKED = """
UPDATE received_document SET state = $2, content = NULL, pdf = NULL WHERE id = $1 AND state = $3
"""
OTHER_CONTENT = "A document with this number is there already with other content."


class ReadDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that passed the rules, with its bytes."""

    document: InvoiceDocument
    content: bytes
    content_sha256: bytes
    pdf: bytes | None
    rules: str


class Received(msgspec.Struct, frozen=True):
    """Where a document stands. `customer_id` and `billing_account_id` where its company is known."""

    id: UUID
    state: str
    customer_id: UUID | None
    billing_account_id: UUID | None
    customer_number: str
    issuer: str
    type_code: str
    number: str


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A document and whether it is new; `received.state` says what becomes of it."""

    received: Received
    new: bool


class SeenDocument(msgspec.Struct, frozen=True):
    """A document whose bytes came in before."""

    content_sha256: bytes
    state: str
    issuer: str
    type_code: str
    number: str


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def find_seen(scope: Scope, digests: list[bytes]) -> dict[bytes, SeenDocument]:
    """Those of these contents that came in before: their rules need not be run again."""
    found = await scope.fetch_all(SeenDocument, BY_HASH, digests)
    return {one.content_sha256: one for one in found}


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def claim(scope: Scope, read: ReadDocument, customers: list[CustomerNumber]) -> Claimed:
    """Take the document in. `customers`: the customer numbers that it may belong to.

    The first content under a number holds the number; any other is kept as a case for the operator's staff.
    """
    addressee = addressee_of(read.document)
    state, reason, customer = _destination(addressee, customers)
    written = await _insert(scope, read, addressee, state, reason, customer)
    if written is not None:
        return Claimed(received=written, new=True)
    known = await _known(scope, read)
    if known is not None:
        return Claimed(received=known, new=False)
    conflict = await _insert(scope, read, addressee, DocumentState.CONFLICT, OTHER_CONTENT, None)
    if conflict is not None:
        return Claimed(received=conflict, new=True)
    # Another worker wrote the same case at the same moment
    known = await _known(scope, read)
    if known is None:
        raise LookupError(f"no received document {read.document.number}")
    return Claimed(received=known, new=False)


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def mark_booked(scope: Scope, document_id: UUID) -> None:
    """Say that the company has the document; its bytes leave the operator's scope."""
    await scope.execute(BOOKED, document_id, DocumentState.BOOKED, DocumentState.RECEIVED)


def _destination(
    addressee: Addressee, customers: list[CustomerNumber]
) -> tuple[DocumentState, str, CustomerNumber | None]:
    """What becomes of a new document, why it is not booked, and whose it is."""
    if addressee.personal:
        return DocumentState.PERSONAL, "It is addressed to a person.", None
    if len(customers) == 1:
        return DocumentState.RECEIVED, "", customers[0]
    if customers:
        return DocumentState.UNASSIGNED, "It names several customer numbers.", None
    if not addressee.enterprise:
        return DocumentState.UNASSIGNED, "The buyer has no Belgian enterprise number.", None
    if not addressee.numbers:
        return DocumentState.UNASSIGNED, "It names no customer number.", None
    return DocumentState.UNASSIGNED, "No customer number of this enterprise is known by what it names.", None


async def _known(scope: Scope, read: ReadDocument) -> Received | None:
    document = read.document
    return await scope.fetch_one(
        Received, BY_KEY, issuer_of(document), document.type_code, document.number, read.content_sha256
    )


async def _insert(
    scope: Scope,
    read: ReadDocument,
    addressee: Addressee,
    state: DocumentState,
    reason: str,
    customer: CustomerNumber | None,
) -> Received | None:
    """Write the row; None where its number is held, or its bytes are there."""
    document, number = read.document, customer.number if customer else ", ".join(addressee.numbers)
    written = await scope.fetch_value(
        UUID,
        CLAIM,
        new_id(),
        scope.tenant_id,
        issuer_of(document),
        document.type_code,
        document.number,
        read.content_sha256,
        state,
        customer.tenant_id if customer else None,
        customer.id if customer else None,
        reason,
        addressee.name,
        addressee.enterprise or document.buyer.company_id or document.buyer.vat_number,
        number,
        addressee.msisdn,
        document.totals.payable,
        document.issued_on,
        read.rules,
        read.content,
        read.pdf,
        clock.now(),
    )
    if written is None:
        return None
    return Received(
        written,
        state,
        customer.tenant_id if customer else None,
        customer.id if customer else None,
        number,
        issuer_of(document),
        document.type_code,
        document.number,
    )
