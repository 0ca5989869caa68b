"""The worker process: the relay and Dramatiq's workers in one, on every broker."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import dramatiq
import structlog
from dramatiq.asyncio import get_event_loop_thread

import backend.reactions  # noqa: F401 - registers which jobs follow which event
from backend import context
from backend.core.broker import make_broker
from backend.core.relay import Relay
from backend.settings import Settings
from tenants.transaction import engine, use_engine

log = structlog.get_logger()

THREADS = 8  # each waits for one job; the jobs themselves share one event loop
STOP_MILLISECONDS = 3000


class Connections(dramatiq.Middleware):
    """Opens what jobs need in Dramatiq's own event loop, and closes it there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        _in_job_loop(self._open())

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        with contextlib.suppress(Exception):
            _in_job_loop(_close())

    async def _open(self) -> None:
        await engine().open(size=max(self._settings.pool_size, THREADS))
        context.open_clients(self._settings)


async def _close() -> None:
    await context.close_clients()


def _in_job_loop(work: Any) -> None:
    thread = get_event_loop_thread()
    if thread is None:
        raise RuntimeError("Dramatiq's event loop is not running")
    thread.run_coroutine(work)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Relay]:
    """A worker with its relay, in this process, until the block ends."""
    use_engine(settings.database_url)
    broker = make_broker(settings.broker_url)
    broker.add_middleware(Connections(settings))
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=100)
    await asyncio.to_thread(worker.start)
    relay = Relay(settings.relay_database_url, broker)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.to_thread(worker.stop, STOP_MILLISECONDS)
        await asyncio.to_thread(broker.close)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with running(settings):
        log.info("worker ready", broker=settings.broker_url.split("@")[-1] or "in this process")
        await stop.wait()
