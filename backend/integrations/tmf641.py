"""What is said to a carrier and what it answers: TMF641 4.1 orders, their events, TMF638 services. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Literal, TypeVar

import msgspec

T = TypeVar("T")


class MalformedError(ValueError):
    """A carrier's message cannot be understood; nothing may be concluded from it."""


class NewsState(StrEnum):
    """How an item of ours stands at the carrier: the values are those of the order items."""

    IN_PROGRESS = "in_progress"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in {NewsState.DONE, NewsState.FAILED, NewsState.CANCELLED}


LONGEST_CODE = (
    200  # of an event or an option: both are indexed, and an index takes no more than some 2,700 bytes
)

# The published product states contain "aborted " with a trailing space, so every word is stripped first.
STATES: Mapping[str, NewsState] = {
    "acknowledged": NewsState.IN_PROGRESS,
    "pending": NewsState.IN_PROGRESS,
    "inProgress": NewsState.IN_PROGRESS,
    "assessingCancellation": NewsState.IN_PROGRESS,
    "pendingCancellation": NewsState.IN_PROGRESS,
    "held": NewsState.HELD,
    "completed": NewsState.DONE,
    # One item is one order to the carrier: half of it done is not what was asked for.
    "partial": NewsState.FAILED,
    "failed": NewsState.FAILED,
    "rejected": NewsState.FAILED,
    "aborted": NewsState.FAILED,
    "cancelled": NewsState.CANCELLED,
}


class ServiceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One change on one line. `external_id` is our item id; `customer` the tenant's slug."""

    external_id: str
    customer: str
    msisdn: str
    reference: str = ""
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class OrderNews(msgspec.Struct, frozen=True, kw_only=True):
    """How an order stands. `options` are those the carrier confirms on the line, None where it says nothing."""

    external_id: str
    carrier_order_id: str
    state: NewsState
    code: str = ""
    message: str = ""
    options: tuple[str, ...] | None = None
    at: datetime | None = None


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """A callback. The same event may come twice, and events may overtake each other."""

    event_id: str
    at: datetime
    news: OrderNews


class InventoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the carrier knows of one line: nothing here belongs to the customer to change by itself."""

    msisdn: str
    billing_account: str
    status: str
    product_type: str
    plan: str
    options: tuple[str, ...] = ()
    barrings: tuple[str, ...] = ()
    sim_number: str = ""
    sim_kind: Literal["physical", "esim"] = "physical"
    puk: str = ""
    roaming_cap_cents: int | None = None
    companion_sim: str = ""
    split_profile: str = ""
    activated_on: date | None = None

    def __repr__(self) -> str:
        """Without the PUK: a line may end up in a log."""
        return f"InventoryLine(msisdn={self.msisdn!r}, plan={self.plan!r}, status={self.status!r})"


class InventoryPage(msgspec.Struct, frozen=True, kw_only=True):
    lines: list[InventoryLine]
    total: int


def order_body(order: ServiceOrder) -> dict[str, Any]:
    """The TMF641 service order for one change of options."""
    body: dict[str, Any] = {
        "@type": "ServiceOrder",
        "externalId": order.external_id,
        "category": "changeOptions",
        "relatedParty": [
            {"@type": "RelatedParty", "@referredType": "Customer", "id": order.customer, "role": "customer"}
        ],
        "serviceOrderItem": [
            {
                "@type": "ServiceOrderItem",
                "id": "1",
                "action": "modify",
                "service": {
                    "@type": "Service",
                    "id": order.msisdn,
                    "serviceType": "mobileLine",
                    "serviceCharacteristic": [
                        {"name": "addOption", "valueType": "array", "value": list(order.add)},
                        {"name": "removeOption", "valueType": "array", "value": list(order.remove)},
                    ],
                },
            }
        ],
    }
    if order.reference:
        body["externalReference"] = [{"name": order.reference, "externalReferenceType": "orderReference"}]
    return body


class _Message(msgspec.Struct, rename="camel"):
    code: str = ""
    reason: str = ""
    message: str = ""


class _Characteristic(msgspec.Struct):
    name: str
    value: Any = None


class _Service(msgspec.Struct, rename="camel"):
    id: str = ""
    state: str = ""
    service_type: str = ""
    start_date: str = ""
    service_characteristic: list[_Characteristic] = []


class _Item(msgspec.Struct, rename="camel"):
    state: str = ""
    service: _Service | None = None
    error_message: list[_Message] = []


class _Order(msgspec.Struct, rename="camel"):
    id: str = ""
    external_id: str = ""
    state: str = ""
    error_message: list[_Message] = []
    service_order_item: list[_Item] = []


class _Payload(msgspec.Struct, rename="camel"):
    service_order: _Order


class _Event(msgspec.Struct, rename="camel"):
    event_id: str
    event_time: datetime
    event: _Payload
    event_type: str = ""


def parse_order(body: bytes) -> OrderNews:
    """A service order as the carrier tells it. Raises MalformedError."""
    return _news(_decode(body, _Order))


def parse_orders(body: bytes) -> list[OrderNews]:
    """A list of service orders. Raises MalformedError."""
    return [_news(order) for order in _decode(body, list[_Order])]


def parse_event(body: bytes) -> StateChange:
    """A `serviceOrderStateChangeEvent`. Raises MalformedError."""
    event = _decode(body, _Event)
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
    news = msgspec.structs.replace(_news(event.event.service_order), at=at)
    return StateChange(event_id=event.event_id, at=at, news=news)


def parse_refusal(body: bytes) -> tuple[str, str] | None:
    """Code and sentence of a TMF error; None where this is not one (a proxy's page, a wrong address)."""
    try:
        error = _decode(body, _Message)
    except MalformedError:
        return None
    return (error.code, error.message or error.reason) if error.code and error.reason else None


def parse_inventory(body: bytes) -> list[InventoryLine]:
    """Services of a TMF638 inventory. Raises MalformedError."""
    return [_line(service) for service in _decode(body, list[_Service])]


def _decode(body: bytes, kind: type[T]) -> T:
    """What is read can also be kept: one message that the database refuses would hold up all that came with it."""
    if rb"\u0000" in body:
        raise MalformedError("the carrier's message holds a character that cannot be stored")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"the carrier's message cannot be read: {error}") from None


