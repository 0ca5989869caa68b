"""Sends items to the carrier: each as an order by itself, or several in one where the carrier's profile says so."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson
import structlog

from backend.core.messaging.jobs import job_scope
from backend.integrations.network import (
    NOT_TOLD,
    BatchUpdate,
    CarrierRejection,
    OrderAccepted,
    OrderUpdate,
    ServiceOrder,
    ServiceOrderBatch,
    UnreadableAnswer,
)
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.answers import raise_first_error, record_answers, to_update
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState
from backend.runtime import clients
from tenants.scope import Actor
from tenants.tenant_info import TenantInfo

log = structlog.get_logger()

# A batch that was refused as a whole does not exist at the carrier
DISSOLVE = """
UPDATE change_order_item SET batch_id = NULL WHERE batch_id = ANY($1) AND state = $2 AND carrier_order_id IS NULL
"""


class SubmittedItem(KnownItem, frozen=True):
    """An item as it is sent to the carrier."""

    msisdn: str
    kind: str
    change: str
    reference: str


async def submit_items(actor: Actor, tenant: TenantInfo, items: Sequence[SubmittedItem]) -> None:
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
                log.warning("carrier refused a batch", batch=str(batch_id), code=answer.code)
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
