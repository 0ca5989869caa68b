"""Reads service orders, their amendments and cancellations, and the orders of the journal."""

from typing import Any, TypeVar

import msgspec

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


class _OrderRef(msgspec.Struct):
    id: str


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


def read_order(body: bytes) -> ReceivedOrder:
    """Raises TmfError where the order cannot be taken."""
    received = _decode(body, _Received)
    if not received.external_id:
        raise TmfError(400, "missingExternalId", "An order needs an externalId.")
    if len(received.service_order_item) != 1:
        raise TmfError(400, "unsupportedOrder", "This carrier takes orders of one item.")
    (item,) = received.service_order_item
    return ReceivedOrder(
        external_id=received.external_id,
        customer=next((party.id for party in received.related_party if party.role == "customer"), ""),
        category=received.category,
        action=item.action,
        msisdn=item.service.id,
        values=_values(item),
    )


def read_amendment(body: bytes) -> dict[str, Any]:
    """The characteristics that an amendment adds or corrects. Raises TmfError."""
    items = _decode(body, _Change).service_order_item
    if len(items) != 1:
        raise TmfError(400, "unsupportedAmendment", "An amendment changes the characteristics of one item.")
    return _values(items[0])


def read_cancellation(body: bytes) -> tuple[str, str]:
    """The order that is to be cancelled, and why. Raises TmfError."""
    found = _decode(body, _Cancellation)
    return found.service_order.id, found.cancellation_reason


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
