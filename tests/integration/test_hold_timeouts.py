"""A request that waits for information longer than its carrier lets it: taken back there, and failed (domain 3.1)."""

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend import schedule
from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.clock import midnight
from backend.core.errors import Conflict
from backend.integrations.network import OrderUpdate, OrderUpdateState
from backend.orders.changes.cancellation import cancel_order
from backend.orders.changes.corrections import correct_item
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.fulfilment.timeouts import find_overdue
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds.split_billing import SplitBilling
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.placement.place import place_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from backend.settings import Settings
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import CARRIERS, port_in_request, rows, store_contract
from tests.support.order_steps import carry_out, load_lines_at_carrier, place
from tests.support.sandbox import Sandbox

MISSING = {"donor_account": "88-1"}


async def later(database: TestDatabase, days: int) -> None:
    """As if so many days had passed since anything was held."""
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE timeline_entry SET at = at - $1::interval", timedelta(days=days))
    await connection.close()


async def hold_port_in(
    database: TestDatabase, sandbox: Sandbox, carrier: str = "mandarine"
) -> tuple[Customer, OrderDetail]:
    """A new customer, and its transfer of a number that the carrier holds for a correction."""
    customer = await make_customer(carrier=carrier)
    sandbox.behave(carrier, port_rejection="account_mismatch")
    placed = await place_order(customer.manager, port_in_request(customer))
    held = await carry_out(customer, database, placed.reference, rounds=5)
    assert held.state is OrderState.HELD
    return customer, held


