"""Follows what goes back of a payment: refunds, asked for by us or made at the service, and what a bank takes back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from piccolo.columns import Column

from backend.billing.lifecycle import LedgerKind
from backend.billing.payments.booking import failed_name, give_back, take_back
from backend.billing.payments.lifecycle import (
    REFUND_LIFECYCLE,
    PaymentState,
    RefundState,
    refund_state,
    state_after,
)
from backend.billing.payments.rows import LockedPayment, move
from backend.billing.payments.tables import Payment, PaymentRefund
from backend.core import audit, clock
from backend.core.billing_facts import PaymentReturned
from backend.core.ids import new_id
from backend.integrations.payment_facts import IntentFacts, RefundFacts
from tenants.scope import Scope

LOST = "lost"
REVERSED = "SELECT DISTINCT split_part(provider_id, '/', 1) AS name FROM ledger_entry WHERE kind = $1 AND provider_id LIKE ANY($2)"


class LockedRefund(msgspec.Struct, frozen=True):
    """A refund that is being changed."""

    id: UUID
    cents: int
    state: str
    provider_id: str


class ReversalName(msgspec.Struct, frozen=True):
    """What a bank took back before, by the service's id."""

    name: str


async def follow_returns(scope: Scope, payment_id: UUID, intent: IntentFacts) -> str:
    """Write what went back of a booked payment, each once; "" or, where more went back than had come, how much."""
    refunds = [await _refund_row(scope, payment_id, one) for one in intent.refunds]
    reversals = [one for one in intent.disputes if one.status == LOST]
    ids = [one.provider_id for one in refunds] + [one.id for one in reversals]
    names = [*ids, *(failed_name(one.provider_id) for one in refunds)]
    over = 0
    for row, facts in zip(refunds, intent.refunds, strict=True):
        over += await _follow_refund(scope, payment_id, row, facts, names)
    for one in reversals:
        over += await _follow_reversal(scope, payment_id, one.id, one.cents, names)
    await _count(scope, payment_id)
    return f"{over} cents more went back than had come." if over else ""


async def _refund_row(scope: Scope, payment_id: UUID, facts: RefundFacts) -> LockedRefund:
    """Our row of a refund: by the service's id, by the id that we gave it, or new where it was made at the service."""
    asked = facts.metadata.get("refund", "")
    mine = PaymentRefund.payment_id == payment_id
    found = await scope.select_one(
        LockedRefund, PaymentRefund, mine & (PaymentRefund.provider_id == facts.id), lock=True
    )
    if found is None and _is_uuid(asked):
        found = await scope.select_one(
            LockedRefund, PaymentRefund, mine & (PaymentRefund.id == UUID(asked)), lock=True
        )
        if found is not None:
            await PaymentRefund.update({PaymentRefund.provider_id: facts.id}).where(
                PaymentRefund.id == found.id
            )
    if found is not None:
        return msgspec.structs.replace(found, provider_id=facts.id)
    row = PaymentRefund(
        id=new_id(),
        tenant_id=scope.tenant_id,
        payment_id=payment_id,
        cents=facts.cents,
        state=RefundState.REQUESTED,
        request_key=facts.id,
        provider_id=facts.id,
        created_at=clock.now(),
    )
    await PaymentRefund.insert(row)
    return LockedRefund(row.id, facts.cents, RefundState.REQUESTED, facts.id)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def _follow_refund(
    scope: Scope, payment_id: UUID, row: LockedRefund, facts: RefundFacts, names: Sequence[str]
) -> int:
    """Bring a refund to its state and book it; returns the cents that are more than had come."""
    before, target = RefundState(row.state), refund_state(facts)
    if target is before or not REFUND_LIFECYCLE.allows(before, target):
        return 0
    left = await _left(scope, payment_id)
    if target is RefundState.SUCCEEDED and facts.cents > left:
        # It is not booked beyond what came: the operator decides
        return facts.cents - left
    changed: dict[Column | str, Any] = {
        PaymentRefund.state: target,
        PaymentRefund.failure: facts.failure,
    }
    if target is not RefundState.PENDING:
        changed[PaymentRefund.ended_at] = clock.now()
    await PaymentRefund.update(changed).where(PaymentRefund.id == row.id)
    if target is RefundState.SUCCEEDED:
        await give_back(scope, payment_id, LedgerKind.REFUND, facts.id, facts.cents, names)
        await _add(payment_id, refunded=facts.cents)
        await _say(scope, payment_id, facts.id, facts.cents, "refund")
    elif before is RefundState.SUCCEEDED:
        await take_back(scope, payment_id, facts.id)
        await _add(payment_id, refunded=-facts.cents)
    return 0


async def _follow_reversal(
    scope: Scope, payment_id: UUID, provider_id: str, cents: int, names: Sequence[str]
) -> int:
    """Book what a bank took back, once; returns the cents that are more than was left."""
    pattern = [provider_id, f"{provider_id}/%"]
    if await scope.fetch_all(ReversalName, REVERSED, LedgerKind.REVERSAL, pattern):
        return 0
    left = await _left(scope, payment_id)
    part = min(cents, left)
    if part:
        await give_back(scope, payment_id, LedgerKind.REVERSAL, provider_id, part, names)
        await _add(payment_id, reversed_cents=part)
        await _say(scope, payment_id, provider_id, part, "reversal")
    return cents - part


async def _say(scope: Scope, payment_id: UUID, provider_id: str, cents: int, why: str) -> None:
    scope.emit(PaymentReturned(payment_id=payment_id, provider_id=provider_id, why=why, cents=cents))
    await audit.record(scope, f"payment.{why}", "payment", payment_id, cents=cents, provider_id=provider_id)


async def _left(scope: Scope, payment_id: UUID) -> int:
    """What of a payment has not gone back."""
    row = await _locked(scope, payment_id)
    return row.received_cents - row.refunded_cents - row.reversed_cents


async def _locked(scope: Scope, payment_id: UUID) -> LockedPayment:
    row = await scope.select_one(LockedPayment, Payment, Payment.id == payment_id, lock=True)
    if row is None:
        raise LookupError(f"there is no payment {payment_id}")
    return row


async def _add(payment_id: UUID, *, refunded: int = 0, reversed_cents: int = 0) -> None:
    await Payment.update(
        {
            Payment.refunded_cents: Payment.refunded_cents + refunded,
            Payment.reversed_cents: Payment.reversed_cents + reversed_cents,
        }
    ).where(Payment.id == payment_id)


async def _count(scope: Scope, payment_id: UUID) -> None:
    """The state that follows from what went back."""
    row = await _locked(scope, payment_id)
    target = state_after(row.received_cents, row.refunded_cents, row.reversed_cents)
    if PaymentState(row.state) is not target and row.state != PaymentState.REVERSED:
        await move(scope, row, target)