def _news(order: _Order) -> OrderNews:
    items = order.service_order_item
    word = (order.state or (items[0].state if items else "")).strip()
    if word not in STATES or not order.id:
        raise MalformedError(f"the carrier's order {order.id!r} is in the unknown state {word!r}")
    told = next(_messages(order), _Message())
    state = STATES[word]
    told_nothing = "" if state in {NewsState.IN_PROGRESS, NewsState.DONE} else word
    return OrderNews(
        external_id=order.external_id,
        carrier_order_id=order.id,
        state=state,
        code=told.code or told_nothing,
        message=told.message or told.reason,
        options=_confirmed_options(order),
    )


def _messages(order: _Order) -> Iterator[_Message]:
    yield from order.error_message
    for item in order.service_order_item:
        yield from item.error_message


def _confirmed_options(order: _Order) -> tuple[str, ...] | None:
    for item in order.service_order_item:
        for each in item.service.service_characteristic if item.service else ():
            if each.name == "options":
                return _words(each.value, "options")
    return None


LINE_STATUS = {"active": "active", "inactive": "suspended", "terminated": "terminated"}


def _line(service: _Service) -> InventoryLine:
    values = {each.name: each.value for each in service.service_characteristic}
    status = values.get("status") or LINE_STATUS.get(service.state.strip(), "pending_active")
    try:
        return msgspec.convert(
            {
                "msisdn": service.id,
                "status": status,
                "product_type": values["productType"],
                "billing_account": values["billingAccount"],
                "plan": values["plan"],
                "options": values.get("options", ()),
                "barrings": values.get("barrings", ()),
                "sim_number": values.get("simNumber", ""),
                "sim_kind": values.get("simKind", "physical"),
                "puk": values.get("puk", ""),
                "roaming_cap_cents": values.get("roamingCapCents"),
                "companion_sim": values.get("companionSim", ""),
                "split_profile": values.get("splitProfile", ""),
                "activated_on": service.start_date[:10] or None,
            },
            InventoryLine,
        )
    except KeyError as error:
        raise MalformedError(f"the carrier's service {service.id!r} has no {error.args[0]}") from None
    except msgspec.ValidationError as error:
        raise MalformedError(f"the carrier's service {service.id!r} cannot be read: {error}") from None


def _words(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(word, str) and len(word) <= LONGEST_CODE for word in value
    ):
        raise MalformedError(f"the carrier's {name} are not a list of codes")
    return tuple(value)
