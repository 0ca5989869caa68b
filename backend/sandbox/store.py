"""The sandbox's memory on disk: one SQLite file, written in groups, so that a kill loses nothing acknowledged."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOG = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (carrier TEXT, id TEXT, document BLOB, PRIMARY KEY (carrier, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lines (carrier TEXT, msisdn TEXT, document BLOB, PRIMARY KEY (carrier, msisdn)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS effects (
  carrier TEXT, external_id TEXT, msisdn TEXT, times INTEGER, PRIMARY KEY (carrier, external_id, msisdn)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sims (carrier TEXT, number TEXT, document BLOB, PRIMARY KEY (carrier, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS callbacks (id TEXT PRIMARY KEY, carrier TEXT, document BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scripts (carrier TEXT PRIMARY KEY, document BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mails (
  id INTEGER PRIMARY KEY, message_id TEXT UNIQUE, recipients TEXT, received_at TEXT, times INTEGER, raw BLOB
);
CREATE TABLE IF NOT EXISTS payment_objects (number INTEGER PRIMARY KEY, id TEXT UNIQUE, document BLOB);
CREATE TABLE IF NOT EXISTS payment_answers (key TEXT PRIMARY KEY, document BLOB);
CREATE TABLE IF NOT EXISTS payment_webhooks (number INTEGER PRIMARY KEY, id TEXT UNIQUE, document BLOB);
CREATE TABLE IF NOT EXISTS payment_settings (name TEXT PRIMARY KEY, document BLOB) WITHOUT ROWID;
"""
RETRY_SECONDS = 0.5
LAST_WRITE_SECONDS = 1.0

StoredRow = tuple[Any, ...]


class Store:
    """Statements added between two awaits are written in one transaction, together with their neighbours'."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, timeout=0.2, isolation_level=None, check_same_thread=False)
        # A killed process loses nothing with NORMAL under WAL; only a power cut could.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
        self._batch: list[tuple[str, Sequence[Any]]] = []
        self._written: asyncio.Future[None] | None = None
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[StoredRow]:
        """Read at start, before anything is written."""
        return self._connection.execute(sql, parameters).fetchall()

    async def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[StoredRow]:
        """Read what has been written, off the event loop."""
        await self.settled()
        async with self._lock:
            return await asyncio.to_thread(self.rows, sql, parameters)

    def add(self, sql: str, *parameters: Any) -> None:
        """Note a change; it is on disk once `settled` returns."""
        self._batch.append((sql, parameters))
        self._wake.set()

    async def settled(self) -> None:
        """Wait until everything added so far is on disk."""
        if self._batch:
            if self._written is None:
                self._written = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._written)
        else:
            # A group may be on its way to the disk
            async with self._lock:
                return

    def start(self) -> None:
        self._task = asyncio.create_task(self._write_groups())

    async def close(self) -> None:
        """Write what is left and close the file."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        async with self._lock:
            try:
                if self._batch:
                    self._commit(self._batch)
            finally:
                self._connection.close()

    async def _write_groups(self) -> None:
        while True:
            await self._wake.wait()
            async with self._lock:
                self._wake.clear()
                batch, self._batch = self._batch, []
                written, self._written = self._written, None
                writing = asyncio.create_task(self._write(batch))
                try:
                    await asyncio.shield(writing)
                except asyncio.CancelledError:
                    await asyncio.wait({writing}, timeout=LAST_WRITE_SECONDS)
                    writing.cancel()
                    raise
                if written and not written.done():
                    written.set_result(None)

    async def _write(self, batch: list[tuple[str, Sequence[Any]]]) -> None:
        while True:
            try:
                await asyncio.to_thread(self._commit, batch)
            except sqlite3.OperationalError:
                # A full disk: nothing is acknowledged until there is room again.
                LOG.exception("the sandbox cannot write its memory; trying again")
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    def _commit(self, batch: list[tuple[str, Sequence[Any]]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, parameters in batch:
                self._connection.execute(sql, parameters)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
