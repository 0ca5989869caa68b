"""What is said to a carrier and what it answers: TMF641 4.1 service orders and their events. Pure.

One order asks one thing of one line: a category, an action, and characteristics. What the carrier tells of the
line are characteristics too, in the order's own service: it echoes what was asked and adds to it or replaces
it, so the last of a name counts.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from backend.integrations.tmf630 import Characteristic, MalformedError, TmfModel, decode
from backend.integrations.tmf_secrets import SECRETS


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


# Of an event, an option or a plan: they are indexed, and an index takes some 2,700 bytes
LONGEST_CODE = 200
LONGEST_NAME = 100
LONGEST_TEXT = 2000
MOST_TOLD = 50
# Beyond it readers of JSON disagree
LARGEST_NUMBER = 2**53
# No value and an empty one are the same to a carrier, but a cap that is lifted has to be said: an explicit null.
NULLABLE = frozenset({"roamingCapCents"})

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


class _OrderedService(msgspec.Struct, rename="camel"):
    service_characteristic: list[Characteristic] = []


class _OrderedItem(msgspec.Struct, rename="camel"):
    state: str = ""
    service: _OrderedService | None = None
    error_message: list[TmfModel] = []


class _Order(msgspec.Struct, rename="camel"):
    id: str = ""
    external_id: str = ""
    state: str = ""
    error_message: list[TmfModel] = []
    service_order_item: list[_OrderedItem] = []


class _Task(msgspec.Struct, rename="camel"):
    state: str = ""
    error_message: TmfModel | None = None


class _Payload(msgspec.Struct, rename="camel"):
    service_order: _Order


class _Event(msgspec.Struct, rename="camel"):
    event_id: str
    event_time: datetime
    event: _Payload
    event_type: str = ""


def parse_order(body: bytes) -> OrderUpdate:
    """A service order as the carrier tells it. Raises MalformedError."""
    return _to_order_update(decode(body, _Order))


def parse_orders(body: bytes) -> list[OrderUpdate]:
    """A list of service orders. Raises MalformedError."""
    return [_to_order_update(order) for order in decode(body, list[_Order])]


def parse_event(body: bytes) -> StateChangeEvent:
    """A `serviceOrderStateChangeEvent`. Raises MalformedError."""
    event = decode(body, _Event)
    if not 0 < len(event.event_id) <= LONGEST_CODE or event.event_type not in {
        "ServiceOrderStateChangeEvent",
        "serviceOrderStateChangeEvent",
    }:
        raise MalformedError("this is not a state change of a service order")
    at = event.event_time if event.event_time.tzinfo else event.event_time.replace(tzinfo=UTC)
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise MalformedError("the carrier's clock is beyond all calendars") from None
    news = msgspec.structs.replace(_to_order_update(event.event.service_order), at=at)
    return StateChangeEvent(event_id=event.event_id, at=at, update=news)


def parse_cancellation(body: bytes) -> Cancellation:
    """The result of a cancellation. Raises MalformedError."""
    task = decode(body, _Task)
    if task.state.strip() not in TASK_STATES:
        raise MalformedError(f"the carrier's cancellation is in the unknown state {task.state!r}")
    error = task.error_message or TmfModel()
    return Cancellation(TASK_STATES[task.state.strip()], error.code, error.message or error.reason)


def _to_order_update(order: _Order) -> OrderUpdate:
    items = order.service_order_item
    word = (order.state or (items[0].state if items else "")).strip()
    if word not in STATES or not order.id:
        raise MalformedError(f"the carrier's order {order.id!r} is in the unknown state {word!r}")
    reported = next(_messages(order), TmfModel())
    state = STATES[word]
    told_nothing = "" if state in {OrderUpdateState.IN_PROGRESS, OrderUpdateState.DONE} else word
    return OrderUpdate(
        external_id=order.external_id,
        carrier_order_id=order.id,
        state=state,
        code=reported.code or told_nothing,
        message=reported.message or reported.reason,
        reported=_told(order),
    )


def _messages(order: _Order) -> Iterator[TmfModel]:
    yield from order.error_message
    for item in order.service_order_item:
        yield from item.error_message


def _told(order: _Order) -> dict[str, Any]:
    """What the carrier says of the line. Raises MalformedError for what we could not keep."""
    reported: dict[str, Any] = {}
    for item in order.service_order_item:
        for each in item.service.service_characteristic if item.service else ():
            if each.name in SECRETS:
                continue
            if not 0 < len(each.name) <= LONGEST_NAME or not _sane(each.value):
                raise MalformedError(
                    f"the carrier's {each.name[:LONGEST_NAME]!r} is not a value of a sane size"
                )
            reported[each.name] = each.value
    if len(reported) > MOST_TOLD:
        raise MalformedError(f"the carrier tells {len(reported)} characteristics")
    return reported


def _sane(value: object) -> bool:
    match value:
        case None | bool():
            return True
        case str():
            return len(value) <= LONGEST_TEXT
        case int() | float():
            return math.isfinite(value) and abs(value) <= LARGEST_NUMBER
        case list():
            return len(value) <= LONGEST_CODE and all(
                isinstance(word, str) and len(word) <= LONGEST_CODE for word in value
            )
    return False
