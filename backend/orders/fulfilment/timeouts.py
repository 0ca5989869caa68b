"""Requests that were held too long: taken back at the carrier, and failed (domain reference 3.1, held: timeout)."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import structlog

from backend.catalog.catalogue import catalogue_of
from backend.catalog.lead_times import hold_deadline
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.facts import JobName, OrderHoldExpired
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.network import CarrierRejection, OrderUpdate, OrderUpdateState
from backend.orders.fulfilment.updates import HELD_TOO_LONG, HOLD_EXPIRED, apply_updates, item_version
from backend.orders.kinds import KINDS
from backend.runtime import clients
from tenants.scope import Actor

log = structlog.get_logger()


async def find_overdue(actor: Actor) -> int:
    """Mark a tenant's requests whose time is up and have each given up. What is marked already is announced again:
    the carrier may have been out of reach the last time.

    The time counts from the order's last move to held: whoever gives the information in time starts it anew. One that
    the customer is just calling back ends that way.
    """
    async with job_scope(actor) as scope:
        profile = (await catalogue_of(scope)).profile
        held = await scope.connection.fetch(
            "SELECT o.id, max(e.at) AS since FROM change_order o JOIN order_event e ON e.tenant_id = o.tenant_id"
            " AND e.order_id = o.id AND e.to_state = 'held' WHERE o.state = 'held' GROUP BY o.id"
        )
        overdue = [row["id"] for row in held if hold_deadline(profile, row["since"]) <= clock.now()]
        marked = await scope.connection.fetch(
            "UPDATE change_order SET flag = $2 WHERE id = ANY($1) AND state = 'held' AND flag <> 'cancelling'"
            " RETURNING id",
            overdue,
            HOLD_EXPIRED,
        )
        for row in marked:
            scope.emit(OrderHoldExpired(order_id=row["id"]))
            scope.invalidate(f"order:{row['id']}")
        return len(marked)


@idempotent_job(JobName.EXPIRE_HELD_ORDER)
async def expire_held_order(actor: Actor, *, order_id: str) -> None:
    """Have the carrier take back what it holds of an order, and fail it with the reason; twice does nothing more.

    The carrier is asked first: where it has gone on or has ended the order in the meantime, its word stands, and the
    order goes on. Once an item has failed here, whatever comes late changes nothing on the request; the fleet's next
    refresh brings what the carrier's books then say of the line.
    """
    async with job_scope(actor) as scope:
        rows = await scope.connection.fetch(
            "SELECT i.id, i.kind, i.carrier_order_id, i.state, i.reason, i.reported, i.reported_at, t.carrier"
            " FROM change_order_item i JOIN change_order o"
            " ON o.tenant_id = i.tenant_id AND o.id = i.order_id, tenant t"
            " WHERE o.id = $1 AND o.state = 'held' AND o.flag = $2 AND i.state = 'held'",
            UUID(order_id),
            HOLD_EXPIRED,
        )
    found = await asyncio.gather(*(_final_state(row) for row in rows), return_exceptions=True)
    updates = [one for one in found if isinstance(one, OrderUpdate)]
    if updates:
        async with job_scope(actor) as scope:
            await apply_updates(scope, updates, request={row["id"]: item_version(row) for row in rows})
    errors = [one for one in found if isinstance(one, BaseException)]
    for error in sorted(errors, key=lambda error: isinstance(error, Unavailable)):
        if not isinstance(error, Unavailable):
            raise error
        # Not put off: the sweep comes again, and repeats would only pile up.
        log.warning("carrier silent", tenant=str(actor.tenant_id), why=error.message)


async def _final_state(row: Any) -> OrderUpdate | None:
    """What becomes of a held item: failed, unless the carrier says otherwise. None: it decides later, and says so."""
    its_id = row["carrier_order_id"]
    failed = OrderUpdate(
        external_id=str(row["id"]),
        carrier_order_id=its_id or "",
        state=OrderUpdateState.FAILED,
        code=HELD_TOO_LONG,
    )
    if KINDS[row["kind"]].to_carrier is None or not its_id:
        return failed
    network = clients().network
    answer = await network.cancel(row["carrier"], its_id, "held too long")
    if not isinstance(answer, CarrierRejection):
        return failed if answer.settled else None
    updates = await network.fetch(row["carrier"], its_id)
    if updates is None or updates.state is OrderUpdateState.CANCELLED:
        return failed
    if updates.state is OrderUpdateState.HELD:
        log.error("carrier keeps an order that is given up", item=failed.external_id, order=its_id)
        return failed
    return msgspec.structs.replace(updates, external_id=failed.external_id)
