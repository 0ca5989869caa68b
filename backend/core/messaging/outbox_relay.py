"""From the outbox to the broker: at once after a commit, and again whatever stays unfinished. Several may run."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import dramatiq
import msgspec

from backend.core.database_errors import is_transient
from backend.core.messaging.broker import QUEUE, to_broker_message
from backend.core.outages import OutageLog
from backend.core.outbox import OUTBOX_CHANNEL
from tenants.logins import UnsafeDatabaseRole, refuse_unsafe_role

BATCH = 500
# A job not finished by then is handed over again
LEASE = timedelta(seconds=60)
POLL_SECONDS = 1.0
PAUSE_SECONDS = 0.5
# A database that does not answer for so long is gone
ANSWER_SECONDS = 30.0

DUE = (
    "SELECT id, tenant_id, job FROM outbox WHERE failed_at IS NULL AND not_before <= now()"
    " ORDER BY not_before LIMIT $1 FOR UPDATE SKIP LOCKED"
)
HANDED_OVER = """
UPDATE outbox SET sent_at = now(), not_before = clock_timestamp() + $2::interval WHERE id = ANY($1)
"""
NEXT_DUE = "SELECT EXTRACT(epoch FROM min(not_before) - now())::float FROM outbox WHERE failed_at IS NULL"


class DueRow(msgspec.Struct, frozen=True):
    """A row of the outbox whose time has come."""

    id: UUID
    tenant_id: UUID
    job: str


class Relay:
    """Runs until cancelled; survives a database or broker that goes away."""

    def __init__(
        self,
        database_url: str,
        broker: dramatiq.Broker,
        *,
        queue: str = QUEUE,
        lease: timedelta = LEASE,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._url, self._broker, self._queue, self._lease, self._poll = (
            database_url,
            broker,
            queue,
            lease,
            poll,
        )
        # One thread: brokers keep a connection per thread, and one is enough.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="relay")
        self._wake = asyncio.Event()
        self._outage = OutageLog(lost="relay interrupted", back="relay works again")
        self.handed_over = 0

    async def run(self) -> None:
        """Hand rows over until cancelled. Raises UnsafeDatabaseRole; anything else is tried again after a pause."""
        try:
            while True:
                try:
                    await self._serve()
                except UnsafeDatabaseRole:
                    raise
                except Exception as error:
                    # Each broker's client has errors of its own
                    expected = is_transient(error) or isinstance(error, dramatiq.DramatiqError)
                    why = f"{type(error).__name__}: {error}"
                    self._outage.began(why=why, exc_info=None if expected else error)
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _serve(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=10, command_timeout=ANSWER_SECONDS)
        try:
            await refuse_unsafe_role(connection, "relay")
            await connection.add_listener(OUTBOX_CHANNEL, lambda *_: self._wake.set())
            while True:
                self._wake.clear()
                more = await self.enqueue_due(connection)
                self._outage.ended()
                if not more:
                    await self._sleep(connection)
        finally:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.wait_for(connection.close(), 1)

    async def enqueue_due(self, connection: Any) -> int:
        """Give one batch of due rows to the broker; a broker that refuses leaves the rows as they were."""
        async with connection.transaction():
            rows = [DueRow(*record) for record in await connection.fetch(DUE, BATCH)]
            if rows:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._enqueue, rows)
                await connection.execute(HANDED_OVER, [row.id for row in rows], self._lease)
        self.handed_over += len(rows)
        return len(rows)

    def _enqueue(self, rows: list[DueRow]) -> None:
        for row in rows:
            self._broker.enqueue(to_broker_message(row.job, row.tenant_id, row.id, queue=self._queue))

    async def _sleep(self, connection: Any) -> None:
        """Wait until a row is written, the next row is due, or the poll has come."""
        due_in = await connection.fetchval(NEXT_DUE)
        wait = self._poll if due_in is None else min(self._poll, max(due_in, 0.005))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait)
