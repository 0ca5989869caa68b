"""Tells the product what changed: signed callbacks, sent again a few times where nobody answers."""

import asyncio
import contextlib
import heapq
import logging
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import msgspec

from backend.integrations.signatures import HEADER, sign
from backend.sandbox.journal import Journal

LOG = logging.getLogger(__name__)
ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.5  # doubled after each attempt: about 15 seconds in all
AT_ONCE = 16


class Target(msgspec.Struct, frozen=True):
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


class Postman:
    """Sends callbacks when they are due, a bounded number at once."""

    def __init__(self, journal: Journal, targets: Mapping[str, Target]) -> None:
        self.targets = dict(targets)
        self.results: dict[str, Counter[str]] = {}
        self.last_result: dict[str, str] = {}  # order id -> how its latest callback went
        self._journal = journal
        self._waiting: list[tuple[float, str, Callback]] = []
        self._wake = asyncio.Event()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._sending: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._client = httpx.AsyncClient(
            timeout=10.0,
            trust_env=False,
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        )
        for (document,) in self._journal.rows("SELECT document FROM callbacks"):
            callback = msgspec.json.decode(document, type=Callback)
            heapq.heappush(self._waiting, (callback.due, callback.id, callback))
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        tasks = [task for task in (self._task, *self._sending) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client:
            await self._client.aclose()

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
            await self._free.acquire()
            if not self._waiting:  # forgotten while we waited for a free place
                self._free.release()
                continue
            callback = heapq.heappop(self._waiting)[2]
            task = asyncio.create_task(self._deliver(callback))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, callback: Callback) -> None:
        try:
            arrived = await self._post(callback)
        finally:
            self._free.release()
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

    async def _post(self, callback: Callback) -> bool:
        target = self.targets.get(callback.carrier, Target())
        if not target.url or not target.secret or self._client is None:
            return False
        body = bytes(callback.body)
        headers = {"content-type": "application/json", HEADER: sign(target.secret, body, datetime.now(UTC))}
        try:
            response = await self._client.post(target.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            LOG.info("callback %s of %s: %s", callback.id, callback.carrier, type(error).__name__)
            return False
        return response.is_success
