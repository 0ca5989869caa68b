"""Stored callbacks: one job handles all that wait, and none waits for a job that began, failed or died."""

import asyncio
from contextvars import Context
from uuid import UUID

import pytest

from backend.core.facts import JobName
from backend.core.messaging.inbox import StoredEvent, store_callback
from backend.core.messaging.jobs import TAKE, job_scope
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer

JOBS = "SELECT id FROM outbox WHERE job = $1 ORDER BY created_at, id"


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer(carrier="mandarine")


async def store(customer: Customer, event_id: str, carriers: tuple[str, ...] = ("mandarine",)) -> StoredEvent:
    async with job_scope(customer.system) as scope:
        return await store_callback(scope, carriers, event_id, "{}", job=JobName.HANDLE_CALLBACKS)


async def jobs(customer: Customer) -> list[UUID]:
    async with open_scope(customer.system) as scope:
        return [row["id"] for row in await scope.connection.fetch(JOBS, JobName.HANDLE_CALLBACKS)]


async def change_jobs(customer: Customer, change: str) -> None:
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(f"UPDATE outbox SET {change}")


async def test_events_that_wait_share_one_job(customer: Customer) -> None:
    assert await store(customer, "a") == StoredEvent(known=True, is_new=True)
    assert await store(customer, "a") == StoredEvent(known=True, is_new=False)
    await store(customer, "b")
    await change_jobs(customer, "sent_at = now(), not_before = now() + interval '1 minute'")
    await store(customer, "c")
    assert len(await jobs(customer)) == 1


async def test_nothing_is_kept_of_a_carrier_that_is_not_the_tenants(customer: Customer) -> None:
    assert await store(customer, "a", ("lynx",)) == StoredEvent(known=False, is_new=False)
    assert await jobs(customer) == []
    other = await make_customer(carrier="mandarine")
    await store(other, "a")
    await store(customer, "a", ("lynx", "mandarine"))
    assert len(await jobs(customer)) == len(await jobs(other)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "failed_at = now()",
        "not_before = now() + interval '1 minute'",
        "sent_at = now() - interval '11 seconds', not_before = now() + interval '1 minute'",
        "job = 'orders.submit_items'",
    ],
    ids=["given up", "put off", "perhaps died", "another job"],
)
async def test_a_job_that_does_not_run_soon_takes_no_event(customer: Customer, change: str) -> None:
    await store(customer, "a")
    first = await jobs(customer)
    await change_jobs(customer, change)
    await store(customer, "b")
    assert set(await jobs(customer)) - set(first)


async def test_a_job_that_has_begun_takes_no_event(customer: Customer) -> None:
    await store(customer, "a")
    (first,) = await jobs(customer)
    async with open_scope(customer.system) as running:
        assert await running.connection.fetchval(TAKE, first)
        await asyncio.create_task(store(customer, "b"), context=Context())
    (second,) = await jobs(customer)
    assert second != first


async def test_a_job_begins_only_when_the_event_that_counts_on_it_is_there(customer: Customer) -> None:
    await store(customer, "a")
    (first,) = await jobs(customer)

    async def job_work() -> int:
        async with open_scope(customer.system) as scope:
            assert await scope.connection.fetchval(TAKE, first)
            found: int = await scope.connection.fetchval("SELECT count(*) FROM inbox")
            return found

    async with job_scope(customer.system) as scope:
        await store_callback(scope, ("mandarine",), "b", "{}", job=JobName.HANDLE_CALLBACKS)
        work = asyncio.create_task(job_work(), context=Context())
        await asyncio.sleep(0.2)
        assert not work.done()
    assert await work == 2
