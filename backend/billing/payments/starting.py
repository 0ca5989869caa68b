"""Starting a payment: what may be paid, who else is paying it, and the row that stands before anybody is asked."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from backend.billing.payments.lifecycle import (
    LEAST_CENTS,
    MOST_CENTS,
    MOST_INVOICES,
    OPEN_PAGE,
    PaymentChannel,
    PaymentState,
)
from backend.billing.payments.schemas import PaymentPart
from backend.billing.payments.tables import Payment, PaymentShare
from backend.billing.payments.to_pay import InvoiceNow, amount_to_pay, locked_invoices
from backend.core import audit, clock
from backend.core.errors import Conflict, ValidationFailed
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.payment_facts import CURRENCY
from backend.runtime import settings
from tenants.scope import Scope

LONGEST_KEY = 100
# The service wants half an hour at least, counted when it is asked: a request may be repeated for some minutes
PAGE_OPEN_FOR = timedelta(minutes=36)
# Keys of debits and cases are our own: nobody takes the key of a debit away
OWN_KEYS = ("debit/", "case/")
SAME_REQUEST = """
SELECT p.id, s.invoice_id, s.cents FROM payment p JOIN payment_share s ON s.tenant_id = p.tenant_id AND s.payment_id = p.id
WHERE p.request_key = $1 ORDER BY s.position
"""
# Pages of the same invoices: whoever asks last, pays
END_OTHERS = """
UPDATE payment p SET ending = true, address = '' WHERE p.state = ANY($2) AND NOT p.ending AND EXISTS (
  SELECT FROM payment_share s WHERE s.tenant_id = p.tenant_id AND s.payment_id = p.id AND s.invoice_id = ANY($1))
RETURNING p.id
"""


class EndedPage(msgspec.Struct, frozen=True):
    """A payment whose page is to be closed."""

    id: UUID


class SameRequest(msgspec.Struct, frozen=True):
    """A share of the payment that a request has become before."""

    id: UUID
    invoice_id: UUID | None
    cents: int


def online_payment_offered() -> bool:
    """Whether this deployment has a payment service."""
    return bool(settings().stripe_key)


@use_case(Permission.INVOICES_PAY)
async def start_payment(scope: Scope, parts: Sequence[PaymentPart], *, request_key: str) -> UUID:
    """Write an attempt to pay invoices within reach, and have its page opened; returns its id.

    A repeat of the request, by its key, is the same payment. A page that is open for one of these invoices is closed.
    Raises NotFound, ValidationFailed (`cents`, `parts`, `request_key`) and Conflict: `payment_not_offered`,
    `nothing_to_pay` where an invoice needs none now, `request_key_used` for a key that stands for another request.
    """
    if not online_payment_offered():
        raise Conflict("Paying online is not offered here. Pay by bank transfer.", code="payment_not_offered")
    wanted = _checked(parts, request_key)
    invoices = await locked_invoices(scope, sorted(wanted))
    if (before := await _same_request(scope, request_key, wanted)) is not None:
        return before
    amounts = {one.id: amount_to_pay(one, wanted[one.id]) for one in invoices}
    total = sum(amounts.values())
    if not LEAST_CENTS <= total <= MOST_CENTS:
        raise ValidationFailed(
            cents="From 0.50 to 999,999.99 euros can be paid online. Pay any other amount by bank transfer.",
            code="amount_not_online",
        )
    ended = [one.id for one in await scope.fetch_all(EndedPage, END_OTHERS, list(amounts), list(OPEN_PAGE))]
    payment_id = await _write(scope, [(one, amounts[one.id]) for one in invoices], total, request_key)
    await audit.record(scope, "payment.started", "payment", payment_id, cents=total, closes=ended)
    scope.enqueue(JobName.OPEN_CHECKOUT, payment_id=payment_id)
    for one in amounts:
        scope.invalidate(f"invoice:{one}")
    for one in ended:
        scope.invalidate(f"payment:{one}")
    return payment_id


def _checked(parts: Sequence[PaymentPart], request_key: str) -> dict[UUID, int | None]:
    """The parts by their invoices. Raises ValidationFailed."""
    if not 0 < len(request_key) <= LONGEST_KEY or not request_key.isprintable():
        raise ValidationFailed(request_key=f"Give a key of 1 to {LONGEST_KEY} characters.")
    if request_key.startswith(OWN_KEYS):
        raise ValidationFailed(request_key=f"A key does not begin with {' or '.join(OWN_KEYS)}.")
    if not 0 < len(parts) <= MOST_INVOICES:
        raise ValidationFailed(parts=f"Choose 1 to {MOST_INVOICES} invoices.")
    wanted = {one.invoice_id: one.cents for one in parts}
    if len(wanted) != len(parts):
        raise ValidationFailed(parts="An invoice is named twice.")
    return wanted


async def _same_request(scope: Scope, request_key: str, wanted: dict[UUID, int | None]) -> UUID | None:
    """The payment that the request has become before. Raises Conflict where its key stands for another one."""
    before = await scope.fetch_all(SameRequest, SAME_REQUEST, request_key)
    if not before:
        return None
    same = {one.invoice_id for one in before} == set(wanted) and all(
        one.invoice_id is not None and wanted[one.invoice_id] in {None, one.cents} for one in before
    )
    if not same:
        raise Conflict("This key stands for another payment.", code="request_key_used")
    return before[0].id


async def _write(scope: Scope, parts: Sequence[tuple[InvoiceNow, int]], total: int, request_key: str) -> UUID:
    now, actor = clock.now(), scope.actor
    row = Payment(
        id=new_id(),
        tenant_id=scope.tenant_id,
        channel=PaymentChannel.CHECKOUT,
        state=PaymentState.CREATED,
        cents=total,
        currency=CURRENCY,
        request_key=request_key,
        member_id=actor.member_id,
        payer_name=actor.name,
        payer_email=actor.email,
        language=actor.language,
        created_at=now,
        expires_at=now + PAGE_OPEN_FOR,
    )
    await Payment.insert(row)
    await PaymentShare.insert(
        *(
            PaymentShare(
                id=new_id(),
                tenant_id=scope.tenant_id,
                payment_id=row.id,
                position=position,
                billing_account_id=invoice.billing_account_id,
                invoice_id=invoice.id,
                number=invoice.number,
                cents=cents,
            )
            for position, (invoice, cents) in enumerate(parts)
        )
    )
    made: UUID = row.id
    return made
