"""Refunds: the operator's staff ask for one, a job gives the money back, and the ledger follows what the service says."""

from uuid import UUID

import msgspec

from backend.billing.payments.checking import provider, settle
from backend.billing.payments.lifecycle import PAID, RefundState
from backend.billing.payments.rows import lock_payment
from backend.billing.payments.schemas import RefundInfo
from backend.billing.payments.starting import LONGEST_KEY
from backend.billing.payments.tables import Payment, PaymentRefund
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.payments import ProviderRefused
from tenants.scope import Actor, Scope

LONGEST_REASON = 500
# What is on its way back counts as gone
ON_ITS_WAY = """
SELECT coalesce(sum(cents), 0)::bigint FROM payment_refund WHERE payment_id = $1 AND state = ANY($2)
"""

INTENT = "SELECT intent_id FROM payment WHERE id = $1"


class SentRefund(msgspec.Struct, frozen=True):
    """A refund that is to be sent."""

    id: UUID
    payment_id: UUID
    cents: int
    state: str
    provider_id: str


class SameRefund(msgspec.Struct, frozen=True):
    """A refund that a request has become before."""

    id: UUID
    cents: int


@use_case(Permission.OPERATOR_PAYMENTS_DECIDE)
async def ask_for_refund(
    scope: Scope, payment_id: UUID, *, cents: int, reason: str, request_key: str
) -> UUID:
    """Write that money of a payment goes back, and have it sent; returns the refund's id.

    A repeat of the request, by its key, is the same refund. Raises NotFound, ValidationFailed (`cents`, `reason`,
    `request_key`) and Conflict (`wrong_state`) where the payment did not come, `request_key_used` for another amount.
    """
    words = " ".join(reason.split())
    if not 0 < len(words) <= LONGEST_REASON:
        raise ValidationFailed(reason=f"Say why in 1 to {LONGEST_REASON} characters.")
    if not 0 < len(request_key) <= LONGEST_KEY:
        raise ValidationFailed(request_key=f"Give a key of 1 to {LONGEST_KEY} characters.")
    try:
        # Two of the staff who ask at the same moment come one after the other
        row = await lock_payment(scope, payment_id)
    except LookupError:
        raise NotFound from None
    if (before := await _same(scope, payment_id, request_key)) is not None:
        if before.cents != cents:
            raise Conflict("This key stands for another refund.", code="request_key_used")
        return before.id
    if row.state not in PAID:
        raise Conflict("This payment did not come: there is nothing to give back.", code="wrong_state")
    sent = [RefundState.REQUESTED, RefundState.PENDING]
    waiting = await scope.fetch_value(int, ON_ITS_WAY, payment_id, sent) or 0
    left = row.received_cents - row.refunded_cents - row.reversed_cents - waiting
    if not 0 < cents <= left:
        raise ValidationFailed(cents=f"From 1 to {left} cents of this payment can be given back.")
    refund = PaymentRefund(
        id=new_id(),
        tenant_id=scope.tenant_id,
        payment_id=payment_id,
        cents=cents,
        reason=words,
        state=RefundState.REQUESTED,
        request_key=request_key,
        asked_by=scope.actor.name,
        created_at=clock.now(),
    )
    await PaymentRefund.insert(refund)
    await audit.record(scope, "payment.refund_asked", "payment", payment_id, cents=cents, reason=words)
    scope.enqueue(JobName.SEND_REFUND, refund_id=refund.id)
    scope.invalidate(f"payment:{payment_id}")
    made: UUID = refund.id
    return made


async def _same(scope: Scope, payment_id: UUID, request_key: str) -> SameRefund | None:
    return await scope.select_one(
        SameRefund,
        PaymentRefund,
        (PaymentRefund.payment_id == payment_id) & (PaymentRefund.request_key == request_key),
    )


@use_case(Permission.OPERATOR_PAYMENTS_DECIDE, read_only=True)
async def refunds_of(scope: Scope, payment_id: UUID) -> list[RefundInfo]:
    """The refunds of a payment, the oldest first. Raises NotFound."""
    if not await Payment.exists().where(Payment.id == payment_id):
        raise NotFound
    return await scope.select_all(
        RefundInfo,
        PaymentRefund,
        PaymentRefund.payment_id == payment_id,
        order_by=[PaymentRefund.created_at, PaymentRefund.id],
    )


@idempotent_job(JobName.SEND_REFUND)
async def send_refund(actor: Actor, *, refund_id: str) -> None:
    """Ask the service to give money back, under the refund's own key, and write what it says."""
    key = UUID(refund_id)
    # One that was sent before is found by what we wrote on it: the service forgets keys after a day
    await settle(actor, (await _read(actor, key)).payment_id)
    refund = await _read(actor, key)
    if refund.state != RefundState.REQUESTED or refund.provider_id:
        return
    async with job_scope(actor) as scope:
        intent = await scope.fetch_value(str, INTENT, refund.payment_id)
    try:
        await provider().refund(
            key=f"refund/{key}",
            intent_id=intent or "",
            cents=refund.cents,
            metadata={
                "tenant": str(actor.tenant_id),
                "payment": str(refund.payment_id),
                "refund": str(key),
            },
        )
    except ProviderRefused as error:
        await _fail(actor, refund, error.code or str(error))
        return
    await settle(actor, refund.payment_id)


async def _read(actor: Actor, refund_id: UUID) -> SentRefund:
    async with job_scope(actor) as scope:
        found = await scope.select_one(SentRefund, PaymentRefund, PaymentRefund.id == refund_id)
    if found is None:
        raise LookupError(f"there is no refund {refund_id}")
    return found


async def _fail(actor: Actor, refund: SentRefund, why: str) -> None:
    async with job_scope(actor) as scope:
        await lock_payment(scope, refund.payment_id)
        await PaymentRefund.update(
            {
                PaymentRefund.state: RefundState.FAILED,
                PaymentRefund.failure: why,
                PaymentRefund.ended_at: clock.now(),
            }
        ).where((PaymentRefund.id == refund.id) & (PaymentRefund.state == RefundState.REQUESTED))
        scope.invalidate(f"payment:{refund.payment_id}")
