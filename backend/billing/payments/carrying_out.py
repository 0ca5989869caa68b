"""Carries out what the operator's staff decided of money that the product could not book. Each step may be repeated."""

from uuid import UUID

from backend.billing.payments.case_states import CaseChoice, CaseKind, CaseState
from backend.billing.payments.cases import CaseRow
from backend.billing.payments.checking import provider, settle
from backend.billing.payments.lifecycle import PAID, Cause, PaymentChannel, PaymentState
from backend.billing.payments.rows import lock_payment, move
from backend.billing.payments.tables import Payment, PaymentCase, PaymentShare
from backend.core import clock
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from tenants.directory import find_payment
from tenants.scope import Actor, TenantId

MADE = "SELECT id FROM payment WHERE request_key = $1"


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
        elif choice is CaseChoice.DISMISS:
            await Payment.update({Payment.failure: Cause.DISMISSED}).where(Payment.id == payment_id)
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
