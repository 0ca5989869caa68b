"""The carriers: a protocol that the product speaks to, and its adapter over HTTP (TMF641, TMF638 and TMF639)."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote

import httpx
import msgspec

from backend.core.errors import Unavailable
from backend.integrations.signatures import HEADER, sign, verify
from backend.integrations.tmf630 import MalformedError, parse_refusal
from backend.integrations.tmf638 import (
    InventoryLine,
    InventoryPage,
    SimResource,
    parse_inventory,
    parse_resource,
)
from backend.integrations.tmf641 import (
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
    StateChangeEvent,
    amendment_body,
    cancellation_body,
    order_body,
    parse_cancellation,
    parse_event,
    parse_order,
    parse_orders,
    without_secrets,
)

__all__ = [
    "HEADER",
    "CancellationAccepted",
    "CarrierNetwork",
    "CarrierRejection",
    "HttpCarrierNetwork",
    "InventoryLine",
    "InventoryPage",
    "MalformedError",
    "OrderAccepted",
    "OrderUpdate",
    "OrderUpdateState",
    "ServiceOrder",
    "SimResource",
    "StateChangeEvent",
    "parse_event",
    "sign",
    "verify",
    "without_secrets",
]

ORDERS = "tmf-api/serviceOrdering/v4/serviceOrder"
CANCELLATIONS = "tmf-api/serviceOrdering/v4/cancelServiceOrder"
RESOURCES = "tmf-api/resourceInventoryManagement/v4/resource"
SERVICES = "tmf-api/serviceInventory/v4/service"
MERGE_PATCH = "application/merge-patch+json"
REFUSALS = frozenset({400, 403, 404, 405, 409, 410, 422})
# Reading an answer may take long where a carrier is busy; reaching it may not.
TIMEOUT = httpx.Timeout(20.0, connect=5.0)


class OrderAccepted(msgspec.Struct, frozen=True):
    """The carrier has taken the order, now or at an earlier attempt, and has perhaps carried it out already: `told` as in its news."""

    carrier_order_id: str
    state: OrderUpdateState
    reported: dict[str, Any] = {}


class CancellationAccepted(msgspec.Struct, frozen=True):
    """The carrier takes the order back. Not `settled`: it still looks whether it can, and the order's news says."""

    settled: bool = True


class CarrierRejection(msgspec.Struct, frozen=True):
    """The carrier will not carry this out, in its own code and words; asking again changes nothing."""

    code: str
    message: str


class CarrierNetwork(Protocol):
    """Every call may raise Unavailable: nothing is known then, and asking again is safe.

    `retry_after` in the details is the number of seconds that the carrier asked us to wait, or None.
    """

    async def submit(self, carrier: str, order: ServiceOrder) -> OrderAccepted | CarrierRejection: ...

    async def fetch(self, carrier: str, carrier_order_id: str) -> OrderUpdate | None: ...

    async def find(self, carrier: str, external_id: str) -> OrderUpdate | None: ...

    async def amend(
        self, carrier: str, carrier_order_id: str, characteristics: Mapping[str, Any]
    ) -> OrderAccepted | CarrierRejection: ...

    async def cancel(
        self, carrier: str, carrier_order_id: str, reason: str
    ) -> CancellationAccepted | CarrierRejection: ...

    async def inventory(self, carrier: str, customer: str, offset: int, limit: int) -> InventoryPage: ...

    async def resource(self, carrier: str, sim_number: str) -> SimResource | None: ...


