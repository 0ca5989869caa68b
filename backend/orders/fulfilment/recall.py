"""Change or call back an order that the carrier has."""

from typing import Any
from uuid import UUID

from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.network import CarrierRejection, OrderUpdate, OrderUpdateState
from backend.orders.fulfilment.submission import log, record_answer, to_update
from backend.orders.fulfilment.updates import apply_updates
from backend.runtime import clients
from tenants.scope import Actor


@idempotent_job(JobName.AMEND_AT_CARRIER)
async def amend_at_carrier(actor: Actor, *, item_id: str, characteristics: dict[str, Any]) -> None:
    """Tell the carrier what was missing or confirmed for an item that it has."""
    async with job_scope(actor) as scope:
        row = await scope.connection.fetchrow(
            "SELECT i.id, i.carrier_order_id, i.state, i.reason, i.reported, i.reported_at, t.carrier"
            " FROM change_order_item i, tenant t WHERE i.id = $1"
            " AND i.state IN ('in_progress', 'held') AND i.carrier_order_id IS NOT NULL",
            UUID(item_id),
        )
    if row is None:
        return
    answer = await clients().network.amend(row["carrier"], row["carrier_order_id"], characteristics)
    if isinstance(answer, CarrierRejection):
        log.warning("carrier refused a correction", item=item_id, code=answer.code)
        await record_answer(
            actor,
            [
                OrderUpdate(
                    external_id=item_id,
                    carrier_order_id=row["carrier_order_id"],
                    state=OrderUpdateState.HELD,
                    code=answer.code,
                    message=answer.message,
                )
            ],
            [row],
        )
    else:
        await record_answer(actor, [to_update(item_id, answer)], [row])


@idempotent_job(JobName.CANCEL_AT_CARRIER)
async def cancel_at_carrier(actor: Actor, *, order_id: str) -> None:
    """Call an order back at the carrier; where it is too late the request goes on, and says so."""
    async with job_scope(actor) as scope:
        rows = await scope.connection.fetch(
            "SELECT i.id, i.carrier_order_id, t.carrier FROM change_order_item i, tenant t WHERE i.order_id = $1"
            " AND i.state IN ('in_progress', 'held') AND i.carrier_order_id IS NOT NULL",
            UUID(order_id),
        )
    updates = []
    for row in rows:
        answer = await clients().network.cancel(row["carrier"], row["carrier_order_id"], "customer request")
        if not isinstance(answer, CarrierRejection):
            updates.append(
                OrderUpdate(
                    external_id=str(row["id"]),
                    carrier_order_id=row["carrier_order_id"],
                    state=OrderUpdateState.CANCELLED,
                )
            )
    async with job_scope(actor) as scope:
        await scope.connection.execute(
            "UPDATE change_order SET flag = $2 WHERE id = $1 AND flag = 'cancelling'",
            UUID(order_id),
            "" if len(updates) == len(rows) else "cancel_refused",
        )
        if updates:
            await apply_updates(scope, updates)
        scope.invalidate(f"order:{order_id}")
