"""Answers of the carrier to what it was sent or asked, as updates of items. Callbacks come another way: `updates.py`."""

from collections.abc import Sequence

from backend.core.errors import Unavailable
from backend.core.messaging.jobs import job_scope
from backend.integrations.network import (
    CarrierRejection,
    OrderAccepted,
    OrderUpdate,
    OrderUpdateState,
)
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.updates import apply_updates
from tenants.scope import Actor


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


async def record_answers(actor: Actor, updates: Sequence[OrderUpdate], known: Sequence[KnownItem]) -> None:
    """Apply the carrier's answers; `known` are the items as they were when it was asked."""
    if updates:
        async with job_scope(actor) as scope:
            await apply_updates(scope, updates, known=known)
