"""What the operator's staff decide: documents without a customer number, and contents that contradict a number."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.billing.lifecycle import DOCUMENT_LIFECYCLE, DocumentState
from backend.billing.tables import ReceivedDocument
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.organisations import AccountRow, account_with_number
from tenants.directory import find_tenant
from tenants.scope import Actor, Scope, TenantId

LISTED = 500
LONGEST_REASON = 500
# What waits for a decision
OPEN_STATES = (DocumentState.UNASSIGNED, DocumentState.CONFLICT)


class DocumentCase(msgspec.Struct, frozen=True):
    """A document that came in and is no invoice of a company: why, and what it says of its buyer."""

    id: UUID
    state: str
    reason: str
    issuer: str
    type_code: str
    number: str
    buyer_name: str
    buyer_number: str
    customer_number: str
    payable_cents: int
    issued_on: date
    received_at: datetime
    decided_at: datetime | None
    decided_by: str


class CaseContent(msgspec.Struct, frozen=True):
    """The bytes of a document that no company has."""

    number: str
    content: bytes


class LockedCase(msgspec.Struct, frozen=True):
    """A case that is being decided."""

    id: UUID
    state: str


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def document_cases(scope: Scope, *, state: DocumentState | None = None) -> list[DocumentCase]:
    """Documents that wait for a decision, the oldest first; or those in one state. 500 at most."""
    states = [state] if state else list(OPEN_STATES)
    return await scope.select_all(
        DocumentCase,
        ReceivedDocument,
        ReceivedDocument.state.is_in(states),
        order_by=[ReceivedDocument.received_at, ReceivedDocument.id],
        limit=LISTED,
    )


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def case_content(scope: Scope, document_id: UUID) -> CaseContent:
    """The document of a case, byte for byte. Raises NotFound, also where a company has it or it is a person's."""
    found = await scope.select_one(
        CaseContent,
        ReceivedDocument,
        (ReceivedDocument.id == document_id)
        & ReceivedDocument.state.is_in(list(OPEN_STATES))
        & ReceivedDocument.content.is_not_null(),
    )
    if found is None:
        raise NotFound
    return found


async def account_of(actor: Actor, slug: str, number: str) -> tuple[TenantId, AccountRow]:
    """A customer number by its company. Raises NotFound for a company, and ValidationFailed for a number, that is not."""
    tenant_id = await find_tenant(slug)
    if tenant_id is None:
        raise NotFound("There is no such company.")
    company = Actor(tenant_id, name=actor.name, operator=actor.operator)
    account = await _account(company, number)
    if account is None:
        raise ValidationFailed(customer_number="The company has no such customer number.")
    return tenant_id, account


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def _account(scope: Scope, number: str) -> AccountRow | None:
    return await account_with_number(scope, number)


async def assign_document(actor: Actor, document_id: UUID, *, slug: str, customer_number: str) -> None:
    """Give an unassigned document to a company's customer number; a job books it.

    Raises NotFound for a case or a company that does not exist, ValidationFailed for a customer number that the company
    does not have, and Conflict (`wrong_state`) for a document that is not unassigned: one of a person never is.
    """
    tenant_id, account = await account_of(actor, slug, customer_number)
    await _assign(actor, document_id, tenant_id, account)


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def _assign(scope: Scope, document_id: UUID, tenant_id: TenantId, account: AccountRow) -> None:
    await _lock(scope, document_id, DocumentState.RECEIVED)
    await ReceivedDocument.update(
        {
            ReceivedDocument.state: DocumentState.RECEIVED,
            ReceivedDocument.customer_id: tenant_id,
            ReceivedDocument.billing_account_id: account.id,
            ReceivedDocument.customer_number: account.number,
            ReceivedDocument.decided_at: clock.now(),
            ReceivedDocument.decided_by: scope.actor.name,
        }
    ).where(ReceivedDocument.id == document_id)
    await audit.record(
        scope, "document.assigned", "received_document", document_id, customer_number=account.number
    )
    scope.enqueue(JobName.BOOK_DOCUMENT, document_id=document_id)


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def dismiss_document(scope: Scope, document_id: UUID, *, reason: str) -> None:
    """Leave a document out for good. Raises NotFound, Conflict (`wrong_state`), and ValidationFailed without a reason."""
    words = reason_words(reason)
    await _lock(scope, document_id, DocumentState.DISMISSED)
    await ReceivedDocument.update(
        {
            ReceivedDocument.state: DocumentState.DISMISSED,
            ReceivedDocument.reason: words,
            ReceivedDocument.decided_at: clock.now(),
            ReceivedDocument.decided_by: scope.actor.name,
        }
    ).where(ReceivedDocument.id == document_id)
    await audit.record(scope, "document.dismissed", "received_document", document_id, reason=words)


def reason_words(reason: str) -> str:
    """A reason with single spaces. Raises ValidationFailed without one, and for one over 500 characters."""
    words = " ".join(reason.split())
    if not 0 < len(words) <= LONGEST_REASON:
        raise ValidationFailed(reason=f"Say why in 1 to {LONGEST_REASON} characters.")
    return words


async def _lock(scope: Scope, document_id: UUID, target: DocumentState) -> None:
    """Lock a case that may go to a state. Raises NotFound, and Conflict where it may not."""
    found = await scope.select_one(
        LockedCase, ReceivedDocument, ReceivedDocument.id == document_id, lock=True
    )
    if found is None:
        raise NotFound
    if DocumentState(found.state) is target:
        raise Conflict("This is decided already.", code="wrong_state")
    DOCUMENT_LIFECYCLE.check(DocumentState(found.state), target)
