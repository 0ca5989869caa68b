"""Large orders: how soon they are checked and accepted over REST, and how fast items are carried out."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import dramatiq
import httpx
import psutil

from backend.core.messaging.broker import QUEUE, make_broker
from backend.worker import THREADS
from tenants.transaction import engine, use_engine
from tests.bench.dataset import Platform
from tests.bench.processes import ROOT, Running, ours, running, visitor
from tests.bench.report import row
from tests.support.database import TestDatabase, make_database
from tests.support.factories import Customer, make_customer
from tests.support.order_steps import load_lines_at_carrier
from tests.support.sandbox import SECRET, Sandbox
from tests.support.serving import free_port

# Lines of a request, and the most seconds that its preview and its acceptance may take
LARGE = {5_000: ("<= 2", "<= 3"), 20_000: ("<= 2", "<= 2")}
OPTION = "data-5gb"
# Carriers: one is sent each item as an order, the other many in one
ONE_BY_ONE, IN_BATCHES = "mandarine", "lynx"
# What is loaded once, at the first order, is no part of an item's CPU
OTHER_OPTION = "sms-unlimited"
WARM_UP = 20
LIMIT_SECONDS = 90
# BEGIN, COMMIT and settings are no work of an item's own; they travel with others
STATEMENTS = """
SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
WHERE r.rolname IN ('fleetline_app', 'fleetline_relay') AND toplevel
  AND query !~* '^(BEGIN|COMMIT|ROLLBACK|RESET|SELECT set_config|SELECT check_actor|LISTEN|NOTIFY)'
