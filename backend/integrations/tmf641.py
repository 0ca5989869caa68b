"""What is said to a carrier and what it answers: TMF641 4.1 service orders and their events. Pure.

One order asks one thing of one line: a category, an action, and characteristics. What the carrier tells of the
line are characteristics too, in the order's own service: it echoes what was asked and adds to it or replaces
it, so the last of a name counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from backend.integrations.tmf630 import (
    MalformedError,
    TmfModel,
    characteristics_of,
    decode,
    error_of,
    object_of,
    objects_of,
    plain_word,
    word_of,
)
from backend.integrations.tmf_secrets import without_secrets
from backend.integrations.tmf_values import NULLABLE, instant_of, read_characteristics


class OrderUpdateState(StrEnum):
    """How an item of ours stands at the carrier: the values are those of the order items."""

    IN_PROGRESS = "in_progress"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in {OrderUpdateState.DONE, OrderUpdateState.FAILED, OrderUpdateState.CANCELLED}


# The published product states contain "aborted " with a trailing space, so every word is stripped first.
STATES: Mapping[str, OrderUpdateState] = {
    "acknowledged": OrderUpdateState.IN_PROGRESS,
    "pending": OrderUpdateState.IN_PROGRESS,
    "inProgress": OrderUpdateState.IN_PROGRESS,
    "assessingCancellation": OrderUpdateState.IN_PROGRESS,
    "pendingCancellation": OrderUpdateState.IN_PROGRESS,
    "held": OrderUpdateState.HELD,
    "completed": OrderUpdateState.DONE,
    # One item is one order to the carrier: half of it done is not what was asked for.
    "partial": OrderUpdateState.FAILED,
    "failed": OrderUpdateState.FAILED,
    "rejected": OrderUpdateState.FAILED,
    "aborted": OrderUpdateState.FAILED,
    "cancelled": OrderUpdateState.CANCELLED,
}
_STATES = {plain_word(word): (word, state) for word, state in STATES.items()}


class ServiceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One request for one line. `external_id` is our item id; `customer` the tenant's slug.

    `msisdn` is empty where the carrier is to choose the number. `action` is TMF's: add, modify or delete.
    """

    external_id: str
    customer: str
    msisdn: str
    reference: str = ""
    category: str
    action: str
    characteristics: Mapping[str, Any] = {}


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """How an order stands.

    `reported` has every characteristic of the line as the carrier says it, those that we asked for included. Those
    count only where the order is done; characteristics that we never ask for always count.
    """

    external_id: str
    carrier_order_id: str
    state: OrderUpdateState
    code: str = ""
    message: str = ""
    reported: dict[str, Any] = {}
    at: datetime | None = None


class CallbackEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known of a callback to keep it: which event, of which item. The rest is read later.

    `text` is the message without secrets.
    """

    event_id: str
    external_id: str
    text: str


class StateChangeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A callback. The same event may come twice, and events may overtake each other."""

    event_id: str
    at: datetime
    update: OrderUpdate


class Cancellation(msgspec.Struct, frozen=True):
    """The result of a cancellation. `cancelled` is None while the carrier decides; if False, code and message say why."""

    cancelled: bool | None
    code: str = ""
    message: str = ""


TASK_STATES: Mapping[str, bool | None] = {
    "accepted": None,
    "inProgress": None,
    "done": True,
    "terminatedWithError": False,
}
_TASK_STATES = {plain_word(word): meaning for word, meaning in TASK_STATES.items()}
EVENT_TYPE = "serviceorderstatechangeevent"


def order_body(order: ServiceOrder) -> dict[str, Any]:
    """The TMF641 service order for one request."""
    body: dict[str, Any] = {
        "@type": "ServiceOrder",
        "externalId": order.external_id,
        "category": order.category,
        "relatedParty": [
            {"@type": "RelatedParty", "@referredType": "Customer", "id": order.customer, "role": "customer"}
        ],
        "serviceOrderItem": [
            {
                "@type": "ServiceOrderItem",
                "id": "1",
                "action": order.action,
                "service": {
                    "@type": "Service",
                    "id": order.msisdn,
                    "serviceType": "mobileLine",
                    "serviceCharacteristic": characteristics(order.characteristics),
                },
            }
        ],
    }
    if order.reference:
        body["externalReference"] = [{"name": order.reference, "externalReferenceType": "orderReference"}]
    return body


