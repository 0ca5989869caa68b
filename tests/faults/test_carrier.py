"""A carrier whose callbacks get lost, come twice, late or in the wrong order, or that is away for a while."""

import asyncio

import pytest

from tests.faults.orders import CARRIERS, LINES, Order, prepare_order, wait_until
from tests.support.deployment import Deployment

AWAY_SECONDS = 4.0  # scaled down from the minute that the last test waits for
Waiting = tuple[Order, "asyncio.Task[dict[str, int]]"]


@pytest.fixture(scope="module", autouse=True)
async def minute_long_outage(deployment: Deployment) -> Waiting:
    """An order that its carrier cannot be given for a minute from now on, and how the order stood at its end."""
    prepared = await prepare_order(deployment, carrier="lynx")
    numbers = [line.msisdn for line in prepared.lines]
    deployment.sandbox.behave("lynx", msisdns=numbers, outage="unavailable")
    order = await prepared.place()

    async def come_back() -> dict[str, int]:
        await asyncio.sleep(60)
        counts = (await order.detail()).counts
        deployment.sandbox.behave("lynx", msisdns=numbers)
        return counts

    return order, asyncio.create_task(come_back())


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize(
    "callbacks",
    [
        {"lose_callbacks": True},
        {"duplicate_callbacks": True},
        {"reorder_callbacks": True},
        {"callback_delay_ms": 2500},
        {"duplicate_callbacks": True, "reorder_callbacks": True, "callback_delay_ms": 300},
    ],
    ids=["lost", "twice", "wrong order", "late", "twice in the wrong order"],
)
async def test_callbacks_may_be_lost_repeated_reordered_or_late(
    deployment: Deployment, callbacks: dict[str, bool], carrier: str
) -> None:
    prepared = await prepare_order(deployment, carrier=carrier)
    deployment.sandbox.behave(carrier, delay_ms=300, jitter_ms=600, **callbacks)
    await (await prepared.place()).ends()


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("outage", ["unavailable", "busy", "dropped", "answer_lost"])
async def test_a_carrier_that_is_away_gets_every_item_once_it_is_back(
    deployment: Deployment, outage: str, carrier: str
) -> None:
    prepared = await prepare_order(deployment, carrier=carrier)
    deployment.sandbox.behave(carrier, outage=outage, delay_ms=2000, lose_callbacks=True)
    order = await prepared.place()
    await asyncio.sleep(AWAY_SECONDS)
    if outage != "answer_lost":  # it took the orders and says so when asked
        assert (await order.detail()).counts == {"sent": LINES}
    deployment.sandbox.behave(carrier, delay_ms=200)
    await order.ends()


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_carrier_that_goes_away_halfway(deployment: Deployment, carrier: str) -> None:
    """Some items are with it, some are not, and its callbacks stop: only asking can tell."""
    prepared = await prepare_order(deployment, carrier=carrier)
    deployment.sandbox.behave(carrier, delay_ms=100, lose_callbacks=True)
    order = await prepared.place()

    async def some_sent() -> bool:
        return order.taken_count() > LINES // 10

    await wait_until(some_sent, "a part was sent")
    deployment.sandbox.behave(carrier, outage="dropped")
    await asyncio.sleep(AWAY_SECONDS)
    deployment.sandbox.behave(carrier, delay_ms=100, lose_callbacks=True)
    await order.ends()


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_some_refused_some_failed_the_rest_done(deployment: Deployment, carrier: str) -> None:
    """The end is partial, whatever happened to the worker in between."""
    prepared = await prepare_order(deployment, lines=60, carrier=carrier)
    numbers = [line.msisdn for line in prepared.lines]
    deployment.sandbox.behave(carrier, delay_ms=500, jitter_ms=500)
    deployment.sandbox.behave(carrier, msisdns=numbers[:10], refuse="optionNotAvailable")
    deployment.sandbox.behave(carrier, msisdns=numbers[10:20], outcome="failed", delay_ms=500)
    order = await prepared.place()
    await asyncio.sleep(0.4)
    deployment.kill("worker")
    await deployment.start("worker")

    async def ended() -> bool:
        return (await order.detail()).ended_at is not None

    await wait_until(ended, "the order ended")
    detail = await order.detail()
    assert detail.state == "partial"
    assert detail.counts == {"done": 40, "failed": 20}
    effects = deployment.sandbox.counts(carrier)["by_external_id"]
    assert sum(effects.get(str(item), 0) for item in order.items) == 40


async def test_a_carrier_that_is_away_for_a_minute(
    deployment: Deployment, minute_long_outage: Waiting
) -> None:
    """The full minute of the promise, with the back-off that grows meanwhile: it ran beside the tests above."""
    order, back = minute_long_outage
    assert await back == {"sent": LINES}
    await order.ends(seconds=30)
