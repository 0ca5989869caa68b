"""A carrier that takes several items in one service order: each item by itself, and each once."""

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest

from backend.core.messaging.jobs import job_scope
from backend.integrations.network import (
    BatchUpdate,
    CancellationAccepted,
    CarrierRejection,
    HttpCarrierNetwork,
    OrderAccepted,
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
    ServiceOrderBatch,
    UnreadableAnswer,
)
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from tenants.directory import find_batch
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import carry_out, load_lines_at_carrier, place
from tests.support.sandbox import Sandbox

OPTION = "sms-unlimited"


async def batches_of(customer: Customer) -> dict[UUID | None, list[str]]:
    """The numbers of the items of each batch."""
    async with job_scope(customer.system) as scope:
        rows = await scope.connection.fetch(
            "SELECT batch_id, msisdn FROM change_order_item ORDER BY position"
        )
    found: dict[UUID | None, list[str]] = {}
    for batch, number in rows:
        found.setdefault(batch, []).append(number)
    return found


async def states(customer: Customer, reference: str) -> list[str]:
    detail = await get_order(customer.manager, reference, items_limit=None)
    return [item.state for item in sorted(detail.items, key=lambda one: one.msisdn)]


async def sent(customer: Customer, database: TestDatabase, sandbox: Sandbox) -> OrderDetail:
    """An order for every line, as far as the carrier's answer to it."""
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [line.id for line in lines], add=(OPTION,))
    await make_jobs_due(database)
    await drain(database)
    return placed


@pytest.mark.parametrize(("carrier", "sizes"), [("lynx", [50, 50, 20]), ("mandarine", [120])])
async def test_items_go_together_as_the_profile_says(
    database: TestDatabase, sandbox: Sandbox, carrier: str, sizes: list[int]
) -> None:
    customer = await make_customer(carrier=carrier, lines=120)
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [line.id for line in lines], add=(OPTION,))
    done = await carry_out(customer, database, placed.reference)
    assert (done.state, done.counts) == ("completed", {"done": 120})
    found = await batches_of(customer)
    assert [len(numbers) for numbers in found.values()] == sizes
    assert (None in found) is (carrier == "mandarine")
    counts = sandbox.counts(carrier)
    assert set(counts["by_external_id"].values()) == {1}
    assert (counts["effects"], counts["repeats"]) == (120, 0)
    assert all(OPTION in line.options for line in await customer.lines())


