import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from backend.core import clock
from backend.core.errors import Conflict
from backend.lines.intake import inventory_sync as module
from backend.lines.intake.inventory_sync import request_sync, sync_status
from backend.lines.lifecycle import LineStatus
from backend.lines.line_writes import lock_lines, move_lines, update_lines
from backend.lines.schemas import LineFilter
from backend.lines.service import get_line, line_history, list_lines
from backend.lines.sims.codes import reveal_puk
from tenants.scope import Reach
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import (
    Customer,
    make_cost_centre,
    make_customer,
    make_lines,
    make_member,
    next_msisdn,
    sim_for,
)
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


async def test_a_customer_number_that_nobody_knows_here_is_said(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    stranger = at_the_carrier(customer, line, billingAccount="9999999-01", msisdn=next_msisdn())
    sandbox.load(customer.carrier, customer.slug, [at_the_carrier(customer, line), stranger])
    await request_sync(customer.manager)
    await drain(database)
    assert [one.id for one in await customer.lines()] == [line.id]
    async with open_scope(customer.system) as scope:
        detail = await scope.connection.fetchval(
            "SELECT detail FROM audit_event WHERE action = 'fleet.refreshed'"
        )
    assert "9999999-01" in detail


async def read_again(customer: Customer, database: TestDatabase, sandbox: Sandbox, lines: list[Any]) -> None:
    """Another reading, of these lines."""
    sandbox.load(customer.carrier, customer.slug, lines)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE inventory_sync SET started_at = started_at - interval '2 minutes'"
        )
    await request_sync(customer.manager)
    await drain(database)


async def own_fields(customer: Customer) -> dict[str, tuple[object, ...]]:
    """What belongs to the customer, by number."""
    async with open_scope(customer.system) as scope:
        rows = await scope.connection.fetch(
            "SELECT l.msisdn, l.id, l.name, l.cost_centre_id, u.given_name, u.email, u.language FROM line l"
            " LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id ORDER BY l.id"
        )
    return {row["msisdn"]: tuple(row) for row in rows}


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
async def test_a_line_that_was_gone_and_is_back_has_its_user_address_and_cost_centre(
    database: TestDatabase, sandbox: Sandbox, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier)
    await make_cost_centre(customer, "K-100")
    await make_lines(customer, 3, cost_centre="K-100")
    lines = [at_the_carrier(customer, line, puk="87654321") for line in await customer.lines()]
    before = await own_fields(customer)
    assert all(name and centre for _, _, name, centre, *_ in before.values())
    lost = str(lines[2]["msisdn"])
    await read_again(customer, database, sandbox, lines[:2])
    assert lost not in {line.msisdn for line in await customer.lines()}
    await read_again(
        customer, database, sandbox, [*lines[:2], lines[2] | {"simNumber": sim_for(carrier, 4_242)}]
    )
    after = {line.msisdn: line for line in await customer.lines()}
    assert set(after) == {str(line["msisdn"]) for line in lines}
    assert await own_fields(customer) == before
    assert await reveal_puk(customer.manager, after[lost].id) == "87654321"
    codes = [entry.code for entry in await line_history(customer.manager, after[lost].id)]
    assert {"line.gone_at_carrier", "line.back_at_carrier"} <= set(codes)


@pytest.mark.parametrize(("same_sim", "kept"), [(True, True), (False, False)])
async def test_a_number_that_comes_back_after_its_quarantine_is_another_persons(
    database: TestDatabase, sandbox: Sandbox, *, same_sim: bool, kept: bool
) -> None:
    customer = await make_customer(lines=3)
    lines = [at_the_carrier(customer, line) for line in await customer.lines()]
    before = await own_fields(customer)
    await read_again(customer, database, sandbox, lines[:2])
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET gone_at = gone_at - interval '181 days'")
    back = lines[2] if same_sim else lines[2] | {"simNumber": sim_for("mandarine", 4_243)}
    await read_again(customer, database, sandbox, [*lines[:2], back])
    assert (await own_fields(customer) == before) is kept
    found = next(line for line in await customer.lines() if line.msisdn == back["msisdn"])
    assert bool(found.name) is kept


