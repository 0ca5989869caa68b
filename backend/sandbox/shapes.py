"""What a sandbox carrier keeps of orders and lines, and the TMF documents that it tells about them."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from backend.sandbox.behaviour import Behaviour

ENDED = frozenset({"completed", "failed", "partial", "cancelled"})


class Line(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A line in the carrier's books; the names are those of the inventory's characteristics."""

    msisdn: str
    billing_account: str
    product_type: str
    plan: str
    status: str = "active"
    options: list[str] = []
    barrings: list[str] = []
    sim_number: str = ""
    sim_kind: str = "physical"
    puk: str = ""
    roaming_cap_cents: int | None = None
    companion_sim: str = ""
    split_profile: str = ""
    activated_on: str = ""
    customer: str = ""


class Inventory(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Lines of one customer, loaded at once; `replace` forgets those that it had."""

    customer: str
    lines: list[Line]
    replace: bool = True


class Order(msgspec.Struct, kw_only=True):
    """One service order. `original` is the message as it came; times are epoch seconds."""

    id: str
    carrier: str
    external_id: str
    msisdn: str
    add: list[str]
    remove: list[str]
    original: msgspec.Raw
    behaviour: Behaviour
    state: str = "acknowledged"
    message: str = ""
    ordered_at: float
    due: float | None
    ended_at: float | None = None
    confirmed: list[str] | None = None  # the options of the line after this order

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class TmfError(Exception):
    """An error in TMF's shape."""

    def __init__(self, status: int, code: str, reason: str, message: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.body = {"@type": "Error", "code": code, "reason": reason, "message": message or reason}
        self.body["status"] = str(status)


class _Characteristic(msgspec.Struct):
    name: str
    value: Any = None


class _Service(msgspec.Struct, rename="camel"):
    id: str
    service_characteristic: list[_Characteristic] = []


class _Item(msgspec.Struct):
    id: str
    action: str
    service: _Service


class _Received(msgspec.Struct, rename="camel"):
    service_order_item: list[_Item]
    external_id: str = ""


def read_order(body: bytes) -> tuple[str, str, list[str], list[str]]:
    """External id, number, options to add and to remove. Raises TmfError where the order cannot be taken."""
    try:
        received = msgspec.json.decode(body, type=_Received)
    except msgspec.DecodeError as error:
        raise TmfError(400, "invalidBody", "The order cannot be read.", str(error)) from None
    if not received.external_id:
        raise TmfError(400, "missingExternalId", "An order needs an externalId.")
    if len(received.service_order_item) != 1 or received.service_order_item[0].action != "modify":
        raise TmfError(
            400, "unsupportedOrder", "This carrier takes orders of one item with the action modify."
        )
    service = received.service_order_item[0].service
    values = {each.name: each.value for each in service.service_characteristic}
    return (
        received.external_id,
        service.id,
        _codes(values.get("addOption")),
        _codes(values.get("removeOption")),
    )


def _codes(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise TmfError(400, "invalidCharacteristic", "addOption and removeOption are lists of option codes.")
    return value


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def order_document(order: Order) -> dict[str, Any]:
    """The TMF641 service order as it stands."""
    document: dict[str, Any] = msgspec.json.decode(order.original)
    document |= {
        "id": order.id,
        "href": f"/{order.carrier}/tmf-api/serviceOrdering/v4/serviceOrder/{order.id}",
        "state": order.state,
        "orderDate": moment(order.ordered_at),
    }
    item = document["serviceOrderItem"][0]
    item["state"] = order.state
    if order.ended_at is not None:
        document["completionDate"] = moment(order.ended_at)
    if order.message:
        document["errorMessage"] = [{"code": order.state, "reason": order.message, "message": order.message}]
    if order.confirmed is not None:
        item["service"].setdefault("serviceCharacteristic", []).append(
            {"name": "options", "valueType": "array", "value": order.confirmed}
        )
    return document


def service_document(line: Line) -> dict[str, Any]:
    """The TMF638 service of a line."""
    values: dict[str, Any] = msgspec.to_builtins(line)
    for name in ("msisdn", "customer", "activatedOn"):
        del values[name]
    document: dict[str, Any] = {
        "@type": "Service",
        "id": line.msisdn,
        "name": line.msisdn,
        "serviceType": "mobileLine",
        "state": {"active": "active", "suspended": "inactive"}.get(line.status, "reserved"),
        "relatedParty": [
            {"@type": "RelatedParty", "@referredType": "Customer", "id": line.customer, "role": "customer"}
        ],
        "serviceCharacteristic": [
            {"name": name, "value": value} for name, value in values.items() if value not in ("", None)
        ],
    }
    if line.activated_on:
        document["startDate"] = f"{line.activated_on}T00:00:00Z"
    return document
