"""The sandbox's memory: nothing counts as written before it is."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from backend.sandbox.journal import Journal

INSERT = "INSERT OR REPLACE INTO scripts VALUES (?, ?)"
SELECT = "SELECT carrier FROM scripts ORDER BY carrier"


async def test_what_is_settled_is_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "a" / "journal.sqlite3"
    journal = Journal(file)
    journal.start()
    for number in range(50):
        journal.add(INSERT, f"{number:02}", b"")
    await journal.settled()
    other = sqlite3.connect(file)
    assert len(other.execute(SELECT).fetchall()) == 50
    other.close()
    await journal.close()


async def test_nothing_is_settled_while_the_disk_refuses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.start()
    blocker = sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    journal.add(INSERT, "a", b"")
    waiting = asyncio.create_task(journal.settled())
    await asyncio.sleep(0.5)
    journal.add(INSERT, "b", b"")  # a second group waits behind the first
    behind = asyncio.create_task(journal.settled())
    await asyncio.sleep(0.3)
    assert not waiting.done()
    assert not behind.done()
    assert "trying again" in caplog.text
    blocker.execute("ROLLBACK")
    blocker.close()
    await asyncio.wait_for(asyncio.gather(waiting, behind), 5)
    assert await journal.read(SELECT) == [("a",), ("b",)]
    await journal.close()


async def test_closing_writes_what_is_left(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.add(INSERT, "late", b"")
    await journal.close()
    again = Journal(tmp_path / "journal.sqlite3")
    assert again.rows(SELECT) == [("late",)]
    await again.close()


async def test_a_group_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.add(INSERT, "a", b"")
    journal.add("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(sqlite3.OperationalError):
        await journal.close()
    again = Journal(tmp_path / "journal.sqlite3")
    assert again.rows(SELECT) == []
    await again.close()
