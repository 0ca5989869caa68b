"""Tells the product what changed: signed callbacks, sent again a few times where nobody answers."""

import asyncio
import contextlib
import heapq
import logging
import ssl
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import msgspec

from backend.integrations.signatures import HEADER, sign
from backend.sandbox.store import Store

LOG = logging.getLogger(__name__)
ATTEMPTS = 6
# Doubled after each attempt: about 15 seconds in all
FIRST_PAUSE_SECONDS = 0.5
AT_ONCE = 16


class CallbackTarget(msgspec.Struct, frozen=True):
    """Where callbacks of a carrier go, and the secret that signs them. No url: they go nowhere."""

    url: str = ""
    secret: str = ""


class Callback(msgspec.Struct, kw_only=True):
    """One delivery of an event; a duplicated event has two."""

    id: str
    carrier: str
    order_id: str
    body: msgspec.Raw
    due: float
    attempts: int = 0


class CallbackSender:
    """Sends callbacks when they are due, a bounded number at once."""

    def __init__(self, store: Store, targets: Mapping[str, CallbackTarget]) -> None:
        self.targets = dict(targets)
        self.results: dict[str, Counter[str]] = {}
        # Order id -> how its latest callback went
        self.last_result: dict[str, str] = {}
        self._journal = store
        self._waiting: list[tuple[float, str, Callback]] = []
        self._wake = asyncio.Event()
        self._ready: asyncio.Queue[Callback] = asyncio.Queue(AT_ONCE)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        for (document,) in self._journal.rows("SELECT document FROM callbacks"):
            callback = msgspec.json.decode(document, type=Callback)
            heapq.heappush(self._waiting, (callback.due, callback.id, callback))
        trust = ssl.create_default_context()
        self._tasks = [asyncio.create_task(self._run())]
        self._tasks += [asyncio.create_task(self._walk(trust)) for _ in range(AT_ONCE)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def note(self, callback: Callback) -> None:
        """Write a callback down; it leaves once `send` is called after the write."""
        document = msgspec.json.encode(callback)
        self._journal.add(
            "INSERT OR REPLACE INTO callbacks VALUES (?, ?, ?)", callback.id, callback.carrier, document
        )

    def send(self, callback: Callback) -> None:
        heapq.heappush(self._waiting, (callback.due, callback.id, callback))
        self.last_result.setdefault(callback.order_id, "waiting")
        self._wake.set()

    def forget(self, carrier: str) -> None:
        self._waiting = [entry for entry in self._waiting if entry[2].carrier != carrier]
        heapq.heapify(self._waiting)
        self.results.pop(carrier, None)
        self._journal.add("DELETE FROM callbacks WHERE carrier = ?", carrier)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = self._waiting[0][0] - time.time() if self._waiting else None
            if pause is None or pause > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
                continue
            await self._ready.put(heapq.heappop(self._waiting)[2])

    async def _walk(self, trust: ssl.SSLContext) -> None:
        """One of those who deliver: one connection each, since a shared pool costs more than the requests."""
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(timeout=10.0, trust_env=False, limits=limits, verify=trust) as client:
            while True:
                await self._deliver(await self._ready.get(), client)

    async def _deliver(self, callback: Callback, client: httpx.AsyncClient) -> None:
        arrived = await self._post(callback, client)
        callback.attempts += 1
        if arrived or callback.attempts >= ATTEMPTS:
            self.finish(callback, "delivered" if arrived else "given_up")
            return
        callback.due = time.time() + FIRST_PAUSE_SECONDS * 2 ** (callback.attempts - 1)
        self.last_result[callback.order_id] = "waiting"
        self.note(callback)
        self.send(callback)

    def finish(self, callback: Callback, result: str) -> None:
        """Write off a callback: it arrived, nobody wants it, or it was lost on purpose."""
        self.results.setdefault(callback.carrier, Counter())[result] += 1
        self.last_result[callback.order_id] = result
        self._journal.add("DELETE FROM callbacks WHERE id = ?", callback.id)

    async def _post(self, callback: Callback, client: httpx.AsyncClient) -> bool:
        target = self.targets.get(callback.carrier, CallbackTarget())
        if not target.url or not target.secret:
            return False
        body = bytes(callback.body)
        headers = {"content-type": "application/json", HEADER: sign(target.secret, body, datetime.now(UTC))}
        try:
            response = await client.post(target.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            LOG.info("callback %s of %s: %s", callback.id, callback.carrier, type(error).__name__)
            return False
        return response.is_success
