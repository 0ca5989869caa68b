"""Orders that were held too long: cancelled at the carrier, and failed (domain reference 3.1, held: timeout)."""

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from structlog.contextvars import bound_contextvars

from backend.catalog.catalogue import catalogue_of
from backend.catalog.lead_times import hold_deadline
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName, OrderHoldExpired
from backend.core.ids import ItemId, OrderId
from backend.core.log_fields import order_field
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.network import CarrierRejection, OrderUpdate, OrderUpdateState
from backend.lines.agreements import cancel_agreements
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.answers import raise_first_error, record_answers
from backend.orders.fulfilment.updates import HELD_TOO_LONG
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState, OrderFlag, OrderState
from backend.runtime import clients
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Actor
from tenants.tenant_info import tenant_info

log = structlog.get_logger()

HELD_ORDERS = """
SELECT o.id, held.at AS since FROM change_order o
JOIN LATERAL (SELECT e.at FROM timeline_entry e WHERE e.tenant_id = o.tenant_id AND e.subject_kind = $2
  AND e.subject_id = o.id AND e.to_state = $1 ORDER BY e.at DESC, e.id DESC LIMIT 1) held ON true
WHERE o.state = $1
"""
EXPIRE = """
UPDATE change_order SET flag = $2 WHERE id = ANY($1) AND state = $3 AND flag <> $4 RETURNING id
"""
EXPIRED_ITEMS = """
SELECT i.id, i.state, i.reason, i.reported, i.reported_at, i.carrier_order_id, i.batch_id, i.kind FROM change_order_item i
JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
WHERE o.id = $1 AND o.state = $2 AND o.flag = $3 AND i.state = $4
"""


# Of new lines that are done: a contract that is under review ends, which moves the order on
UNDECIDED = """
SELECT i.id FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
JOIN split_agreement s ON s.tenant_id = i.tenant_id AND s.item_id = i.id
WHERE o.id = $1 AND o.state = $3 AND o.flag = $4 AND i.state = $2
"""


class HeldOrder(msgspec.Struct, frozen=True):
    """A held order, and the time of its last move to held."""

    id: UUID
    since: datetime


class ExpiredItem(KnownItem, frozen=True):
    """A held item of an order that was held too long."""

    kind: str


async def find_overdue(actor: Actor) -> int:
    """Flag a tenant's orders that were held too long and emit OrderHoldExpired for each; returns their number.

    An order that is flagged already is announced again: the carrier may have been out of reach the last time. The
    time counts from the order's last move to held. An order that the customer is cancelling is left alone.
    """
    async with job_scope(actor) as scope:
        profile = (await catalogue_of(scope)).profile
        held = await scope.fetch_all(HeldOrder, HELD_ORDERS, OrderState.HELD, TimelineSubject.ORDER)
        overdue = [order.id for order in held if hold_deadline(profile, order.since) <= clock.now()]
        expired = await scope.fetch_all(
            OrderId, EXPIRE, overdue, OrderFlag.HOLD_EXPIRED, OrderState.HELD, OrderFlag.CANCELLING
        )
        for order_id in expired:
            scope.emit(OrderHoldExpired(order_id=order_id))
            scope.invalidate(f"order:{order_id}")
        return len(expired)


@idempotent_job(JobName.EXPIRE_HELD_ORDER)
async def expire_held_order(actor: Actor, *, order_id: str) -> None:
    """Have the carrier cancel the held items of an order, and fail them. A repeat changes nothing more.

    The carrier is asked first: where it has gone on with an item or has ended it, that update is applied and the order
    goes on. Later updates of an item that failed here change nothing on the order; the next inventory synchronisation
    brings the line's values.
    """
    async with job_scope(actor) as scope:
        items = await scope.fetch_all(
            ExpiredItem,
            EXPIRED_ITEMS,
            UUID(order_id),
            OrderState.HELD,
            OrderFlag.HOLD_EXPIRED,
            ItemState.HELD,
        )
        carrier, about = (await tenant_info(scope)).carrier, await order_field(scope, [order_id])
        reviewed = await scope.fetch_all(
            ItemId, UNDECIDED, UUID(order_id), ItemState.DONE, OrderState.HELD, OrderFlag.HOLD_EXPIRED
        )
        await cancel_agreements(scope, reviewed)
    with bound_contextvars(**about):
        found = await asyncio.gather(
            *(_final_update(carrier, item) for item in items), return_exceptions=True
        )
    updates = [one for one in found if isinstance(one, OrderUpdate)]
    unread = {str(item.id): one for item, one in zip(items, found, strict=True)}
    await record_answers(actor, updates, items, unread=unread)
    try:
        raise_first_error(found)
    except Unavailable as outage:
        # Not repeated: the periodic task comes again, and repeats would only pile up
        log.warning("carrier silent", **about, why=outage.message)


async def _final_update(carrier: str, item: ExpiredItem) -> OrderUpdate | None:
    """Failed, unless the carrier reports otherwise; None where the carrier decides later and reports it then."""
    order_id = item.carrier_order_id
    failed = OrderUpdate(
        external_id=str(item.id),
        carrier_order_id=order_id or "",
        state=OrderUpdateState.FAILED,
        code=HELD_TOO_LONG,
    )
    if KINDS[item.kind].to_carrier is None or not order_id:
        return failed
    network = clients().network
    answer = await network.cancel(carrier, order_id, "held too long", item=item.item_of_batch)
    if not isinstance(answer, CarrierRejection):
        return failed if answer.settled else None
    update = await network.fetch(carrier, order_id, item=item.item_of_batch)
    if update is None or update.state is OrderUpdateState.CANCELLED:
        return failed
    if update.state is OrderUpdateState.HELD:
        log.error("carrier keeps an order that is given up", item=failed.external_id, carrier_order=order_id)
        return failed
    return msgspec.structs.replace(update, external_id=failed.external_id)
