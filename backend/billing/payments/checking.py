"""Finds out what became of a payment: asks the service, then writes what follows, however often and in whatever order."""

from uuid import UUID

import structlog

from backend.billing.payments.applying import apply
from backend.billing.payments.case_records import record_case
from backend.billing.payments.lifecycle import OPEN_PAGE, Cause, PaymentChannel, PaymentState
from backend.billing.payments.rows import LockedPayment, find_payment_row, lock_payment, move
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.payments import NotThere, PaymentProvider
from backend.runtime import clients
from tenants.scope import Actor

log = structlog.get_logger()


def provider() -> PaymentProvider:
    """The payment service. Raises Unavailable where none is set: what was begun with one waits for it."""
    found = clients().payments
    if found is None:
        raise Unavailable("no payment service is set (FLEETLINE_STRIPE_KEY)")
    return found


@idempotent_job(JobName.CHECK_PAYMENT)
async def check_payment(actor: Actor, *, payment_id: str, close: str = "", returned: bool = False) -> None:
    """Ask the service about a payment. `close`: why its page is to be closed; `returned`: its payer came back from it."""
    await settle(actor, UUID(payment_id), close=Cause(close) if close else None, returned=returned)


async def settle(
    actor: Actor, payment_id: UUID, *, close: Cause | None = None, returned: bool = False
) -> None:
    """Ask the service about a payment and write what follows.

    Raises Unavailable where no answer came. Where its payer may have paid meanwhile, the payment is then UNKNOWN.
    """
    async with job_scope(actor) as scope:
        row = await find_payment_row(scope, payment_id)
    if row is None:
        raise LookupError(f"there is no payment {payment_id}")
    over = clock.now() > row.expires_at
    if not row.given_out and row.channel == PaymentChannel.DEBIT:
        # Its call may have been lost with the process that made it
        async with job_scope(actor) as scope:
            scope.enqueue(JobName.SEND_DEBIT, payment_id=payment_id)
        return
    if not row.given_out:
        await _end_unopened(actor, row, close)
        return
    try:
        if row.session_id and _is_closed(row, wanted=close is not None or over):
            await provider().expire_checkout(row.session_id)
        facts = await provider().payment(session_id=row.session_id, intent_id=row.intent_id)
    except (Unavailable, NotThere) as error:
        if close is not None or over or returned:
            await _lose_sight(actor, payment_id)
        log.warning("payment not known", payment=str(payment_id), why=str(error))
        raise Unavailable("The payment service does not say what became of a payment.") from error
    cause = close or (Cause.REPLACED if row.ending else Cause.EXPIRED)
    async with job_scope(actor) as scope:
        cases = await apply(scope, payment_id, facts, cause)
    for case in cases:
        await record_case(case)


def _is_closed(row: LockedPayment, *, wanted: bool) -> bool:
    """Whether the page is closed before the service is asked: nobody pays on it while its payment is decided."""
    return row.state == PaymentState.UNKNOWN or (row.state in OPEN_PAGE and (wanted or row.ending))


async def _lose_sight(actor: Actor, payment_id: UUID) -> None:
    """Say that it is not known whether money moved: nobody pays the amount again before it is."""
    async with job_scope(actor) as scope:
        row = await lock_payment(scope, payment_id)
        if row.state in OPEN_PAGE:
            await move(scope, row, PaymentState.UNKNOWN)


async def _end_unopened(actor: Actor, row: LockedPayment, close: Cause | None) -> None:
    """End a payment whose page nobody was given; one that still waits for its page stays."""
    if close is None and not row.ending and clock.now() <= row.expires_at:
        return
    async with job_scope(actor) as scope:
        locked = await lock_payment(scope, row.id)
        if locked.state in OPEN_PAGE and not locked.given_out:
            cause = close or (Cause.REPLACED if locked.ending else Cause.NOT_OPENED)
            await move(scope, locked, PaymentState.CANCELLED, failure=cause)
