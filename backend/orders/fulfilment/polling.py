"""Asks the carrier about items for which no callback came."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.ids import ItemId
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.network import BatchUpdate, OrderUpdate
from backend.orders.fulfilment.answers import raise_first_error, record_answers
from backend.orders.fulfilment.dispatch import ITEMS_PER_JOB, SubmittedItem, orders_of, send_items, told_of
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import SENT_ITEMS
from backend.orders.queries import literals
from backend.runtime import clients
from tenants.scope import Actor
from tenants.tenant_info import tenant_info

log = structlog.get_logger()

# Kinds that the carrier carries out
CARRIER_KINDS = [kind.code for kind in KINDS.values() if kind.to_carrier is not None]
# With an item comes its whole batch: sent again, it has to be the same order
SENT = """
SELECT i.id, i.state, i.reason, i.reported, i.reported_at, i.carrier_order_id, i.batch_id, i.msisdn, i.kind, i.change,
  o.reference
FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
WHERE i.state = ANY($2) AND i.kind = ANY($3::text[]) AND (i.id = ANY($1)
  OR i.batch_id IN (SELECT b.batch_id FROM change_order_item b WHERE b.id = ANY($1)))
"""
# The states stand in the statement, since the index `item_unheard` is partial
SILENT = f"""
UPDATE change_order_item SET last_contact_at = now() WHERE id IN (SELECT id FROM change_order_item
  WHERE state IN ({literals(SENT_ITEMS)}) AND last_contact_at < now() - $1::interval AND kind = ANY($2::text[])
  ORDER BY last_contact_at LIMIT 1000 FOR UPDATE SKIP LOCKED) RETURNING id
"""


@idempotent_job(JobName.POLL_ITEMS)
async def poll_items(actor: Actor, *, item_ids: Sequence[str]) -> None:
    """Ask the carrier about these items and record its answers; send again those that it never received."""
    async with job_scope(actor) as scope:
        items = await scope.fetch_all(
            SubmittedItem, SENT, [UUID(item_id) for item_id in item_ids], SENT_ITEMS, CARRIER_KINDS
        )
        tenant = await tenant_info(scope)
    updates, unread, never_received, errors = await _ask(tenant.carrier, items)
    await record_answers(actor, updates, items, unread=unread)
    try:
        await send_items(actor, tenant, never_received)
        raise_first_error(errors)
    except Unavailable as outage:
        # Not repeated: the periodic task polls again, and repeats would only pile up
        log.warning("carrier silent", order=orders_of(items), why=outage.message)


async def _ask(
    carrier: str, items: Sequence[SubmittedItem]
) -> tuple[list[OrderUpdate], dict[str, object], list[SubmittedItem], list[BaseException]]:
    """What the carrier says of each item: updates, answers that cannot be read, items it never had, other errors."""
    orders = defaultdict[UUID, list[SubmittedItem]](list)
    for item in items:
        orders[item.batch_id or item.id].append(item)
    found = await asyncio.gather(
        *(_fetch(carrier, of_order) for of_order in orders.values()), return_exceptions=True
    )
    updates, never_received, errors = list[OrderUpdate](), list[SubmittedItem](), list[BaseException]()
    unread: dict[str, object] = {}
    for of_order, answer in zip(orders.values(), found, strict=True):
        if isinstance(answer, BatchUpdate):
            told, missing = told_of(carrier, answer, of_order)
            updates += told
            unread |= missing
        elif isinstance(answer, BaseException):
            unread |= {str(item.id): answer for item in of_order}
            errors.append(answer)
        elif not any(item.carrier_order_id for item in of_order):
            never_received += of_order
    return updates, unread, never_received, errors


async def _fetch(carrier: str, items: Sequence[SubmittedItem]) -> BatchUpdate | None:
    """The order of an item, or of the items of a batch, under our ids; None where the carrier has none."""
    network, batch_id = clients().network, items[0].batch_id
    known = next((item.carrier_order_id for item in items if item.carrier_order_id), None)
    found: BatchUpdate | OrderUpdate | None = None
    if known:
        found = await (network.fetch_batch if batch_id else network.fetch)(carrier, known)
    # Its answer may have been lost, or it gave the order another id
    if found is None:
        ask = (
            network.find_batch(carrier, str(batch_id))
            if batch_id
            else network.find(carrier, str(items[0].id))
        )
        found = await ask
    if found is None and known:
        about = {"item": str(items[0].id), "carrier_order": known}
        log.error("carrier forgot an order", order=orders_of(items), carrier=carrier, **about)
    if isinstance(found, OrderUpdate):
        one = msgspec.structs.replace(found, external_id=str(items[0].id))
        return BatchUpdate(carrier_order_id=found.carrier_order_id, updates=[one])
    return found


async def poll_stale_items(actor: Actor, silence_seconds: float) -> int:
    """Enqueue polls for a tenant's items of which the carrier reported nothing for so long; returns their number."""
    async with job_scope(actor) as scope:
        silence = timedelta(seconds=silence_seconds)
        ids = [str(item_id) for item_id in await scope.fetch_all(ItemId, SILENT, silence, CARRIER_KINDS)]
        for first in range(0, len(ids), ITEMS_PER_JOB):
            scope.enqueue(JobName.POLL_ITEMS, item_ids=ids[first : first + ITEMS_PER_JOB])
        return len(ids)
