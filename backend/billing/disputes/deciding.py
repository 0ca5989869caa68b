"""Ends disputes: the operator refuses or accepts, a credit note pays what was accepted, and a customer withdraws."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.billing.disputes.lifecycle import DISPUTE_LIFECYCLE, DisputeState
from backend.billing.disputes.reading import LOCK, DisputedInvoice, keep_claim
from backend.billing.disputes.schemas import LONGEST_WORDS
from backend.billing.disputes.tables import InvoiceDispute
from backend.billing.queries import check_in_reach
from backend.billing.ubl.document import BooksAs
from backend.core import audit, clock
from backend.core.billing_facts import DisputesMoved
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

OF_IDS = """
SELECT id, invoice_id, state, gross_cents, opened_at FROM invoice_dispute WHERE id = ANY($1)
ORDER BY opened_at, id FOR NO KEY UPDATE
"""
ACCEPTED = """
SELECT id, invoice_id, state, gross_cents, opened_at FROM invoice_dispute WHERE invoice_id = $1 AND state = $2
ORDER BY opened_at, id FOR NO KEY UPDATE
"""
# Credit notes that name the invoice, with what is left of each for disputes
NOTES = """
SELECT n.id, n.received_at, (-n.booked_cents - coalesce((SELECT sum(d.gross_cents) FROM invoice_dispute d
  WHERE d.tenant_id = n.tenant_id AND d.credit_note_id = n.id), 0))::bigint AS left_cents,
  NOT EXISTS (SELECT FROM invoice_dispute d WHERE d.tenant_id = n.tenant_id AND d.credit_note_id = n.id) AS unused
