"""The Dramatiq broker: in this process by default, RabbitMQ or Redis by URL. It may lose messages."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import dramatiq
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import BrokerConnectionError, ConnectionClosed
from dramatiq.middleware import AsyncIO, CurrentMessage, ShutdownNotifications

from backend.core.messaging.jobs import run_job
from backend.core.outages import OutageLog
from tenants.scope import TenantId

QUEUE = "fleetline"
ACTOR = "run"


class WatchedConsumer(dramatiq.Consumer):
    """A consumer that says in the log when its broker is lost and when it is back, once each."""

    def __init__(self, consumer: dramatiq.Consumer, outage: OutageLog) -> None:
        self._consumer, self._outage = consumer, outage

    def __next__(self) -> dramatiq.MessageProxy | None:
        try:
            message = next(self._consumer)
        except BrokerConnectionError as error:
            self._outage.began(why=_words(error))
            raise
        self._outage.ended()
        return message

    def ack(self, message: dramatiq.MessageProxy) -> None:
        self._consumer.ack(message)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        self._consumer.nack(message)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        self._consumer.requeue(messages)

    def close(self) -> None:
        self._consumer.close()


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _watch(broker: dramatiq.Broker) -> None:
    """Have the consumers of a broker elsewhere watched."""
    outage, consume = OutageLog(lost="broker lost", back="broker works again"), broker.consume

    def watched(*args: Any, **kwargs: Any) -> dramatiq.Consumer:
        try:
            return WatchedConsumer(consume(*args, **kwargs), outage)
        except BrokerConnectionError as error:
            outage.began(why=_words(error))
            raise
        except OSError as error:
            # A host that is not found, which Dramatiq would log with its traceback, again and again
            outage.began(why=_words(error))
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    broker.consume = watched  # type: ignore[method-assign]


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
    if url:
        _watch(broker)
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
