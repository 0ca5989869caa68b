"""Reminds customer numbers of overdue invoices, in three steps, and blocks lines for debt where the operator wants it.

Only what may be paid counts: nothing that is disputed, being collected or debited.
"""

from datetime import date, timedelta
from uuid import UUID

import msgspec

from backend.billing.lifecycle import CollectionMode
from backend.billing.queries import DEMAND, PAYABLE
from backend.billing.reminders.rules import next_step
from backend.core import audit, clock
from backend.core.billing_facts import InvoiceReminded
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import job
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.debt_block import block_for_debt, lift_debt_block
from tenants.scope import Scope

# People read their mail by day
FIRST_HOUR, LAST_HOUR = 8, 20
OVERDUE = f"{DEMAND} AND i.collection = '{CollectionMode.MANUAL}' AND i.due_on < $1 AND {PAYABLE} > 0"
HEADS = f"""
SELECT DISTINCT ON (i.billing_account_id) i.billing_account_id, i.id AS oldest_invoice_id, i.due_on,
  coalesce(r.step, 0) AS last_step, r.reminded_on AS last_on
FROM invoice i LEFT JOIN LATERAL (
  SELECT step, reminded_on FROM invoice_reminder r WHERE r.tenant_id = i.tenant_id
    AND r.billing_account_id = i.billing_account_id AND r.oldest_invoice_id = i.id ORDER BY step DESC LIMIT 1
) r ON true
WHERE {OVERDUE} ORDER BY i.billing_account_id, i.due_on, i.id
"""
WRITE = f"""
INSERT INTO invoice_reminder (id, tenant_id, billing_account_id, oldest_invoice_id, step, invoice_ids, cents,
  reminded_on, blocked_line_ids)
SELECT $2, $3, $4, $5, $6, array_agg(i.id ORDER BY i.due_on, i.id), sum({PAYABLE})::bigint, $7, '{{}}' FROM invoice i
WHERE i.billing_account_id = $4 AND {OVERDUE} HAVING count(*) > 0
ON CONFLICT (tenant_id, billing_account_id, oldest_invoice_id, step) DO NOTHING RETURNING id
"""
NOTE_BLOCKED = "UPDATE invoice_reminder SET blocked_line_ids = $2 WHERE id = $1"
# An account whose debt is paid: nothing of what it was blocked for is overdue any more
TO_LIFT = f"""
SELECT r.id, r.blocked_line_ids FROM invoice_reminder r WHERE r.lifted_at IS NULL AND r.blocked_line_ids <> '{{}}'
  AND ($2::uuid IS NULL OR r.billing_account_id = $2)
  AND NOT EXISTS (SELECT FROM invoice i WHERE i.tenant_id = r.tenant_id
    AND i.billing_account_id = r.billing_account_id AND {OVERDUE}) ORDER BY r.id FOR UPDATE OF r
"""
LIFTED = "UPDATE invoice_reminder SET lifted_at = $2 WHERE id = $1"


class OverdueAccount(msgspec.Struct, frozen=True):
    """A customer number with its oldest overdue invoice, and the last step that was sent for it."""

    billing_account_id: UUID
    oldest_invoice_id: UUID
    due_on: date
    last_step: int
    last_on: date | None


class BlockedLines(msgspec.Struct, frozen=True):
    """The lines that a step blocked."""

    id: UUID
    blocked_line_ids: list[UUID]


def is_reminding_hour() -> bool:
    """Whether it is day in Belgium."""
    return FIRST_HOUR <= clock.local(clock.now()).hour < LAST_HOUR


@use_case(Permission.SYSTEM)
async def remind(scope: Scope, days: tuple[int, ...], *, block: bool) -> int:
    """Write the steps that are due today, once each; returns how many. `block`: the last one blocks the lines for debt."""
    today, sent = clock.today(), 0
    if not days:
        return 0
    # Only what is late enough for a first step
    for one in await scope.fetch_all(OverdueAccount, HEADS, today - timedelta(days=days[0] - 1)):
        step = next_step(days, one.due_on, today, last_step=one.last_step, last_on=one.last_on)
        if step is not None:
            last = block and step == len(days)
            sent += await _write(scope, one, step, today, block=last)
    return sent


async def _write(scope: Scope, one: OverdueAccount, step: int, today: date, *, block: bool) -> int:
    values = (new_id(), scope.tenant_id, one.billing_account_id, one.oldest_invoice_id, step, today)
    reminder_id = await scope.fetch_value(UUID, WRITE, today, *values)
    if reminder_id is None:
        return 0
    if block:
        blocked = await block_for_debt(scope, one.billing_account_id)
        await scope.execute(NOTE_BLOCKED, reminder_id, blocked)
    await audit.record(scope, "invoices.reminded", "billing_account", one.billing_account_id, step=step)
    scope.emit(InvoiceReminded(reminder_id=reminder_id))
    scope.invalidate("invoices")
    return 1


@use_case(Permission.SYSTEM)
async def lift_blocks(scope: Scope) -> None:
    """Unblock the lines of customer numbers that owe nothing overdue any more."""
    await _lift(scope, None)


@job(JobName.LIFT_DEBT_BLOCK)
async def lift_after_payment(scope: Scope, *, billing_account_id: str, **_rest: object) -> None:
    """The same at once, for one customer number, after a payment."""
    await _lift(scope, UUID(billing_account_id))


async def _lift(scope: Scope, billing_account_id: UUID | None) -> None:
    for one in await scope.fetch_all(BlockedLines, TO_LIFT, clock.today(), billing_account_id):
        await lift_debt_block(scope, one.blocked_line_ids)
        await scope.execute(LIFTED, one.id, clock.now())
