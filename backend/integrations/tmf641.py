"""What is said to a carrier and what it answers: TMF641 4.1 service orders. Pure. Events: `tmf641_events.py`.

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
from backend.integrations.tmf_values import NULLABLE, read_characteristics


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


# The id of the item of an order that has one
ONLY_ITEM = "1"
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
    """How one of our items stands; `external_id` is its id.

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


def order_body(order: ServiceOrder) -> dict[str, Any]:
    """The TMF641 service order for one request."""
    return envelope(order.external_id, order) | {"serviceOrderItem": [item_body(ONLY_ITEM, order)]}


def envelope(external_id: str, order: ServiceOrder) -> dict[str, Any]:
    """A service order without its items: whose it is, and what it is about."""
    body: dict[str, Any] = {
        "@type": "ServiceOrder",
        "externalId": external_id,
        "category": order.category,
        "relatedParty": [
            {"@type": "RelatedParty", "@referredType": "Customer", "id": order.customer, "role": "customer"}
        ],
    }
    if order.reference:
        body["externalReference"] = [{"name": order.reference, "externalReferenceType": "orderReference"}]
    return body


def item_body(id_: str, order: ServiceOrder) -> dict[str, Any]:
    """What is asked of one line, as an item of a service order."""
    return {
        "@type": "ServiceOrderItem",
        "id": id_,
        "action": order.action,
        "service": {
            "@type": "Service",
            "id": order.msisdn,
            "serviceType": "mobileLine",
            "serviceCharacteristic": characteristics(order.characteristics),
        },
    }


def amendment_body(changed: Mapping[str, Any], item: str = "") -> dict[str, Any]:
    """The TMF641 update of an order: characteristics that are added to those asked, or replace them.

    `item`: which one of a batch.

    An item has to name an action; `noChange` leaves the order's own as it is.
    """
    service = {"@type": "Service", "serviceCharacteristic": characteristics(changed)}
    return {"serviceOrderItem": [{"id": item or ONLY_ITEM, "action": "noChange", "service": service}]}


def cancellation_body(carrier_order_id: str, reason: str, item: str = "") -> dict[str, Any]:
    """The TMF641 task that cancels an order, or one item of a batch."""
    order: dict[str, Any] = {"@referredType": "ServiceOrder", "id": carrier_order_id}
    if item:
        order["serviceOrderItem"] = [{"id": item}]
    body: dict[str, Any] = {"serviceOrder": order}
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
    return read_order(decode(body))


def parse_found(body: bytes, external_id: str) -> OrderUpdate | None:
    """The order of this external id in a list of service orders; the others need not be readable.

    Raises MalformedError.
    """
    found = decode(body)
    if not isinstance(found, list):
        raise MalformedError("the carrier's orders are not a list")
    for order in found:
        if isinstance(order, dict) and str(order.get("externalId")) == external_id:
            return read_order(order)
    return None


def parse_cancellation(body: bytes) -> Cancellation:
    """The result of a cancellation. Raises MalformedError."""
    task = object_of(decode(body), "the carrier's cancellation")
    word = word_of(task.get("state"), "the state of the cancellation")
    if plain_word(word) not in _TASK_STATES:
        raise MalformedError("the carrier's cancellation is in an unknown state")
    error = next(_errors(task), TmfModel())
    return Cancellation(_TASK_STATES[plain_word(word)], error.code, error.message or error.reason)


def read_order(message: Any) -> OrderUpdate:
    """A service order of one item, decoded. Raises MalformedError."""
    order = object_of(message, "the carrier's order")
    items = objects_of(order.get("serviceOrderItem"), "the items of the order")
    return read_update(
        word_of(order.get("externalId"), "the order's externalId"),
        word_of(order.get("id"), "the order's id"),
        states=(order, *items[:1]),
        errors=(order, *items),
        items=items,
    )


def read_update(
    external_id: str,
    carrier_order_id: str,
    *,
    states: Sequence[dict[str, Any]],
    errors: Sequence[dict[str, Any]],
    items: Sequence[dict[str, Any]],
) -> OrderUpdate:
    """How one of our items stands. The first of `states` and of `errors` that says something counts.

    Raises MalformedError for an unknown state.
    """
    said = next(filter(None, (word_of(one.get("state"), "the state") for one in states)), "")
    known = _STATES.get(plain_word(said))
    if known is None or not carrier_order_id:
        raise MalformedError(f"the carrier's order {carrier_order_id!r} is in the unknown state {said!r}")
    word, state = known
    error = next((found for one in errors for found in _errors(one)), TmfModel())
    told_nothing = "" if state in {OrderUpdateState.IN_PROGRESS, OrderUpdateState.DONE} else word
    return OrderUpdate(
        external_id=external_id,
        carrier_order_id=carrier_order_id,
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
