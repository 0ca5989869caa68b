"""The carriers over HTTP: what the product asks them, and what they answer (TMF641, TMF638 and TMF639)."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import msgspec

from backend.integrations.carrier_client import (
    TIMEOUT,
    CarrierClient,
    CarrierRefused,
    CarrierRequest,
    CarrierResponse,
    UnreadableAnswer,
    unavailable,
)
from backend.integrations.signatures import HEADER, sign, verify
from backend.integrations.tmf630 import MalformedError
from backend.integrations.tmf638 import (
    InventoryLine,
    InventoryPage,
    SimResource,
    UnreadableService,
    parse_inventory,
    parse_resource,
)
from backend.integrations.tmf641 import (
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
    amendment_body,
    cancellation_body,
    order_body,
    parse_cancellation,
    parse_found,
    parse_order,
)
from backend.integrations.tmf641_batches import (
    NOT_TOLD,
    PREFIX,
    BatchUpdate,
    ServiceOrderBatch,
    batch_body,
    batch_of,
    item_of,
    parse_batch,
    parse_found_batch,
)
from backend.integrations.tmf641_events import (
    CallbackEnvelope,
    StateChangeEvent,
    parse_envelope,
    parse_event,
)
from backend.integrations.tmf_secrets import kept_text, outline

__all__ = [
    "HEADER",
    "NOT_TOLD",
    "BatchUpdate",
    "CallbackEnvelope",
    "CancellationAccepted",
    "CarrierRejection",
    "HttpCarrierNetwork",
    "InventoryLine",
    "InventoryPage",
    "MalformedError",
    "OrderAccepted",
    "OrderUpdate",
    "OrderUpdateState",
    "ServiceOrder",
    "ServiceOrderBatch",
    "SimResource",
    "StateChangeEvent",
    "UnreadableAnswer",
    "UnreadableService",
    "batch_of",
    "kept_text",
    "parse_envelope",
    "parse_event",
    "sign",
    "verify",
]

ORDERS = "tmf-api/serviceOrdering/v4/serviceOrder"
CANCELLATIONS = "tmf-api/serviceOrdering/v4/cancelServiceOrder"
RESOURCES = "tmf-api/resourceInventoryManagement/v4/resource"
SERVICES = "tmf-api/serviceInventory/v4/service"
MERGE_PATCH = "application/merge-patch+json"
# What the carrier does not know, or no longer
GONE = frozenset({404, 410})

# Digits of the number of lines of one customer
LONGEST_TOTAL = 9

T = TypeVar("T")


class OrderAccepted(msgspec.Struct, frozen=True):
    """The carrier has taken the order, now or at an earlier attempt, and may have carried it out already.

    `reported` is what it says of the line, as in an update.
    """

    carrier_order_id: str
    state: OrderUpdateState
    reported: dict[str, Any] = {}


class CancellationAccepted(msgspec.Struct, frozen=True):
    """The carrier takes the order back. Not `settled`: it still checks whether it can, and an update says."""

    settled: bool = True


class CarrierRejection(msgspec.Struct, frozen=True):
    """The carrier will not carry this out, in its own code and words; asking again changes nothing."""

    code: str
    message: str


class HttpCarrierNetwork:
    """The carriers over HTTP, one instance per event loop. `concurrency` limits the requests per carrier; `timeout` in seconds.

    Every call may raise Unavailable: then nothing is known, and the call may be repeated. `retry_after` in the details is
    the number of seconds that the carrier asked us to wait, or None.
    """

    def __init__(self, urls: Mapping[str, str], *, concurrency: int = 16, timeout: float = TIMEOUT) -> None:
        self._client = CarrierClient(urls, concurrency=concurrency, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def submit(self, carrier: str, order: ServiceOrder) -> OrderAccepted | CarrierRejection:
        """Hand over one order. A repeat of the same `external_id` is answered with the first order."""
        request = CarrierRequest("POST", ORDERS, body=msgspec.json.encode(order_body(order)))
        answer = await self._command(carrier, request, parse_order)
        if isinstance(answer, CarrierRejection):
            return answer
        if answer.external_id and answer.external_id != order.external_id:
            raise unavailable(carrier, f"answered with the order {answer.external_id}")
        return OrderAccepted(answer.carrier_order_id, answer.state, answer.reported)

    async def fetch(self, carrier: str, carrier_order_id: str, *, item: str = "") -> OrderUpdate | None:
        """How an order stands, by the carrier's own id; None where the carrier does not know it.

        `item`: which one of a batch.
        """
        return await self._lookup(carrier, _path(ORDERS, carrier_order_id), _parse(item))

    async def find(self, carrier: str, external_id: str) -> OrderUpdate | None:
        """How an order stands, by our own id: for when the carrier's answer was lost."""
        request = CarrierRequest("GET", ORDERS, query={"externalId": external_id, "limit": "2"})
        return await self._read(carrier, request, lambda answer: parse_found(answer.content, external_id))

    async def submit_batch(self, carrier: str, batch: ServiceOrderBatch) -> BatchUpdate | CarrierRejection:
        """Hand over several orders as one. A repeat of the same id is answered with the first one.

        Refused as a whole, it does not exist at the carrier.
        """
        request = CarrierRequest("POST", ORDERS, body=msgspec.json.encode(batch_body(batch)))
        return await self._command(carrier, request, parse_batch)

    async def fetch_batch(self, carrier: str, carrier_order_id: str) -> BatchUpdate | None:
        """How the items of a batch stand, by the carrier's own id; None where the carrier does not know it."""
        return await self._lookup(carrier, _path(ORDERS, carrier_order_id), parse_batch)

    async def find_batch(self, carrier: str, batch_id: str) -> BatchUpdate | None:
        """How the items of a batch stand, by the batch's id."""
        query = {"externalId": PREFIX + batch_id, "limit": "2"}
        request = CarrierRequest("GET", ORDERS, query=query)
        return await self._read(carrier, request, lambda answer: parse_found_batch(answer.content, batch_id))

    async def amend(
        self, carrier: str, carrier_order_id: str, characteristics: Mapping[str, Any], *, item: str = ""
    ) -> OrderAccepted | CarrierRejection:
        """Add to what an order says, or correct it. A repeat changes nothing. `item`: which one of a batch."""
        body = msgspec.json.encode(amendment_body(characteristics, item))
        request = CarrierRequest("PATCH", _path(ORDERS, carrier_order_id), body=body, media_type=MERGE_PATCH)
        answer = await self._command(carrier, request, _parse(item))
        if isinstance(answer, CarrierRejection):
            return answer
        return OrderAccepted(answer.carrier_order_id, answer.state, answer.reported)

    async def cancel(
        self, carrier: str, carrier_order_id: str, reason: str, *, item: str = ""
    ) -> CancellationAccepted | CarrierRejection:
        """Take an order back, or one item of a batch. Refused where it is too late; a repeat is accepted again."""
        body = msgspec.json.encode(cancellation_body(carrier_order_id, reason, item))
        answer = await self._command(
            carrier, CarrierRequest("POST", CANCELLATIONS, body=body), parse_cancellation
        )
        if isinstance(answer, CarrierRejection):
            return answer
        if answer.cancelled is False:
            return CarrierRejection(answer.code or "tooLate", answer.message)
        return CancellationAccepted(settled=answer.cancelled is True)

    async def resource(self, carrier: str, sim_number: str) -> SimResource | None:
        """A SIM card or an eSIM profile with its secrets, to be sealed at once; None where there is none."""
        found = await self._lookup(carrier, _path(RESOURCES, sim_number), parse_resource, keep=outline)
        if found is not None and found.number != sim_number:
            raise unavailable(carrier, "answered with another SIM")
        return found

    async def inventory(self, carrier: str, customer: str, offset: int, limit: int) -> InventoryPage:
        """One page of the lines of a customer, in a stable order, with the total."""
        query = {"customer": customer, "offset": str(offset), "limit": str(limit)}
        return await self._read(carrier, CarrierRequest("GET", SERVICES, query=query), _inventory_page)

    async def _command(
        self, carrier: str, request: CarrierRequest, parse: Callable[[bytes], T]
    ) -> T | CarrierRejection:
        """The answer to something that the carrier may refuse."""
        try:
            return await self._client.exchange(carrier, request, _content(parse))
        except CarrierRefused as refusal:
            return CarrierRejection(refusal.code, refusal.message)

    async def _lookup(
        self,
        carrier: str,
        path: str,
        parse: Callable[[bytes], T],
        *,
        keep: Callable[[bytes], str] = kept_text,
    ) -> T | None:
        """One thing by its id; None where the carrier does not know it."""
        try:
            return await self._client.exchange(
                carrier, CarrierRequest("GET", path, keep=keep), _content(parse)
            )
        except CarrierRefused as refusal:
            if refusal.status in GONE:
                return None
            raise unavailable(carrier, f"refused: {refusal.message}") from None

    async def _read(self, carrier: str, request: CarrierRequest, parse: Callable[[CarrierResponse], T]) -> T:
        """What the carrier has no reason to refuse."""
        try:
            return await self._client.exchange(carrier, request, parse)
        except CarrierRefused as refusal:
            raise unavailable(carrier, f"refused: {refusal.message}") from None


def _path(collection: str, key: str) -> str:
    return f"{collection}/{quote(key, safe='')}"


def _parse(item: str) -> Callable[[bytes], OrderUpdate]:
    """How an answer is read: as the order of one item, or for this item of a batch."""
    return (lambda content: item_of(parse_batch(content), item)) if item else parse_order


def _content(parse: Callable[[bytes], T]) -> Callable[[CarrierResponse], T]:
    return lambda response: parse(response.content)


def _inventory_page(response: CarrierResponse) -> InventoryPage:
    lines, unreadable = parse_inventory(response.content)
    total = response.headers.get("X-Total-Count", "").strip()
    if not (total.isascii() and total.isdecimal() and len(total) <= LONGEST_TOTAL):
        raise MalformedError("its inventory does not say how many lines there are")
    return InventoryPage(lines=lines, unreadable=unreadable, total=int(total))
