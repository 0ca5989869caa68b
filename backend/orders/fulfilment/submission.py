"""Send items to the carrier as TMF641 service orders, and record its answers."""

import asyncio
from collections.abc import Sequence
from typing import Any

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
from backend.orders.fulfilment.updates import apply_updates, item_version
from backend.orders.kinds import KINDS
from backend.runtime import clients
from tenants.scope import Actor

log = structlog.get_logger()


# Items that one job hands to the carrier
BATCH_ITEMS = 100


AT_CARRIER = [kind.code for kind in KINDS.values() if kind.to_carrier is not None]


async def submit_items(actor: Actor, tenant: Any, rows: list[Any]) -> None:
    """Call the carrier for each item, write down what it said, and ask to be repeated for the rest."""
    if not rows:
        return
    network = clients().network
    answers = await asyncio.gather(
        *(network.submit(tenant["carrier"], to_service_order(tenant["slug"], row)) for row in rows),
        return_exceptions=True,
    )
    news = [
        to_update(str(row["id"]), answer)
        for row, answer in zip(rows, answers, strict=True)
        if not isinstance(answer, BaseException)
    ]
    await record_answer(actor, news, rows)
    raise_first_error(answers)


def to_update(external_id: str, answer: OrderAccepted | CarrierRejection) -> OrderUpdate:
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
    """Once the good answers are written down: a bug before an outage, since an outage is never given up."""
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in sorted(errors, key=lambda error: isinstance(error, Unavailable)):
        raise error


def to_service_order(customer: str, row: Any) -> ServiceOrder:
    ask = KINDS[row["kind"]].to_carrier
    if ask is None:
        raise ValueError(f"{row['kind']} is not for the carrier")
    message = ask(orjson.loads(row["change"]))
    return ServiceOrder(
        external_id=str(row["id"]),
        customer=customer,
        msisdn=row["msisdn"],
        reference=row["reference"],
        category=message.category,
        action=message.action,
        characteristics=message.characteristics,
    )


async def record_answer(actor: Actor, updates: list[OrderUpdate], rows: Sequence[Any]) -> None:
    """Write down what the carrier answered; `rows` are the items as they were when it was asked."""
    if updates:
        async with job_scope(actor) as scope:
            await apply_updates(scope, updates, request={row["id"]: item_version(row) for row in rows})
