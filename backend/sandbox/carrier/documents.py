"""What a sandbox carrier keeps of orders, lines and SIMs, and the TMF documents that it tells about them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from backend.integrations.tmf641 import characteristics
from backend.sandbox.carrier.behaviour import Behaviour

ENDED = frozenset({"completed", "failed", "partial", "cancelled", "rejected"})


class CarrierLine(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
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


class CarrierSim(msgspec.Struct, kw_only=True):
    """A SIM card or an eSIM profile that came with an order; `state` is active, reserved or gone."""

    number: str
    kind: str
    puk: str
    msisdn: str
    state: str = "reserved"
    activation_code: str = ""
    confirmation_code: str = ""
    valid_until: float | None = None


class Inventory(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Lines of one customer, loaded at once; `replace` forgets those that it had."""

    customer: str
    lines: list[CarrierLine]
    replace: bool = True


class CarrierOrder(msgspec.Struct, kw_only=True):
    """One service order, or one item of a batch.

    `original` is the message as it came, of a batch without its other items; times are epoch seconds.
    """

    id: str
    carrier: str
    # Of an item of a batch: the item's id
    external_id: str
    # The id and the externalId of the batch; empty for an order by itself
    batch: str = ""
    batch_external_id: str = ""
    customer: str
    # Of a new line: the number that the carrier keeps for it
    msisdn: str
    category: str
    action: str
    # What it asks now, amendments included
    asked: dict[str, Any]
    amended: dict[str, Any] = {}
    # What the carrier says of the line
    reported: dict[str, Any] = {}
    original: msgspec.Raw
    behaviour: Behaviour
    # Those that are still to come, the next one first
    steps: list[str]
    # Seconds that a simple order takes; each step takes its share of it
    pace: float
    # Whom the next step waits for: confirmation, device, donor, information
    waits_for: str = ""
    # What the donor did not recognise, as it was then
    rejected: dict[str, Any] = {}
    state: str = "acknowledged"
    code: str = ""
    message: str = ""
    ordered_at: float
    due: float | None
    ended_at: float | None = None

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


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def order_document(order: CarrierOrder) -> dict[str, Any]:
    """The TMF641 service order as it stands."""
    return _head([order], order.id, order.state) | _errors(order) | {"serviceOrderItem": [_item(order)]}


def batch_document(orders: Sequence[CarrierOrder], told: Sequence[CarrierOrder] = ()) -> dict[str, Any]:
    """The TMF641 service order of a batch as it stands; an event has only the items that are `told`."""
    states = {order.state for order in orders}
    open_ = states - ENDED
    state = "inProgress" if open_ else states.pop() if len(states) == 1 else "partial"
    items = [_item(order) | _errors(order) for order in told or orders]
    return _head(orders, orders[0].batch, state) | {"serviceOrderItem": items}


def _head(orders: Sequence[CarrierOrder], id_: str, state: str) -> dict[str, Any]:
    """An order without its items."""
    document: dict[str, Any] = msgspec.json.decode(orders[0].original)
    ends = [order.ended_at for order in orders]
    return {
        **document,
        "id": id_,
        "href": f"/{orders[0].carrier}/tmf-api/serviceOrdering/v4/serviceOrder/{id_}",
        "state": state,
        "orderDate": moment(orders[0].ordered_at),
        **({} if None in ends else {"completionDate": moment(max(end for end in ends if end is not None))}),
    }


def _errors(order: CarrierOrder) -> dict[str, Any]:
    if not order.message:
        return {}
    words = {"code": order.code or order.state, "reason": order.message, "message": order.message}
    return {"errorMessage": [words]}


def _item(order: CarrierOrder) -> dict[str, Any]:
    """One item with what the carrier says of its line."""
    item: dict[str, Any] = msgspec.json.decode(order.original)["serviceOrderItem"][0]
    item["state"] = order.state
    service = item["service"]
    service["id"] = service.get("id") or order.reported.get("msisdn", "")
    # Replaces what was asked by the same name
    said = order.amended | order.reported
    service["serviceCharacteristic"] = [
        *(each for each in service.get("serviceCharacteristic", ()) if each["name"] not in said),
        *characteristics(said),
    ]
    return item


def cancellation_document(order_id: str, reason: str, error: TmfError | None) -> dict[str, Any]:
    """The TMF641 task of a cancellation, and how it ended."""
    document: dict[str, Any] = {
        "id": order_id,
        "serviceOrder": {"@referredType": "ServiceOrder", "id": order_id},
        "state": "terminatedWithError" if error else "done",
    }
    if reason:
        document["cancellationReason"] = reason
    if error:
        document["errorMessage"] = {name: error.body[name] for name in ("code", "reason", "message")}
    return document


def service_document(line: CarrierLine) -> dict[str, Any]:
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


def resource_document(carrier: str, sim: CarrierSim) -> dict[str, Any]:
    """The TMF639 resource of a SIM, with its secrets: nothing else of the carrier tells them."""
    values = {
        "puk": sim.puk,
        "activationCode": sim.activation_code,
        "confirmationCode": sim.confirmation_code,
        "validUntil": moment(sim.valid_until) if sim.valid_until else "",
    }
    return {
        "@type": "LogicalResource" if sim.kind == "esim" else "PhysicalResource",
        "id": sim.number,
        "href": f"/{carrier}/tmf-api/resourceInventoryManagement/v4/resource/{sim.number}",
        "name": sim.number,
        "category": "esimProfile" if sim.kind == "esim" else "simCard",
        "resourceStatus": {"active": "available", "reserved": "reserved"}.get(sim.state, "suspended"),
        "resourceCharacteristic": [
            {"name": name, "valueType": "string", "value": value} for name, value in values.items() if value
        ],
    }