def amendment_body(changed: Mapping[str, Any]) -> dict[str, Any]:
    """The TMF641 update of an order: characteristics that are added to those asked, or replace them.

    An item has to name an action; `noChange` leaves the order's own as it is.
    """
    service = {"@type": "Service", "serviceCharacteristic": characteristics(changed)}
    return {"serviceOrderItem": [{"id": "1", "action": "noChange", "service": service}]}


def cancellation_body(carrier_order_id: str, reason: str) -> dict[str, Any]:
    """The TMF641 task that cancels an order."""
    body: dict[str, Any] = {"serviceOrder": {"@referredType": "ServiceOrder", "id": carrier_order_id}}
    return body | ({"cancellationReason": reason} if reason else {})


def characteristics(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Values as TMF characteristics. A null is left out, unless leaving it out would say something else."""
    return [
        {"name": name, "valueType": _value_type(value), "value": value}
        for name, value in ((name, _plain(value)) for name, value in values.items())
        if value is not None or name in NULLABLE
    ]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _value_type(value: Any) -> str:
    """The type of a value in JSON's words; the one null that is said stands for an amount."""
    match value:
        case bool():
            return "boolean"
        case int() | None:
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case Mapping():
            return "object"
    return "string"


def parse_order(body: bytes) -> OrderUpdate:
    """A service order as the carrier tells it. Raises MalformedError."""
    return _to_order_update(decode(body))


def parse_found(body: bytes, external_id: str) -> OrderUpdate | None:
    """The order of this external id in a list of service orders; the others need not be readable.

    Raises MalformedError.
    """
    found = decode(body)
    if not isinstance(found, list):
        raise MalformedError("the carrier's orders are not a list")
    for order in found:
        if isinstance(order, dict) and str(order.get("externalId")) == external_id:
            return _to_order_update(order)
    return None


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
    update = msgspec.structs.replace(_to_order_update(_ordered(event)), at=at)
    return StateChangeEvent(event_id=word_of(event.get("eventId"), "the event's id"), at=at, update=update)


def _ordered(event: dict[str, Any]) -> dict[str, Any]:
    content = object_of(event.get("event"), "the event's content")
    return object_of(content.get("serviceOrder"), "the event's order")


def parse_cancellation(body: bytes) -> Cancellation:
    """The result of a cancellation. Raises MalformedError."""
    task = object_of(decode(body), "the carrier's cancellation")
    word = word_of(task.get("state"), "the state of the cancellation")
    if plain_word(word) not in _TASK_STATES:
        raise MalformedError("the carrier's cancellation is in an unknown state")
    error = next(_errors(task), TmfModel())
    return Cancellation(_TASK_STATES[plain_word(word)], error.code, error.message or error.reason)


def _to_order_update(message: Any) -> OrderUpdate:
    order = object_of(message, "the carrier's order")
    items = objects_of(order.get("serviceOrderItem"), "the items of the order")
    order_id = word_of(order.get("id"), "the order's id")
    said = next(filter(None, (word_of(one.get("state"), "the state") for one in (order, *items[:1]))), "")
    known = _STATES.get(plain_word(said))
    if known is None or not order_id:
        raise MalformedError(f"the carrier's order {order_id!r} is in the unknown state {said!r}")
    word, state = known
    error = next((found for one in (order, *items) for found in _errors(one)), TmfModel())
    told_nothing = "" if state in {OrderUpdateState.IN_PROGRESS, OrderUpdateState.DONE} else word
    return OrderUpdate(
        external_id=word_of(order.get("externalId"), "the order's externalId"),
        carrier_order_id=order_id,
        state=state,
        code=error.code or told_nothing,
        message=error.message or error.reason,
        reported=read_characteristics(_told(items)),
    )


def _errors(owner: dict[str, Any]) -> Iterator[TmfModel]:
    """The errors of an order, an item or a task; a sentence alone is one too."""
    found = owner.get("errorMessage")
    for one in found if isinstance(found, list) else [found]:
        error = error_of({"message": one} if isinstance(one, str) else one)
        if error.code or error.reason or error.message:
            yield error


def _told(items: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """What the carrier says of the line."""
    for item in items:
        service = object_of(item.get("service"), "the service of an item")
        yield from characteristics_of(service.get("serviceCharacteristic"), "the service's characteristics")