"""


@asynccontextmanager
async def company(
    platform: Platform, lines: int, carrier: str = ONE_BY_ONE
) -> AsyncIterator[tuple[TestDatabase, Customer]]:
    """A database of its own with one customer, dropped afterwards."""
    database = await make_database(platform.database.admin_url, platform.database.server)
    try:
        use_engine(database.logins.app)
        await engine().open(size=4)
        customer = await make_customer(carrier=carrier, lines=lines)
        await engine().close()
        yield database, customer
    finally:
        await database.drop()


def body(**more: Any) -> dict[str, Any]:
    return {"kind": "change_options", "filter": {"status": ["active"]}, "add": [OPTION], **more}


def timed(client: httpx.Client, path: str, content: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    began = time.perf_counter()
    answer = client.post(path, json=content).raise_for_status()
    took = time.perf_counter() - began
    found: dict[str, Any] = answer.json()
    return took, found


def portal(url: str, token: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60, trust_env=False)


async def large(platform: Platform, ordered: int, *, rounds: int) -> None:
    previews, places = [], []
    async with company(platform, ordered) as (database, customer):
        async with visitor(database, customer.tenant_id) as person:
            with ours(database) as web, portal(web.url, person.token) as client:
                for index in range(rounds):
                    took, found = timed(client, "/change-orders/preview", body())
                    assert found["changing"] == ordered
                    previews.append(took)
                    took, found = timed(client, "/change-orders", body(request_key=f"k{index}"))
                    assert len(found["items"]) == ordered
                    places.append(took)
                    client.post(f"/change-orders/{found['reference']}/undo").raise_for_status()
    preview, accepted = LARGE[ordered]
    row(f"order of {ordered:,} lines: preview over REST, slowest", max(previews), "s", goal=preview)
    row(f"order of {ordered:,} lines: accepted over REST, slowest", max(places), "s", goal=accepted)


@contextmanager
def carrier(folder: Path, environment: dict[str, str]) -> Iterator[tuple[Sandbox, int]]:
    """The sandbox in a process of its own, and its number; it answers at once."""
    port = int(environment["FLEETLINE_SANDBOX_PORT"])
    with running(("-m", "backend.cli", "sandbox"), environment, port, ready="/healthz") as process:
        sandbox = Sandbox(folder)
        sandbox.url = process.url
        for code in ("mandarine", "lynx"):
            sandbox.behave(code, delay_ms=0, jitter_ms=0)
        yield sandbox, process.pid
        sandbox._http.close()


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[int]:
    """The worker in a process of its own: its number."""
    process = subprocess.Popen(
        [sys.executable, "-m", "backend.cli", "worker"], cwd=ROOT, env={**os.environ, **environment}
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """How fast the items of one order were carried out, and milliseconds of CPU an item took, by process.

    `statements`: how many an item took of the database; None where the server does not count them.
    """

    items_a_second: float
    milliseconds: dict[str, float]
    statements: float | None


async def carried_out(platform: Platform, broker_url: str, items: int, code: str = ONE_BY_ONE) -> CarriedOut:
    """From the acceptance of an order to its end: carrier, callbacks, history and mail included."""
    async with company(platform, items, code) as (database, customer):
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            environment = {
                "FLEETLINE_RELAY_DATABASE_URL": database.logins.relay,
                "FLEETLINE_DATABASE_URL": database.logins.app,
                "FLEETLINE_BROKER_URL": broker_url,
                "FLEETLINE_GRACE_SECONDS": "0",
                "FLEETLINE_SECRET_KEYS": "A" * 43 + "=",
                "FLEETLINE_SANDBOX_PORT": str(port),
                "FLEETLINE_SANDBOX_DATA": folder,
                "FLEETLINE_SANDBOX_MAIL_PORT": (mail := str(free_port())),
                "FLEETLINE_SMTP_URL": f"smtp://127.0.0.1:{mail}",
                "FLEETLINE_CARRIER_URLS": ",".join(
                    f"{code}=http://127.0.0.1:{port}/{code}" for code in ("mandarine", "lynx")
                ),
                "FLEETLINE_CARRIER_SECRETS": f"mandarine={SECRET},lynx={SECRET}",
            }
            async with visitor(database, customer.tenant_id) as person:
                with ours(database, more=environment) as web:
                    environment["FLEETLINE_PUBLIC_URL"] = web.url
                    with carrier(Path(folder), environment) as (sandbox, sandbox_pid):
                        await known_to(sandbox, customer)
                        with worker(environment) as worker_pid:
                            pids = {"web": web.pid, "worker": worker_pid, "sandbox": sandbox_pid}
                            return await until_done(web, database, person.token, pids, items)


async def known_to(sandbox: Sandbox, customer: Customer) -> None:
    """The carrier's books hold the customer's lines, all of them."""
    pages = await load_lines_at_carrier(customer, sandbox)
    assert pages


async def until_done(
    web: Running, database: TestDatabase, token: str, pids: dict[str, int], items: int
) -> CarriedOut:
    connection = await asyncpg.connect(database.superuser_url)
    backend = await connection.fetchval("SELECT pg_backend_pid()")
    with suppress(psutil.NoSuchProcess):  # a server on another machine has no row
        pids = {**pids, "database": psutil.Process(backend).ppid()}
    with portal(web.url, token) as client:
        lines = [
            line["id"] for line in client.get(f"/lines?limit={WARM_UP}").raise_for_status().json()["items"]
        ]
        few = {"kind": "change_options", "line_ids": lines, "add": [OTHER_OPTION], "request_key": "few"}
        await to_its_end(client, connection, few)
        before = {name: tree_seconds(pid) for name, pid in pids.items()}
        asked = await statements(connection)
        took = await to_its_end(client, connection, body(request_key="all"))
    counted = await statements(connection)
    used = {name: 1000 * (tree_seconds(pid) - before[name]) / items for name, pid in pids.items()}
    await connection.close()
    each = None if counted is None or asked is None else (counted - asked) / items
    return CarriedOut(items / took, used, each)


async def statements(connection: asyncpg.Connection) -> int | None:
    """How many statements the product has sent so far, those of transactions included."""
    if not await connection.fetchval("SELECT current_setting('shared_preload_libraries') <> ''"):
        return None
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    found: int = await connection.fetchval(STATEMENTS)
    return found


async def to_its_end(client: httpx.Client, connection: asyncpg.Connection, content: dict[str, Any]) -> float:
    """Place an order; returns after how many seconds all its items were done."""
    began = time.perf_counter()
    _, order = timed(client, "/change-orders", content)
    while True:
        state = await connection.fetchval(
            "SELECT state FROM change_order WHERE reference = $1", order["reference"]
        )
        if state in {"completed", "partial", "failed", "rejected"}:
            break
        if time.perf_counter() - began > LIMIT_SECONDS:
            raise RuntimeError(f"the order is still {state}")
        await asyncio.sleep(0.05)
    assert state == "completed", state
    return time.perf_counter() - began


def tree_seconds(pid: int) -> float:
    """Seconds of CPU of a process and of all that it has started, ended ones included."""
    process = psutil.Process(pid)
    total = sum(process.cpu_times()[:4])
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += sum(child.cpu_times()[:4])
    return total


def noop_jobs(broker_url: str, jobs: int) -> float:
    """No-op jobs per second on the same broker with as many threads."""
    broker = make_broker(broker_url)
    done: list[None] = []

    async def nothing() -> None:
        done.append(None)

    dramatiq.actor(actor_name="bench_nothing", queue_name=f"{QUEUE}_bench", broker=broker)(nothing)
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=100, queues={f"{QUEUE}_bench"})
    message = dramatiq.Message(
        queue_name=f"{QUEUE}_bench", actor_name="bench_nothing", args=(), kwargs={}, options={}
    )
    worker.start()
    began = time.perf_counter()
    for _ in range(jobs):
        broker.enqueue(message.copy())
    while len(done) < jobs and time.perf_counter() - began < 30:
        time.sleep(0.005)
    rate = len(done) / (time.perf_counter() - began)
    worker.stop(3000)
    broker.close()
    return rate


async def run(platform: Platform, *, quick: bool = False) -> None:
    for ordered in LARGE:
        await large(platform, ordered, rounds=1 if quick else 3)
    given = os.environ.get("FLEETLINE_TEST_BROKER_URLS", "").split(",")
    for url in ("", *filter(None, given)):
        name = {"amqp": "RabbitMQ", "redis": "Redis"}.get(url.partition(":")[0], "in-process broker")
        together = await carried_out(platform, url, 100 if quick else 500, IN_BATCHES)
        done = await carried_out(platform, url, 100 if quick else 500)
        noop = await asyncio.to_thread(noop_jobs, url, 500 if quick else 2000)
        row(f"items carried out, {name}, against no-op jobs", done.items_a_second, "items/s", floor=noop)
        row(f"items carried out in batches, {name}", together.items_a_second, "items/s")
        for how, found, goal in (("", done, "<= 5"), (" in batches", together, "<= 1.5")):
            for process, milliseconds in found.milliseconds.items():
                row(f"items carried out{how}, {name}: CPU of an item, {process}", milliseconds, "ms")
            if found.statements is not None:
                most = "<= 8" if found is done else "<= 3"
                row(f"items carried out{how}, {name}: statements of an item", found.statements, "", goal=most)
            total = sum(found.milliseconds.values()) - found.milliseconds["sandbox"]
            row(
                f"items carried out{how}, {name}: CPU of an item, without the sandbox", total, "ms", goal=goal
            )
