"""`kill -9` of worker (and relay), web and database at every step of an order of 200 lines: nothing lost, nothing twice."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from tests.faults.orders import CARRIERS, LINES, Order, PreparedOrder, prepare_order, wait_until
from tests.support.deployment import Deployment
from tests.support.sandbox import free_socket

ENVIRON = {"FLEETLINE_CARRIER_CONCURRENCY": "4"}  # sending takes long enough to be met on its way


async def in_grace(prepared: PreparedOrder) -> Order:
    return await prepared.place()


async def while_sending(prepared: PreparedOrder) -> Order:
    prepared.deployment.sandbox.behave(prepared.customer.carrier, delay_ms=200)
    order = await prepared.place()

    async def some_sent() -> bool:
        return order.taken_count() > LINES // 10

    await wait_until(some_sent, "a part was sent")
    # In batches the rest may follow within one look
    assert order.taken_count() < LINES or order.customer.carrier == "lynx"
    return order


async def before_callbacks(prepared: PreparedOrder) -> Order:
    prepared.deployment.sandbox.behave(prepared.customer.carrier, delay_ms=3000, jitter_ms=500)
    order = await prepared.place()

    async def all_sent() -> bool:
        return order.taken_count() == LINES

    await wait_until(all_sent, "all were sent")
    return order


async def while_hearing(prepared: PreparedOrder) -> Order:
    prepared.deployment.sandbox.behave(prepared.customer.carrier, delay_ms=500, jitter_ms=1500)
    order = await prepared.place()

    async def some_done() -> bool:
        return await order.done() > LINES // 10

    await wait_until(some_done, "a part was done")
    return order


MOMENTS: dict[str, tuple[int, Callable[[PreparedOrder], Awaitable[Order]]]] = {
    "in grace": (1, in_grace),
    "while sending": (0, while_sending),
    "before callbacks": (0, before_callbacks),
    "while hearing": (0, while_hearing),
}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("victim", ["worker", "web"])
async def test_a_killed_process_loses_nothing(
    deployment: Deployment, victim: str, moment: str, carrier: str
) -> None:
    grace, reach = MOMENTS[moment]
    order = await reach(await prepare_order(deployment, grace_seconds=grace, carrier=carrier))
    deployment.kill(victim)
    await deployment.start(victim)
    await order.ends()


if "FLEETLINE_TEST_DATABASE_URL" not in os.environ:  # a server that was given to us is not ours to kill

    @pytest.mark.parametrize("carrier", CARRIERS)
    @pytest.mark.parametrize("moment", MOMENTS)
    async def test_a_killed_database_loses_nothing(deployment: Deployment, moment: str, carrier: str) -> None:
        """No process is started again: each finds the database by itself once it is back."""
        server = deployment.database.server
        assert server
        grace, reach = MOMENTS[moment]
        order = await reach(await prepare_order(deployment, grace_seconds=grace, carrier=carrier))
        server.kill()
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.start)
        await order.ends()

    @pytest.mark.parametrize("carrier", CARRIERS)
    async def test_everything_killed_at_once_loses_nothing(deployment: Deployment, carrier: str) -> None:
        server = deployment.database.server
        assert server
        order = await while_hearing(await prepare_order(deployment, carrier=carrier))
        for victim in ("worker", "web", "schedule"):
            deployment.kill(victim)
        server.kill()
        await asyncio.to_thread(server.start)
        await deployment.start("web", "worker", "schedule")
        await order.ends()

    async def test_while_the_database_is_away_the_answer_says_so(deployment: Deployment) -> None:
        """A problem detail and no bare failure; afterwards the same request is accepted, once."""
        server = deployment.database.server
        assert server
        prepared = await prepare_order(deployment, lines=5)
        warm = await prepared.post("/api/v1/change-orders/preview")
        assert warm.status_code == 200, warm.text
        server.kill()
        for _ in range(3):
            answer = await prepared.post()
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"]
            assert answer.json()["code"] == "unavailable"
        await asyncio.to_thread(server.start)
        order = await prepared.place()
        assert (await prepared.place()).reference == order.reference
        await order.ends()


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_worker_told_to_stop_is_gone_within_five_seconds(
    deployment: Deployment, carrier: str
) -> None:
    """Even while its jobs wait for a carrier that takes its time; what they did not finish is done by the next."""
    order = await while_sending(await prepare_order(deployment, carrier=carrier))
    code, seconds = deployment.stop("worker")
    assert (code, seconds < 5) == (0, True), f"exit code {code} after {seconds:.1f} s"
    await deployment.start("worker")
    await order.ends()


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_worker_whose_carrier_never_answers_still_stops(deployment: Deployment, carrier: str) -> None:
    prepared = await prepare_order(deployment, lines=20, carrier=carrier)
    with free_socket() as deaf:
        deaf.listen()  # takes connections and says nothing
        deployment.stop("worker")
        await deployment.start(
            "worker", FLEETLINE_CARRIER_URLS=f"{carrier}=http://127.0.0.1:{deaf.getsockname()[1]}"
        )
        order = await prepared.place()

        async def sent() -> bool:
            return (await order.detail()).counts == {"sent": 20}

        await wait_until(sent, "the carrier was called")
        code, seconds = deployment.stop("worker")
    assert (code, seconds < 5) == (0, True), f"exit code {code} after {seconds:.1f} s"
    await deployment.start("worker")
    await order.ends()
