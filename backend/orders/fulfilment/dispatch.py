"""Jobs that send orders to the carrier: the undo time ends, an order is cut into parts, a part is sent.

Each item is an order by itself, or many are one where the carrier's profile says so (decision record 0005).
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import orjson
import structlog

from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName, OrderSubmitted, TimerName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job, job_scope
from backend.integrations.network import (
    NOT_TOLD,
    BatchUpdate,
    CarrierRejection,
    OrderAccepted,
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
    ServiceOrderBatch,
    UnreadableAnswer,
)
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.answers import raise_first_error, record_answers, to_update
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import SUBMITTED_ORDERS, ItemState, OrderState
from backend.orders.topics import invalidate_order
from backend.orders.transitions import record_transition
from backend.runtime import clients
from tenants.scope import Actor, Scope
from tenants.tenant_info import TenantInfo, tenant_info

log = structlog.get_logger()

# Items that one job sends to the carrier
ITEMS_PER_JOB = 100

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
# A batch that was refused as a whole does not exist at the carrier
DISSOLVE = """
UPDATE change_order_item SET batch_id = NULL WHERE batch_id = ANY($1) AND state = $2 AND carrier_order_id IS NULL
"""


class OrderInGrace(msgspec.Struct, frozen=True):
    """An order in its undo time."""

    id: UUID
    grace_until: datetime
    # Its undo time is not over yet
    early: bool


class SubmittedItem(KnownItem, frozen=True):
    """An item as it is sent to the carrier."""

    msisdn: str
    kind: str
    change: str
    reference: str


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


@job(JobName.SPLIT_SUBMISSION)
async def split_submission(scope: Scope, *, order_id: str) -> None:
    """Enqueue one job for each hundred items of a submitted order."""
    last = await scope.fetch_value(
        int, "SELECT max(position) FROM change_order_item WHERE order_id = $1", UUID(order_id)
    )
    for first in range(0, (last or 0) + 1, ITEMS_PER_JOB):
        scope.enqueue(JobName.SUBMIT_ITEMS, order_id=order_id, first=first, last=first + ITEMS_PER_JOB - 1)


@idempotent_job(JobName.SUBMIT_ITEMS)
async def submit_items(actor: Actor, *, order_id: str, first: int, last: int) -> None:
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
        await send_items(actor, tenant, items)
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


async def send_items(actor: Actor, tenant: TenantInfo, items: Sequence[SubmittedItem]) -> None:
    """Send items to the carrier and record the answers. Raises the first error, so that the job is repeated.

    An answer that cannot be read is no error: the carrier has the order, and polling asks how it stands.
    """
    batches, alone = defaultdict[UUID, list[SubmittedItem]](list), list[SubmittedItem]()
    for item in items:
        if item.batch_id is None:
            alone.append(item)
        else:
            batches[item.batch_id].append(item)
    errors, refused = await _submit_batches(actor, tenant, batches)
    answers = await _submit_each(actor, tenant, [*alone, *refused])
    raise_first_error([*errors, *answers])


async def _submit_each(
    actor: Actor, tenant: TenantInfo, items: Sequence[SubmittedItem]
) -> Sequence[OrderAccepted | CarrierRejection | BaseException]:
    """Send each item as an order by itself; returns what came back."""
    if not items:
        return []
    network = clients().network
    answers = await asyncio.gather(
        *(network.submit(tenant.carrier, to_service_order(tenant.slug, item)) for item in items),
        return_exceptions=True,
    )
    updates = [
        to_update(str(item.id), answer)
        for item, answer in zip(items, answers, strict=True)
        if not isinstance(answer, BaseException)
    ]
    unread = {str(item.id): answer for item, answer in zip(items, answers, strict=True)}
    await record_answers(actor, updates, items, unread=unread)
    return answers


async def _submit_batches(
    actor: Actor, tenant: TenantInfo, batches: Mapping[UUID, Sequence[SubmittedItem]]
) -> tuple[list[BaseException], list[SubmittedItem]]:
    """Send each batch as one order; returns the errors, and the items of those that were refused as a whole.

    Such items are to be sent alone: one that the carrier does not take leaves the others alone.
    """
    if not batches:
        return [], []
    network = clients().network
    answers = await asyncio.gather(
        *(
            network.submit_batch(
                tenant.carrier,
                ServiceOrderBatch(
                    id=str(batch_id), orders=[to_service_order(tenant.slug, item) for item in items]
                ),
            )
            for batch_id, items in batches.items()
        ),
        return_exceptions=True,
    )
    updates, unread = list[OrderUpdate](), dict[str, object]()
    refused = list[UUID]()
    for (batch_id, items), answer in zip(batches.items(), answers, strict=True):
        match answer:
            case BatchUpdate():
                found, missing = told_of(tenant.carrier, answer, items)
                updates += found
                unread |= missing
            case CarrierRejection():
                about = {"batch": str(batch_id), "code": answer.code}
                log.warning("carrier refused a batch", order=orders_of(items), **about)
                refused.append(batch_id)
            case UnreadableAnswer():
                unread |= {str(item.id): answer for item in items}
    await record_answers(
        actor, updates, [item for items in batches.values() for item in items], unread=unread
    )
    if refused:
        async with job_scope(actor) as scope:
            await scope.execute(DISSOLVE, refused, ItemState.SENT)
    return (
        [answer for answer in answers if isinstance(answer, BaseException)],
        [item for batch_id in refused for item in batches[batch_id]],
    )


def orders_of(items: Sequence[SubmittedItem]) -> str:
    """The references of the requests of these items, for the log; five at most."""
    return ",".join(sorted({item.reference for item in items})[:5])


def told_of(
    carrier: str, batch: BatchUpdate, items: Sequence[KnownItem]
) -> tuple[list[OrderUpdate], dict[str, UnreadableAnswer]]:
    """What a batch says of these items, and those of which it says nothing that can be read."""
    by_item = {update.external_id: update for update in batch.updates}
    updates, unread = list[OrderUpdate](), dict[str, UnreadableAnswer]()
    for id_ in (str(item.id) for item in items):
        if id_ in by_item:
            updates.append(by_item[id_])
        else:
            bad = batch.unread.get(id_, NOT_TOLD)
            unread[id_] = UnreadableAnswer(carrier, bad.why, bad.text)
    return updates, unread


def to_service_order(customer: str, item: SubmittedItem) -> ServiceOrder:
    """The item as the carrier is asked for it. Raises ValueError for a kind that is not for the carrier."""
    ask = KINDS[item.kind].to_carrier
    if ask is None:
        raise ValueError(f"{item.kind} is not for the carrier")
    message = ask(orjson.loads(item.change))
    return ServiceOrder(
        external_id=str(item.id),
        customer=customer,
        msisdn=item.msisdn,
        reference=item.reference,
        category=message.category,
        action=message.action,
        characteristics=message.characteristics,
    )
