"""What the operator's staff decide of money that the product could not book, and the job that carries it out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from backend.billing.intake.cases import LONGEST_REASON, account_of, reason_words
from backend.billing.payments.checking import provider, settle
from backend.billing.payments.lifecycle import (
    CASE_LIFECYCLE,
    PAID,
    CaseChoice,
    CaseKind,
    CaseState,
    Cause,
    PaymentChannel,
    PaymentState,
)
from backend.billing.payments.rows import lock_payment, move
from backend.billing.payments.tables import Payment, PaymentCase, PaymentShare
from backend.billing.tables import Invoice
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.payments import CURRENCY
from tenants.directory import find_payment
from tenants.scope import Actor, Scope, TenantId

LISTED = 500
# Nobody takes a case that somebody else has taken.
DECIDE = """
UPDATE payment_case SET state = $2, choice = $3, customer_id = coalesce($4, customer_id), billing_account_id = $5,
  customer_number = $6, invoice_id = $7, invoice_number = $8, reason = $9, decided_by = $10, decided_at = $11
WHERE id = $1 AND state = ANY($12) RETURNING id
"""
MADE = "SELECT id FROM payment WHERE request_key = $1"


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


@idempotent_job(JobName.CARRY_OUT_CASE)
async def carry_out_case(actor: Actor, *, case_id: str) -> None:
    """Do what was decided in the company's scope, then close the case. Each step may be repeated."""
    key = UUID(case_id)
    async with job_scope(actor) as scope:
        case = await scope.select_one(CaseRow, PaymentCase, PaymentCase.id == key)
    if case is None or case.state != CaseState.DECIDED:
        return
    choice = CaseChoice(case.choice)
    if case.kind in {CaseKind.DIFFERENCE, CaseKind.LATE} and case.customer_id and case.payment_id:
        await _decide_attempt(Actor(TenantId(case.customer_id)), case.payment_id, choice)
    elif case.kind == CaseKind.UNASKED and choice is CaseChoice.BOOK and case.customer_id:
        company = Actor(TenantId(case.customer_id))
        await settle(company, await _made_for(company, case))
    async with job_scope(actor) as scope:
        await PaymentCase.update({PaymentCase.state: CaseState.CLOSED}).where(
            (PaymentCase.id == key) & (PaymentCase.state == CaseState.DECIDED)
        )


async def _decide_attempt(company: Actor, payment_id: UUID, choice: CaseChoice) -> None:
    """Write the decision to the attempt: what came is booked, or it ends without money."""
    async with job_scope(company) as scope:
        row = await lock_payment(scope, payment_id)
        if row.state in PAID:
            return
        await Payment.update({Payment.decision: choice}).where(Payment.id == payment_id)
        if choice is CaseChoice.DISMISS and row.state == PaymentState.UNKNOWN:
            await move(scope, row, PaymentState.FAILED, failure=Cause.DISMISSED)
    if choice is CaseChoice.BOOK:
        await settle(company, payment_id)


async def _made_for(company: Actor, case: CaseRow) -> UUID:
    """The payment of a company for money that nobody asked for, made where there is none."""
    if known := await find_payment(case.provider_id):
        return known.id
    async with job_scope(company) as scope:
        if before := await scope.fetch_value(UUID, MADE, f"case/{case.id}"):
            return before
        now = clock.now()
        row = Payment(
            id=new_id(),
            tenant_id=scope.tenant_id,
            channel=PaymentChannel.CHECKOUT,
            state=PaymentState.UNKNOWN,
            cents=case.cents,
            currency=case.currency,
            request_key=f"case/{case.id}",
            language="en",
            livemode=provider().livemode,
            intent_id=case.provider_id,
            decision=CaseChoice.BOOK,
            created_at=now,
            expires_at=now,
        )
        await Payment.insert(row)
        await PaymentShare.insert(
            PaymentShare(
                id=new_id(),
                tenant_id=scope.tenant_id,
                payment_id=row.id,
                position=0,
                billing_account_id=case.billing_account_id,
                invoice_id=case.invoice_id,
                number=case.invoice_number,
                cents=case.cents,
            )
        )
        made: UUID = row.id
        return made
