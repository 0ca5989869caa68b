"""A database whose connections are open and do not answer: requests end in time, and work again when it does."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from backend.app import WEB_LIMITS, create_api
from backend.core.database_errors import to_app_error
from backend.core.errors import Unavailable
from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from backend.settings import Settings
from tenants.connection import OutcomeUnknown
from tenants.time_limits import TimeLimits
from tenants.transaction import engine, open_scope, outside_scope, use_engine
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.proxy import Wire, wire_to

LIMITS = TimeLimits(begin=0.4, statement=0.8)
# With what is said last on a connection
ENOUGH = 8.0


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer("delta", lines=3)


@pytest.fixture
async def wire(database: TestDatabase, customer: Customer) -> AsyncIterator[Wire]:
    """The engine's connections go by way of this wire, as those of a web process do."""
    async with wire_to(database.logins.app) as wire:
        await engine().close()
        use_engine(wire.url)
        await engine().open(size=2, limits=LIMITS)
        yield wire
        wire.moves.set()
        engine().pool.terminate()
        await engine().close()
    use_engine(database.logins.app)
    await engine().open(size=8)


async def test_requests_end_in_time_and_work_again(wire: Wire, customer: Customer) -> None:
    wire.moves.clear()
    began = time.monotonic()
    # More than there are connections
    answers = await asyncio.gather(
        *(list_lines(customer.manager, LineFilter()) for _ in range(5)), return_exceptions=True
    )
    assert time.monotonic() - began < ENOUGH
    assert [type(answer) for answer in answers] == [Unavailable] * 5
    with pytest.raises(TimeoutError):
        async with outside_scope() as connection:
            await connection.fetchval("SELECT 1")
    wire.moves.set()
    assert (await list_lines(customer.manager, LineFilter())).total == 3


async def test_a_statement_that_takes_too_long_is_ended_and_the_connection_serves_on(
    wire: Wire, customer: Customer
) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with open_scope(customer.system) as scope:
                await scope.connection.execute("SELECT pg_sleep(30)")
    async with outside_scope() as connection:
        running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()"
        assert await connection.fetchval(running) == 0
    assert (await list_lines(customer.manager, LineFilter())).total == 3


async def test_a_commit_that_nobody_answers_is_not_said_to_have_changed_nothing(
    wire: Wire, customer: Customer
) -> None:
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown) as unknown:
        async with open_scope(customer.system) as scope:
            await scope.connection.execute("SELECT 1")
            wire.moves.clear()
    assert time.monotonic() - began < ENOUGH
    refusal = to_app_error(unknown.value)
    assert isinstance(refusal, Unavailable)
    assert "not known" in refusal.message
    assert "nothing was changed" not in refusal.message
    wire.moves.set()
    with pytest.raises(OutcomeUnknown):
        async with open_scope(customer.system) as scope:
            await scope.connection.execute("SELECT 1")
            wire.cut()


async def test_the_web_process_has_limits(database: TestDatabase, settings: Settings) -> None:
    await engine().close()
    try:
        async with create_api(settings).lifespan():
            keeper = engine().keeper
            assert keeper
            assert keeper.limits == WEB_LIMITS
        assert 0 < WEB_LIMITS.begin < WEB_LIMITS.statement < 60
    finally:
        await engine().open(size=8)
    assert engine().keeper is None
