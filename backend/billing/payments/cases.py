"""What the operator's staff decide of money that the product could not book, and the job that carries it out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from backend.billing.intake.cases import LONGEST_REASON, account_of, reason_words
from backend.billing.payments.case_states import CASE_LIFECYCLE, CaseChoice, CaseKind, CaseState
from backend.billing.payments.tables import PaymentCase
from backend.billing.tables import Invoice
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.payment_facts import CURRENCY
from tenants.scope import Actor, Scope, TenantId

LISTED = 500
# Nobody takes a case that somebody else has taken.
DECIDE = """
UPDATE payment_case SET state = $2, choice = $3, customer_id = coalesce($4, customer_id), billing_account_id = $5,
  customer_number = $6, invoice_id = $7, invoice_number = $8, reason = $9, decided_by = $10, decided_at = $11
WHERE id = $1 AND state = ANY($12) RETURNING id
"""


class PaymentCaseInfo(msgspec.Struct, frozen=True):
    """Money that could not be booked: what is wrong, whose it may be, and what was decided. `cents` in `currency`."""

    id: UUID
    kind: str
    provider_id: str
    state: str
    cents: int
    currency: str
    detail: str
    payment_id: UUID | None
    choice: str
    customer_number: str
    invoice_number: str
    reason: str
    received_at: datetime
    decided_by: str
    decided_at: datetime | None


class CaseDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator's staff decide of a case.

    `book`: what came is booked for what the attempt was for. Where nobody asked for it, for the company, as in
    `fleetline tenant create`, its customer number, and an invoice of that or none. `dismiss`: nothing is booked, with a
    reason; money that is given back is given back at the payment service.
    """

    choice: CaseChoice
    tenant: Annotated[str, msgspec.Meta(max_length=40)] = ""
    customer_number: Annotated[str, msgspec.Meta(max_length=40)] = ""
    invoice_number: Annotated[str, msgspec.Meta(max_length=200)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""


class CaseRow(msgspec.Struct, frozen=True):
    """A case as the job that carries it out reads it."""

    id: UUID
    kind: str
    provider_id: str
    state: str
    cents: int
    currency: str
    choice: str
    customer_id: UUID | None
    payment_id: UUID | None
    billing_account_id: UUID | None
    invoice_id: UUID | None
    invoice_number: str


class CaseDestination(msgspec.Struct, frozen=True):
    """For whom money is booked that nobody asked for."""

    tenant_id: UUID
    billing_account_id: UUID
    customer_number: str
    invoice_id: UUID | None = None
    invoice_number: str = ""


class InvoiceByNumber(msgspec.Struct, frozen=True):
    """An invoice by its number."""

    id: UUID
    number: str


@use_case(Permission.OPERATOR_PAYMENTS_DECIDE, read_only=True)
async def payment_cases(scope: Scope, *, state: CaseState = CaseState.OPEN) -> list[PaymentCaseInfo]:
    """Cases in one state, the oldest first. 500 at most."""
    return await scope.select_all(
        PaymentCaseInfo,
        PaymentCase,
        PaymentCase.state == state,
        order_by=[PaymentCase.received_at, PaymentCase.id],
        limit=LISTED,
    )


async def decide_case(actor: Actor, case_id: UUID, decision: CaseDecision) -> None:
    """Decide a case; a job carries it out.

    Raises NotFound for a case or a company that is not there, ValidationFailed for a customer number or an invoice that the
    company does not have, for a missing reason and for money that cannot be booked, and Conflict (`wrong_state`) where it is
    decided already.
    """
    case = await _case(actor, case_id)
    reason, destination = decision.reason, None
    if decision.choice is CaseChoice.DISMISS:
        reason = reason_words(decision.reason)
    else:
        if case.kind == CaseKind.OVER or case.currency != CURRENCY:
            raise ValidationFailed(choice="This cannot be booked. Dismiss it, with what was done.")
        if case.kind == CaseKind.UNASKED:
            destination = await _destination(actor, decision)
    await _decide(actor, case_id, decision.choice, destination, reason)


async def _destination(actor: Actor, decision: CaseDecision) -> CaseDestination:
    tenant_id, account = await account_of(actor, decision.tenant, decision.customer_number)
    if not decision.invoice_number:
        return CaseDestination(tenant_id, account.id, account.number)
    company = Actor(TenantId(tenant_id), name=actor.name, operator=actor.operator)
    found = await _invoices(company, account.id, decision.invoice_number)
    if len(found) != 1:
        many = "several invoices" if found else "no invoice"
        raise ValidationFailed(invoice_number=f"The customer number has {many} with this number.")
    return CaseDestination(tenant_id, account.id, account.number, found[0].id, found[0].number)


@use_case(Permission.OPERATOR_PAYMENTS_DECIDE, read_only=True)
async def _case(scope: Scope, case_id: UUID) -> CaseRow:
    found = await scope.select_one(CaseRow, PaymentCase, PaymentCase.id == case_id)
    if found is None:
        raise NotFound
    return found


@use_case(Permission.OPERATOR_PAYMENTS_DECIDE, read_only=True)
async def _invoices(scope: Scope, account_id: UUID, number: str) -> list[InvoiceByNumber]:
    mine = (Invoice.billing_account_id == account_id) & (Invoice.number == number)
    return await scope.select_all(InvoiceByNumber, Invoice, mine, limit=2)


@use_case(Permission.OPERATOR_PAYMENTS_DECIDE)
async def _decide(
    scope: Scope, case_id: UUID, choice: CaseChoice, to: CaseDestination | None, reason: str
) -> None:
    written = await scope.fetch_value(
        UUID,
        DECIDE,
        case_id,
        CaseState.DECIDED,
        choice,
        to.tenant_id if to else None,
        to.billing_account_id if to else None,
        to.customer_number if to else "",
        to.invoice_id if to else None,
        to.invoice_number if to else "",
        reason,
        scope.actor.name,
        clock.now(),
        CASE_LIFECYCLE.sources(CaseState.DECIDED),
    )
    if written is None:
        raise Conflict("This is decided already.", code="wrong_state")
    await audit.record(scope, "payment_case.decided", "payment_case", case_id, choice=choice, reason=reason)
    scope.enqueue(JobName.CARRY_OUT_CASE, case_id=case_id)
