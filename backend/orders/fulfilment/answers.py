"""Answers of the carrier to what it was sent or asked, as updates of items. Callbacks come another way: `updates.py`."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from backend.core.errors import Unavailable
from backend.core.messaging.jobs import job_scope
from backend.integrations.network import (
    CarrierRejection,
    OrderAccepted,
    OrderUpdate,
    OrderUpdateState,
    UnreadableAnswer,
)
from backend.orders.effects.events import KnownItem
from backend.orders.fulfilment.apply_each import apply_answers, set_answers_aside
from tenants.scope import Actor

EMPTY: Mapping[str, object] = MappingProxyType({})


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
    """Raise the first exception among the answers, but for answers that cannot be read: those were set aside.

    A bug comes before an outage: an outage is repeated for ever.
    """
    errors = [
        answer
        for answer in answers
        if isinstance(answer, BaseException) and not isinstance(answer, UnreadableAnswer)
    ]
    for error in sorted(errors, key=lambda error: isinstance(error, Unavailable)):
        raise error


async def record_answers(
    actor: Actor,
    updates: Sequence[OrderUpdate],
    known: Sequence[KnownItem],
    *,
    unread: Mapping[str, object] = EMPTY,
) -> None:
    """Apply the carrier's answers; `known` are the items as they were when it was asked.

    `unread`: by item what came back for it, of which the answers that cannot be read are set aside.
    """
    if updates or any(isinstance(answer, UnreadableAnswer) for answer in unread.values()):
        async with job_scope(actor) as scope:
            await apply_answers(scope, updates, known=known)
            await set_answers_aside(scope, unread)
