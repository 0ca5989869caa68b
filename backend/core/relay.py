"""From the outbox to the broker: at once after a commit, and again whatever stays unfinished. Several may run."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import asyncpg
import dramatiq
import structlog

from backend.core import clock
from backend.core.broker import message
from backend.core.outbox import OUTBOX_CHANNEL
from tenants.transaction import refuse_bypassing_login

log = structlog.get_logger()

BATCH = 500
LEASE = timedelta(seconds=60)  # a job not finished by then is handed over again
POLL_SECONDS = 1.0

DUE = (
    "SELECT id, tenant_id, job FROM outbox WHERE failed_at IS NULL AND not_before <= now()"
    " ORDER BY not_before LIMIT $1 FOR UPDATE SKIP LOCKED"
)


class Relay:
    """Runs until cancelled; survives a database or broker that goes away."""

    def __init__(
        self,
        database_url: str,
        broker: dramatiq.Broker,
        *,
        lease: timedelta = LEASE,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._url, self._broker, self._lease, self._poll = database_url, broker, lease, poll
        self._wake = asyncio.Event()
        self.handed_over = 0

    async def run(self) -> None:
        while True:
            try:
                await self._serve()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, dramatiq.DramatiqError) as error:
                log.warning("relay interrupted", why=str(error) or type(error).__name__)
                await asyncio.sleep(POLL_SECONDS / 2)

    async def _serve(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await refuse_bypassing_login(connection)
            await connection.add_listener(OUTBOX_CHANNEL, lambda *_: self._wake.set())
            while True:
                self._wake.clear()
                if not await self.hand_over(connection):
                    await self._sleep(connection)
        finally:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.wait_for(connection.close(), 1)

    async def hand_over(self, connection: Any) -> int:
        """Give one batch of due rows to the broker; a broker that refuses leaves the rows as they were."""
        async with connection.transaction():
            rows = await connection.fetch(DUE, BATCH)
            if rows:
                await asyncio.to_thread(self._enqueue, rows)
                await connection.execute(
                    "UPDATE outbox SET sent_at = now(), not_before = $2 WHERE id = ANY($1)",
                    [row["id"] for row in rows],
                    clock.now() + self._lease,
                )
        self.handed_over += len(rows)
        return len(rows)

    def _enqueue(self, rows: list[Any]) -> None:
        for row in rows:
            self._broker.enqueue(message(row["job"], row["tenant_id"], row["id"]))

    async def _sleep(self, connection: Any) -> None:
        """Until something is announced, or the next row is due, or the poll."""
        next_due = await connection.fetchval("SELECT min(not_before) FROM outbox WHERE failed_at IS NULL")
        wait = self._poll
        if next_due is not None:
            wait = min(wait, max((next_due - clock.now()).total_seconds(), 0.005))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait)
