"""Asks the carrier about items for which no callback came."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.ids import ItemId
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.network import OrderUpdate
from backend.orders.fulfilment.answers import raise_first_error, record_answers
from backend.orders.fulfilment.dispatch import BATCH_ITEMS, SubmittedItem, submit_items
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import SENT_ITEMS
from backend.orders.queries import literals
from backend.runtime import clients
from tenants.scope import Actor
from tenants.tenant_info import tenant_info

log = structlog.get_logger()

# Kinds that the carrier carries out
CARRIER_KINDS = [kind.code for kind in KINDS.values() if kind.to_carrier is not None]
SENT = """
SELECT i.id, i.state, i.reason, i.reported, i.reported_at, i.carrier_order_id, i.msisdn, i.kind, i.change, o.reference
FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
WHERE i.id = ANY($1) AND i.state = ANY($2) AND i.kind = ANY($3::text[])
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
    found = await asyncio.gather(
        *(_fetch_update(tenant.carrier, item) for item in items), return_exceptions=True
    )
    unread = {str(item.id): one for item, one in zip(items, found, strict=True)}
    updates = [one for one in found if isinstance(one, OrderUpdate)]
    await record_answers(actor, updates, items, unread=unread)
    never_received = [
        item for item, one in zip(items, found, strict=True) if one is None and not item.carrier_order_id
    ]
    try:
        await submit_items(actor, tenant, never_received)
        raise_first_error(found)
    except Unavailable as outage:
        # Not repeated: the periodic task polls again, and repeats would only pile up
        log.warning("carrier silent", tenant=str(actor.tenant_id), why=outage.message)


async def _fetch_update(carrier: str, item: SubmittedItem) -> OrderUpdate | None:
    """The item's order at the carrier, under our id; None where the carrier has none."""
    network, known = clients().network, item.carrier_order_id
    update = await network.fetch(carrier, known) if known else None
    # Its answer may have been lost, or it gave the order another id
    if update is None:
        update = await network.find(carrier, str(item.id))
    if update is None and known:
        log.error("carrier forgot an order", carrier=carrier, item=str(item.id), order=known)
    return msgspec.structs.replace(update, external_id=str(item.id)) if update else None


async def poll_stale_items(actor: Actor, silence_seconds: float) -> int:
    """Enqueue polls for a tenant's items of which the carrier reported nothing for so long; returns their number."""
    async with job_scope(actor) as scope:
        silence = timedelta(seconds=silence_seconds)
        ids = [str(item_id) for item_id in await scope.fetch_all(ItemId, SILENT, silence, CARRIER_KINDS)]
        for first in range(0, len(ids), BATCH_ITEMS):
            scope.enqueue(JobName.POLL_ITEMS, item_ids=ids[first : first + BATCH_ITEMS])
        return len(ids)
