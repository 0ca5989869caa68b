"""One LISTEN connection per process: wakes open pages when something they show has changed, in any process."""

import asyncio
import contextlib
from collections.abc import Callable
from uuid import UUID

import asyncpg

from backend.core.database_errors import TRANSIENT_ERRORS
from backend.core.outages import OutageLog
from backend.core.outbox import LIVE_CHANNEL

TopicListener = Callable[[], None]
RECONNECT_SECONDS = 0.5
# A connection that died unnoticed is found within so long
PROBE_SECONDS = 15.0


class TopicHub:
    """Topics of tenants, and the callbacks of this process that subscribed to them.

    After a lost connection every subscriber is called once, since notifications may have been missed.
    """

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._subscribers: dict[str, set[TopicListener]] = {}
        self._watchers: set[Callable[[str], None]] = set()
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()
        self._outage = OutageLog(lost="live updates interrupted", back="live updates work again")

    def subscribe(self, tenant_id: UUID, topic: str, callback: TopicListener) -> TopicListener:
        """Call `callback` (in this loop, it must not block) at each change; returns the unsubscribing call."""
        key = f"{tenant_id}/{topic}"
        self._subscribers.setdefault(key, set()).add(callback)

        def unsubscribe() -> None:
            callbacks = self._subscribers.get(key, set())
            callbacks.discard(callback)
            if not callbacks:
                self._subscribers.pop(key, None)

        return unsubscribe

    def watch(self, callback: Callable[[str], None]) -> None:
        """Hand every payload (`<tenant>/<topic>`) to the callback: for what is not a page, like sign-out."""
        self._watchers.add(callback)

    async def start(self) -> None:
        """Begin to listen; returns when connected, or after five seconds."""
        self._task = asyncio.create_task(self._run())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.connected.wait(), 5)

    async def stop(self) -> None:
        """Stop listening."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        first = True
        while True:
            try:
                await self._listen(resume=not first)
            except TRANSIENT_ERRORS as error:
                self._outage.began(why=f"{type(error).__name__}: {error}")
            self.connected.clear()
            first = False
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, *, resume: bool) -> None:
        connection = await asyncpg.connect(self._url, timeout=10)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda *_: lost.set())
            await connection.add_listener(LIVE_CHANNEL, lambda *said: self._tell(str(said[3])))
            self.connected.set()
            self._outage.ended()
            if resume:
                for key in list(self._subscribers):
                    self._tell(key)
            while not lost.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), PROBE_SECONDS)
                    return
                await connection.fetchval("SELECT 1", timeout=PROBE_SECONDS)
        finally:
            with contextlib.suppress(*TRANSIENT_ERRORS):
                await asyncio.wait_for(connection.close(), 1)

    def _tell(self, payload: str) -> None:
        for watcher in list(self._watchers):
            watcher(payload)
        for callback in list(self._subscribers.get(payload, ())):
            callback()
