"""The worker process: the relay and Dramatiq's workers in one, on every broker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import dramatiq
import structlog
from dramatiq.asyncio import get_event_loop_thread

import backend.subscriptions  # noqa: F401 - registers which jobs follow which event
from backend import runtime
from backend.core.garbage_collection import tune_garbage_collector
from backend.core.messaging.broker import broker_place, make_broker
from backend.core.messaging.outbox_relay import Relay
from backend.core.shutdown import LEAVE_SECONDS, exit_within, wait_for_stop_signal
from backend.database import check_database, check_relay, open_database
from backend.settings import SettingError, Settings
from tenants.transaction import engine, use_engine

log = structlog.get_logger()

# Each waits for one job; the jobs themselves share one event loop
THREADS = 8
STOP_MILLISECONDS = 2500
CLOSE_SECONDS = 0.8


class WorkerLifecycle(dramatiq.Middleware):
    """Opens what jobs need in Dramatiq's own event loop, and closes it there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.failure: Exception | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        try:
            _in_job_loop(self._open())
        except Exception as error:
            # Dramatiq would log it and work on without a database
            self.failure = error

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        # After the jobs have stopped. The pool first and each on its own: clients that are slow to close must not
        # leave connections open.
        for close in (engine().close, runtime.close_clients):
            with contextlib.suppress(Exception):
                _in_job_loop(asyncio.wait_for(close(), CLOSE_SECONDS))

    async def _open(self) -> None:
        await open_database(size=max(self._settings.pool_size, THREADS))
        runtime.open_clients(self._settings)


def _in_job_loop(work: Any) -> None:
    thread = get_event_loop_thread()
    if thread is None:
        raise RuntimeError("Dramatiq's event loop is not running")
    thread.run_coroutine(work)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """A worker in this process until the block ends; the task is its relay, which ends by an error only."""
    use_engine(settings.database_url)
    broker = make_broker(settings.broker_url, settings.broker_queue)
    connections = WorkerLifecycle(settings)
    broker.add_middleware(connections)
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=100)
    await asyncio.to_thread(worker.start)
    relay = Relay(
        settings.relay_database_url,
        broker,
        queue=settings.broker_queue,
        lease=timedelta(seconds=settings.lease_seconds),
    )
    if connections.failure:
        await asyncio.to_thread(worker.stop, STOP_MILLISECONDS)
        raise connections.failure
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(worker.stop, STOP_MILLISECONDS)
        await asyncio.to_thread(broker.close)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C. Raises SettingError for the relay's login, and as `open_database` does."""
    if not settings.relay_database_url:
        raise SettingError("FLEETLINE_RELAY_DATABASE_URL is not set: the worker needs the relay's login")
    await check_database(settings)
    await check_relay(settings.relay_database_url)
    stop = wait_for_stop_signal()
    async with running(settings) as relay:
        tune_garbage_collector()
        log.info("worker ready", broker=broker_place(settings.broker_url))
        told = asyncio.create_task(stop.wait())
        await asyncio.wait({told, relay}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if relay.done():
            exit_within(LEAVE_SECONDS, code=1)
            relay.result()
