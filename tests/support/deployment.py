"""The product as it is deployed: web, worker and scheduler as processes that can be killed, beside a sandbox."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.support.database import ROOT, TestDatabase
from tests.support.sandbox import STRIPE_KEY, WEBHOOK_SECRET, Sandbox
from tests.support.serving import free_port

READY_SECONDS = 40
COMMANDS = ("web", "worker", "schedule")
READY = {"worker": "worker ready", "schedule": "scheduler ready"}  # what each writes once it works
WEBHOOKS = "/api/callbacks/stripe"
LISTENER = "/tmf-api/serviceOrdering/v4/listener/serviceOrderStateChangeEvent"


class Deployment:
    """Real processes, told everything through their environment."""

    def __init__(
        self, database: TestDatabase, sandbox: Sandbox, folder: Path, environ: Mapping[str, str]
    ) -> None:
        self.database, self.sandbox, self.folder = database, sandbox, folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.queue = f"fleetline-test-{secrets.token_hex(4)}"
        logins = database.logins
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FLEETLINE_")},
            "PYTHONUNBUFFERED": "1",
            "REACTPY_ASYNC_RENDERING": "false",
            **logins.environment(),
            "FLEETLINE_PORT": str(self.port),
            "FLEETLINE_PUBLIC_URL": self.url,
            "FLEETLINE_BROKER_QUEUE": self.queue,
            "FLEETLINE_GRACE_SECONDS": "1",
            "FLEETLINE_LEASE_SECONDS": "3",
            "FLEETLINE_CARRIER_POLL_SECONDS": "2",
            "FLEETLINE_CARRIER_URLS": _pairs(sandbox.carrier_urls),
            "FLEETLINE_CARRIER_SECRETS": _pairs(sandbox.carrier_secrets),
            "FLEETLINE_SMTP_URL": sandbox.smtp_url,
            "FLEETLINE_STRIPE_KEY": STRIPE_KEY,
            "FLEETLINE_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "FLEETLINE_STRIPE_ADDRESS": sandbox.stripe_address,
            **environ,
        }
        self.names: dict[str, str] = {}  # where a process is called otherwise than its command
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for carrier in sandbox.carrier_urls:
            sandbox.call_back(carrier, self.url + LISTENER)
        sandbox.send_webhooks(self.url + WEBHOOKS)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    async def start(self, *names: str, **environ: str) -> None:
        """Start processes, with other settings for this once, and wait until each works."""
        began = {name: self._launch(name, environ) for name in names}
        for name, offset in began.items():
            await self._ready(name, offset)

    def _launch(self, name: str, environ: Mapping[str, str]) -> int:
        """Returns where in the log this start begins."""
        assert name not in self._running, f"{name} is running"
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "backend.cli", self.names.get(name, name)],
                cwd=ROOT,
                env={**self.environ, **environ},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            return log.tell()

    async def _ready(self, name: str, offset: int) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not await self._works(name, offset):
            process = self._running.get(name)
            assert process is None or process.poll() is None, f"{name} ended: {self._last_words(name)}"
            assert time.monotonic() < deadline, f"{name} is not ready: {self._last_words(name)}"
            await asyncio.sleep(0.05)

    async def _works(self, name: str, offset: int) -> bool:
        if (command := self.names.get(name, name)) in READY:
            return READY[command].encode() in self.log(name).read_bytes()[offset:]
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                return (await client.get(f"{self.url}/readyz")).is_success
            except httpx.HTTPError:
                return False

    def _last_words(self, name: str) -> str:
        return self.log(name).read_text(errors="replace")[-3000:]

    def kill(self, name: str) -> None:
        """`kill -9`, as the kernel does when memory runs out."""
        process = self._running.pop(name)
        process.kill()
        process.wait(10)

    def stop(self, name: str) -> tuple[int, float]:
        """SIGTERM, as a supervisor says it; the exit code and how long it took."""
        process, began = self._running.pop(name), time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(10), time.monotonic() - began
        finally:
            process.kill()

    async def mend(self) -> None:
        """After a test that failed halfway: what should run, runs."""
        if self.database.server:
            await asyncio.to_thread(self.database.server.start)
        for name in set(self._running) - set(COMMANDS):
            self.kill(name)
        await self.start(*(name for name in COMMANDS if name not in self._running))

    def close(self) -> None:
        for name in list(self._running):
            self.kill(name)


def _pairs(values: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items())
