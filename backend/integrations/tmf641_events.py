"""What a carrier calls back: TMF641 4.1 state change events of service orders. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from backend.integrations.tmf630 import MalformedError, decode, object_of, plain_word, word_of
from backend.integrations.tmf641 import OrderUpdate, read_order
from backend.integrations.tmf641_batches import UnreadItem, batch_of, read_batch
from backend.integrations.tmf_secrets import without_secrets
from backend.integrations.tmf_values import instant_of

EVENT_TYPE = "serviceorderstatechangeevent"


class CallbackEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known of a callback to keep it: which event, of which item or batch. The rest is read later.

    `text` is the message without secrets.
    """

    event_id: str
    external_id: str
    text: str


class StateChangeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A callback. The same event may come twice, and events may overtake each other.

    Of a batch it has an update for each item that it names; `unread` has those that cannot be read, by the item's id.
    """

    event_id: str
    at: datetime
    updates: Sequence[OrderUpdate]
    unread: Mapping[str, UnreadItem] = {}


def parse_envelope(body: bytes) -> CallbackEnvelope:
    """Which event a callback is, of which item. Raises MalformedError where that is not said."""
    event = object_of(decode(body), "the event")
    kind = word_of(event.get("eventType"), "the type of the event")
    # The listener is for these only, so a carrier may leave the type out
    if kind and plain_word(kind) != EVENT_TYPE:
        raise MalformedError("this is not a state change of a service order")
    order = _ordered(event)
    return CallbackEnvelope(
        event_id=word_of(event.get("eventId"), "the event's id"),
        external_id=word_of(order.get("externalId"), "the order's externalId"),
        text=without_secrets(body),
    )


def parse_event(body: bytes, received_at: datetime | None = None) -> StateChangeEvent:
    """A `serviceOrderStateChangeEvent`; one without a time happened when it was received. Raises MalformedError."""
    event = object_of(decode(body), "the event")
    at = instant_of(event.get("eventTime"), "the event's time") or received_at
    if at is None:
        raise MalformedError("the event has no time")
    event_id, order = word_of(event.get("eventId"), "the event's id"), _ordered(event)
    if batch_of(word_of(order.get("externalId"), "the order's externalId")):
        batch = read_batch(order)
        updates = [msgspec.structs.replace(one, at=at) for one in batch.updates]
        return StateChangeEvent(event_id=event_id, at=at, updates=updates, unread=batch.unread)
    update = msgspec.structs.replace(read_order(order), at=at)
    return StateChangeEvent(event_id=event_id, at=at, updates=[update])


def _ordered(event: dict[str, Any]) -> dict[str, Any]:
    content = object_of(event.get("event"), "the event's content")
    return object_of(content.get("serviceOrder"), "the event's order")
