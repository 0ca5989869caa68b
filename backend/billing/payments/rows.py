"""The row of a payment under its lock, and how it moves. Jobs of the product call this; nobody else changes a payment."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from piccolo.columns import Column

from backend.billing.payments.lifecycle import HOLDS_AMOUNT, PAYMENT_LIFECYCLE, PENDING, PaymentState
from backend.billing.payments.tables import Payment, PaymentShare
from backend.core import clock
from tenants.scope import Scope

# Customer numbers, then invoices, then the payment: whoever moves money waits in this order
LOCK_ACCOUNTS = """
SELECT a.id FROM billing_account a WHERE a.id IN (SELECT billing_account_id FROM payment_share WHERE payment_id = $1)
ORDER BY a.id FOR NO KEY UPDATE
"""
LOCK_INVOICES = """
SELECT i.id FROM invoice i WHERE i.id IN (SELECT invoice_id FROM payment_share WHERE payment_id = $1)
ORDER BY i.id FOR NO KEY UPDATE
"""
# Counted anew each time, so that no order of events can leave an amount held
HOLD = """
UPDATE invoice i SET collecting_cents = coalesce((SELECT sum(s.cents) FROM payment_share s
  JOIN payment p ON p.tenant_id = s.tenant_id AND p.id = s.payment_id
  WHERE s.tenant_id = i.tenant_id AND s.invoice_id = i.id AND p.state = ANY($2)), 0)
WHERE i.id IN (SELECT invoice_id FROM payment_share WHERE payment_id = $1)
"""


class LockedPayment(msgspec.Struct, frozen=True):
    """A payment that is being changed."""

    id: UUID
    channel: str
    state: str
    cents: int
    currency: str
    language: str
    customer: str
    livemode: bool
    session_id: str
    intent_id: str
    address: str
    failure: str
    decision: str
    ending: bool
    received_cents: int
    refunded_cents: int
    reversed_cents: int
    created_at: datetime
    expires_at: datetime

    @property
    def given_out(self) -> bool:
        """Whether somebody may have been at its page, or it needs none: money may move."""
        return bool(self.session_id or self.intent_id)


class LockedShare(msgspec.Struct, frozen=True):
    """What a payment is for."""

    billing_account_id: UUID
    invoice_id: UUID | None
    number: str
    cents: int


async def find_payment_row(scope: Scope, payment_id: UUID) -> LockedPayment | None:
    """The row as it is now, not locked."""
    return await scope.select_one(LockedPayment, Payment, Payment.id == payment_id)


async def lock_payment(scope: Scope, payment_id: UUID) -> LockedPayment:
    """Lock what a payment touches, in the one order of all that moves money. Raises LookupError."""
    await scope.execute(LOCK_ACCOUNTS, payment_id)
    await scope.execute(LOCK_INVOICES, payment_id)
    found = await scope.select_one(LockedPayment, Payment, Payment.id == payment_id, lock=True)
    if found is None:
        raise LookupError(f"there is no payment {payment_id}")
    return found


async def shares_of(scope: Scope, payment_id: UUID) -> list[LockedShare]:
    """What a payment is for, in the order in which it was asked."""
    return await scope.select_all(
        LockedShare,
        PaymentShare,
        PaymentShare.payment_id == payment_id,
        order_by=[PaymentShare.position],
    )


async def move(scope: Scope, row: LockedPayment, target: PaymentState, **columns: Any) -> None:
    """Bring a locked payment to a state, with other columns; what it holds of its invoices follows.

    Raises Conflict for a move that there is not.
    """
    PAYMENT_LIFECYCLE.check(PaymentState(row.state), target)
    changed: dict[Column | str, Any] = {"state": target}
    changed.update(columns)
    if target not in PENDING:
        changed |= {"address": "", "ending": False}
        if row.state in PENDING:
            changed["ended_at"] = clock.now()
    await Payment.update(changed).where(Payment.id == row.id)
    await scope.execute(HOLD, row.id, list(HOLDS_AMOUNT))
    await wake(scope, row.id)


async def wake(scope: Scope, payment_id: UUID) -> None:
    """Wake every page that shows a payment, or an invoice that it is for."""
    scope.invalidate("invoices")
    scope.invalidate(f"payment:{payment_id}")
    for share in await shares_of(scope, payment_id):
        if share.invoice_id is not None:
            scope.invalidate(f"invoice:{share.invoice_id}")
