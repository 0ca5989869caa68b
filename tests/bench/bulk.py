"""A file of 20,000 rows: how long until it is checked, and until the order is accepted; an export of 100,000 lines and its memory."""

import asyncio
import sys
import threading
import time
from typing import Any

import asyncpg
import httpx

from tenants.transaction import engine
from tests.bench.dataset import Platform
from tests.bench.orders import company, portal, timed
from tests.bench.processes import Running, ours, rss_kilobytes, visitor
from tests.bench.report import row
from tests.support.database import TestDatabase
from tests.support.factories import Customer
from tests.support.jobs import drain

ROWS, QUICK = 20_000, 2_000
EXPORTED = 100_000
GOAL_SECONDS = 10
FLAT_MB = 40  # what an export of ten times the lines may need more


async def numbers_of(customer: Customer) -> list[str]:
    async with engine().pool.acquire() as connection, connection.transaction():
        await connection.execute(f"SELECT set_config('app.tenant_id', '{customer.tenant_id}', true)")
        return [line["msisdn"] for line in await connection.fetch("SELECT msisdn FROM line ORDER BY msisdn")]


def hand_in(client: httpx.Client, content: bytes) -> str:
    """Store the file and have it checked; returns the upload's id."""
    sent = {"file": ("fleet.csv", content, "text/csv")}
    stored = client.post("/documents", data={"purpose": "bulk"}, files=sent).raise_for_status().json()
    body = {"kind": "suspend", "document_id": stored["id"]}
    return str(client.post("/bulk", json=body).raise_for_status().json()["id"])


def state_of(client: httpx.Client, upload: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/bulk/{upload}").raise_for_status().json()["upload"]
    return found


async def checked(database: TestDatabase, client: httpx.Client, content: bytes) -> tuple[float, str]:
    """Seconds from handing it in to the last row's result, and the file's id."""
    began = time.perf_counter()
    upload = hand_in(client, content)
    await drain(database, only="bulk.")
    took = time.perf_counter() - began
    found = state_of(client, upload)
    assert found["state"] == "ready", found
    assert found["ok"] == content.count(b"\n") - 1, found
    return took, upload


async def files(platform: Platform, *, count: int) -> None:
    async with company(platform, count) as (database, customer):
        async with visitor(database, customer.tenant_id) as person:
            numbers = await numbers_of(customer)
            content = b"number;reason\n" + b"".join(f"{number};absence\n".encode() for number in numbers)
            with ours(database) as web, portal(web.url, person.token) as client:
                took, upload = await checked(database, client, content)
                body = {"kind": "suspend", "upload_id": upload, "request_key": "k"}
                previewed, found = timed(client, "/change-orders/preview", body)
                assert found["changing"] == count, found["changing"]
                accepted, order = timed(client, "/change-orders", body)
                assert len(order["items"]) == count
    row("file of 20,000 rows: checked", took * ROWS / count, "s", goal=f"<= {GOAL_SECONDS}")
    row("file of 20,000 rows: preview over REST", previewed * ROWS / count, "s", goal=f"<= {GOAL_SECONDS}")
    row("file of 20,000 rows: accepted over REST", accepted * ROWS / count, "s", goal=f"<= {GOAL_SECONDS}")


def most_memory(web: Running, work: threading.Thread) -> float:
    """The most that the server held while the work ran."""
    most = 0.0
    work.start()
    while work.is_alive():
        most = max(most, rss_kilobytes(web.pid) / 1024)
        work.join(0.05)
    return most


def exported(web: Running, cookie: str, lines: int, reported: list[tuple[float, int]]) -> None:
    began, count = time.perf_counter(), 0
    cookies = {"fleetline_session": cookie}
    with httpx.stream(
        "GET", f"{web.url}/app/export/lines.csv", cookies=cookies, timeout=120, trust_env=False
    ) as answer:
        assert answer.status_code == 200, answer.status_code
        for part in answer.iter_bytes():
            count += part.count(b"\n")
    assert count == lines + 1, count
    reported.append((time.perf_counter() - began, count))


async def export(platform: Platform, *, lines: int) -> None:
    """The same server exports a tenth of the lines and all of them: memory may not follow."""
    most = []
    for count in (lines // 10, lines):
        async with company(platform, count) as (database, customer):
            async with visitor(database, customer.tenant_id) as person:
                with ours(database) as web:
                    reported: list[tuple[float, int]] = []
                    work = threading.Thread(target=exported, args=(web, person.session, count, reported))
                    most.append(most_memory(web, work))
                    assert reported, "the export did not end"
    row("fleet export of 100,000 lines", reported[0][0] * EXPORTED / lines, "s")
    row(
        "fleet export of 100,000 lines: memory beside one of 10,000",
        most[1] - most[0],
        "MB",
        goal=f"<= {FLAT_MB}",
    )


async def run(platform: Platform, *, quick: bool = False) -> None:
    await files(platform, count=QUICK if quick else ROWS)
    await export(platform, lines=QUICK if quick else EXPORTED)


async def alone(admin_url: str, *, quick: bool) -> None:
    """`python -m tests.bench.bulk URL [--quick]`: only this, on a server given by its address."""
    server = TestDatabase(admin_url, "postgres", None)
    connection = await asyncpg.connect(admin_url)
    version = await connection.fetchval("SHOW server_version")
    await connection.close()
    await run(Platform(server, big=None, tenants={}, lines=EXPORTED, server=version), quick=quick)  # type: ignore[arg-type]


if __name__ == "__main__":
    asyncio.run(alone(sys.argv[1], quick="--quick" in sys.argv))
