"""What open fleet pages cost: memory of each, and a thousand of them in use in one process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from frontend.assets import asset_url
from tests.bench.dataset import Platform
from tests.bench.processes import (
    ROOT,
    Running,
    Visitor,
    cpu_seconds,
    medium,
    ours,
    rss_kilobytes,
    visitor,
)
from tests.bench.report import row

PERIOD = 5


class Told:
    """The crowd's process: say a command, get its answer."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, command: str) -> dict[str, float]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        found: dict[str, float] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def crowd(web: Running, person: Visitor) -> Iterator[Told]:
    tag = asset_url("boot.js").split("/")[2]
    url = f"ws://127.0.0.1:{web.port}/reactpy/frontend.routes.Root/?path=/app/fleet&boot=1&tag={tag}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.crowd", url, web.url, person.session],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Told(process)
    finally:
        process.kill()
        process.wait()


def held(web: Running) -> float:
    """Kilobytes, once unused memory was given back."""
    os.kill(web.pid, signal.SIGUSR1)
    time.sleep(1.5)
    return rss_kilobytes(web.pid)


async def run(platform: Platform, *, quick: bool = False) -> None:
    first, many, seconds = (50, 200, 10) if quick else (200, 1000, 30)
    async with visitor(platform.database, medium(platform)) as person:
        with (
            ours(platform.database, factory="tests.bench.trimming:create") as web,
            crowd(web, person) as reported,
        ):
            reported("open 20")  # what the process needs once
            reported("use")
            before = held(web)
            reported(f"open {first}")
            row(
                f"memory per open fleet page, {first} opened",
                (held(web) - before) / first,
                "kB",
                goal="<= 150",
            )
            reported("use")
            row("memory per open fleet page, after use", (held(web) - before) / first, "kB", goal="<= 150")
            opened = reported(f"open {many - first - 20}")
            row("time per page that opens, 8 at once", opened["seconds"] * 1000 / (many - first - 20), "ms")
            cpu, began = cpu_seconds(web.pid), time.perf_counter()
            found = reported(f"load {seconds} {PERIOD}")
            share = (cpu_seconds(web.pid) - cpu) / (time.perf_counter() - began)
            name = f"{many} open pages, an interaction every {PERIOD} s each"
            row(f"{name}, p50", found["p50"], "ms")
            row(f"{name}, p95", found["p95"], "ms", goal="<= 50")
            row(f"{name}, share of a core", share * 100, "%")
