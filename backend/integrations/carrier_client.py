"""HTTP to the carriers: connections, one request with its answer, and refusals in TMF's own words.

aiohttp, not httpx as elsewhere: a request takes a fifth of the CPU, and it was half of what an item cost (decision 0018).
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec
import structlog
from yarl import URL

from backend.core.errors import Unavailable
from backend.integrations.tmf630 import MalformedError, NotJsonError, parse_refusal
from backend.integrations.tmf_secrets import kept_text

log = structlog.get_logger()

REFUSALS = frozenset({400, 403, 404, 405, 409, 410, 422})
# Seconds. Reading an answer may take long where a carrier is busy; reaching it may not.
TIMEOUT = 20.0
CONNECT_TIMEOUT = 5.0
TOTAL_TIMEOUT = 120.0
# Bytes
LARGEST_ANSWER = 32 * 1024 * 1024
CHUNK = 256 * 1024

T = TypeVar("T")


class CarrierRequest(msgspec.Struct, frozen=True):
    """One request. `path` is below the carrier's address, its special characters quoted.

    `keep` gives what may be kept of an answer that cannot be read.
    """

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes = b""
    media_type: str = "application/json"
    keep: Callable[[bytes], str] = kept_text


class CarrierResponse(msgspec.Struct, frozen=True):
    """What a carrier answered. Names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class CarrierRefused(Exception):
    """The carrier refuses a request, with its own code and words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class UnreadableAnswer(Unavailable):
    """The carrier answered, and what it said cannot be understood. `body` is the answer without secrets."""

    code = "unreadable"

    def __init__(self, carrier: str, why: str, body: str) -> None:
        super().__init__(f"The answer of {carrier} cannot be read: {why}.", carrier=carrier)
        self.why, self.body = why, body


class CarrierClient:
    """One client per event loop. At most `concurrency` requests run at once, per carrier; `timeout` in seconds."""

    def __init__(self, urls: Mapping[str, str], *, concurrency: int, timeout: float) -> None:
        self._urls = urls
        self._timeout = aiohttp.ClientTimeout(
            total=max(TOTAL_TIMEOUT, timeout), sock_connect=min(CONNECT_TIMEOUT, timeout), sock_read=timeout
        )
        self._trust = ssl.create_default_context()
        self._lanes = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(concurrency))
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def exchange(
        self, carrier: str, request: CarrierRequest, parse: Callable[[CarrierResponse], T]
    ) -> T:
        """Send a request and read its answer with `parse`, which may raise MalformedError.

        Raises CarrierRefused for a refusal in TMF's own words, UnreadableAnswer for a message that cannot be
        understood, and Unavailable for everything else: no address, no connection, another status, no message at all.
        """
        response = await self._send(carrier, request)
        if response.status in REFUSALS:
            # A refusal is believed only in TMF's own words: a wrong address must not fail an order.
            if refusal := parse_refusal(response.content):
                raise CarrierRefused(response.status, *refusal)
            raise unavailable(carrier, f"answered {response.status} without a TMF error")
        try:
            return parse(response)
        except NotJsonError as error:
            raise unavailable(carrier, f"answered what is no message: {error}") from None
        except MalformedError as error:
            raise UnreadableAnswer(carrier, str(error), request.keep(response.content)) from None
        except Exception as error:
            # A fault of our reader: the same answer would come again for ever
            log.exception("answer not read", carrier=carrier)
            why = f"it could not be read: {type(error).__name__}"
            raise UnreadableAnswer(carrier, why, request.keep(response.content)) from error

    async def _send(self, carrier: str, request: CarrierRequest) -> CarrierResponse:
        if not (base := self._urls.get(carrier)):
            raise unavailable(carrier, "has no address here (FLEETLINE_CARRIER_URLS)")
        query = f"?{urlencode(request.query)}" if request.query else ""
        address = f"{base.rstrip('/')}/{request.path}{query}"
        async with self._lanes[carrier]:
            try:
                response = await self._exchange(request, URL(address, encoded=True))
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                raise unavailable(carrier, f"does not answer: {type(error).__name__}") from error
        if not 200 <= response.status < 300 and response.status not in REFUSALS:
            raise unavailable(carrier, f"answered {response.status}", _retry_after(response))
        return response

    async def _exchange(self, request: CarrierRequest, url: URL) -> CarrierResponse:
        # A session belongs to the event loop that runs when it is made.
        if self._session is None:
            self._session = self._new_session()
        async with self._session.request(
            request.method,
            url,
            data=request.body or None,
            headers={"Content-Type": request.media_type} if request.body else None,
            allow_redirects=False,
        ) as answer:
            content = bytearray()
            async for chunk in answer.content.iter_chunked(CHUNK):
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise aiohttp.ClientPayloadError("the answer is too large")
            return CarrierResponse(answer.status, answer.headers, bytes(content))

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            timeout=self._timeout,
            connector=aiohttp.TCPConnector(limit=0, ssl=self._trust),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "User-Agent": "fleetline"},
            trust_env=False,
        )


def unavailable(carrier: str, what: str, retry_after: float | None = None) -> Unavailable:
    """The error for a carrier that gives no usable answer: what its network does; `retry_after` in seconds, if it says so."""
    return Unavailable(f"The network of {carrier} {what}.", carrier=carrier, retry_after=retry_after)


def _retry_after(response: CarrierResponse) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdecimal() else None
