"""Jobs, broker, relay, live topics and lookups on a real database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from dramatiq.errors import BrokerConnectionError
from structlog.testing import capture_logs

from backend.core import clock
from backend.core.errors import Conflict, NotFound, Unavailable
from backend.core.messaging import jobs
from backend.core.messaging.broker import broker_place, make_broker
from backend.core.messaging.jobs import JOBS, idempotent_job, job, job_scope, run_job
from backend.core.messaging.live_topics import TopicHub
from backend.core.messaging.outbox_relay import Relay
from backend.lines.organisations import add_billing_account, add_cost_centre, add_organisation, link_end_user
from backend.schedule import PERIODIC_TASKS, claim_slot, run_due
from backend.settings import Settings
from tenants import directory
from tenants.logins import UnsafeDatabaseRole
from tenants.scope import Actor, MemberId, Scope
from tenants.transaction import OutsideScope, TenantEngine, engine, open_global, open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain
from tests.support.proxy import wire_to

DONE: list[str] = []


@pytest.fixture
async def customer() -> AsyncIterator[Customer]:
    DONE.clear()

    async def work(scope: Scope, *, how: str) -> None:
        DONE.append(how)
        if how == "refuse":
            raise NotFound
        if how == "outage":
            raise Unavailable("down")
        if how == "bug":
            raise ZeroDivisionError

    async def fly(actor: Actor, *, how: str) -> None:
        DONE.append(how)

    job("test.work")(work)
    idempotent_job("test.flow")(fly)
    yield await make_customer()
    for name in ("test.work", "test.flow"):
        del JOBS[name]


async def enqueued(customer: Customer, how: str, job_name: str = "test.work") -> asyncpg.Record:
    async with job_scope(customer.system) as scope:
        scope.enqueue(job_name, how=how)
    return await waiting(customer)


async def waiting(customer: Customer) -> asyncpg.Record:
    async with open_scope(customer.system) as scope:
        return await scope.connection.fetchrow("SELECT * FROM outbox")


async def test_a_finished_job_leaves_no_row_and_is_not_done_again(customer: Customer) -> None:
    row = await enqueued(customer, "well")
    await asyncio.gather(*(run_job("test.work", customer.tenant_id, row["id"]) for _ in range(5)))
    assert DONE == ["well"]
    assert await waiting(customer) is None
    row = await enqueued(customer, "well", "test.flow")
    for _ in range(2):
        await run_job("test.flow", customer.tenant_id, row["id"])
    assert DONE == ["well", "well"]


async def test_an_outage_is_put_off_for_ever_with_growing_waits(customer: Customer) -> None:
    row = await enqueued(customer, "outage")
    waits = []
    for _ in range(jobs.RETRIES + 2):
        await run_job("test.work", customer.tenant_id, row["id"])
        now = await waiting(customer)
        waits.append(now["not_before"])
        assert now["failed_at"] is None
        assert now["last_error"] == "down"
    assert waits == sorted(waits)
    assert now["attempts"] == jobs.RETRIES + 2


async def test_a_bug_is_given_up_after_a_while_and_kept(customer: Customer) -> None:
    row = await enqueued(customer, "bug")
    for _ in range(jobs.RETRIES):
        assert (await waiting(customer))["failed_at"] is None
        await run_job("test.work", customer.tenant_id, row["id"])
    kept = await waiting(customer)
    assert kept["failed_at"]
    assert kept["last_error"].startswith("ZeroDivisionError (")


async def test_a_refusal_is_given_up_at_once_with_a_record(customer: Customer) -> None:
    row = await enqueued(customer, "refuse")
    await run_job("test.work", customer.tenant_id, row["id"])
    assert (await waiting(customer))["failed_at"]


async def test_a_job_that_is_gone_is_not_put_off(customer: Customer) -> None:
    await run_job("test.work", customer.tenant_id, uuid4())
    await jobs._reschedule(customer.tenant_id, uuid4(), "", for_ever=True)
    assert DONE == []


async def test_a_command_that_fails_to_commit_never_was(customer: Customer) -> None:
    with pytest.raises(ZeroDivisionError):
        async with job_scope(customer.system) as scope:
            scope.enqueue("test.work", how="well")
            raise ZeroDivisionError
    assert await waiting(customer) is None


async def test_a_timer_without_a_job_is_a_bug_at_once(customer: Customer) -> None:
    with pytest.raises(KeyError):
        async with job_scope(customer.system) as scope:
            scope.set_timer("nobody.listens", None)


async def test_the_relay_hands_over_once_and_again_after_the_lease(
    customer: Customer, settings: Settings
) -> None:
    broker = make_broker("")
    relay = Relay(settings.relay_database_url, broker, lease=timedelta(milliseconds=200), poll=0.05)
    task = asyncio.create_task(relay.run())
    await enqueued(customer, "well")
    async with asyncio.timeout(5):
        while relay.handed_over < 2:
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    broker.close()


async def test_an_outage_of_the_database_is_one_entry_of_the_relay(database: TestDatabase) -> None:
    async with wire_to(database.logins.relay) as wire:
        relay = Relay(wire.url, make_broker(""), poll=0.05)
        with capture_logs() as logs:
            task = asyncio.create_task(relay.run())
            await asyncio.sleep(0.5)
            wire.passes = False
            wire.cut()
            # Tried several times
            await asyncio.sleep(1.8)
            wire.passes = True
            async with asyncio.timeout(10):
                while len(logs) < 2:
                    await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert [log["event"] for log in logs] == ["relay interrupted", "relay works again"]


async def test_the_relay_refuses_a_login_that_bypasses_policies_or_is_not_its_own(
    database: TestDatabase,
) -> None:
    with pytest.raises(UnsafeDatabaseRole, match="row-level security; use the relay's login"):
        await Relay(database.superuser_url, make_broker("")).run()
    with pytest.raises(UnsafeDatabaseRole, match="'fleetline_app' is not the relay's"):
        await Relay(database.logins.app, make_broker("")).run()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("", "in this process"),
        ("amqp://guest:hu@sh@mq.internal:5672/%2F", "mq.internal:5672"),
        ("redis://redis.internal/0?password=hush", "redis.internal"),
    ],
)
def test_the_log_says_where_the_broker_is_and_no_password(url: str, place: str) -> None:
    assert broker_place(url) == place


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "amqp://guest:guest@127.0.0.1:1"])
def test_a_broker_that_is_away_at_the_start_is_said_once(url: str) -> None:
    broker = make_broker(url)
    with capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(BrokerConnectionError):
                next(broker.consume("fleetline", timeout=10))
    assert [log["event"] for log in logs] == ["broker lost"]
    assert "guest" not in str(logs)


def test_an_unknown_kind_of_broker_is_refused() -> None:
    with pytest.raises(ValueError, match="amqp:// or redis://"):
        make_broker("kafka://localhost")


async def test_live_topics_reach_their_subscribers_and_survive_a_lost_connection(
    customer: Customer, database: TestDatabase, settings: Settings
) -> None:
    live = TopicHub(settings.database_url)
    heard: list[str] = []
    await live.start()
    stop = live.subscribe(customer.tenant_id, "fleet", lambda: heard.append("ours"))
    live.subscribe(uuid4(), "fleet", lambda: heard.append("theirs"))
    live.watch(lambda payload: heard.append(payload))
    async with job_scope(customer.system) as scope:
        scope.invalidate("fleet")
    await until(lambda: len(heard) == 2)
    assert set(heard) == {"ours", f"{customer.tenant_id}/fleet"}
    heard.clear()
    admin = await asyncpg.connect(database.superuser_url)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%'")
    await admin.close()
    await until(lambda: "ours" in heard)  # what happened meanwhile is unknown: read again
    stop()
    heard.clear()
    async with job_scope(customer.system) as scope:
        scope.invalidate("fleet")
    await until(lambda: bool(heard))
    assert "ours" not in heard
    await live.stop()


async def until(true: object) -> None:
    async with asyncio.timeout(10):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.02)


async def test_a_sweep_runs_once_per_slot_however_many_schedulers(settings: Settings) -> None:
    slot = clock.now()
    taken = await asyncio.gather(*(claim_slot(PERIODIC_TASKS[0], slot) for _ in range(6)))
    assert sum(taken) == 1
    done: dict[str, object] = {}
    await run_due(settings, done)  # type: ignore[arg-type]
    await run_due(settings, done)  # type: ignore[arg-type]
    assert set(done) == {sweep.name for sweep in PERIODIC_TASKS}


async def test_lookups_before_the_tenant_is_known_are_by_exact_key_and_outside_a_scope(
    customer: Customer,
) -> None:
    assert await directory.find_tenant(customer.slug) == customer.tenant_id
    assert await directory.find_tenant("nobody") is None
    for find in (directory.find_session, directory.find_token):
        assert await find(b"nothing") is None
    assert await directory.find_item(uuid4()) is None
    assert await directory.find_memberships(uuid4()) == []
    assert await directory.tenants_with_open_items() == []
    assert [actor.tenant_id async for actor in directory.each_tenant()] == [customer.tenant_id]
    async with open_scope(customer.system):
        with pytest.raises(OutsideScope):
            await directory.find_tenant(customer.slug)
        with pytest.raises(OutsideScope):
            async with open_global():
                pass
        with pytest.raises(OutsideScope):
            async with open_scope(customer.system):
                pass


async def test_without_a_pool_nothing_opens(customer: Customer) -> None:
    pool, engine().pool = engine().pool, None
    try:
        for attempt in (open_scope(customer.system), open_global()):
            with pytest.raises(OutsideScope):
                async with attempt:
                    pass
        with pytest.raises(OutsideScope):
            await directory.find_tenant("x")
    finally:
        engine().pool = pool
    with pytest.raises(TypeError):
        async with open_scope(Actor("not a uuid")):  # type: ignore[arg-type]
            pass


async def test_piccolos_ways_round_the_scope_are_closed() -> None:
    bare = TenantEngine(config={})
    for attempt in (bare.get_new_connection(), bare.batch()):
        with pytest.raises(OutsideScope):
            await attempt
    assert bare.pool is None
    await bare.close()


def test_outside_a_loop_there_is_no_pool() -> None:
    bare = TenantEngine(config={})
    bare.pool = object()
    assert bare.pool is None


async def test_a_login_that_policies_do_not_bind_is_refused(database: TestDatabase) -> None:
    for url in (database.superuser_url, database.logins.owner, database.logins.relay):
        bare = TenantEngine(config={"dsn": url})
        with pytest.raises(UnsafeDatabaseRole):
            await bare.open()
        await bare.close()


async def test_customer_numbers_and_cost_centres(customer: Customer) -> None:
    """Each exists once, and is added within its own company."""
    numbers = list(customer.accounts)
    await add_cost_centre(customer.manager, code="A")
    for again in (
        add_cost_centre(customer.manager, code="A"),
        add_billing_account(customer.manager, organisation_id=customer.organisation_id, number=numbers[0]),  # type: ignore[arg-type]
    ):
        with pytest.raises(Conflict):
            await again
    other = await make_customer()
    organisation = await add_organisation(other.manager, name="X", enterprise_number="0123456749", address="")
    with pytest.raises(NotFound):
        await add_billing_account(customer.manager, organisation_id=organisation, number="6000000-09")
    with pytest.raises(NotFound):
        await link_end_user(customer.manager, member_id=MemberId(uuid4()), msisdn="+32470000000")


async def test_draining_waits_for_nobody(database: TestDatabase) -> None:
    assert await drain(database) == []
