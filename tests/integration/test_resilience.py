"""Small troubles on an order's way: clocks that differ, odd news, disks that fill up, a carrier that answers in part."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from backend.core import clock
from backend.core.errors import Conflict
from backend.core.ids import new_id
from backend.core.messaging.jobs import JOBS, RETRIES, Job, run_job
from backend.integrations.network import OrderUpdate, OrderUpdateState
from backend.orders.changes.cancellation import undo_order
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.placement.place import place_order
from backend.orders.service import get_order
from tenants.scope import Actor, TenantId
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import carry_out, load_lines_at_carrier, place
from tests.support.sandbox import Sandbox

SMS = "sms-unlimited"


async def test_a_worker_whose_clock_is_behind_sends_an_order_in_one_job(
    database: TestDatabase, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer(lines=1, grace_seconds=1)
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [lines[0].id], add=(SMS,))
    await asyncio.sleep(1.1)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) - timedelta(hours=25))
        assert await drain(database, only="orders.end_grace") == ["orders.end_grace"]
    assert (await get_order(customer.manager, placed.reference)).state is OrderState.SUBMITTED
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED


@pytest.mark.parametrize("minutes", [-10, 10], ids=["behind", "ahead"])
async def test_the_undo_time_does_not_follow_the_clock_of_a_web_host(
    database: TestDatabase, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    customer = await make_customer(lines=2, grace_seconds=60)
    lines = await load_lines_at_carrier(customer, sandbox)
    wrong = timedelta(minutes=minutes)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + wrong)
        placed, late = [await place(customer, [line.id], add=(SMS,), key=str(line.id)) for line in lines]
        assert placed.grace_until is not None
        assert placed.grace_until - placed.requested_at == timedelta(seconds=60)
        assert abs(placed.requested_at - datetime.now(UTC)) < timedelta(seconds=30)
        assert placed.may_undo
        assert 30 < placed.undo_seconds_left <= 60
        assert (await undo_order(customer.manager, placed.reference)).state is OrderState.CANCELLED
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(
        "UPDATE change_order SET grace_until = now() - interval '1 second' WHERE id = $1", late.id
    )
    await connection.close()
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + wrong)
        found = await get_order(customer.manager, late.reference)
        assert (found.may_undo, found.undo_seconds_left) == (False, 0)
        with pytest.raises(Conflict, match="time to undo is over"):
            await undo_order(customer.manager, late.reference)


async def test_an_undo_time_that_is_not_over_is_waited_for_once(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1, grace_seconds=60)
    lines = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [lines[0].id], add=(SMS,))
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE outbox SET not_before = now() WHERE job = 'orders.end_grace'")
    await connection.close()
    assert await drain(database) == ["orders.end_grace"]
    assert (await get_order(customer.manager, placed.reference)).state is OrderState.GRACE


async def test_a_worker_whose_clock_is_behind_runs_a_planned_order_in_one_job(
    database: TestDatabase, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer(lines=1)
    lines = await load_lines_at_carrier(customer, sandbox)
    day = clock.today() + timedelta(days=3)
    placed = await place_order(
        customer.manager, ChangeOptions(line_ids=(lines[0].id,), add=(SMS,), on=day, request_key="planned")
    )
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE change_order SET due_on = $1", clock.today())
    await connection.close()
    await make_jobs_due(database)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) - timedelta(hours=25))
        assert await drain(database, only="orders.run_scheduled_order") == ["orders.run_scheduled_order"]
    assert (await get_order(customer.manager, placed.reference)).state is OrderState.SUBMITTED


async def row_of(database: TestDatabase, row_id: object) -> asyncpg.Record:
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return await connection.fetchrow("SELECT * FROM outbox WHERE id = $1", row_id)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("make_error", "given_up"),
    [
        (lambda: asyncpg.DiskFullError("no space left on device"), False),
        (lambda: asyncpg.DeadlockDetectedError("deadlock detected"), False),
        (lambda: ConnectionRefusedError("no database"), False),
        (lambda: KeyError("a bug"), True),
    ],
    ids=["disk full", "deadlock", "connection refused", "bug"],
)
async def test_only_a_bug_is_ever_given_up(
    database: TestDatabase, make_error: Callable[[], Exception], given_up: bool
) -> None:
    customer = await make_customer()
    row_id = new_id()

    async def perform(tenant_id: TenantId, row_id: object) -> bool:
        raise make_error()

    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "INSERT INTO outbox (id, tenant_id, job, data, not_before, created_at, attempts)"
            " VALUES ($1, $2, 'test', '{}', now(), now(), 0)",
            row_id,
            customer.tenant_id,
        )
    JOBS["test"] = Job("test", perform)
    try:
        for _ in range(RETRIES + 3):
            await run_job("test", customer.tenant_id, row_id)
    finally:
        del JOBS["test"]
    row = await row_of(database, row_id)
    assert row["attempts"] == RETRIES + 3
    assert (row["failed_at"] is not None) is given_up
    assert row["not_before"] - datetime.now(UTC) < timedelta(minutes=11)


async def tell(actor: Actor, *news: tuple[object, OrderUpdateState, int]) -> None:
    reported = [
        OrderUpdate(
            external_id=str(item),
            carrier_order_id="c-1",
            state=state,
            at=datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=second),
        )
        for item, state, second in news
    ]
    async with open_scope(actor) as scope:
        await apply_updates(scope, reported)


async def test_news_of_unknown_repeated_waiting_and_ended_items(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer, stranger = await make_customer(lines=3, grace_seconds=0), await make_customer(lines=1)
    lines = await load_lines_at_carrier(customer, sandbox)
    foreign = await place(stranger, [(await stranger.lines())[0].id], add=(SMS,))
    placed = await place(customer, [line.id for line in lines], add=(SMS,))
    first, second, third = (item.id for item in placed.items)

    async def states() -> dict[object, str]:
        return {item.id: item.state for item in (await get_order(customer.manager, placed.reference)).items}

    # Nothing has left yet: whoever tells of these items cannot know them.
    await tell(customer.system, (first, OrderUpdateState.DONE, 1), (uuid4(), OrderUpdateState.DONE, 1))
    assert set((await states()).values()) == {ItemState.WAITING}
    sandbox.behave(customer.carrier, outcome="held", lose_callbacks=True)
    await drain(database)
    done, running, failed = OrderUpdateState.DONE, OrderUpdateState.IN_PROGRESS, OrderUpdateState.FAILED
    await tell(
        customer.system,
        *((first, done, 5), (first, running, 3), (first, done, 5), (first, failed, 9)),
        *((second, running, 4), (second, running, 4), (foreign.items[0].id, done, 5)),
    )
    assert await states() == {first: done, second: running, third: running}  # the carrier had taken it
    await tell(customer.system, (first, failed, 20), (second, done, 2), (third, failed, 6))
    assert await states() == {first: done, second: done, third: failed}
    detail = await get_order(customer.manager, placed.reference)
    assert detail.state is OrderState.PARTIAL
    assert (await get_order(stranger.manager, foreign.reference)).items[0].state is ItemState.WAITING


async def test_one_item_that_cannot_be_handed_over_does_not_hold_up_the_others(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=5, grace_seconds=0)
    lines = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave(customer.carrier, msisdns=[lines[0].msisdn], outage="dropped")
    placed = await place(customer, [line.id for line in lines], add=(SMS,))
    await drain(database)
    await asyncio.sleep(0.2)
    for _ in range(2):
        await poll_stale_items(customer.system, -1)
        await drain(database, only="orders.poll_items")
    detail = await get_order(customer.manager, placed.reference)
    assert detail.counts == {"done": 4, "sent": 1}
    sandbox.behave_normally(customer.carrier)
    await make_jobs_due(database)
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED
    assert set(sandbox.counts(customer.carrier)["by_external_id"].values()) == {1}


async def test_who_sends_waits_at_the_order_before_it_holds_an_item(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    """News lock an order and then its items; the other way round the two would deadlock."""
    customer = await make_customer(lines=10, grace_seconds=0)
    lines = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave(customer.carrier, outage="unavailable")
    placed = await place(customer, [line.id for line in lines], add=(SMS,))
    await drain(database, only="orders.split_submission")
    hearing = await asyncpg.connect(database.superuser_url)
    try:
        row = await hearing.fetchrow("SELECT id, tenant_id FROM outbox WHERE job = 'orders.submit_items'")
        async with hearing.transaction():
            await hearing.execute("SELECT FROM change_order WHERE id = $1 FOR NO KEY UPDATE", placed.id)
            last = "SELECT FROM change_order_item WHERE order_id = $1 AND position = 9 FOR NO KEY UPDATE"
            await hearing.execute(last, placed.id)
            sending = asyncio.create_task(run_job("orders.submit_items", row["tenant_id"], row["id"]))
            await asyncio.sleep(0.5)
            held = await hearing.fetch(
                "SELECT id FROM change_order_item WHERE order_id = $1 FOR NO KEY UPDATE NOWAIT", placed.id
            )
        await sending
    finally:
        await hearing.close()
    assert len(held) == 10
    assert (await get_order(customer.manager, placed.reference)).counts == {"sent": 10}