FROM invoice n JOIN invoice i ON i.tenant_id = n.tenant_id AND i.billing_account_id = n.billing_account_id
WHERE i.id = $1 AND n.books_as = $2 AND n.issuer = i.issuer AND i.number = ANY(n.corrects)
ORDER BY n.received_at, n.id
"""
NAMED = """
SELECT i.id FROM invoice n JOIN invoice i ON i.tenant_id = n.tenant_id AND i.billing_account_id = n.billing_account_id
WHERE n.id = $1 AND i.books_as = $2 AND n.issuer = i.issuer AND i.number = ANY(n.corrects) ORDER BY i.id
"""
CREDIT = "UPDATE invoice_dispute SET state = $2, credit_note_id = $3, ended_at = $4 WHERE id = $1"
MOST_DECIDED = 200


class StandingDispute(msgspec.Struct, frozen=True):
    """A dispute, locked."""

    id: UUID
    invoice_id: UUID
    state: DisputeState
    gross_cents: int
    opened_at: datetime


class CreditLeft(msgspec.Struct, frozen=True):
    """A credit note that names the invoice. `unused`: it has ended no dispute yet."""

    id: UUID
    received_at: datetime
    left_cents: int
    unused: bool


class InvoiceRef(msgspec.Struct, frozen=True):
    """An invoice that a credit note names."""

    id: UUID


@use_case(Permission.INVOICES_DISPUTE)
async def withdraw_dispute(scope: Scope, dispute_id: UUID) -> None:
    """Take a dispute back: its amount is due again. Raises NotFound, and Conflict where it was decided."""
    invoice_id = await scope.fetch_value(
        UUID, "SELECT invoice_id FROM invoice_dispute WHERE id = $1", dispute_id
    )
    if invoice_id is None:
        raise NotFound
    await check_in_reach(scope, invoice_id, Permission.INVOICES_DISPUTE)
    await _move(scope, [dispute_id], DisputeState.WITHDRAWN, reason="", by=scope.actor.name)


@use_case(Permission.OPERATOR_DISPUTES_DECIDE)
async def decide_disputes(scope: Scope, dispute_ids: list[UUID], *, accepted: bool, reason: str) -> None:
    """Refuse disputes with a reason that the customer reads, or accept them: a credit note has to follow.

    All or none: raises NotFound, Conflict where one was decided or withdrawn, ValidationFailed.
    """
    reason = reason.strip()
    if not accepted and not reason:
        raise ValidationFailed(reason="Say why: the customer reads it.")
    if len(reason) > LONGEST_WORDS:
        raise ValidationFailed(reason=f"Use at most {LONGEST_WORDS} characters.")
    if not 0 < len(dispute_ids) <= MOST_DECIDED:
        raise ValidationFailed(disputes=f"Name 1 to {MOST_DECIDED} disputes.")
    target = DisputeState.ACCEPTED if accepted else DisputeState.REFUSED
    for invoice_id in await _move(scope, dispute_ids, target, reason=reason, by=scope.actor.name):
        if accepted:
            # The credit note may have come before the decision
            await settle(scope, invoice_id)


async def _move(
    scope: Scope, dispute_ids: Sequence[UUID], target: DisputeState, *, reason: str, by: str
) -> list[UUID]:
    """Move disputes to a state and work out what is contested of their invoices; returns these.

    Invoices are locked before their disputes, the smaller id first, as by whoever opens one.
    """
    wanted = list(dict.fromkeys(dispute_ids))
    invoices = await scope.fetch_all(
        InvoiceRef,
        "SELECT DISTINCT invoice_id AS id FROM invoice_dispute WHERE id = ANY($1) ORDER BY 1",
        wanted,
    )
    for one in invoices:
        await scope.fetch_one(DisputedInvoice, LOCK, one.id)
    found = await scope.fetch_all(StandingDispute, OF_IDS, wanted)
    if len(found) != len(wanted):
        raise NotFound
    now = clock.now()
    by_invoice: dict[UUID, list[UUID]] = defaultdict(list)
    for dispute in found:
        if dispute.state == target:
            raise Conflict("This was decided before.", code="dispute_decided")
        DISPUTE_LIFECYCLE.check(DisputeState(dispute.state), target)
        by_invoice[dispute.invoice_id].append(dispute.id)
    await InvoiceDispute.update(
        {
            InvoiceDispute.state: target,
            InvoiceDispute.reason: reason,
            InvoiceDispute.decided_by: by,
            InvoiceDispute.decided_at: now,
            InvoiceDispute.ended_at: now if target in DISPUTE_LIFECYCLE.final else None,
        }
    ).where(InvoiceDispute.id.is_in(wanted))
    for invoice_id, ids in by_invoice.items():
        await _say(scope, invoice_id, ids, target)
    return sorted(by_invoice)


async def _say(scope: Scope, invoice_id: UUID, ids: list[UUID], state: DisputeState) -> None:
    await keep_claim(scope, invoice_id)
    await audit.record(scope, f"dispute.{state}", "invoice", invoice_id, disputes=len(ids))
    scope.emit(DisputesMoved(move_id=new_id(), invoice_id=invoice_id, dispute_ids=ids, state=state))


async def settle_by_note(scope: Scope, note_id: UUID) -> None:
    """A credit note was booked: end the accepted disputes of the invoices that it names."""
    for one in await scope.fetch_all(InvoiceRef, NAMED, note_id, BooksAs.DEMAND):
        await settle(scope, one.id)


async def settle(scope: Scope, invoice_id: UUID) -> None:
    """End accepted disputes for which a credit note came in since they were opened, the oldest first.

    A note that names the invoice ends the only one that waits, whatever its amount; of several those that it covers.
    """
    await scope.fetch_one(DisputedInvoice, LOCK, invoice_id)
    waiting = await scope.fetch_all(StandingDispute, ACCEPTED, invoice_id, DisputeState.ACCEPTED)
    ended: list[UUID] = []
    for note in await scope.fetch_all(CreditLeft, NOTES, invoice_id, BooksAs.CREDIT) if waiting else []:
        for dispute in covered_by(note, waiting):
            await scope.execute(CREDIT, dispute.id, DisputeState.CREDITED, note.id, clock.now())
            waiting.remove(dispute)
            ended.append(dispute.id)
    if ended:
        await _say(scope, invoice_id, ended, DisputeState.CREDITED)


def covered_by(note: CreditLeft, waiting: Sequence[StandingDispute]) -> list[StandingDispute]:
    """The disputes that a credit note ends."""
    older = [one for one in waiting if one.opened_at <= note.received_at]
    if note.unused and len(older) == 1:
        return older
    found, left = [], note.left_cents
    for one in older:
        # VAT is rounded on the sum in the note, and for each dispute alone here
        if one.gross_cents <= left + 1:
            left -= one.gross_cents
            found.append(one)
    return found