async def test_one_item_is_an_order_by_itself(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer(carrier="lynx", lines=1)
    placed = await sent(customer, database, sandbox)
    assert list(await batches_of(customer)) == [None]
    assert (await carry_out(customer, database, placed.reference)).state == "completed"


async def test_an_answer_that_is_lost_and_a_job_that_runs_again_order_nothing_twice(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(carrier="lynx", lines=60)
    sandbox.behave("lynx", outage="answer_lost")
    placed = await sent(customer, database, sandbox)
    before = await batches_of(customer)
    assert set(await states(customer, placed.reference)) == {"sent"}
    sandbox.behave("lynx")
    done = await carry_out(customer, database, placed.reference)
    assert (done.state, done.counts) == ("completed", {"done": 60})
    assert await batches_of(customer) == before, "a repeat is the same order"
    counts = sandbox.counts("lynx")
    assert set(counts["by_external_id"].values()) == {1}
    assert counts["repeats"] >= 1


async def test_a_batch_that_never_arrived_is_sent_again_whole_by_a_poll(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(carrier="lynx", lines=8)
    sandbox.behave("lynx", outage="dropped")
    placed = await sent(customer, database, sandbox)
    before = await batches_of(customer)
    sandbox.behave("lynx")
    async with job_scope(customer.system) as scope:
        await scope.execute("DELETE FROM outbox")
        # One of them is asked about: the others come with it
        await scope.execute(
            "UPDATE change_order_item SET last_contact_at = now() - interval '1 hour' WHERE position = 3"
        )
    assert await poll_stale_items(customer.system, 1800) == 1
    await drain(database)
    assert set(await states(customer, placed.reference)) <= {"in_progress", "done"}
    assert await batches_of(customer) == before
    assert (await carry_out(customer, database, placed.reference)).counts == {"done": 8}
    assert set(sandbox.counts("lynx")["by_external_id"].values()) == {1}


async def test_an_item_that_the_carrier_refuses_leaves_the_others_alone(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(carrier="lynx", lines=6)
    numbers = sorted(line.msisdn for line in await customer.lines())
    sandbox.behave("lynx", msisdns=numbers[:1], refuse="optionNotAvailable", message="Not on this line.")
    sandbox.behave("lynx", msisdns=numbers[1:2], outcome="failed", message="Broken.")
    placed = await sent(customer, database, sandbox)
    done = await carry_out(customer, database, placed.reference)
    assert done.state == "partial"
    assert await states(customer, placed.reference) == ["failed", "failed", "done", "done", "done", "done"]
    by_number = {item.msisdn: item for item in done.items}
    assert (by_number[numbers[0]].reason, by_number[numbers[0]].detail) == (
        "optionNotAvailable",
        "Not on this line.",
    )
    assert by_number[numbers[1]].detail == "Broken."


async def test_an_unknown_batch_is_no_order_of_ours(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer(carrier="lynx", lines=2)
    await sent(customer, database, sandbox)
    (batch,) = await batches_of(customer)
    assert batch is not None
    found = await find_batch(batch)
    assert found is not None
    assert found.tenant_id == customer.tenant_id
    assert await find_batch(uuid4()) is None


def load(sandbox: Sandbox, numbers: list[str]) -> None:
    sandbox.load(
        "lynx",
        "delta",
        [
            {
                "msisdn": number,
                "billingAccount": "700001",
                "productType": "voice_data",
                "plan": "trail-m",
                "simNumber": f"893203{index:013}",
            }
            for index, number in enumerate(numbers)
        ],
    )


def asked(number: str, external_id: str) -> ServiceOrder:
    return ServiceOrder(
        external_id=external_id,
        customer="delta",
        msisdn=number,
        category="changeOptions",
        action="modify",
        characteristics={"addOptions": [OPTION], "removeOptions": []},
    )


async def test_the_carrier_keeps_the_ids_of_batches_and_of_items(sandbox: Sandbox) -> None:
    numbers = [f"+3247077{index:04}" for index in range(51)]
    load(sandbox, numbers)
    ids = [str(uuid4()) for _ in numbers]
    orders = [asked(number, id_) for number, id_ in zip(numbers, ids, strict=True)]
    first = ServiceOrderBatch(id=str(uuid4()), orders=orders[:2])
    async with HttpCarrierNetwork(sandbox.carrier_urls, timeout=5.0) as network:
        taken = await network.submit_batch("lynx", first)
        assert isinstance(taken, BatchUpdate)
        assert [one.external_id for one in taken.updates] == ids[:2]
        again = await network.submit_batch("lynx", first)
        assert isinstance(again, BatchUpdate)
        assert again.carrier_order_id == taken.carrier_order_id
        known = await network.submit_batch("lynx", ServiceOrderBatch(id=str(uuid4()), orders=orders[1:3]))
        assert isinstance(known, CarrierRejection)
        assert known.code == "itemKnown"
        many = await network.submit_batch(
            "lynx", ServiceOrderBatch(id=str(uuid4()), orders=orders[2:] + orders[:2])
        )
        assert isinstance(many, CarrierRejection)
        found = await network.find_batch("lynx", first.id)
        assert found is not None
        assert found.carrier_order_id == taken.carrier_order_id
        assert await network.find_batch("lynx", str(uuid4())) is None
        assert await network.fetch_batch("lynx", "unknown") is None


async def test_items_of_a_batch_are_amended_and_cancelled_one_by_one(sandbox: Sandbox) -> None:
    numbers = ["+32470880001", "+32470880002", "+32470880003"]
    load(sandbox, numbers)
    orders = [
        msgspec.structs.replace(
            asked(number, str(uuid4())), category="requestEsim", characteristics={"simKind": "esim"}
        )
        for number in numbers
    ]
    first, second, third = (order.external_id for order in orders)
    async with HttpCarrierNetwork(sandbox.carrier_urls, timeout=5.0) as network:
        taken = await network.submit_batch("lynx", ServiceOrderBatch(id=str(uuid4()), orders=orders))
        assert isinstance(taken, BatchUpdate)

        async def stands() -> dict[str, OrderUpdate]:
            found = await network.fetch_batch("lynx", taken.carrier_order_id)
            assert found is not None
            return {one.external_id: one for one in found.updates}

        async with asyncio.timeout(10):
            while {one.reported.get("esimState") for one in (await stands()).values()} != {"released"}:
                await asyncio.sleep(0.02)
        said = await network.amend(
            "lynx", taken.carrier_order_id, {"esimConfirmedAt": "2026-11-29T10:00:00Z"}, item=first
        )
        assert isinstance(said, OrderAccepted)
        assert isinstance(
            await network.cancel("lynx", taken.carrier_order_id, "mistake", item=second), CancellationAccepted
        )
        assert isinstance(
            await network.amend("lynx", taken.carrier_order_id, {}, item=str(uuid4())), CarrierRejection
        )
        async with asyncio.timeout(10):
            while (await stands())[first].state is not OrderUpdateState.DONE:
                await asyncio.sleep(0.02)
        assert (await stands())[second].state is OrderUpdateState.CANCELLED
        alone = await network.fetch("lynx", taken.carrier_order_id, item=second)
        assert alone == (await stands())[second]
        with pytest.raises(UnreadableAnswer):
            await network.fetch("lynx", taken.carrier_order_id, item=str(uuid4()))
        assert (await stands())[third].state is OrderUpdateState.IN_PROGRESS
