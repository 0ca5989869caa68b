"""Jobs that correct or cancel an order which the carrier has."""

from typing import Any
from uuid import UUID

import structlog

from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.network import CarrierRejection, OrderUpdate, OrderUpdateState
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.answers import record_answers, to_update
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.lifecycle import ACCEPTED_ITEMS, OrderFlag
from backend.orders.tables import ChangeOrder, ChangeOrderItem
from backend.runtime import clients
from tenants.scope import Actor
from tenants.tenant_info import tenant_info

log = structlog.get_logger()


class AcceptedItem(KnownItem, frozen=True):
    """An item that the carrier has accepted and not ended."""

    carrier_order_id: str


ACCEPTED = ChangeOrderItem.state.is_in(ACCEPTED_ITEMS) & ChangeOrderItem.carrier_order_id.is_not_null()


@idempotent_job(JobName.AMEND_AT_CARRIER)
async def amend_at_carrier(actor: Actor, *, item_id: str, characteristics: dict[str, Any]) -> None:
    """Send the carrier what was missing or confirmed for an item; a refusal holds the item with its reason."""
    async with job_scope(actor) as scope:
        item = await scope.select_one(
            AcceptedItem, ChangeOrderItem, (ChangeOrderItem.id == UUID(item_id)) & ACCEPTED
        )
        carrier = (await tenant_info(scope)).carrier
    if item is None:
        return
    answer = await clients().network.amend(carrier, item.carrier_order_id, characteristics)
    if isinstance(answer, CarrierRejection):
        log.warning("carrier refused a correction", item=item_id, code=answer.code)
        update = OrderUpdate(
            external_id=item_id,
            carrier_order_id=item.carrier_order_id,
            state=OrderUpdateState.HELD,
            code=answer.code,
            message=answer.message,
        )
    else:
        update = to_update(item_id, answer)
    await record_answers(actor, [update], [item])


@idempotent_job(JobName.CANCEL_AT_CARRIER)
async def cancel_at_carrier(actor: Actor, *, order_id: str) -> None:
    """Ask the carrier to cancel the items of an order; where it refuses, the order goes on with a flag that says so."""
    async with job_scope(actor) as scope:
        items = await scope.select_all(
            AcceptedItem, ChangeOrderItem, (ChangeOrderItem.order_id == UUID(order_id)) & ACCEPTED
        )
        carrier = (await tenant_info(scope)).carrier
    updates = []
    for item in items:
        answer = await clients().network.cancel(carrier, item.carrier_order_id, "customer request")
        if not isinstance(answer, CarrierRejection):
            updates.append(
                OrderUpdate(
                    external_id=str(item.id),
                    carrier_order_id=item.carrier_order_id,
                    state=OrderUpdateState.CANCELLED,
                )
            )
    flag = OrderFlag.NONE if len(updates) == len(items) else OrderFlag.CANCEL_REFUSED
    async with job_scope(actor) as scope:
        await ChangeOrder.update({ChangeOrder.flag: flag}).where(
            (ChangeOrder.id == UUID(order_id)) & (ChangeOrder.flag == OrderFlag.CANCELLING)
        )
        if updates:
            await apply_updates(scope, updates)
        scope.invalidate(f"order:{order_id}")
