"""The Dramatiq broker: in this process by default, RabbitMQ or Redis by URL. It may lose messages."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import dramatiq
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AsyncIO, CurrentMessage, ShutdownNotifications

from backend.core.messaging.jobs import run_job
from tenants.scope import TenantId

QUEUE = "fleetline"
ACTOR = "run"


def broker_place(url: str) -> str:
    """Host and port of a broker, for the log: everything else of an address may hold a password."""
    if not url:
        return "in this process"
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def make_broker(url: str, queue: str = QUEUE) -> dramatiq.Broker:
    """A broker for `amqp://…`, `redis://…` or, with no URL, for this process alone.

    Raises ValueError for another kind of address.
    """
    middleware: list[dramatiq.Middleware] = [AsyncIO(), CurrentMessage(), ShutdownNotifications()]
    broker: dramatiq.Broker
    if not url:
        broker = StubBroker(middleware=middleware)
    elif url.startswith(("amqp://", "amqps://")):
        # The client is needed for this address only
        from dramatiq.brokers.rabbitmq import RabbitmqBroker

        # Confirmed: a message into a connection that has just died would otherwise count as handed over.
        broker = RabbitmqBroker(url=url, middleware=middleware, confirm_delivery=True)
    elif url.startswith(("redis://", "rediss://")):
        # The client is needed for this address only
        from dramatiq.brokers.redis import RedisBroker

        broker = RedisBroker(url=url, middleware=middleware)  # type: ignore[no-untyped-call]
    else:
        raise ValueError("FLEETLINE_BROKER_URL must start with amqp:// or redis://, or be empty")
    dramatiq.set_broker(broker)
    # The outbox decides about repeats, so Dramatiq makes none of its own.
    dramatiq.actor(actor_name=ACTOR, queue_name=queue, broker=broker)(_run)
    broker.declare_queue(queue)
    return broker


async def _run(job: str, tenant_id: str, row_id: str) -> None:
    await run_job(job, TenantId(UUID(tenant_id)), UUID(row_id))


def to_broker_message(
    job: str, tenant_id: UUID, row_id: UUID, *, queue: str = QUEUE
) -> dramatiq.Message[Any]:
    """The message for one row of the outbox: names and ids, never data of a customer."""
    return dramatiq.Message(
        queue_name=queue, actor_name=ACTOR, args=(job, str(tenant_id), str(row_id)), kwargs={}, options={}
    )
