"""Carries orders out: grace ends, items go to the carrier, its news comes back. Each may run twice."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName, OrderSubmitted, TimerName
from backend.core.messaging.jobs import idempotent_job, job, job_scope
from backend.integrations.network import OrderUpdate, OrderUpdateState
from backend.orders.fulfilment.submission import BATCH_ITEMS, submit_items
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import OrderState
from backend.orders.transitions import record_transition
from tenants.scope import Actor, Scope

# How long to wait for a clock that is behind before looking again
CLOCK_SKEW = timedelta(seconds=1)


@job(JobName.END_GRACE)
async def end_grace(scope: Scope, *, order_id: str) -> None:
    """The undo time is over: the order goes on unless it was taken back."""
    order = await scope.connection.fetchrow(
        "SELECT id, grace_until FROM change_order WHERE id = $1 AND state = 'grace' FOR NO KEY UPDATE",
        UUID(order_id),
    )
    if order is None:
        return
    # This host's clock is behind: whoever undoes has the time shown
    if order["grace_until"] > clock.now():
        scope.set_timer(TimerName.ORDER_GRACE_ENDED, order["grace_until"] + CLOCK_SKEW, order_id=order_id)
        return
    await scope.connection.execute(
        "UPDATE change_order SET state = 'submitted', submitted_at = now() WHERE id = $1", order["id"]
    )
    await record_transition(scope, order["id"], OrderState.GRACE, OrderState.SUBMITTED)
    scope.emit(OrderSubmitted(order_id=order["id"]))
    scope.invalidate(f"order:{order_id}")
    scope.invalidate("orders")


@job(JobName.SPLIT_INTO_BATCHES)
async def split_into_batches(scope: Scope, *, order_id: str) -> None:
    """Cut a submitted order into pieces that several workers send at once."""
    last = await scope.connection.fetchval(
        "SELECT max(position) FROM change_order_item WHERE order_id = $1", UUID(order_id)
    )
    for first in range(0, (last or 0) + 1, BATCH_ITEMS):
        last_of_batch = first + BATCH_ITEMS - 1
        scope.enqueue(JobName.SUBMIT_BATCH, order_id=order_id, first=first, last=last_of_batch)


@idempotent_job(JobName.SUBMIT_BATCH)
async def submit_batch(actor: Actor, *, order_id: str, first: int, last: int) -> None:
    """Hand items to the carrier. The intent is written first; a repeat carries the same external id, which the
    carrier keeps unique, so nothing is ordered twice.
    """
    async with job_scope(actor) as scope:
        # The order first and then its items, as in apply_news: the other way round the two would deadlock.
        reference = await scope.connection.fetchval(
            "SELECT reference FROM change_order WHERE id = $1 AND state IN ('submitted', 'in_progress', 'held')"
            " FOR NO KEY UPDATE",
            UUID(order_id),
        )
        if reference is None:
            return
        rows = await scope.connection.fetch(
            "UPDATE change_order_item SET state = 'sent', sent_at = COALESCE(sent_at, now()), last_contact_at = now()"
            " WHERE order_id = $1 AND position BETWEEN $2 AND $3"
            " AND (state = 'waiting' OR (state = 'sent' AND carrier_order_id IS NULL))"
            " RETURNING id, msisdn, kind, change, state, reason, reported, reported_at, $4::text AS reference",
            UUID(order_id),
            first,
            last,
            reference,
        )
        scope.invalidate(f"order:{order_id}")
        tenant = await scope.connection.fetchrow("SELECT slug, carrier FROM tenant")
        if rows and KINDS[rows[0]["kind"]].to_carrier is None:
            await apply_updates(scope, [_own_update(row) for row in rows])
            return
    try:
        await submit_items(actor, tenant, rows)
    except Unavailable:
        async with job_scope(actor) as scope:
            # An open page says that nobody answers yet
            scope.invalidate(f"order:{order_id}")
        raise


def _own_update(row: Any) -> OrderUpdate:
    """What needs no carrier is done at once, or waits for whoever has to decide."""
    kind = KINDS[row["kind"]]
    waits = kind.decided_by if kind.needs_decision(orjson.loads(row["change"])) else ""
    return OrderUpdate(
        external_id=str(row["id"]),
        carrier_order_id="-",
        state=OrderUpdateState.HELD if waits else OrderUpdateState.DONE,
        code=waits,
    )
