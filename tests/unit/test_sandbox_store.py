"""The sandbox's memory: nothing counts as written before it is."""

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest

from backend.sandbox.carrier.behaviour import Behaviour
from backend.sandbox.carrier.documents import CarrierOrder, order_document
from backend.sandbox.carrier.requests import stored_order
from backend.sandbox.store import Store

INSERT = "INSERT OR REPLACE INTO scripts VALUES (?, ?)"
SELECT = "SELECT carrier FROM scripts ORDER BY carrier"


async def test_what_is_settled_is_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "a" / "journal.sqlite3"
    journal = Store(file)
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
    journal = Store(tmp_path / "journal.sqlite3")
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
    journal = Store(tmp_path / "journal.sqlite3")
    journal.add(INSERT, "late", b"")
    await journal.close()
    again = Store(tmp_path / "journal.sqlite3")
    assert again.rows(SELECT) == [("late",)]
    await again.close()


async def test_a_group_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    journal = Store(tmp_path / "journal.sqlite3")
    journal.add(INSERT, "a", b"")
    journal.add("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(sqlite3.OperationalError):
        await journal.close()
    again = Store(tmp_path / "journal.sqlite3")
    assert again.rows(SELECT) == []
    await again.close()


def an_order() -> CarrierOrder:
    return CarrierOrder(
        id="1",
        carrier="mandarine",
        external_id="E1",
        customer="delta",
        msisdn="+32470100001",
        category="changeOptions",
        action="modify",
        asked={"addOption": ["sms-unlimited"], "removeOption": []},
        original=msgspec.Raw(b'{"serviceOrderItem":[{"id":"1","service":{"id":"+32470100001"}}]}'),
        behaviour=Behaviour(delay_ms=1500, jitter_ms=500),
        steps=["carried_out"],
        pace=1.5,
        state="inProgress",
        ordered_at=1.0,
        due=2.0,
    )


def test_an_order_comes_back_from_the_journal_as_it_was() -> None:
    order = stored_order(msgspec.json.encode(an_order()))
    assert (order.category, order.steps, order.due) == ("changeOptions", ["carried_out"], 2.0)
    assert order.asked == {"addOption": ["sms-unlimited"], "removeOption": []}
    assert order_document(order)["serviceOrderItem"][0]["service"]["id"] == "+32470100001"
    assert stored_order(msgspec.json.encode(order)) == order


def test_an_order_of_another_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="remove its folder"):
        stored_order(b'{"id": "1", "add": ["sms-unlimited"], "remove": []}')