async def hold_change(database: TestDatabase, sandbox: Sandbox) -> tuple[Customer, OrderDetail]:
    """A new customer, and its change of options that the carrier holds."""
    customer = await make_customer(lines=1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave(customer.carrier, outcome="held")
    placed = await place(customer, [line.id], add=("sms-unlimited",))
    held = await carry_out(customer, database, placed.reference, rounds=3)
    assert held.state is OrderState.HELD
    return customer, held


async def give_up(customer: Customer, database: TestDatabase, reference: str) -> OrderDetail:
    await later(database, 31)
    assert await find_overdue(customer.system) == 1
    await drain(database, twice=True)
    return await get_order(customer.manager, reference)


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_it_fails_once_its_time_is_up_and_the_carrier_takes_it_back(
    database: TestDatabase, sandbox: Sandbox, settings: Settings, carrier: str
) -> None:
    customer, held = await hold_port_in(database, sandbox, carrier)
    until = clock.today() + timedelta(days=30)
    assert held.held_until == midnight(until + timedelta(days=1))
    assert any(f"{until:%d/%m/%Y}" in texts for texts in held.items[0].words)
    await later(database, 29)
    await schedule.expire_held(settings)
    assert await drain(database) == []
    await later(database, 2)
    for _ in range(2):  # every sweep again, and every job twice
        await schedule.expire_held(settings)
        await drain(database, twice=True)
    failed = await get_order(customer.manager, held.reference)
    assert (failed.state, failed.flag, failed.held_until) == (OrderState.FAILED, "", None)
    assert failed.items[0].reason == "held_too_long"
    assert failed.items[0].why == "The missing information did not come in time"
    assert [step.action for step in failed.history][-2:] == ["held", "failed"]
    [port] = await rows(customer, "SELECT state, reason FROM port_in_case")
    assert port == {"state": "rejected", "reason": "held_too_long"}
    [line] = await rows(customer, "SELECT status FROM line")
    assert line["status"] == "aborted"
    [trail] = await rows(customer, "SELECT actor_name FROM audit_event WHERE action = 'order.failed'")
    assert trail
    order = sandbox.order(carrier, str(failed.items[0].id))
    assert order
    assert order["state"] == "cancelled"
    [mail] = [one for one in sandbox.mails(customer.manager.email) if "did not come in time" in one["text"]]
    assert mail["times"] == 1
    await poll_stale_items(customer.system, -1)
    await drain(database)
    assert (await get_order(customer.manager, held.reference)).state is OrderState.FAILED


async def test_the_customer_language_has_the_reason(database: TestDatabase, sandbox: Sandbox) -> None:
    customer, held = await hold_port_in(database, sandbox)
    await give_up(customer, database, held.reference)
    said = {
        language: (await get_order(dataclasses.replace(customer.manager, language=language), held.reference))
        .items[0]
        .why
        for language in ("en", "fr", "nl", "de")
    }
    assert len(set(said.values())) == 4


async def test_what_the_carrier_did_in_the_meantime_stands(database: TestDatabase, sandbox: Sandbox) -> None:
    customer, held = await hold_change(database, sandbox)
    sandbox.act(customer.carrier, str(held.items[0].id), "complete")
    done = await give_up(customer, database, held.reference)
    assert done.state is OrderState.COMPLETED
    assert done.items[0].state is ItemState.DONE
    [line] = await customer.lines()
    assert "sms-unlimited" in line.options


async def test_one_that_goes_on_at_the_carrier_goes_on_here(database: TestDatabase, sandbox: Sandbox) -> None:
    customer = await make_customer()
    sandbox.behave(customer.carrier, port_on_date=True)
    day = clock.today() + timedelta(days=3)
    while day.weekday() > 4:
        day += timedelta(days=1)
    placed = await place_order(customer.manager, port_in_request(customer, port_on=day))
    running = await carry_out(customer, database, placed.reference, rounds=4)
    item = str(running.items[0].id)
    await _say(customer, item, OrderUpdateState.HELD, "information_missing")
    still = await give_up(customer, database, placed.reference)
    assert (still.state, still.flag) == (OrderState.IN_PROGRESS, "")
    sandbox.act(customer.carrier, item, "execute")
    assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED


async def _say(customer: Customer, item: str, state: OrderUpdateState, code: str = "") -> None:
    news = OrderUpdate(external_id=item, carrier_order_id="c", state=state, code=code, at=clock.now())
    async with open_scope(customer.system) as scope:
        await apply_updates(scope, [news])


async def test_one_that_the_carrier_keeps_fails_here_and_late_news_changes_nothing(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    sandbox.behave(customer.carrier, port_on_date=True)
    day = clock.today() + timedelta(days=3)
    while day.weekday() > 4:
        day += timedelta(days=1)
    placed = await place_order(customer.manager, port_in_request(customer, port_on=day))
    running = await carry_out(customer, database, placed.reference, rounds=4)
    sandbox.act(customer.carrier, str(running.items[0].id), "hold")
    held = await carry_out(customer, database, placed.reference, rounds=3)
    assert held.state is OrderState.HELD
    failed = await give_up(customer, database, placed.reference)
    assert failed.state is OrderState.FAILED
    sandbox.act(customer.carrier, str(running.items[0].id), "complete")
    await _say(customer, str(running.items[0].id), OrderUpdateState.DONE)
    assert (await get_order(customer.manager, placed.reference)).state is OrderState.FAILED
    [line] = await rows(customer, "SELECT status FROM line")
    assert line["status"] == "aborted"


@pytest.mark.parametrize("first", ["callback", "job"])
async def test_whichever_comes_first_the_callback_or_our_own_word_it_has_failed(
    database: TestDatabase, sandbox: Sandbox, first: str
) -> None:
    customer, held = await hold_port_in(database, sandbox)
    item = str(held.items[0].id)
    await later(database, 31)
    await find_overdue(customer.system)
    said: list[Any] = [_say(customer, item, OrderUpdateState.CANCELLED), drain(database)]
    for one in said if first == "callback" else reversed(said):
        await one
    await drain(database)
    failed = await get_order(customer.manager, held.reference)
    assert (failed.state, failed.items[0].reason) == (OrderState.FAILED, "held_too_long")
    [port] = await rows(customer, "SELECT state FROM port_in_case")
    assert port["state"] == "rejected"


async def test_a_carrier_out_of_reach_is_asked_again_by_the_next_periodic_task(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer, held = await hold_change(database, sandbox)
    sandbox.behave(customer.carrier, outage="unavailable")
    still = await give_up(customer, database, held.reference)
    assert (still.state, still.flag) == (OrderState.HELD, "given_up")
    sandbox.behave_normally(customer.carrier)
    assert await find_overdue(customer.system) == 1
    await drain(database)
    assert (await get_order(customer.manager, held.reference)).state is OrderState.FAILED


async def test_going_on_in_between_starts_the_time_anew_and_late_information_is_refused(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer, held = await hold_port_in(database, sandbox)
    item = held.items[0].id
    await later(database, 20)
    await _say(customer, str(item), OrderUpdateState.IN_PROGRESS)
    await _say(customer, str(item), OrderUpdateState.HELD, "account_mismatch")
    await later(database, 20)
    assert await find_overdue(customer.system) == 0
    await later(database, 11)
    assert await find_overdue(customer.system) == 1
    with pytest.raises(Conflict) as refusal:
        await correct_item(customer.manager, held.reference, item, fields=MISSING)
    assert refusal.value.code == "held_too_long"


async def test_one_that_is_being_called_back_ends_as_cancelled(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer, held = await hold_port_in(database, sandbox)
    await later(database, 31)
    await cancel_order(customer.manager, held.reference)
    assert await find_overdue(customer.system) == 0
    await drain(database)
    assert (await get_order(customer.manager, held.reference)).state is OrderState.CANCELLED


async def test_a_contract_that_nobody_decides_fails_without_a_carrier(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    [line] = await customer.lines()
    request = SplitBilling(
        line_ids=(line.id,),
        profile=profile(customer.carrier).split_profiles[0].code,
        document_id=await store_contract(customer),
        request_key="k",
    )
    placed = await place_order(customer.manager, request)
    await make_jobs_due(database)
    await drain(database)
    failed = await give_up(customer, database, placed.reference)
    assert failed.state is OrderState.FAILED
    assert failed.items[0].why == "The contract was not decided in time: send it again"
    [agreement] = await rows(customer, "SELECT state FROM split_agreement")
    assert agreement["state"] != "under_review"
    assert sandbox.order(customer.carrier, str(UUID(str(failed.items[0].id)))) is None
