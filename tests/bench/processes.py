"""Processes of the bench: our web process and the floors, each with uvicorn as a deployment runs it; who visits them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx

from backend.core import clock
from backend.members.sessions import open_session
from backend.members.tokens import create_token
from tenants.scope import Actor, TenantId
from tenants.transaction import engine, use_engine
from tests.bench.dataset import Platform
from tests.support.database import TestDatabase, make_signing_key
from tests.support.factories import make_member
from tests.support.serving import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 30
UVICORN = ("-m", "uvicorn", "--factory", "--log-level", "warning", "--no-access-log", "--host", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Running:
    """A process that answers at `url`."""

    url: str
    port: int
    pid: int


@contextmanager
def running(
    arguments: tuple[str, ...], environment: Mapping[str, str], port: int, *, ready: str = "/"
) -> Iterator[Running]:
    """A Python process that listens on a port, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environment}, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.get(f"{url}{ready}", trust_env=False, timeout=5)
                break
            except httpx.TransportError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{' '.join(arguments)} did not start") from None
                time.sleep(0.05)
        yield Running(url, port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def ours(
    database: TestDatabase,
    public_port: int | None = None,
    more: Mapping[str, str] | None = None,
    *,
    factory: str = "frontend.main:serve",
) -> Iterator[Running]:
    """Our web process, one worker. `public_port`: where browsers reach it, when something stands between."""
    port = free_port()
    environment = {
        "FLEETLINE_DATABASE_URL": database.logins.app,
        "FLEETLINE_PUBLIC_URL": f"http://127.0.0.1:{public_port or port}",
        "FLEETLINE_PORT": str(port),
        "FLEETLINE_SECRET_KEYS": "A" * 43 + "=",
        "REACTPY_ASYNC_RENDERING": "false",
        **(more or {}),
    }
    make_signing_key(database.logins, environment["FLEETLINE_SECRET_KEYS"])
    command = (*UVICORN, "--port", str(port), factory)
    with running(command, environment, port, ready="/healthz") as process:
        yield process


@contextmanager
def floor(database: TestDatabase, tenant: UUID, module: str) -> Iterator[Running]:
    """A plain Litestar application beside ours: the superuser's login, no policies, no sign-in."""
    port = free_port()
    environment = {"BENCH_DATABASE": database.superuser_url, "BENCH_TENANT": str(tenant)}
    with running(
        (*UVICORN, "--port", str(port), f"tests.bench.floor.{module}:create"), environment, port
    ) as process:
        yield process


@dataclass(frozen=True, slots=True)
class Visitor:
    """A fleet manager of a tenant, with a session and a token."""

    actor: Actor
    session: str
    token: str


@asynccontextmanager
async def visitor(database: TestDatabase, tenant: UUID) -> AsyncIterator[Visitor]:
    """Somebody who may look; forgotten afterwards, since the database is kept."""
    use_engine(database.logins.app)
    await engine().open(size=4)
    member = await make_member(TenantId(tenant))
    assert member.member_id
    product = Actor(TenantId(tenant))
    opened = await open_session(product, member.member_id, clock.now())
    token = await create_token(product, member.member_id)
    try:
        yield Visitor(member, opened.token, token)
    finally:
        await engine().close()
        connection = await asyncpg.connect(database.superuser_url)
        await connection.execute("SET session_replication_role = replica")
        for table in (
            "timeline_entry",
            "change_order_item",
            "change_order",
            "portal_session",
            "api_token",
            "audit_event",
        ):
            await connection.execute(f"DELETE FROM {table} WHERE tenant_id = $1", tenant)
        await connection.execute(
            "WITH gone AS (DELETE FROM member WHERE id = $1 RETURNING account_id)"
            " DELETE FROM account WHERE id IN (SELECT account_id FROM gone)",
            member.member_id,
        )
        await connection.close()


def medium(platform: Platform) -> UUID:
    """The tenant with 10,000 lines."""
    return platform.tenants[10_000]


def rss_kilobytes(pid: int) -> float:
    """What the process itself holds, shared pages left out."""
    status = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return sum(float(line.split()[1]) for line in status.splitlines() if line.startswith("Private_"))


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
