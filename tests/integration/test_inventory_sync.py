import asyncio
from datetime import timedelta

import asyncpg
import pytest

from backend.core import clock
from backend.core.errors import Conflict
from backend.lines.intake import inventory_sync as module
from backend.lines.intake.inventory_sync import request_sync, sync_status
from backend.lines.schemas import LineFilter
from backend.lines.service import get_line, list_lines
from backend.lines.sims.codes import reveal_puk
from tenants.scope import Reach
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member, next_msisdn, sim_for
from tests.support.jobs import drain
from tests.support.order_steps import carry_out, load_lines_at_carrier, place
from tests.support.sandbox import Sandbox

SMS = "sms-unlimited"


def at_the_carrier(customer: Customer, line: object, **changes: object) -> dict[str, object]:
    return {
        "msisdn": line.msisdn,  # type: ignore[attr-defined]
        "billingAccount": line.billing_account,  # type: ignore[attr-defined]
        "productType": line.product_type,  # type: ignore[attr-defined]
        "plan": line.plan.code,  # type: ignore[attr-defined]
        "simNumber": line.sim_number,  # type: ignore[attr-defined]
        **changes,
    }


async def test_refresh_takes_the_carriers_fields_and_keeps_the_customers(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=3)
    first, second, gone = await customer.lines()
    new = next_msisdn()
    sandbox.load(
        customer.carrier,
        customer.slug,
        [
            at_the_carrier(customer, first, options=[SMS], status="suspended"),
            at_the_carrier(customer, second),
            at_the_carrier(customer, second, msisdn=new, simNumber=sim_for("mandarine", 777), puk="87654321"),
        ],
    )
    assert (await request_sync(customer.manager)).running
    assert await drain(database) == ["lines.sync_inventory"]
    after = {line.msisdn: line for line in await customer.lines()}
    assert set(after) == {first.msisdn, second.msisdn, new}
    changed = after[first.msisdn]
    assert (changed.options, changed.status, changed.name) == ([SMS], "suspended", first.name)
    assert await reveal_puk(customer.manager, after[new].id) == "87654321"
    assert (await list_lines(customer.manager, LineFilter(search=new))).total == 1
    assert (await get_line(customer.manager, gone.id)).status == "terminated"
    state = await sync_status(customer.manager)
    assert state.refreshed_at
    assert not state.running
    assert (state.read, state.total) == (3, 3)


async def test_not_more_than_once_a_minute_and_asking_twice_joins(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    await load_lines_at_carrier(customer, sandbox)
    await asyncio.gather(*(request_sync(customer.manager) for _ in range(4)))
    assert await drain(database, twice=True) == ["lines.sync_inventory"]
    with pytest.raises(Conflict) as refusal:
        await request_sync(customer.manager)
    assert refusal.value.code == "too_soon"


async def test_a_carrier_that_does_not_answer_leaves_the_list_and_says_so(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=2)
    await load_lines_at_carrier(customer, sandbox)
    sandbox.behave("mandarine", outage="unavailable")
    await request_sync(customer.manager)
    await drain(database)
    assert (await sync_status(customer.manager)).failed
    assert len(await customer.lines()) == 2
    sandbox.behave_normally("mandarine")
    await request_sync(customer.manager)  # at once: the failed reading does not count
    await drain(database)
    assert not (await sync_status(customer.manager)).failed


async def test_a_snapshot_older_than_a_completed_item_never_reverts_it(
    database: TestDatabase, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer(lines=1)
    line = (await load_lines_at_carrier(customer, sandbox))[0]
    placed = await place(customer, [line.id], add=(SMS,))
    await carry_out(customer, database, placed.reference)
    # The carrier's list still shows the line as it was, read before the item was completed.
    sandbox.load(customer.carrier, customer.slug, [at_the_carrier(customer, line)])
    then = clock.now() - timedelta(minutes=5)
    monkeypatch.setattr(module.clock, "now", lambda: then)
    await request_sync(customer.manager)
    monkeypatch.undo()
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE line SET confirmed_at = now() + interval '1 minute'")
    await connection.close()
    await drain(database)
    assert (await get_line(customer.manager, line.id)).options == [SMS]


async def test_a_number_that_went_and_comes_back_is_a_new_line_and_a_stranger_account_is_said(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=2)
    here, away = await load_lines_at_carrier(customer, sandbox)
    stranger = at_the_carrier(customer, away, billingAccount="9999999-01")
    for lines in (
        [],
        [at_the_carrier(customer, away)],
        [at_the_carrier(customer, away), stranger | {"msisdn": next_msisdn()}],
    ):
        sandbox.load(customer.carrier, customer.slug, [at_the_carrier(customer, here), *lines])
        connection = await asyncpg.connect(database.superuser_url)
        await connection.execute("UPDATE inventory_sync SET started_at = started_at - interval '2 minutes'")
        await connection.close()
        await request_sync(customer.manager)
        await drain(database)
        found = {line.msisdn: line.id for line in await customer.lines()}
        assert (away.msisdn in found) == bool(lines)
    assert found[here.msisdn] == here.id
    assert found[away.msisdn] != away.id
    assert (await get_line(customer.manager, away.id)).status == "terminated"
    connection = await asyncpg.connect(database.superuser_url)
    details = await connection.fetch(
        "SELECT detail FROM audit_event WHERE action = 'fleet.refreshed' ORDER BY at"
    )
    await connection.close()
    assert "9999999-01" in details[-1]["detail"]


async def test_a_number_that_was_gone_and_is_back_is_listed_again(
    database: TestDatabase, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NOT_MORE_OFTEN", timedelta(0))
    customer = await make_customer(lines=2)
    kept, lost = await customer.lines()
    both = [at_the_carrier(customer, kept), at_the_carrier(customer, lost, puk="87654321")]
    for books in (both[:1], both):
        sandbox.load(customer.carrier, customer.slug, books)
        await request_sync(customer.manager)
        await drain(database)
    after = {line.msisdn: line.id for line in await customer.lines()}
    assert set(after) == {kept.msisdn, lost.msisdn}
    assert await reveal_puk(customer.manager, after[lost.msisdn]) == "87654321"
    assert (await get_line(customer.manager, lost.id)).status == "terminated"


async def test_how_many_lines_are_read_is_not_for_those_who_see_some(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=2)
    await load_lines_at_carrier(customer, sandbox)
    await request_sync(customer.manager)
    await drain(database)
    reach = Reach(billing_accounts=frozenset(list(customer.accounts.values())[:1]))
    seen = await sync_status(await make_member(customer.tenant_id, reach=reach))
    assert (seen.read, seen.total) == (0, 0)
    assert seen.refreshed_at


async def test_the_carriers_inventory_may_bring_any_state_and_says_that_shared_billing_ended(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=2)
    first, second = await customer.lines()
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET status = 'ordered', split_profile = 'fixed-20'")
    lines = [at_the_carrier(customer, first, status="suspended"), at_the_carrier(customer, second)]
    sandbox.load(customer.carrier, customer.slug, lines)
    await request_sync(customer.manager)
    await drain(database)
    after = {line.id: line.status for line in await customer.lines()}
    assert after == {first.id: "suspended", second.id: "active"}
    async with open_scope(customer.system) as scope:
        ended = await scope.connection.fetch("SELECT split_profile, split_ended_at FROM line")
    assert all(profile == "" and at is not None for profile, at in ended)