async def test_a_line_that_a_request_ended_does_not_come_back_with_its_user(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=2)
    lines = [at_the_carrier(customer, line) for line in await customer.lines()]
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE line SET status = 'terminated' WHERE msisdn = $1", lines[1]["msisdn"]
        )
    await read_again(customer, database, sandbox, lines)
    assert [bool(line.name) for line in await customer.lines()].count(False) == 1


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
@pytest.mark.parametrize("state", ["pending_release", "pending_termination", "pending_active", "ordered"])
async def test_a_refresh_does_not_change_a_state_that_a_request_has_set(
    database: TestDatabase, sandbox: Sandbox, carrier: str, state: str
) -> None:
    customer = await make_customer(carrier=carrier, lines=3)
    listed, other, missing = await customer.lines()
    async with open_scope(customer.system) as scope:
        locked = await lock_lines(scope, [listed.id, missing.id])
        if state.startswith("pending_") and state != "pending_active":
            await update_lines(scope, [(line, {"status": state}) for line in locked.values()])
        else:
            await scope.connection.execute("UPDATE line SET status = 'ordered' WHERE id <> $1", other.id)
            target = LineStatus.PENDING_ACTIVE if state == "pending_active" else None
            if target:
                await move_lines(scope, [listed.id, missing.id], target)
            else:
                await scope.connection.execute(
                    "UPDATE line SET status_requested = true WHERE id <> $1", other.id
                )
    plan = at_the_carrier(customer, listed, options=[SMS] if carrier == "mandarine" else [])
    await read_again(customer, database, sandbox, [plan, at_the_carrier(customer, other)])
    async with open_scope(customer.system) as scope:
        after = await lock_lines(scope, [listed.id, missing.id])
    assert [after[line.id].status for line in (listed, missing)] == [state, state]
    if carrier == "mandarine":
        assert after[listed.id].options == [SMS]


async def test_what_the_inventory_itself_made_pending_it_may_make_active(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    [line] = await customer.lines()
    for status in ("pending_active", "active", "pending_release", "active"):
        await read_again(customer, database, sandbox, [at_the_carrier(customer, line, status=status)])
        assert (await get_line(customer.manager, line.id)).status == status


async def test_an_ended_line_of_the_inventory_is_not_added_again_and_again(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    [line] = await customer.lines()
    ended = at_the_carrier(customer, line, msisdn=next_msisdn(), status="terminated", simNumber="")
    for _ in range(2):
        await read_again(customer, database, sandbox, [at_the_carrier(customer, line), ended])
    async with open_scope(customer.system) as scope:
        assert await scope.connection.fetchval("SELECT count(*) FROM line") == 1


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


@pytest.mark.parametrize(("told", "cap"), [({}, 5000), ({"roamingCapCents": 100}, 5000)])
async def test_a_cap_that_the_carrier_tells_as_an_option_brings_its_amount(
    database: TestDatabase, sandbox: Sandbox, told: dict[str, int], cap: int
) -> None:
    customer = await make_customer(lines=1)
    (line,) = await customer.lines()
    sandbox.load(
        customer.carrier,
        customer.slug,
        [at_the_carrier(customer, line, options=["roaming-cap-50"], **told)],
    )
    await request_sync(customer.manager)
    await drain(database)
    assert (await get_line(customer.manager, line.id)).roaming_cap_cents == cap


async def test_a_line_is_said_to_be_read_only_by_a_reading_that_had_it() -> None:
    customer = await make_customer(lines=1)
    (line,) = await customer.lines()
    now = clock.now()
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "INSERT INTO inventory_sync (tenant_id, refreshed_at, state) VALUES ($1, $2, 'idle')"
            " ON CONFLICT (tenant_id) DO UPDATE SET refreshed_at = EXCLUDED.refreshed_at",
            customer.tenant_id,
            now - timedelta(minutes=9),
        )
    # Nothing else is known of it: it came with the reading
    assert (await get_line(customer.manager, line.id)).refreshed_at
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET confirmed_at = $1", now)
    later = await get_line(customer.manager, line.id)
    assert (later.refreshed_at, later.confirmed_at) == (None, now)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE inventory_sync SET refreshed_at = $1", now + timedelta(minutes=1)
        )
    assert (await get_line(customer.manager, line.id)).refreshed_at
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET status = 'ordered'")
    assert (await get_line(customer.manager, line.id)).refreshed_at is None
