"""`python -m tests.bench`: prints the table, writes docs/benchmarks.md, and JSON rows where BENCH_JSON says.

Takes the server of FLEETLINE_TEST_DATABASE_URL, with 2,000,000 lines that stay there for the next run, or else an
embedded one with a smaller platform of the same shape.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from backend.core import clock
from backend.embedded_postgres import EmbeddedPostgres
from tests.bench import browser, bulk, dataset, invoices, listing, orders, pages, report, rest, usage
from tests.support.database import start_server

PARTS: dict[str, Callable[..., Awaitable[Any]]] = {
    "listing": listing.run,
    "rest": rest.run,
    "browser": browser.run,
    "pages": pages.run,
    "orders": orders.run,
    "bulk": bulk.run,
    "usage": usage.run,
    "invoices": invoices.run,
}
TABLE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


async def measure(names: list[str], *, quick: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fleetline-bench-", dir="/tmp"))
    admin_url, server = start_server(folder)
    try:
        if server:
            await count_statements(admin_url, server)
        platform = await dataset.load(admin_url, server)
        label = f"{platform.server}, {platform.lines:,} lines"
        print(f"{report.machine(label)}\n\n{report.HEAD}", flush=True)  # noqa: T201 - a bench prints
        for name in names:
            await PARTS[name](platform, quick=quick)
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if out := os.environ.get("BENCH_JSON"):
        report.write_json(Path(out))
    if names == list(PARTS) and not quick:  # the document keeps whole runs only
        report.write(TABLE, label, clock.today().isoformat())


async def count_statements(admin_url: str, server: EmbeddedPostgres) -> None:
    """Have our own server count statements; one that is given by URL is left as it is."""
    connection = await asyncpg.connect(admin_url)
    await connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    await connection.close()
    server.stop()
    server.start()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="NAME", help=", ".join(PARTS)
    )
    parser.add_argument("--quick", action="store_true", help="few samples: to see that it runs")
    request = parser.parse_args()
    warnings.filterwarnings("ignore", module="authlib")
    began = time.monotonic()
    asyncio.run(measure([name for name in PARTS if name in request.only], quick=request.quick))
    missed = [one.name for one in report.ROWS if report.missed(one)]
    print(f"\n{time.monotonic() - began:.0f} s; {len(missed)} rows miss their goal")  # noqa: T201 - a bench prints
    for name in missed:
        print(f"- {name}")  # noqa: T201 - a bench prints
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
