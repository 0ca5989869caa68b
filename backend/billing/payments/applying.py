"""What follows from what the service says of a payment, in one transaction. Any answer may come twice, late or not at all."""

from typing import Any
from uuid import UUID

from piccolo.columns import Column

from backend.billing.payments.booking import book_payment_in
from backend.billing.payments.case_records import NewCase
from backend.billing.payments.case_states import CaseChoice, CaseKind
from backend.billing.payments.lifecycle import (
    PAID,
    PAYMENT_LIFECYCLE,
    Asked,
    Cause,
    PaymentChannel,
    PaymentState,
    differences,
    state_from,
)
from backend.billing.payments.returns import follow_returns
from backend.billing.payments.rows import LockedPayment, lock_payment, move
from backend.billing.payments.tables import Payment
from backend.core import audit, clock
from backend.core.billing_facts import PaymentFailed
from backend.integrations.payment_facts import IntentFacts, PaymentFacts
from tenants.scope import Scope


async def apply(scope: Scope, payment_id: UUID, facts: PaymentFacts, cause: Cause) -> list[NewCase]:
    """Write what follows from the facts; returns what the operator has to decide.

    `cause`: why its page was closed, where it ends without money. An answer that is older than what is known changes nothing.
    """
    row = await lock_payment(scope, payment_id)
    intent = facts.intent
    await _note(row, intent)
    target = state_from(facts)
    if intent is not None and target is PaymentState.SUCCEEDED:
        return await _came_in(scope, row, intent)
    before = PaymentState(row.state)
    if target is before or before in PAID or not PAYMENT_LIFECYCLE.allows(before, target):
        return []
    if target is PaymentState.PROCESSING:
        await move(scope, row, target, processing_since=clock.today())
    elif target is PaymentState.FAILED:
        await move(scope, row, target, failure=intent.failure if intent else "")
    elif target is PaymentState.CANCELLED:
        await move(scope, row, target, failure=cause)
    else:
        await move(scope, row, target)
    ended = target in {PaymentState.FAILED, PaymentState.CANCELLED}
    if ended and (before is PaymentState.PROCESSING or row.channel == PaymentChannel.DEBIT):
        # Its payer was told that it is in progress, or that it will be debited
        scope.emit(PaymentFailed(payment_id=row.id))
    return []


async def _note(row: LockedPayment, intent: IntentFacts | None) -> None:
    """Write down that the service was asked, and what names the payment there."""
    noted: dict[Column | str, Any] = {"checked_at": clock.now()}
    if intent is not None:
        noted["intent_id"] = row.intent_id or intent.id
        if intent.method:
            noted["method"] = intent.method
    await Payment.update(noted).where(Payment.id == row.id)


async def _came_in(scope: Scope, row: LockedPayment, intent: IntentFacts) -> list[NewCase]:
    """Book a payment that came, once, where it is what was asked for; then what went back of it."""
    state = PaymentState(row.state)
    if state not in PAID:
        if (case := await _not_to_book(scope, row, intent)) is not None:
            return [case]
        if row.decision == CaseChoice.DISMISS:
            return []
        await book_payment_in(scope, row, intent)
        await move(
            scope,
            row,
            PaymentState.SUCCEEDED,
            received_cents=intent.received_cents,
            paid_at=clock.now(),
            failure="",
        )
        await audit.record(
            scope, "payment.booked", "payment", row.id, cents=intent.received_cents, intent=intent.id
        )
    over = await follow_returns(scope, row.id, intent)
    return [_case(scope, row, intent, CaseKind.OVER, over)] if over else []


async def _not_to_book(scope: Scope, row: LockedPayment, intent: IntentFacts) -> NewCase | None:
    """The case of a payment that is not what was asked for; None where it may be booked, or was decided."""
    if row.decision:
        return None
    state = PaymentState(row.state)
    if state in {PaymentState.FAILED, PaymentState.CANCELLED}:
        # Its payer reads from now on that money came
        await Payment.update({Payment.failure: Cause.LATE}).where(Payment.id == row.id)
        return _case(scope, row, intent, CaseKind.LATE, f"It came after the payment had ended: {state}.")
    wrong = differences(intent, _asked(scope, row))
    if not wrong:
        return None
    if state is not PaymentState.UNKNOWN or row.failure != Cause.DIFFERENCE:
        await move(scope, row, PaymentState.UNKNOWN, failure=Cause.DIFFERENCE)
    return _case(scope, row, intent, CaseKind.DIFFERENCE, "; ".join(wrong))


def _asked(scope: Scope, row: LockedPayment) -> Asked:
    return Asked(
        cents=row.cents,
        currency=row.currency,
        customer=row.customer,
        livemode=row.livemode,
        tenant=str(scope.tenant_id),
        payment=str(row.id),
    )


def _case(scope: Scope, row: LockedPayment, intent: IntentFacts, kind: CaseKind, detail: str) -> NewCase:
    return NewCase(
        kind=kind,
        provider_id=intent.id,
        cents=intent.received_cents,
        currency=intent.currency,
        detail=detail,
        customer_id=scope.tenant_id,
        payment_id=row.id,
    )
