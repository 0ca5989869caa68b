"""Use cases of members on online payments: what may be paid, what became of a payment, and coming back from its page."""

import asyncio
from uuid import UUID

import msgspec

from backend.billing import queries
from backend.billing.lifecycle import CollectionMode
from backend.billing.payments.lifecycle import (
    MOST_CENTS,
    MOST_INVOICES,
    PENDING,
    Cause,
    PaymentState,
    expected_on,
    latest_on,
)
from backend.billing.payments.schemas import (
    InvoicePayment,
    Payable,
    PayableInvoice,
    PaymentInfo,
    PaymentRow,
    RefundInfo,
    ShareInfo,
)
from backend.billing.payments.tables import Payment, PaymentRefund
from backend.billing.queries import DEMAND, PAYABLE
from backend.core import clock
from backend.core.errors import NotFound
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.queries import SqlFilter
from tenants.scope import Actor, Scope

MOST_LISTED = 200
# How long whoever asks for a payment waits for the address of its page
PATIENCE_SECONDS, LOOK_SECONDS = 15.0, 0.1
DUE = f"""
SELECT i.id, i.number, {PAYABLE} AS cents FROM invoice i
WHERE {{where}} AND {DEMAND} AND i.collection = '{CollectionMode.MANUAL}' AND {PAYABLE} > 0
ORDER BY i.due_on NULLS FIRST, i.issued_on, i.id
"""
SHARES = """
SELECT s.invoice_id, s.number, a.number AS account, s.cents, i.open_cents FROM payment_share s
JOIN billing_account a ON a.tenant_id = s.tenant_id AND a.id = s.billing_account_id
LEFT JOIN invoice i ON i.tenant_id = s.tenant_id AND i.id = s.invoice_id
WHERE s.payment_id = $1 ORDER BY s.position
"""
# A payment is shown to whoever may see everything that it is for
PAYMENTS = """
SELECT {columns} FROM payment p WHERE {{where}} AND NOT EXISTS (SELECT FROM payment_share s
  WHERE s.tenant_id = p.tenant_id AND s.payment_id = p.id AND NOT ({{reach}}))
""".format(columns=", ".join(f"p.{name}" for name in PaymentRow.__struct_fields__))
NEWEST = " ORDER BY p.created_at DESC, p.id LIMIT {limit} OFFSET {offset}"
OF_INVOICE = """
SELECT p.id, p.state, s.cents, p.method, p.failure, p.payer_name, p.processing_since, p.created_at, p.paid_at
FROM payment p JOIN payment_share s ON s.tenant_id = p.tenant_id AND s.payment_id = p.id
WHERE s.invoice_id = $1 ORDER BY p.created_at DESC, p.id LIMIT $2
"""


@use_case(Permission.INVOICES_READ, read_only=True)
async def payable(scope: Scope, invoice_ids: list[UUID] | None = None) -> Payable:
    """What within reach may be paid now: of these invoices, or of all. As many as fit into one payment."""
    where = queries.within_reach(scope.actor, Permission.INVOICES_PAY)
    if invoice_ids is not None:
        where.add("i.id = ANY({0})", invoice_ids)
    found = await scope.fetch_all(PayableInvoice, DUE.format(where=where.sql), *where.values)
    chosen: list[PayableInvoice] = []
    for one in found[:MOST_INVOICES]:
        if sum(each.cents for each in chosen) + one.cents <= MOST_CENTS:
            chosen.append(one)
    return Payable(invoices=chosen, left_out=len(found) - len(chosen))


def _reach(actor: Actor, where: SqlFilter, permission: Permission = Permission.INVOICES_READ) -> str:
    """The condition on `payment_share s` for what the actor may use a permission on; its value joins those of `where`."""
    accounts = queries.invoice_accounts(actor, permission)
    if accounts is None:
        return "true"
    where.values.append(accounts)
    return f"s.billing_account_id = ANY(${len(where.values)}::uuid[])"


@use_case(Permission.INVOICES_READ, read_only=True)
async def list_payments(scope: Scope, *, limit: int = 50, offset: int = 0) -> list[PaymentRow]:
    """Payments of which the actor may see everything, the newest first. 200 at most."""
    return await payments(scope, limit=limit, offset=offset)


