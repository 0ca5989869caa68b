"""REST list requests per second: token, policies and scope included, against the floor without them."""

import subprocess
import sys

from tests.bench.dataset import Platform
from tests.bench.processes import ROOT, Running, floor, medium, ours, visitor
from tests.bench.report import quantile, row

CONNECTIONS = 16
PATH = "/api/v1/lines"


def requests_per_second(process: Running, token: str, seconds: float) -> float:
    command = [sys.executable, "-m", "tests.bench.load"]
    request = [str(process.port), PATH, token, str(seconds), str(CONNECTIONS)]
    done = subprocess.run([*command, *request], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout) / seconds


async def run(platform: Platform, *, quick: bool = False) -> None:
    tenant, seconds, rounds = medium(platform), 1.5 if quick else 3.0, 2 if quick else 4
    async with visitor(platform.database, tenant) as person:
        with ours(platform.database) as web, floor(platform.database, tenant, "rest") as plain:
            rates: dict[int, list[float]] = {web.pid: [], plain.pid: []}
            for process in (web, plain):
                requests_per_second(process, person.token, 1)  # plans and caches are warm
            for _ in range(rounds):
                for process in (web, plain):
                    rates[process.pid].append(requests_per_second(process, person.token, seconds))
    row(
        "REST: list of 50 lines, fleet of 10,000",
        quantile(rates[web.pid], 0.5),
        "req/s",
        floor=quantile(rates[plain.pid], 0.5),
        goal=">= 0.5 (aim 0.7)",
    )
