"""Usage import: how long a file of 1,000,000 records of many tenants takes with the command line."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import asyncpg

from backend.core import clock
from backend.usage.records import RECORD_COLUMNS
from tenants.transaction import engine, use_engine
from tests.bench.dataset import Platform
from tests.bench.processes import ROOT
from tests.bench.report import row
from tests.support.database import TestDatabase, make_database
from tests.support.factories import make_customer

RECORDS, QUICK = 1_000_000, 50_000
TENANTS, LINES = 20, 1_000  # of each
GOAL_SECONDS = 120
LIMIT_SECONDS = 900


async def companies(database: TestDatabase) -> list[str]:
    """Tenants with lines; returns the numbers, those of different tenants in turn."""
    use_engine(database.logins.app)
    await engine().open(size=4)
    found = []
    for _ in range(TENANTS):
        customer = await make_customer(lines=LINES)
        async with engine().pool.acquire() as connection, connection.transaction():
            await connection.execute(f"SELECT set_config('app.tenant_id', '{customer.tenant_id}', true)")
            found.append([line["msisdn"] for line in await connection.fetch("SELECT msisdn FROM line")])
    await engine().close()
    return [number for numbers in zip(*found, strict=True) for number in numbers]


def lines_of(numbers: list[str], count: int) -> Iterator[str]:
    yield ",".join(RECORD_COLUMNS) + "\n"
    began = clock.now() - timedelta(days=60)
    moments = [(began + timedelta(minutes=n)).isoformat(timespec="seconds") for n in range(60 * 24 * 59)]
    for n in range(count):
        number, at = numbers[n * 7919 % len(numbers)], moments[n * 104_729 % len(moments)]
        if n % 3:
            yield f"b{n:09d},{number},{at},voice,{n % 900},seconds,BE,0,voice,0,0,+32475{n % 10**6:06d}\n"
        else:
            yield f"b{n:09d},{number},{at},data,{n % 90_000_000},bytes,US,1,,{n % 300},{n % 7},\n"


def imported(database: TestDatabase, file: Path) -> tuple[float, str]:
    """Seconds of `fleetline usage import FILE`, the process's own start included, and what it said."""
    environment = {**os.environ, **database.logins.environment(), "FLEETLINE_SECRET_KEYS": "b" * 43}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "backend.cli", "usage", "import", str(file)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return time.perf_counter() - began, done.stdout


async def run(platform: Platform, *, quick: bool = False) -> None:
    count = QUICK if quick else RECORDS
    database = await make_database(platform.database.admin_url, platform.database.server)
    try:
        numbers = await companies(database)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "usage.csv"
            with file.open("w") as out:
                out.writelines(lines_of(numbers, count))
            first, said = imported(database, file)
            assert f"new: {count}, known: 0" in said, said
            again, said = imported(database, file)
            assert f"new: 0, known: {count}" in said, said
        connection = await asyncpg.connect(database.superuser_url)
        assert await connection.fetchval("SELECT count(*) FROM usage_record") == count
        await connection.close()
    finally:
        await database.drop()
    scale = RECORDS / count
    row("Usage: import of 1,000,000 records", first * scale, "s", goal=f"<= {GOAL_SECONDS}")
    row("Usage: the same file once more", again * scale, "s", goal=f"<= {GOAL_SECONDS}")


async def alone(admin_url: str, *, quick: bool) -> None:
    """`python -m tests.bench.usage URL`: only this, on a server given by its address."""
    server = TestDatabase(admin_url, "postgres", None)
    connection = await asyncpg.connect(admin_url)
    version = await connection.fetchval("SHOW server_version")
    await connection.close()
    await run(Platform(server, big=None, tenants={}, lines=TENANTS * LINES, server=version), quick=quick)  # type: ignore[arg-type]


if __name__ == "__main__":
    import asyncio

    asyncio.run(alone(sys.argv[1], quick="--quick" in sys.argv))
