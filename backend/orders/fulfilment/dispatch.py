"""Jobs that send orders to the carrier: the undo time ends, an order is cut into batches, a batch is sent."""

from datetime import datetime
from uuid import UUID

import msgspec
import orjson

from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName, OrderSubmitted, TimerName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job, job_scope
from backend.integrations.network import OrderUpdate, OrderUpdateState
from backend.orders.fulfilment.submission import SubmittedItem, submit_items
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import SUBMITTED_ORDERS, ItemState, OrderState
from backend.orders.topics import invalidate_order
from backend.orders.transitions import record_transition
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

# Items that one job sends to the carrier
BATCH_ITEMS = 100

# The database's clock decides, which also says when a timer is due: a host that is behind would ask again at once.
LOCK_IN_GRACE = """
SELECT id, grace_until, grace_until > now() AS early FROM change_order WHERE id = $1 AND state = $2 FOR NO KEY UPDATE
"""
SUBMIT = "UPDATE change_order SET state = $2, submitted_at = $3 WHERE id = $1"
LOCK_SUBMITTED = """
SELECT reference, kind,
  (SELECT count(*) FROM change_order_item WHERE order_id = $1 AND position BETWEEN $3 AND $4) AS items
FROM change_order WHERE id = $1 AND state = ANY($2) FOR NO KEY UPDATE
"""
# An item keeps the batch in which it was sent: a repeat has to be the same order to the carrier
SEND_ITEMS = """
UPDATE change_order_item SET state = $4, sent_at = COALESCE(sent_at, now()), last_contact_at = now(),
  batch_id = CASE WHEN state = $5 THEN ($7::uuid[])[(position - $2) / $8 + 1] ELSE batch_id END
WHERE order_id = $1 AND position BETWEEN $2 AND $3 AND (state = $5 OR (state = $4 AND carrier_order_id IS NULL))
RETURNING id, state, reason, reported, reported_at, carrier_order_id, batch_id, msisdn, kind, change,
  $6::text AS reference
"""


class OrderInGrace(msgspec.Struct, frozen=True):
    """An order in its undo time."""

    id: UUID
    grace_until: datetime
    # Its undo time is not over yet
    early: bool


class SubmittedOrder(msgspec.Struct, frozen=True):
    """An order that is being sent, and how many of its items one job sends."""

    reference: str
    kind: str
    items: int


@job(JobName.END_GRACE)
async def end_grace(scope: Scope, *, order_id: str) -> None:
    """Submit an order whose undo time is over, unless it was undone."""
    order = await scope.fetch_one(OrderInGrace, LOCK_IN_GRACE, UUID(order_id), OrderState.GRACE)
    if order is None:
        return
    if order.early:
        scope.set_timer(TimerName.ORDER_GRACE_ENDED, order.grace_until, order_id=order_id)
        return
    await scope.execute(SUBMIT, order.id, OrderState.SUBMITTED, clock.now())
    await record_transition(scope, order.id, OrderState.GRACE, OrderState.SUBMITTED)
    scope.emit(OrderSubmitted(order_id=order.id))
    invalidate_order(scope, order.id)


@job(JobName.SPLIT_INTO_BATCHES)
async def split_into_batches(scope: Scope, *, order_id: str) -> None:
    """Enqueue one job for each hundred items of a submitted order."""
    last = await scope.fetch_value(
        int, "SELECT max(position) FROM change_order_item WHERE order_id = $1", UUID(order_id)
    )
    for first in range(0, (last or 0) + 1, BATCH_ITEMS):
        last_of_batch = first + BATCH_ITEMS - 1
        scope.enqueue(JobName.SUBMIT_BATCH, order_id=order_id, first=first, last=last_of_batch)


@idempotent_job(JobName.SUBMIT_BATCH)
async def submit_batch(actor: Actor, *, order_id: str, first: int, last: int) -> None:
    """Send the items at these positions to the carrier.

    The items are set to `sent` before the call. A repeat sends the same external id, which the carrier keeps unique:
    nothing is ordered twice. Raises Unavailable while the carrier does not answer.
    """
    async with job_scope(actor) as scope:
        # The order first and then its items, as apply_updates does: the other way round the two could deadlock
        order = await scope.fetch_one(
            SubmittedOrder, LOCK_SUBMITTED, UUID(order_id), SUBMITTED_ORDERS, first, last
        )
        if order is None:
            return
        tenant = await tenant_info(scope)
        at_carrier = KINDS[order.kind].to_carrier is not None
        size = profile(tenant.carrier).items_per_order if at_carrier and order.items > 1 else 1
        items = await scope.fetch_all(
            SubmittedItem,
            SEND_ITEMS,
            UUID(order_id),
            first,
            last,
            ItemState.SENT,
            ItemState.WAITING,
            order.reference,
            [new_id() for _ in range(first, last + 1, size)] if size > 1 else [],
            size,
        )
        scope.invalidate(f"order:{order_id}")
        if not at_carrier:
            await apply_updates(scope, [_own_update(item) for item in items])
            return
    try:
        await submit_items(actor, tenant, items)
    except Unavailable:
        async with job_scope(actor) as scope:
            # An open page says that the carrier does not answer yet
            scope.invalidate(f"order:{order_id}")
        raise


def _own_update(item: SubmittedItem) -> OrderUpdate:
    """The update of an item in which the carrier has no part: done, or held where somebody has to decide."""
    kind = KINDS[item.kind]
    waits = kind.decided_by if kind.needs_decision(orjson.loads(item.change)) else ""
    return OrderUpdate(
        external_id=str(item.id),
        carrier_order_id="-",
        state=OrderUpdateState.HELD if waits else OrderUpdateState.DONE,
        code=waits,
    )
