"""Sends items to the carrier as TMF641 service orders, and records its answers."""

import asyncio
from collections.abc import Sequence

import orjson
import structlog

from backend.core.errors import Unavailable
from backend.core.messaging.jobs import job_scope
from backend.integrations.network import (
    CarrierRejection,
    OrderAccepted,
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
)
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds import KINDS
from backend.runtime import clients
from tenants.scope import Actor
from tenants.tenant_info import TenantInfo

log = structlog.get_logger()

# Items that one job sends to the carrier
BATCH_ITEMS = 100
# Kinds that the carrier carries out
CARRIER_KINDS = [kind.code for kind in KINDS.values() if kind.to_carrier is not None]


class SubmittedItem(KnownItem, frozen=True):
    """An item as it is sent to the carrier."""

    msisdn: str
    kind: str
    change: str
    reference: str


async def submit_items(actor: Actor, tenant: TenantInfo, items: Sequence[SubmittedItem]) -> None:
    """Send each item to the carrier and record the answers. Raises the first error, so that the job is repeated."""
    if not items:
        return
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
    await record_answers(actor, updates, items)
    raise_first_error(answers)


def to_update(external_id: str, answer: OrderAccepted | CarrierRejection) -> OrderUpdate:
    """The carrier's answer as an update of the item: its state where it was accepted, failed where it was refused."""
    if isinstance(answer, OrderAccepted):
        return OrderUpdate(
            external_id=external_id,
            carrier_order_id=answer.carrier_order_id,
            state=answer.state,
            reported=answer.reported,
        )
    return OrderUpdate(
        external_id=external_id,
        carrier_order_id="",
        state=OrderUpdateState.FAILED,
        code=answer.code,
        message=answer.message,
    )


def raise_first_error(answers: Sequence[object]) -> None:
    """Raise the first exception among the answers. A bug comes before an outage: an outage is repeated for ever."""
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in sorted(errors, key=lambda error: isinstance(error, Unavailable)):
        raise error


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


async def record_answers(actor: Actor, updates: Sequence[OrderUpdate], known: Sequence[KnownItem]) -> None:
    """Apply the carrier's answers; `known` are the items as they were when it was asked."""
    if updates:
        async with job_scope(actor) as scope:
            await apply_updates(scope, updates, known=known)
