"""Finds out whose the payments of a statement are, and has them booked. Each step may be repeated.

A movement is claimed for a customer number in the operator's scope, booked in the company's scope, then marked.
"""

from uuid import UUID

import structlog

from backend.billing.bank.first_looks import payer_key, words_of
from backend.billing.bank.movements import (
    BankMovementRow,
    MovementDestination,
    find_movement,
    mark_matched,
    payments_taken_back,
    settle,
    waiting_movements,
)
from backend.billing.bank.payments import BankPayment, PaymentTarget, book_payment, payment_targets
from backend.billing.lifecycle import MovementState
from backend.core import clock
from backend.core.database_errors import is_transient
from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job
from tenants.directory import DirectoryEntry, find_communication, find_open_invoices
from tenants.scope import Actor, TenantId

log = structlog.get_logger()


class MovementsLeft(Exception):
    """Some movements could not be dealt with; the others were. The job is run again for them."""


@idempotent_job(JobName.MATCH_STATEMENT)
async def match_statement(actor: Actor, *, statement_id: str) -> None:
    """Match the movements of a statement that nobody looked at, and book those that are claimed."""
    after, failed, last = -1, 0, None
    while rows := await waiting_movements(actor, UUID(statement_id), after):
        for row in rows:
            try:
                await match_movement(actor, row)
            except Exception as error:
                if isinstance(error, Unavailable) or is_transient(error):
                    raise
                # The others go on
                log.warning("movement left", movement=str(row.id), why=f"{type(error).__name__}: {error}")
                failed, last = failed + 1, error
        after = rows[-1].position
    if failed:
        raise MovementsLeft(f"{failed} movements of statement {statement_id}") from last


async def match_movement(actor: Actor, row: BankMovementRow) -> None:
    """Match one movement, and book it where it is clear whose it is."""
    if row.state == MovementState.RECEIVED:
        await settle(actor, row.id, await _destination(actor, row))
    claimed = await find_movement(actor, row.id)
    if claimed is not None and claimed.state == MovementState.CLAIMED:
        await _book(actor, claimed)


async def _book(actor: Actor, row: BankMovementRow) -> None:
    """Give a claimed movement to its company, then say so. A crash between the two is mended by doing it again."""
    if row.customer_id is None or row.billing_account_id is None:
        raise LookupError(f"the movement {row.id} has no customer number")
    await book_payment(
        _company(actor, row.customer_id),
        BankPayment(
            movement_id=row.id,
            billing_account_id=row.billing_account_id,
            cents=row.cents,
            value_on=row.booked_on or clock.today(),
            invoice_id=row.invoice_id,
            # What a person decided is for what the person named
            structured="" if row.decided_by else row.structured,
            reverses=row.reverses,
            detail=row.bank_reference,
        ),
    )
    await mark_matched(actor, row.id)


def _company(actor: Actor, tenant_id: UUID) -> Actor:
    return Actor(TenantId(tenant_id), name=actor.name, operator=actor.operator)


async def _destination(actor: Actor, row: BankMovementRow) -> MovementDestination:
    """Where a received movement goes."""
    if row.reversal:
        return await _taken_back(actor, row)
    if row.structured:
        found = await find_communication(row.structured)
        targets = await _targets(actor, found)
        if len({target.billing_account_id for _, target in targets}) == 1:
            return _to(MovementState.CLAIMED, *targets[0])
        if targets:
            return MovementDestination(
                state=MovementState.UNMATCHED,
                reason="Its communication stands on invoices of several customer numbers.",
            )
    return await _guess(actor, row)


async def _taken_back(actor: Actor, row: BankMovementRow) -> MovementDestination:
    found = await payments_taken_back(actor, row)
    if len(found) != 1:
        several = "Several payments may be" if found else "No payment is known to be"
        return MovementDestination(
            state=MovementState.UNMATCHED, reason=f"It takes a payment back. {several} the one."
        )
    (one,) = found
    return MovementDestination(
        state=MovementState.CLAIMED,
        customer_id=one.customer_id,
        billing_account_id=one.billing_account_id,
        customer_number=one.customer_number,
        invoice_id=one.invoice_id,
        invoice_number=one.invoice_number,
        reverses=one.id,
    )


async def _guess(actor: Actor, row: BankMovementRow) -> MovementDestination:
    """The one open invoice that amount and name, or the text, point to; the operator decides."""
    words = words_of(row.text, row.reference)
    targets = await _targets(actor, await find_open_invoices(row.cents, payer_key(row.name), words))
    wrong = "Its communication is of no invoice. " if row.reference else ""
    if len(targets) == 1:
        ((tenant_id, target),) = targets
        same = "Its amount and its payer or text" if target.open_cents == row.cents else "Its text"
        reason = (
            f"{wrong}{same} point to invoice {target.invoice_number}"
            f" of customer number {target.customer_number}."
        )
        return _to(MovementState.PROPOSED, tenant_id, target, reason)
    many = "More than one open invoice" if targets else "No open invoice"
    return MovementDestination(state=MovementState.UNMATCHED, reason=f"{wrong}{many} fits it.")


async def _targets(actor: Actor, found: list[DirectoryEntry]) -> list[tuple[UUID, PaymentTarget]]:
    """The invoices with their companies, as each company's scope shows them."""
    by_tenant: dict[UUID, list[UUID]] = {}
    for entry in found:
        by_tenant.setdefault(entry.tenant_id, []).append(entry.id)
    targets = []
    for tenant_id, invoice_ids in by_tenant.items():
        shown = await payment_targets(_company(actor, tenant_id), invoice_ids)
        targets += [(tenant_id, target) for target in shown]
    return targets


def _to(
    state: MovementState, tenant_id: UUID, target: PaymentTarget, reason: str = ""
) -> MovementDestination:
    return MovementDestination(
        state=state,
        reason=reason,
        customer_id=tenant_id,
        billing_account_id=target.billing_account_id,
        customer_number=target.customer_number,
        invoice_id=target.invoice_id,
        invoice_number=target.invoice_number,
    )
