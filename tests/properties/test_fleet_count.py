"""The totals that the database keeps are always what counting would say, whoever works at the same time."""

import asyncio
import random

import asyncpg
import pytest

from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines, summary
from tenants.scope import Actor
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines

COUNTED = "SELECT tenant_id, status, count(*)::bigint AS lines FROM line GROUP BY 1, 2"
KEPT = "SELECT tenant_id, status, sum(lines)::bigint AS lines FROM fleet_count GROUP BY 1, 2 HAVING sum(lines) <> 0"
STATUSES = ("active", "suspended", "pending_active", "pending_termination", "terminated")


async def work(customer: Customer, chance: random.Random) -> None:
    """One transaction of a few statements on lines; some end in an error, one in three changes no status."""
    try:
        async with open_scope(Actor(customer.tenant_id)) as scope:
            for _ in range(chance.randrange(1, 4)):
                some = f"SELECT id FROM line ORDER BY md5(id::text || {chance.random()}) LIMIT {chance.randrange(1, 5)} FOR UPDATE SKIP LOCKED"
                match chance.randrange(4):
                    case 0:
                        await scope.connection.execute(f"DELETE FROM line WHERE id IN ({some})")
                    case 1:
                        await scope.connection.execute(f"UPDATE line SET name = name WHERE id IN ({some})")
                    case _:
                        await scope.connection.execute(
                            f"UPDATE line SET status = $1 WHERE id IN ({some})", chance.choice(STATUSES)
                        )
                await asyncio.sleep(chance.random() / 200)
            if chance.random() < 0.2:
                raise InterruptedError
    except (InterruptedError, asyncpg.UniqueViolationError):
        pass


@pytest.mark.parametrize("seed", range(4))
async def test_kept_totals_are_exact_under_concurrent_work(database: TestDatabase, seed: int) -> None:
    chance = random.Random(seed)
    customers = [await make_customer(lines=40), await make_customer(lines=25)]
    watcher = await asyncpg.connect(database.superuser_url)

    async def watch() -> None:
        """In one snapshot the two always agree, also in the middle of things."""
        for _ in range(25):
            async with watcher.transaction(isolation="repeatable_read", readonly=True):
                kept = {(row[0], row[1]): row[2] for row in await watcher.fetch(KEPT)}
                counted = {(row[0], row[1]): row[2] for row in await watcher.fetch(COUNTED)}
            assert kept == counted
            await asyncio.sleep(0.01)

    jobs = [work(chance.choice(customers), random.Random(chance.random())) for _ in range(120)]
    await asyncio.gather(watch(), *jobs, make_lines(customers[0], 20))
    rows = await watcher.fetchval("SELECT count(*) FROM fleet_count")
    await watcher.close()
    assert rows < 100, "the rows are folded together as work goes on"
    for customer in customers:
        whole, states = (
            await list_lines(customer.manager, LineFilter(), limit=500),
            await summary(customer.manager),
        )
        assert whole.total == len(whole.items) == states.total
        for status, number in states.by_status.items():
            narrowed = await list_lines(customer.manager, LineFilter(status=(status,)), limit=500)
            assert narrowed.total == len(narrowed.items) == number
