"""HTTP to the carriers: connections, one request with its answer, and refusals in TMF's own words."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
import msgspec

from backend.core.errors import Unavailable
from backend.integrations.tmf630 import MalformedError, parse_refusal

REFUSALS = frozenset({400, 403, 404, 405, 409, 410, 422})
# Reading an answer may take long where a carrier is busy; reaching it may not.
TIMEOUT = httpx.Timeout(20.0, connect=5.0)

T = TypeVar("T")


class CarrierRequest(msgspec.Struct, frozen=True):
    """One request. `path` is below the carrier's address."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes = b""
    media_type: str = "application/json"


class CarrierRefused(Exception):
    """The carrier refuses a request, with its own code and words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class CarrierClient:
    """One client per event loop. At most `concurrency` requests run at once, per carrier."""

    def __init__(self, urls: Mapping[str, str], *, concurrency: int, timeout: httpx.Timeout | float) -> None:
        self._urls = urls
        self._timeout = timeout
        self._trust = ssl.create_default_context()
        self._lanes = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(concurrency))
        self._idle = defaultdict[str, list[httpx.AsyncClient]](list)
        self._clients: list[httpx.AsyncClient] = []

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.aclose()

    async def exchange(
        self, carrier: str, request: CarrierRequest, parse: Callable[[httpx.Response], T]
    ) -> T:
        """Send a request and read its answer with `parse`, which may raise MalformedError.

        Raises CarrierRefused for a refusal in TMF's own words, and Unavailable for everything else: no address, no
        connection, another status, or an answer that cannot be read.
        """
        response = await self._send(carrier, request)
        if response.status_code in REFUSALS:
            # A refusal is believed only in TMF's own words: a wrong address must not fail an order.
            if refusal := parse_refusal(response.content):
                raise CarrierRefused(response.status_code, *refusal)
            host = response.request.url.host
            raise unavailable(host, f"it answered {response.status_code} without a TMF error")
        try:
            return parse(response)
        except MalformedError as error:
            raise unavailable(carrier, str(error)) from None

    async def _send(self, carrier: str, request: CarrierRequest) -> httpx.Response:
        if not (base := self._urls.get(carrier)):
            raise unavailable(carrier, "no address is set for it")
        async with self._lane(carrier) as client:
            try:
                response = await client.request(
                    request.method,
                    f"{base.rstrip('/')}/{request.path}",
                    params=request.query,
                    content=request.body or None,
                    headers={"content-type": request.media_type} if request.body else None,
                )
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise unavailable(carrier, type(error).__name__) from error
        if not response.is_success and response.status_code not in REFUSALS:
            raise unavailable(carrier, f"it answered {response.status_code}", _retry_after(response))
        return response

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


def unavailable(carrier: str, why: str, retry_after: float | None = None) -> Unavailable:
    """The error for a carrier that gives no usable answer; `retry_after` in seconds, where it says so."""
    return Unavailable(
        f"The network of {carrier} does not answer: {why}.", carrier=carrier, retry_after=retry_after
    )


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdecimal() else None
