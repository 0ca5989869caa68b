"""Write errors at the outbox, as on a full disk: all of a transaction or nothing, and nothing is given up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.faults.orders import LINES, PreparedOrder, prepare_order, rows_of, wait_until
from tests.support.deployment import Deployment

FULL = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER no_space BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION no_space();
"""
FREED = "DROP TRIGGER no_space ON outbox; DROP FUNCTION no_space();"


@asynccontextmanager
async def full_disk(deployment: Deployment) -> AsyncIterator[None]:
    """While it lasts, no announcement can be written."""
    connection = await asyncpg.connect(deployment.database.superuser_url)
    try:
        await connection.execute(FULL)
        try:
            yield
        finally:
            await connection.execute(FREED)
    finally:
        await connection.close()


async def written(prepared: PreparedOrder) -> dict[str, int]:
    rows = await rows_of(
        prepared.deployment,
        "SELECT (SELECT count(*) FROM change_order WHERE tenant_id = $1) AS orders,"
        " (SELECT count(*) FROM change_order_item WHERE tenant_id = $1) AS items,"
        " (SELECT count(*) FROM timeline_entry WHERE tenant_id = $1) AS entries,"
        " (SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND action LIKE 'order.%') AS audited,"
        " (SELECT count(*) FROM outbox WHERE tenant_id = $1) AS announced",
        prepared.customer.tenant_id,
    )
    return dict(rows[0])


async def test_an_order_that_cannot_be_announced_does_not_exist(deployment: Deployment) -> None:
    prepared = await prepare_order(deployment)
    async with full_disk(deployment):
        answer = await prepared.post()
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "unavailable"
        assert "nothing was changed" in answer.json()["detail"]
        assert set((await written(prepared)).values()) == {0}
    await (await prepared.place()).ends()


async def test_a_full_disk_on_the_way_only_delays(deployment: Deployment) -> None:
    """Jobs that cannot announce what follows are put off, callbacks that cannot be stored come again."""
    prepared = await prepare_order(deployment, grace_seconds=2)
    deployment.sandbox.behave("mandarine", delay_ms=400, jitter_ms=400)
    order = await prepared.place()

    async def put_off() -> bool:
        query = "SELECT FROM outbox WHERE tenant_id = $1 AND job = 'orders.end_grace' AND attempts > 0"
        return bool(await rows_of(deployment, query, prepared.customer.tenant_id))

    async with full_disk(deployment):
        await wait_until(put_off, "the end of grace was tried")
        assert (await order.detail()).state == "grace"  # its end could not be announced, so it did not happen
    await order.ends()


async def test_a_full_disk_while_the_carrier_tells_only_delays(deployment: Deployment) -> None:
    prepared = await prepare_order(deployment)
    deployment.sandbox.behave("mandarine", delay_ms=800, jitter_ms=800)
    order = await prepared.place()

    async def all_sent() -> bool:
        return order.taken_count() == LINES

    await wait_until(all_sent, "all were sent")
    async with full_disk(deployment):
        await asyncio.sleep(3)
    await order.ends()