class HttpCarrierNetwork:
    """One client per event loop. At most `concurrency` requests are under way at once, per carrier."""

    def __init__(
        self, urls: Mapping[str, str], *, concurrency: int = 16, timeout: httpx.Timeout | float = TIMEOUT
    ) -> None:
        self._urls = urls
        self._timeout = timeout
        self._trust = ssl.create_default_context()
        self._lanes = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(concurrency))
        self._idle = defaultdict[str, list[httpx.AsyncClient]](list)
        self._clients: list[httpx.AsyncClient] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def submit(self, carrier: str, order: ServiceOrder) -> OrderAccepted | CarrierRejection:
        """Hand over one order. A repeat of the same `external_id` answers with the first one."""
        response = await self._send(carrier, "POST", ORDERS, body=msgspec.json.encode(order_body(order)))
        if response.status_code in REFUSALS:
            code, message = _refusal(response)
            return CarrierRejection(code, message)
        try:
            news = parse_order(response.content)
        except MalformedError as error:
            raise _unavailable(carrier, str(error)) from None
        if news.external_id and news.external_id != order.external_id:
            raise _unavailable(carrier, f"it answered with the order {news.external_id}")
        return OrderAccepted(news.carrier_order_id, news.state, news.reported)

    async def fetch(self, carrier: str, carrier_order_id: str) -> OrderUpdate | None:
        """How an order stands, by the carrier's own id; None where the carrier does not know it."""
        response = await self._send(carrier, "GET", f"{ORDERS}/{quote(carrier_order_id, safe='')}")
        if response.status_code in REFUSALS:
            _, message = _refusal(response)
            if response.status_code in {404, 410}:
                return None
            raise _unavailable(carrier, message)
        try:
            return parse_order(response.content)
        except MalformedError as error:
            raise _unavailable(carrier, str(error)) from None

    async def find(self, carrier: str, external_id: str) -> OrderUpdate | None:
        """How an order stands, by our own id: for when the carrier's answer was lost."""
        response = await self._send(carrier, "GET", ORDERS, query={"externalId": external_id, "limit": "2"})
        if response.status_code in REFUSALS:
            raise _unavailable(carrier, _refusal(response)[1])
        try:
            found = [news for news in parse_orders(response.content) if news.external_id == external_id]
        except MalformedError as error:
            raise _unavailable(carrier, str(error)) from None
        return found[0] if found else None

    async def amend(
        self, carrier: str, carrier_order_id: str, characteristics: Mapping[str, Any]
    ) -> OrderAccepted | CarrierRejection:
        """Add to what an order says, or correct it. Saying the same twice is saying it once."""
        body = msgspec.json.encode(amendment_body(characteristics))
        response = await self._send(
            carrier,
            "PATCH",
            f"{ORDERS}/{quote(carrier_order_id, safe='')}",
            body=body,
            media_type=MERGE_PATCH,
        )
        if response.status_code in REFUSALS:
            return CarrierRejection(*_refusal(response))
        try:
            news = parse_order(response.content)
        except MalformedError as error:
            raise _unavailable(carrier, str(error)) from None
        return OrderAccepted(news.carrier_order_id, news.state, news.reported)

    async def cancel(
        self, carrier: str, carrier_order_id: str, reason: str
    ) -> CancellationAccepted | CarrierRejection:
        """Take an order back. Refused where it is too late; one that is cancelled already is Cancelled again."""
        body = msgspec.json.encode(cancellation_body(carrier_order_id, reason))
        response = await self._send(carrier, "POST", CANCELLATIONS, body=body)
        if response.status_code in REFUSALS:
            return CarrierRejection(*_refusal(response))
        try:
            outcome = parse_cancellation(response.content)
        except MalformedError as error:
            raise _unavailable(carrier, str(error)) from None
        if outcome.cancelled is False:
            return CarrierRejection(outcome.code or "tooLate", outcome.message)
        return CancellationAccepted(settled=outcome.cancelled is True)

    async def resource(self, carrier: str, sim_number: str) -> SimResource | None:
        """A SIM card or an eSIM profile with its secrets, to be sealed at once; None where there is none."""
        response = await self._send(carrier, "GET", f"{RESOURCES}/{quote(sim_number, safe='')}")
        if response.status_code in REFUSALS:
            _, message = _refusal(response)
            if response.status_code in {404, 410}:
                return None
            raise _unavailable(carrier, message)
        try:
            found = parse_resource(response.content)
        except MalformedError as error:
            raise _unavailable(carrier, str(error)) from None
        if found.number != sim_number:
            raise _unavailable(carrier, "it answered with another SIM")
        return found

    async def inventory(self, carrier: str, customer: str, offset: int, limit: int) -> InventoryPage:
        """One page of the lines of a customer, in a stable order, with the total."""
        query = {"customer": customer, "offset": str(offset), "limit": str(limit)}
        response = await self._send(carrier, "GET", SERVICES, query=query)
        if response.status_code in REFUSALS:
            raise _unavailable(carrier, _refusal(response)[1])
        try:
            lines = parse_inventory(response.content)
            total = int(response.headers["x-total-count"])
        except (MalformedError, KeyError, ValueError) as error:
            raise _unavailable(carrier, f"its inventory cannot be read: {error}") from None
        return InventoryPage(lines=lines, total=total)

    @asynccontextmanager
    async def _lane(self, carrier: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client of one connection: a pool that many share costs more than the requests themselves."""
        async with self._lanes[carrier]:
            idle = self._idle[carrier]
            client = idle.pop() if idle else self._new_client()
            try:
                yield client
            finally:
                idle.append(client)

    def _new_client(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1),
            verify=self._trust,
            headers={"accept": "application/json", "user-agent": "fleetline"},
            trust_env=False,
        )
        self._clients.append(client)
        return client

    async def _send(
        self,
        carrier: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        media_type: str = "application/json",
    ) -> httpx.Response:
        if not (base := self._urls.get(carrier)):
            raise _unavailable(carrier, "no address is set for it")
        headers = {"content-type": media_type} if body else None
        async with self._lane(carrier) as client:
            try:
                response = await client.request(
                    method, f"{base.rstrip('/')}/{path}", params=query, content=body or None, headers=headers
                )
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _unavailable(carrier, type(error).__name__) from error
        if not response.is_success and response.status_code not in REFUSALS:
            raise _unavailable(carrier, f"it answered {response.status_code}", _retry_after(response))
        return response


def _refusal(response: httpx.Response) -> tuple[str, str]:
    """A refusal is believed only in TMF's own words: a wrong address must not fail an order."""
    if refusal := parse_refusal(response.content):
        return refusal
    raise _unavailable(response.request.url.host, f"it answered {response.status_code} without a TMF error")


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdecimal() else None


def _unavailable(carrier: str, why: str, retry_after: float | None = None) -> Unavailable:
    return Unavailable(
        f"The network of {carrier} does not answer: {why}.", carrier=carrier, retry_after=retry_after
    )