async def payments(scope: Scope, *, limit: int, offset: int) -> list[PaymentRow]:
    """Some payments of which the actor may see everything, the newest first."""
    where = SqlFilter()
    where.add("true")
    query = PAYMENTS.format(reach=_reach(scope.actor, where), where=where.sql)
    rows = NEWEST.format(limit=min(max(limit, 1), MOST_LISTED), offset=max(offset, 0))
    return await scope.fetch_all(payment_row, query + rows, *where.values)


def payment_row(*values: object) -> PaymentRow:
    """A row of a statement that names the fields in their order."""
    return msgspec.convert(
        dict(zip(PaymentRow.__struct_fields__, values, strict=True)), PaymentRow, strict=False
    )


@use_case(Permission.INVOICES_READ, read_only=True)
async def get_payment(scope: Scope, payment_id: UUID) -> PaymentInfo:
    """One payment with its invoices and what of it went back. Raises NotFound."""
    return await payment(scope, payment_id)


async def payment(scope: Scope, payment_id: UUID) -> PaymentInfo:
    """One payment of which the actor may see everything. Raises NotFound."""
    row = await _row(scope, payment_id)
    since = row.processing_since if row.state is PaymentState.PROCESSING else None
    return PaymentInfo(
        **msgspec.structs.asdict(row),
        shares=await scope.fetch_all(ShareInfo, SHARES, payment_id),
        refunds=await scope.select_all(
            RefundInfo,
            PaymentRefund,
            PaymentRefund.payment_id == payment_id,
            order_by=[PaymentRefund.created_at, PaymentRefund.id],
        ),
        expected_on=expected_on(since) if since else None,
        latest_on=latest_on(since) if since else None,
    )


async def _row(
    scope: Scope, payment_id: UUID, permission: Permission = Permission.INVOICES_READ
) -> PaymentRow:
    where = SqlFilter()
    where.add("p.id = {0}", payment_id)
    query = PAYMENTS.format(reach=_reach(scope.actor, where, permission), where=where.sql)
    found = await scope.fetch_one(payment_row, query, *where.values)
    if found is None:
        raise NotFound
    return found


@use_case(Permission.INVOICES_READ, read_only=True)
async def payments_of_invoice(scope: Scope, invoice_id: UUID) -> list[InvoicePayment]:
    """The online payments of an invoice, the newest first. Raises NotFound."""
    await queries.check_in_reach(scope, invoice_id)
    return await scope.fetch_all(invoice_payment, OF_INVOICE, invoice_id, MOST_LISTED)


def invoice_payment(*values: object) -> InvoicePayment:
    """A row of a statement that names the fields in their order."""
    return InvoicePayment(**dict(zip(InvoicePayment.__struct_fields__, values, strict=True)))  # type: ignore[arg-type]


@use_case(Permission.INVOICES_PAY)
async def ask_about_payment(scope: Scope, payment_id: UUID, *, leave: bool = False) -> None:
    """Have the service asked what became of a payment. `leave`: its payer does not pay, and its page is closed.

    Raises NotFound.
    """
    row = await _row(scope, payment_id, Permission.INVOICES_PAY)
    if row.state not in PENDING:
        return
    # Closed by a person only while no bank works on it; a page that was paid cannot be closed
    close = Cause.LEFT if leave else ""
    if leave:
        await Payment.update({Payment.address: ""}).where(Payment.id == payment_id)
    scope.enqueue(JobName.CHECK_PAYMENT, payment_id=payment_id, close=close, returned=True)
    scope.invalidate(f"payment:{payment_id}")


async def wait_for_page(actor: Actor, payment_id: UUID, *, seconds: float = PATIENCE_SECONDS) -> PaymentInfo:
    """The payment once its page is open or it has ended; as it is then, where that takes longer."""
    until = clock.now().timestamp() + seconds
    while True:
        found = await get_payment(actor, payment_id)
        waits = found.state is PaymentState.CREATED and not found.address
        if not waits or clock.now().timestamp() >= until:
            return found
        await asyncio.sleep(LOOK_SECONDS)
