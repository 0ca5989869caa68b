"""RabbitMQ and Redis, each with the server under test: worker and relay killed, the broker emptied or cut off.

Only where FLEETLINE_TEST_BROKER_URLS names them; the in-process broker has the whole matrix in the other files.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import pika
import pytest
import redis

from tests.faults.orders import LINES, prepare_order, wait_until
from tests.faults.test_kills import MOMENTS, while_sending
from tests.support.deployment import Deployment
from tests.support.proxy import Wire, wire_to

URLS = [url for url in os.environ.get("FLEETLINE_TEST_BROKER_URLS", "").split(",") if url]

if URLS:

    @pytest.fixture(scope="module", params=URLS, ids=[url.partition(":")[0] for url in URLS])
    async def wire(request: pytest.FixtureRequest, deployment: Deployment) -> AsyncIterator[Wire]:
        """The worker of the deployment on this broker, by a wire that can be cut."""
        async with wire_to(request.param) as wire:
            deployment.kill("worker")
            deployment.environ["FLEETLINE_BROKER_URL"] = wire.url
            await deployment.start("worker")
            yield wire
            deployment.kill("worker")
            await asyncio.to_thread(forget, request.param, deployment.queue)
            del deployment.environ["FLEETLINE_BROKER_URL"]
            await deployment.start("worker")

    @pytest.fixture
    def broker(wire: Wire) -> str:
        return wire.target

    @pytest.fixture(autouse=True)
    def whole(wire: Wire) -> Iterator[None]:
        yield
        wire.passes = True

    @pytest.mark.parametrize("moment", MOMENTS)
    async def test_a_killed_worker_loses_nothing(deployment: Deployment, broker: str, moment: str) -> None:
        grace, reach = MOMENTS[moment]
        order = await reach(await prepare_order(deployment, grace_seconds=grace))
        deployment.kill("worker")
        await deployment.start("worker")
        await order.ends()

    async def test_an_emptied_broker_loses_nothing(deployment: Deployment, broker: str) -> None:
        """Whatever was on its way is gone, acknowledged or not; the outbox knows what has not been done."""
        order = await while_sending(await prepare_order(deployment))
        deployment.kill("worker")
        assert await asyncio.to_thread(empty, broker, deployment.queue), "nothing was on its way"
        await deployment.start("worker")
        await order.ends()

    async def test_a_broker_that_is_cut_off_for_a_while_loses_nothing(
        deployment: Deployment, wire: Wire
    ) -> None:
        """The worker is not started again: its relay and its consumers find the broker by themselves."""
        prepared = await prepare_order(deployment)
        deployment.sandbox.behave("mandarine", delay_ms=300)
        wire.passes = False
        wire.cut()
        order = await prepared.place()
        await asyncio.sleep(2)
        assert order.taken_count() == 0
        wire.passes = True

        async def some_sent() -> bool:
            return order.taken_count() > LINES // 10

        await wait_until(some_sent, "a part was sent")
        wire.cut()
        await order.ends()

    async def test_two_workers_share_the_work_and_one_may_die(deployment: Deployment, broker: str) -> None:
        deployment.names["second"] = "worker"
        await deployment.start("second")
        order = await while_sending(await prepare_order(deployment))
        deployment.kill("second")
        await order.ends()


def forget(url: str, queue: str) -> None:
    """Leave nothing behind on a server that others use."""
    empty(url, queue)
    if not url.startswith("redis"):
        connection = pika.BlockingConnection(pika.URLParameters(url))
        for name in (queue, f"{queue}.DQ", f"{queue}.XQ"):
            connection.channel().queue_delete(name)
        connection.close()


def empty(url: str, queue: str) -> int:
    """Forget every message of the queue, those handed out included; returns how many there were."""
    return _empty_redis(url, queue) if url.startswith("redis") else _empty_rabbitmq(url, queue)


def _empty_redis(url: str, queue: str) -> int:
    client = redis.Redis.from_url(url)
    keys = [key for key in client.scan_iter("dramatiq:*") if queue.encode() in key]
    count = sum(int(client.hlen(key)) for key in keys if key.endswith(b".msgs"))
    if keys:
        client.delete(*keys)
    client.close()
    return count


def _empty_rabbitmq(url: str, queue: str) -> int:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    count = 0
    for _ in range(10):  # what a killed consumer held comes back a moment after its connection is found dead
        count += channel.queue_purge(queue).method.message_count
        connection.sleep(0.1)
    connection.close()
    return count
