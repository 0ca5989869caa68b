"""Opens the hosted page of a payment: other pages of its invoices are closed first, then the service is asked."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import structlog

from backend.billing.payments.checking import provider, settle
from backend.billing.payments.lifecycle import MOST_DEBIT_CENTS, OPEN_PAGE, Cause, PaymentState
from backend.billing.payments.provider_customers import customer_at_provider
from backend.billing.payments.rows import (
    LockedPayment,
    LockedShare,
    find_payment_row,
    lock_payment,
    move,
    shares_of,
    wake,
)
from backend.billing.payments.tables import Payment
from backend.billing.queries import PAYABLE
from backend.core import clock
from backend.core.facts import JobName
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.payment_facts import CheckoutLine, CheckoutRequest, OpenedCheckout
from backend.integrations.payments import BANCONTACT, CARD, SEPA_DEBIT, ProviderRefused
from backend.runtime import clients
from tenants.scope import Actor, Scope

log = structlog.get_logger()

TEXTS = Path(__file__).with_name("payment_texts.toml")
# The service opens no page for less than half an hour
LEAST_OPEN = timedelta(minutes=31)
OTHERS = """
SELECT p.id FROM payment p WHERE p.id <> $1 AND p.ending AND p.state = ANY($2) AND EXISTS (
  SELECT FROM payment_share s JOIN payment_share mine ON mine.tenant_id = s.tenant_id AND mine.invoice_id = s.invoice_id
  WHERE s.tenant_id = p.tenant_id AND s.payment_id = p.id AND mine.payment_id = $1) ORDER BY p.id
"""
TOO_MUCH = f"""
SELECT EXISTS (SELECT FROM payment_share s JOIN invoice i ON i.tenant_id = s.tenant_id AND i.id = s.invoice_id
  WHERE s.payment_id = $1 AND s.cents > {PAYABLE})
"""


class OtherPage(msgspec.Struct, frozen=True):
    """Another payment of the same invoices whose page may be open."""

    id: UUID


@idempotent_job(JobName.OPEN_CHECKOUT)
async def open_checkout(actor: Actor, *, payment_id: str) -> None:
    """Open the page of a payment; nothing is done where it has one, has ended, or is replaced by a later one."""
    key = UUID(payment_id)
    async with job_scope(actor) as scope:
        others = await scope.fetch_all(OtherPage, OTHERS, key, list(OPEN_PAGE))
    for other in others:
        await settle(actor, other.id, close=Cause.REPLACED)
    if not await _may_open(actor, key):
        return
    customer = await customer_at_provider(actor)
    async with job_scope(actor) as scope:
        await Payment.update({Payment.customer: customer, Payment.livemode: provider().livemode}).where(
            Payment.id == key
        )
        row, shares = await find_payment_row(scope, key), await shares_of(scope, key)
    if row is None:
        raise LookupError(f"there is no payment {key}")
    try:
        opened = await provider().open_checkout(_request(actor, row, shares))
    except ProviderRefused as error:
        log.warning("payment page refused", payment=payment_id, code=error.code, why=str(error))
        await _cancel(actor, key, Cause.REFUSED)
        return
    if not await _record(actor, key, opened):
        await settle(actor, key, close=Cause.REPLACED)


async def _may_open(actor: Actor, payment_id: UUID) -> bool:
    """Whether the payment still waits for its page and its invoices need its amount; where not, it has ended."""
    async with job_scope(actor) as scope:
        row = await lock_payment(scope, payment_id)
        if row.state != PaymentState.CREATED or row.given_out:
            return False
        cause = await _cause_to_end(scope, row)
        if cause is not None:
            await move(scope, row, PaymentState.CANCELLED, failure=cause)
        return cause is None


async def _cause_to_end(scope: Scope, row: LockedPayment) -> Cause | None:
    if row.ending:
        return Cause.REPLACED
    if await scope.fetch_value(bool, TOO_MUCH, row.id):
        return Cause.OVERTAKEN
    return Cause.NOT_OPENED if row.expires_at - clock.now() < LEAST_OPEN else None


async def _cancel(actor: Actor, payment_id: UUID, cause: Cause) -> None:
    async with job_scope(actor) as scope:
        row = await lock_payment(scope, payment_id)
        if row.state == PaymentState.CREATED:
            await move(scope, row, PaymentState.CANCELLED, failure=cause)


async def _record(actor: Actor, payment_id: UUID, opened: OpenedCheckout) -> bool:
    """Write down the page. False where it must not be given out: the payment ended meanwhile, or it is of another mode."""
    async with job_scope(actor) as scope:
        row = await lock_payment(scope, payment_id)
        good = row.state == PaymentState.CREATED and not row.ending and opened.livemode == row.livemode
        await Payment.update(
            {Payment.session_id: opened.session_id, Payment.address: opened.address if good else ""}
        ).where(Payment.id == payment_id)
        await wake(scope, payment_id)
        return good


def _request(actor: Actor, row: LockedPayment, shares: list[LockedShare]) -> CheckoutRequest:
    texts = FileTexts(TEXTS, row.language)
    back = f"{clients().settings.public_url}/app/payments/{row.id}"
    debit = (SEPA_DEBIT,) if row.cents <= MOST_DEBIT_CENTS else ()
    return CheckoutRequest(
        key=f"payment/{row.id}",
        customer=row.customer,
        lines=[CheckoutLine(texts.text("invoice", number=one.number), one.cents) for one in shares],
        methods=(CARD, BANCONTACT, *debit),
        success_url=f"{back}?back=done",
        cancel_url=f"{back}?back=left",
        expires_at=int(row.expires_at.timestamp()),
        language=texts.language,
        metadata={"tenant": str(actor.tenant_id), "payment": str(row.id)},
    )
