"""Jobs that correct or cancel an order which the carrier has."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from backend.core.facts import JobName
from backend.core.log_fields import order_field
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.integrations.network import (
    CancellationAccepted,
    CarrierRejection,
    OrderUpdate,
    OrderUpdateState,
    UnreadableAnswer,
)
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.answers import raise_first_error, record_answers, to_update
from backend.orders.fulfilment.apply_each import apply_answers, set_answers_aside
from backend.orders.lifecycle import ACCEPTED_ITEMS, OrderFlag
from backend.orders.tables import ChangeOrder, ChangeOrderItem
from backend.runtime import clients
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

log = structlog.get_logger()


class AcceptedItem(KnownItem, frozen=True):
    """An item that the carrier has accepted and not ended."""

    carrier_order_id: str


ACCEPTED = ChangeOrderItem.state.is_in(ACCEPTED_ITEMS) & ChangeOrderItem.carrier_order_id.is_not_null()


@idempotent_job(JobName.AMEND_AT_CARRIER)
async def amend_at_carrier(actor: Actor, *, item_id: str, characteristics: dict[str, Any]) -> None:
    """Send the carrier what was missing or confirmed for an item; a refusal holds the item with its reason.

    An answer that cannot be read is set aside: the carrier has what was sent, and polling asks how the item stands.
    """
    async with job_scope(actor) as scope:
        item = await scope.select_one(
            AcceptedItem, ChangeOrderItem, (ChangeOrderItem.id == UUID(item_id)) & ACCEPTED
        )
        carrier, about = (await tenant_info(scope)).carrier, await order_field(scope, [item_id])
    if item is None:
        return
    try:
        answer = await clients().network.amend(
            carrier, item.carrier_order_id, characteristics, item=item.item_of_batch
        )
    except UnreadableAnswer as unread:
        await record_answers(actor, [], [item], unread={item_id: unread})
        return
    if isinstance(answer, CarrierRejection):
        log.warning("carrier refused a correction", **about, item=item_id, code=answer.code)
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
    """Ask the carrier to cancel the items of an order; where it refuses, the order goes on with a flag that says so.

    Each item counts by itself: what the carrier decides later is found by polling, and an answer that cannot be read is
    set aside. Raises the first outage once the other items are written, so that the job is repeated.
    """
    async with job_scope(actor) as scope:
        items = await scope.select_all(
            AcceptedItem, ChangeOrderItem, (ChangeOrderItem.order_id == UUID(order_id)) & ACCEPTED
        )
        carrier = (await tenant_info(scope)).carrier
    network = clients().network
    answers = await asyncio.gather(
        *(
            network.cancel(carrier, item.carrier_order_id, "customer request", item=item.item_of_batch)
            for item in items
        ),
        return_exceptions=True,
    )
    async with job_scope(actor) as scope:
        await _record_cancellations(scope, UUID(order_id), dict(zip(items, answers, strict=True)))
    raise_first_error(answers)


async def _record_cancellations(scope: Scope, order_id: UUID, answers: Mapping[AcceptedItem, object]) -> None:
    """Write what the carrier answered. The flag stays while an answer is missing or the carrier still decides."""
    cancelled = [
        OrderUpdate(
            external_id=str(item.id),
            carrier_order_id=item.carrier_order_id,
            state=OrderUpdateState.CANCELLED,
        )
        for item, answer in answers.items()
        if isinstance(answer, CancellationAccepted) and answer.settled
    ]
    refused = any(isinstance(answer, CarrierRejection) for answer in answers.values())
    if refused or len(cancelled) == len(answers):
        flag = OrderFlag.CANCEL_REFUSED if refused else OrderFlag.NONE
        await ChangeOrder.update({ChangeOrder.flag: flag}).where(
            (ChangeOrder.id == order_id) & (ChangeOrder.flag == OrderFlag.CANCELLING)
        )
    if cancelled:
        await apply_answers(scope, cancelled)
    await set_answers_aside(scope, {str(item.id): answer for item, answer in answers.items()})
    scope.invalidate(f"order:{order_id}")
