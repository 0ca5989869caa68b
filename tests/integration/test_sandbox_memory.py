"""The sandbox as a process: killed and started again it loses nothing, told to end it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx

from backend.core.errors import Unavailable
from backend.integrations.network import Accepted, HttpCarrierNetwork, ServiceOrder
from tests.support.listener import eventually, listening
from tests.support.sandbox import SECRET, free_socket, options_order

PROGRAM = """
import sys
from pathlib import Path
from backend.sandbox.app import serve
from backend.sandbox.behaviour import Behaviour
from backend.sandbox.world import Setup

data, port, callback, secret, delay = sys.argv[1:]
serve(
    Setup(
        data=Path(data),
        callback_urls={"mandarine": callback},
        secrets={"mandarine": secret},
        behaviour=Behaviour(delay_ms=int(delay), jitter_ms=0),
        mail_port=0,
    ),
    port=int(port),
)
"""
NUMBERS = [f"+3247010{index:04}" for index in range(200)]


class Process:
    def __init__(self, data: Path, callback: str, delay_ms: int) -> None:
        with free_socket() as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = [str(data), str(self.port), callback, SECRET, str(delay_ms)]
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave nothing behind, whatever failed."""
        if self._process and self._process.poll() is None:
            await self.end(signal.SIGKILL)

    async def start(self) -> None:
        command = [sys.executable, "-c", PROGRAM, *self._arguments]
        self._process = await asyncio.to_thread(subprocess.Popen, command)
        async with httpx.AsyncClient() as client:
            for _ in range(200):
                try:
                    if (await client.get(f"{self.url}/healthz")).is_success:
                        return
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
        raise AssertionError("the sandbox did not start")

    async def end(self, how: signal.Signals) -> float:
        """Send a signal, wait for the end, say how long it took."""
        assert self._process
        began = time.monotonic()
        os.kill(self._process.pid, how)
        await asyncio.to_thread(self._process.wait, 10)
        return time.monotonic() - began

    async def load(self) -> None:
        lines = [
            {"msisdn": number, "billingAccount": "1", "productType": "voice_data", "plan": "pro-flex-20"}
            for number in NUMBERS
        ]
        async with httpx.AsyncClient() as client:
            body = {"customer": "delta", "lines": lines}
            (await client.post(f"{self.url}/mandarine/admin/inventory", json=body)).raise_for_status()

    async def counts(self) -> dict[str, dict[str, int]]:
        async with httpx.AsyncClient() as client:
            found: dict[str, dict[str, int]] = (await client.get(f"{self.url}/mandarine/admin/counts")).json()
            return found


async def test_killed_while_orders_run_it_carries_each_out_exactly_once(tmp_path: Path) -> None:
    orders = [options_order(number, add=("sms-unlimited",)) for number in NUMBERS]
    async with listening() as listener, Process(tmp_path, listener.url, delay_ms=300) as sandbox:
        await sandbox.load()
        accepted: set[str] = set()
        async with HttpCarrierNetwork({"mandarine": f"{sandbox.url}/mandarine"}) as network:

            async def hand_over(order: ServiceOrder) -> None:
                for _ in range(200):
                    try:
                        if isinstance(await network.submit("mandarine", order), Accepted):
                            accepted.add(order.external_id)
                            return
                    except Unavailable:
                        await asyncio.sleep(0.05)

            handing_over = asyncio.gather(*(hand_over(order) for order in orders))
            for wanted in (20, 120):
                await eventually(lambda wanted=wanted: len(accepted) >= wanted)  # type: ignore[misc]
                await sandbox.end(signal.SIGKILL)
                await sandbox.start()
            await handing_over
            assert accepted == {order.external_id for order in orders}
            done = {order.external_id for order in orders}
            await eventually(
                lambda: done == {each.news.external_id for each in listener.heard if each.news.state.final},
                20,
            )
            page = await network.inventory("mandarine", "delta", 0, 1000)
        counts = await sandbox.counts()
        assert counts["by_external_id"] == dict.fromkeys(accepted, 1)
        assert counts["by_line"] == dict.fromkeys(NUMBERS, 1)
        assert {line.options for line in page.lines} == {("sms-unlimited",)}
        assert await sandbox.end(signal.SIGTERM) < 3


async def test_told_to_end_it_ends_with_callers_connected(tmp_path: Path) -> None:
    async with Process(tmp_path, "http://127.0.0.1:9/nobody", delay_ms=60_000) as sandbox:
        await sandbox.load()
        async with HttpCarrierNetwork({"mandarine": f"{sandbox.url}/mandarine"}) as network:
            order = options_order(NUMBERS[0], add=("sms-unlimited",))
            assert isinstance(await network.submit("mandarine", order), Accepted)
            assert await sandbox.end(signal.SIGTERM) < 3


async def test_behaviour_is_remembered(tmp_path: Path) -> None:
    async with Process(tmp_path, "", delay_ms=0) as sandbox:
        async with httpx.AsyncClient(base_url=sandbox.url) as client:
            wish = {"outcome": "held", "orders": 3}
            before = (await client.put("/mandarine/admin/behaviour", json=wish)).json()
        await sandbox.end(signal.SIGKILL)
        await sandbox.start()
        async with httpx.AsyncClient(base_url=sandbox.url) as client:
            assert (await client.get("/mandarine/admin/behaviour")).json() == before
