"""Ask the carrier about items for which no callback came."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.core.errors import Unavailable
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.network import OrderUpdate
from backend.orders.fulfilment.submission import (
    AT_CARRIER,
    BATCH_ITEMS,
    log,
    raise_first_error,
    record_answer,
    submit_items,
)
from backend.runtime import clients
from tenants.scope import Actor


@idempotent_job(JobName.POLL_ITEMS)
async def poll_items(actor: Actor, *, item_ids: list[str]) -> None:
    """Ask the carrier about items that it has been silent on; send again what it never got."""
    async with job_scope(actor) as scope:
        rows = await scope.connection.fetch(
            "SELECT i.id, i.msisdn, i.kind, i.change, i.carrier_order_id, i.state, i.reason, i.reported, i.reported_at, o.reference"
            " FROM change_order_item i"
            " JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id"
            " WHERE i.id = ANY($1) AND i.state IN ('sent', 'in_progress', 'held') AND i.kind = ANY($2::text[])",
            [UUID(item) for item in item_ids],
            AT_CARRIER,
        )
        tenant = await scope.connection.fetchrow("SELECT slug, carrier FROM tenant")
    found = await asyncio.gather(
        *(_fetch_update(tenant["carrier"], row) for row in rows), return_exceptions=True
    )
    await record_answer(actor, [one for one in found if isinstance(one, OrderUpdate)], rows)
    never_came = [
        row for row, one in zip(rows, found, strict=True) if one is None and not row["carrier_order_id"]
    ]
    try:
        await submit_items(actor, tenant, never_came)
        raise_first_error(found)
    except Unavailable as outage:
        # Not put off: the sweep asks again after the next silence, and questions would only pile up.
        log.warning("carrier silent", tenant=str(actor.tenant_id), why=outage.message)


async def _fetch_update(carrier: str, row: Any) -> OrderUpdate | None:
    """How one item stands at the carrier, told of our item whatever id the carrier gives back."""
    network, known = clients().network, row["carrier_order_id"]
    news = await network.fetch(carrier, known) if known else None
    # It may have lost the answer, or given the order another id
    if news is None:
        news = await network.find(carrier, str(row["id"]))
    if news is None and known:
        log.error("carrier forgot an order", carrier=carrier, item=str(row["id"]), order=known)
    return msgspec.structs.replace(news, external_id=str(row["id"])) if news else None


async def poll_stale_items(actor: Actor, silence_seconds: float) -> int:
    """Announce a question for every item of a tenant that nothing was heard of for so long."""
    async with job_scope(actor) as scope:
        rows = await scope.connection.fetch(
            "UPDATE change_order_item SET last_contact_at = now() WHERE id IN (SELECT id FROM change_order_item"
            " WHERE state IN ('sent', 'in_progress', 'held') AND last_contact_at < now() - $1::interval AND kind = ANY($2::text[])"
            " ORDER BY last_contact_at LIMIT 1000 FOR UPDATE SKIP LOCKED) RETURNING id",
            timedelta(seconds=silence_seconds),
            AT_CARRIER,
        )
        ids = [str(row["id"]) for row in rows]
        for first in range(0, len(ids), BATCH_ITEMS):
            scope.enqueue(JobName.POLL_ITEMS, item_ids=ids[first : first + BATCH_ITEMS])
        return len(ids)
