"""Reads service orders, their amendments and cancellations, and the orders of the journal."""

from typing import Any, TypeVar

import msgspec

from backend.integrations.tmf641_batches import batch_of
from backend.sandbox.carrier.documents import CarrierOrder, TmfError

T = TypeVar("T")


class _Characteristic(msgspec.Struct):
    name: str
    value: Any = None


class _ReceivedService(msgspec.Struct, rename="camel"):
    id: str = ""
    service_characteristic: list[_Characteristic] = []


class _ReceivedItem(msgspec.Struct):
    id: str
    action: str
    service: _ReceivedService


class _Party(msgspec.Struct):
    id: str = ""
    role: str = ""


class _Received(msgspec.Struct, rename="camel"):
    service_order_item: list[_ReceivedItem]
    external_id: str = ""
    category: str = ""
    related_party: list[_Party] = []


class _Change(msgspec.Struct, rename="camel"):
    service_order_item: list[_ReceivedItem] = []


class _ItemRef(msgspec.Struct):
    id: str


class _OrderRef(msgspec.Struct, rename="camel"):
    id: str
    service_order_item: list[_ItemRef] = []


class _Cancellation(msgspec.Struct, rename="camel"):
    service_order: _OrderRef
    cancellation_reason: str = ""


class ReceivedOrder(msgspec.Struct, frozen=True):
    """An order as it came in. `msisdn` is empty where the carrier is to choose."""

    external_id: str
    customer: str
    category: str
    action: str
    msisdn: str
    values: dict[str, Any]
    # The message, of a batch without its other items
    original: msgspec.Raw


class ReceivedBatch(msgspec.Struct, frozen=True):
    """Orders that came as one. `external_id` is empty where it was an order of one item."""

    external_id: str
    orders: list[ReceivedOrder]


def read_orders(body: bytes, most: int) -> ReceivedBatch:
    """What a service order asks, with at most so many items. Raises TmfError where it cannot be taken."""
    received = _decode(body, _Received)
    if not received.external_id:
        raise TmfError(400, "missingExternalId", "An order needs an externalId.")
    items = received.service_order_item
    if not 1 <= len(items) <= most:
        raise TmfError(400, "unsupportedOrder", f"This carrier takes orders of 1 to {most} items.")
    batch = batch_of(received.external_id)
    if len(items) > 1 and not batch:
        raise TmfError(400, "unsupportedOrder", "An order of several items is a batch.")
    if len({item.id for item in items}) < len(items):
        raise TmfError(400, "repeatedItem", "The items of an order need ids of their own.")
    customer = next((party.id for party in received.related_party if party.role == "customer"), "")
    document = msgspec.json.decode(body)
    return ReceivedBatch(
        received.external_id if batch else "",
        [
            ReceivedOrder(
                external_id=item.id if batch else received.external_id,
                customer=customer,
                category=received.category,
                action=item.action,
                msisdn=item.service.id,
                values=_values(item),
                original=msgspec.Raw(msgspec.json.encode(document | {"serviceOrderItem": [asked]})),
            )
            for item, asked in zip(items, document["serviceOrderItem"], strict=True)
        ],
    )


def read_amendment(body: bytes) -> tuple[str, dict[str, Any]]:
    """The item, and the characteristics that an amendment adds or corrects. Raises TmfError."""
    items = _decode(body, _Change).service_order_item
    if len(items) != 1:
        raise TmfError(400, "unsupportedAmendment", "An amendment changes the characteristics of one item.")
    return items[0].id, _values(items[0])


def read_cancellation(body: bytes) -> tuple[str, str, str]:
    """The order that is to be cancelled, its item if only that, and why. Raises TmfError."""
    found = _decode(body, _Cancellation)
    items = found.service_order.service_order_item
    return found.service_order.id, items[0].id if items else "", found.cancellation_reason


def _values(item: _ReceivedItem) -> dict[str, Any]:
    return {each.name: each.value for each in item.service.service_characteristic}


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise TmfError(400, "invalidBody", "The message cannot be read.", str(error)) from None


def stored_order(document: bytes) -> CarrierOrder:
    """An order from the journal. Raises ValueError for one that another version wrote."""
    try:
        return msgspec.json.decode(document, type=CarrierOrder)
    except msgspec.DecodeError as error:
        raise ValueError(
            f"The sandbox's memory is of another version; remove its folder to start anew: {error}"
        ) from None
