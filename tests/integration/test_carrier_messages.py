"""Messages of a carrier that cannot be read or applied: each is tried alone, the bad one is set aside, the rest goes on."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import asyncpg
import httpx
import pytest

from backend.core.errors import Conflict
from backend.core.facts import JobName
from backend.core.messaging import set_aside as kept
from backend.core.messaging.inbox import store_callback
from backend.core.messaging.jobs import job_scope, run_job
from backend.core.messaging.set_aside import UnreadMessage, purge_set_aside, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.lines.service import get_line
from backend.lines.sims.codes import reveal_puk
from backend.members.operators import operator_actor
from backend.orders.changes.cancellation import cancel_order
from backend.orders.fulfilment import apply_each
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.kinds.add_line import AddLine
from backend.orders.kinds.replace_sim import ReplaceSim
from backend.orders.operator.carrier_messages import (
    CarrierMessage,
    carrier_messages,
    dismiss_carrier_message,
    read_carrier_message,
    retry_carrier_message,
)
from backend.orders.placement.place import place_order
from backend.orders.service import get_order
from backend.settings import Settings
from tests.integration.test_operator import http, staff  # noqa: F401 - a fixture
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, next_msisdn, sim_for
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import port_in_request
from tests.support.order_steps import place
from tests.support.stub_carrier import StubCarrier, stub_carrier, told_order

CARRIERS = ["mandarine", "lynx"]
ORDERS, CANCELLATIONS = "/serviceOrder", "/cancelServiceOrder"
SIM_JOBS = {"sims.read_puk", "sims.seal_codes"}


@pytest.fixture
async def stub() -> AsyncIterator[StubCarrier]:
    """A carrier that takes every order, and says nothing more of it."""
    async with stub_carrier() as running:
        running.say("POST", ORDERS, lambda asked, _: told_order(asked["externalId"], "acknowledged"))
        yield running


@pytest.fixture
def settings(settings: Settings, stub: StubCarrier) -> Settings:
    return replace(settings, carrier_urls=dict.fromkeys(CARRIERS, stub.url))


def option_of(customer: Customer) -> str:
    return {"mandarine": "sms-unlimited", "lynx": "roam-world"}[customer.carrier]


async def new_lines(customer: Customer, count: int) -> list[str]:
    """Orders of new lines, as long as their undo time lasts; their references."""
    plan = {"mandarine": "pro-flex-2", "lynx": "trail-s"}[customer.carrier]
    account = next(iter(customer.accounts))
    placed = [
        await place_order(
            customer.manager,
            AddLine(
                account=account,
                family_name="Peeters",
                given_name="An",
                sim_number=sim_for(customer.carrier, 700_000 + int(next_msisdn()[-6:])),
                plan=plan,
                no_cap=True,
                request_key=f"k{index}",
            ),
        )
        for index in range(count)
    ]
    return [one.reference for one in placed]


async def send(database: TestDatabase) -> None:
    await make_jobs_due(database)
    await drain(database, only="orders.")


async def item_of(customer: Customer, reference: str) -> str:
    return str((await get_order(customer.manager, reference)).items[0].id)


async def tell(customer: Customer, order: Any, *, event_id: str, second: int = 0, time: Any = "") -> None:
    """A callback about an order, as the listener stores it."""
    at = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=second)
    body = {
        "eventId": event_id,
        "eventTime": at.isoformat() if time == "" else time,
        "eventType": "ServiceOrderStateChangeEvent",
        "event": {"serviceOrder": order},
    }
    async with job_scope(customer.system) as scope:
        await store_callback(
            scope, [customer.carrier], event_id, json.dumps(body), job=JobName.HANDLE_CALLBACKS
        )


async def order_states(customer: Customer, references: list[str]) -> list[str]:
    return [(await get_order(customer.manager, one)).state for one in references]


async def messages_of(customer: Customer, *, closed: bool = False) -> list[CarrierMessage]:
    return await carrier_messages(await operator_actor("Nadia", customer.slug), closed=closed)


def line_values(msisdn: Any, **more: Any) -> dict[str, Any]:
    return {"msisdn": msisdn, "activatedOn": "2026-11-29"} | more


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_one_bad_callback_is_set_aside_and_the_others_count(
    database: TestDatabase, stub: StubCarrier, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier, lines=1)
    elsewhere = await make_customer(carrier=carrier, lines=1)
    taken = (await customer.lines())[0].msisdn
    references = await new_lines(customer, 8)
    await send(database)
    items = [await item_of(customer, one) for one in references]
    numbers = [next_msisdn() for _ in references]
    told: list[dict[str, Any]] = [
        # Right, and right in another form
        line_values(numbers[0], note=10**400),
        line_values(
            numbers[1], activatedOn="2026-10-31T23:00:00Z", options=None, companionSim=None, speed={"a": 1}
        ),
        line_values(numbers[2], options="sms-unlimited"),
        # Not what the carrier can have meant
        line_values(numbers[3], options=5),
        line_values(taken),
        line_values(numbers[5], activatedOn="soon"),
        line_values(numbers[6], plan={"name": "p"}),
        line_values(numbers[7]),
    ]
    for index, (item, values) in enumerate(zip(items, told, strict=True)):
        state = "Completed" if index < 7 else "on the moon"
        await tell(customer, told_order(item, state, **values), event_id=f"e{index}")
    await drain(database, only="orders.handle_callbacks", twice=True)
    states = await order_states(customer, references)
    assert states == ["completed"] * 3 + ["in_progress"] * 5
    lines = {line.msisdn: line for line in await customer.lines()}
    assert str((await get_line(customer.manager, lines[numbers[1]].id)).activated_on) == "2026-11-01"
    assert lines[numbers[2]].options == ["sms-unlimited"]
    found = {one.subject: one for one in await messages_of(customer)}
    assert set(found) == set(items[3:])
    assert {one.source for one in found.values()} == {SetAsideSource.CALLBACK}
    assert [one.times for one in found.values()] == [1] * 5
    assert found[items[4]].why == "the number is live on another line"
    assert found[items[4]].reference == references[4]
    assert "'options'" in found[items[3]].why
    assert elsewhere.slug not in str(found)
    # What follows is heard at once, and polling would bring the rest
    await tell(
        customer, told_order(items[3], "completed", **line_values(numbers[3])), event_id="late", second=9
    )
    await drain(database, only="orders.handle_callbacks")
    assert await order_states(customer, references[3:4]) == ["completed"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_in_whatever_order_a_bad_message_comes_the_end_is_the_same(
    database: TestDatabase, stub: StubCarrier, order: tuple[int, ...]
) -> None:
    customer = await make_customer()
    [reference] = await new_lines(customer, 1)
    await send(database)
    item, number = await item_of(customer, reference), next_msisdn()
    events = [
        told_order(item, "IN_PROGRESS", msisdn=number),
        told_order(item, "held", options={"a": 1}, errors=[{"code": 60, "reason": "r", "message": None}]),
        told_order(item, "completed", **line_values(number)),
    ]
    for index in order:
        await tell(customer, events[index], event_id=f"e{index}", second=index)
        await drain(database, only="orders.handle_callbacks", twice=True)
    assert await order_states(customer, [reference]) == ["completed"]
    assert [line.msisdn for line in await customer.lines()] == [number]
    [message] = await messages_of(customer)
    assert message.subject == item


async def test_of_two_messages_in_one_batch_about_one_item_the_good_one_counts(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer = await make_customer(lines=1)
    taken = (await customer.lines())[0].msisdn
    [reference] = await new_lines(customer, 1)
    await send(database)
    item, number = await item_of(customer, reference), next_msisdn()
    await tell(customer, told_order(item, "inProgress", msisdn=taken), event_id="taken", second=1)
    await tell(customer, told_order(item, "completed", **line_values(number)), event_id="right", second=2)
    await drain(database, only="orders.handle_callbacks")
    assert await order_states(customer, [reference]) == ["completed"]
    assert [one.why for one in await messages_of(customer)] in (
        [],
        ["the number is live on another line"],
    )


async def test_an_event_without_a_time_counts_from_when_it_came(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer = await make_customer()
    [reference] = await new_lines(customer, 1)
    await send(database)
    item = await item_of(customer, reference)
    await tell(customer, told_order(item, "held"), event_id="a", time=None)
    await drain(database, only="orders.handle_callbacks")
    assert await order_states(customer, [reference]) == ["held"]
    await tell(customer, told_order(item, "inProgress"), event_id="old", second=1)
    await drain(database, only="orders.handle_callbacks")
    assert await order_states(customer, [reference]) == ["held"]


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_set_aside_callback_is_tried_again_over_rest_and_by_command(
    http: httpx.AsyncClient,  # noqa: F811
    database: TestDatabase,
    stub: StubCarrier,
    carrier: str,
) -> None:
    customer, elsewhere = await make_customer(carrier=carrier, lines=1), await make_customer(carrier=carrier)
    [own] = await customer.lines()
    references = await new_lines(customer, 2)
    await send(database)
    items = [await item_of(customer, one) for one in references]
    await tell(customer, told_order(items[0], "completed", **line_values(own.msisdn)), event_id="taken")
    await tell(customer, told_order(items[1], "completed", options=5, pukCode="87654321"), event_id="bad")
    await drain(database, only="orders.handle_callbacks")
    base, headers = f"/api/operator/v1/tenants/{customer.slug}/carrier-messages", await staff()
    listed = {one["subject"]: one for one in (await http.get(base, headers=headers)).json()}
    taken, bad = listed[items[0]]["id"], listed[items[1]]["id"]
    text = (await http.get(f"{base}/{taken}", headers=headers)).json()
    assert json.loads(text["body"])["eventId"] == "taken"
    for one in (taken, bad):
        again = await http.post(f"{base}/{one}/retry", headers=headers)
        assert (again.status_code, again.json()["code"]) == (409, "still_unreadable")
    # The number has left the other line
    async with job_scope(customer.system) as scope:
        await scope.execute("UPDATE line SET status = 'terminated' WHERE id = $1", own.id)
    done = await http.post(f"{base}/{taken}/retry", headers=headers)
    assert done.json() == {"done": True}
    assert (await http.post(f"{base}/{taken}/retry", headers=headers)).json()["code"] == "not_open"
    assert await order_states(customer, references) == ["completed", "in_progress"]
    assert (await http.post(f"{base}/{bad}/dismissal", headers=headers)).status_code == 204
    assert (await http.get(base, headers=headers)).json() == []
    closed = (await http.get(f"{base}?closed=true", headers=headers)).json()
    assert {one["state"] for one in closed} == {"done", "dismissed"}
    # Another company's staff address finds nothing
    other = f"/api/operator/v1/tenants/{elsewhere.slug}/carrier-messages"
    assert (await http.get(other, headers=headers)).json() == []
    assert (await http.get(f"{other}/{taken}", headers=headers)).status_code == 404
    async with job_scope(customer.system) as scope:
        rows = await scope.connection.fetch(
            "SELECT action, actor_name FROM audit_event WHERE subject = 'carrier_message'"
        )
    assert {tuple(row) for row in rows} == {
        (f"carrier_message.{what}", "Nadia Operator") for what in ("read", "retried", "dismissed")
    }


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_one_bad_poll_is_set_aside_and_closes_once_it_can_be_read(
    database: TestDatabase, stub: StubCarrier, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier, lines=1)
    taken = (await customer.lines())[0].msisdn
    references = await new_lines(customer, 4)
    await send(database)
    items = [await item_of(customer, one) for one in references]
    numbers = [next_msisdn() for _ in items]
    answers = {
        items[0]: told_order(items[0], "Completed", **line_values(numbers[0])),
        items[1]: told_order(
            items[1], "completed", **line_values(numbers[1], activatedOn={"day": 1}, puk="87654321")
        ),
        items[2]: told_order(items[2], "completed", **line_values(taken)),
        items[3]: told_order(items[3], "completed", **line_values(numbers[3])) | {"errorMessage": None},
    }
    stub.say("GET", ORDERS, lambda _, path: next(answers[item] for item in items if item in path))
    for _ in range(2):
        await poll_stale_items(customer.system, -1)
        assert await drain(database, only="orders.poll_items", twice=True) == ["orders.poll_items"]
    assert await order_states(customer, references) == [
        "completed",
        "in_progress",
        "in_progress",
        "completed",
    ]
    found = {one.subject: one for one in await messages_of(customer)}
    assert set(found) == set(items[1:3])
    assert {one.source for one in found.values()} == {SetAsideSource.ANSWER}
    assert found[items[1]].times == 2
    nadia = await operator_actor("Nadia", customer.slug)
    assert "87654321" not in (await read_carrier_message(nadia, found[items[1]].id)).body
    # Put right at the carrier: asked again by the operator, or by itself with the next poll
    answers[items[1]] = told_order(items[1], "completed", **line_values(numbers[1]))
    assert not (await retry_carrier_message(nadia, found[items[1]].id)).done
    await drain(database, only="orders.poll_items")
    assert [one.subject for one in await messages_of(customer)] == [items[2]]
    answers[items[2]] = told_order(items[2], "completed", **line_values(numbers[2]))
    await poll_stale_items(customer.system, -1)
    await drain(database, only="orders.poll_items")
    assert await messages_of(customer) == []
    assert await order_states(customer, references) == ["completed"] * 4


async def test_an_answer_to_an_order_that_cannot_be_read_does_not_send_it_for_ever(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer = await make_customer(lines=3)
    lines = await customer.lines()
    bad: set[str] = set()

    def answer(asked: dict[str, Any], _: str) -> Any:
        item = asked["externalId"]
        if not bad:
            bad.add(item)
        return told_order(item, "nonsense" if item in bad else "acknowledged")

    stub.say("POST", ORDERS, answer)
    placed = await place(customer, [line.id for line in lines], add=(option_of(customer),))
    await send(database)
    posts = [told["externalId"] for method, _, told in stub.asked if method == "POST"]
    assert len(posts) == len(set(posts)) == 3
    async with job_scope(customer.system) as scope:
        assert (
            await scope.connection.fetchval("SELECT count(*) FROM outbox WHERE job = 'orders.submit_items'")
            == 0
        )
    assert [one.subject for one in await messages_of(customer)] == list(bad)
    # It is found by our own id
    stub.say(
        "GET", f"{ORDERS}?", [told_order(next(iter(bad)), "completed", options=[option_of(customer)]), 7]
    )
    stub.say("GET", f"{ORDERS}/", lambda _, path: told_order(path.rpartition("/c-")[2], "inProgress"))
    await poll_stale_items(customer.system, -1)
    await drain(database, only="orders.poll_items")
    order = await get_order(customer.manager, placed.reference)
    assert sorted(item.state for item in order.items) == ["done", "in_progress", "in_progress"]
    assert await messages_of(customer) == []


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_one_bad_answer_to_a_cancellation_does_not_stop_the_others(
    database: TestDatabase, stub: StubCarrier, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier)
    asked_for = [port_in_request(customer, key=f"k{index}") for index in range(3)]
    references = [(await place_order(customer.manager, one)).reference for one in asked_for]
    await send(database)
    items = [await item_of(customer, one) for one in references]
    said: dict[str, Any] = {
        items[0]: {"state": "Done", "errorMessage": None},
        items[1]: {"state": "who knows", "errorMessage": None},
        items[2]: {"state": "inProgress"},
    }
    stub.say("POST", CANCELLATIONS, lambda asked, _: said[asked["serviceOrder"]["id"].removeprefix("c-")])
    for reference in references:
        await cancel_order(customer.manager, reference)
    await drain(database, only="orders.cancel_at_carrier", twice=True)
    found = [await get_order(customer.manager, one) for one in references]
    # The carrier has not said yet that the others are cancelled
    assert [order.state for order in found] == ["cancelled", "in_progress", "in_progress"]
    assert [order.flag for order in found] == ["", "cancelling", "cancelling"]
    [message] = await messages_of(customer)
    assert (message.subject, message.why) == (items[1], "the carrier's cancellation is in an unknown state")
    stub.say("GET", ORDERS, lambda _, path: told_order(path.rpartition("/c-")[2], "cancelled"))
    await poll_stale_items(customer.system, -1)
    await drain(database, only="orders.")
    assert await order_states(customer, references) == ["cancelled"] * 3
    assert await messages_of(customer) == []


async def test_each_item_of_an_order_is_cancelled_by_itself(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer = await make_customer(lines=3)
    placed = await place(customer, [line.id for line in await customer.lines()], add=(option_of(customer),))
    await send(database)
    items = [str(item.id) for item in (await get_order(customer.manager, placed.reference)).items]
    said: dict[str, Any] = {items[0]: [1, 2], items[1]: {"state": "done"}, items[2]: b"<html>busy</html>"}
    stub.say("POST", CANCELLATIONS, lambda asked, _: said[asked["serviceOrder"]["id"].removeprefix("c-")])
    async with job_scope(customer.system) as scope:
        await scope.execute("UPDATE change_order SET flag = 'cancelling'")
        scope.enqueue(JobName.CANCEL_AT_CARRIER, order_id=placed.id)

    async def states() -> list[str]:
        found = {
            str(item.id): str(item.state)
            for item in (await get_order(customer.manager, placed.reference)).items
        }
        return [found[item] for item in items]

    await drain(database, only="orders.cancel_at_carrier")
    # The second counts although the first cannot be read and the third was not answered
    assert await states() == ["in_progress", "cancelled", "in_progress"]
    assert [one.subject for one in await messages_of(customer)] == items[:1]
    # An outage is asked again, and a refusal then says so on the order
    said[items[0]], said[items[2]] = {"state": "done"}, {"state": "terminatedWithError", "errorMessage": None}
    await make_jobs_due(database)
    await drain(database, only="orders.cancel_at_carrier")
    assert await states() == ["cancelled", "cancelled", "in_progress"]
    assert (await get_order(customer.manager, placed.reference)).flag == "cancel_refused"
    assert await messages_of(customer) == []


async def test_a_sim_that_cannot_be_read_is_set_aside_without_its_secrets(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer = await make_customer(lines=1)
    [line] = await customer.lines()
    card = sim_for("mandarine", 606_060)
    placed = await place_order(
        customer.manager,
        ReplaceSim(line_ids=(line.id,), sim_number=card, reason="defective", request_key="k"),
    )
    await send(database)
    resource: dict[str, Any] = {
        "id": card,
        "category": "simCard",
        "resourceCharacteristic": [{"name": "puk", "value": 87654321}],
    }
    stub.say("GET", "/resource/", lambda _, __: resource)
    await tell(customer, told_order(str(placed.items[0].id), "completed", simNumber=card), event_id="done")
    await drain(database, only="orders.handle_callbacks")
    await drain(database, only="sims.read_puk")
    [message] = await messages_of(customer)
    assert (message.source, message.subject) == (SetAsideSource.SIM, card)
    nadia = await operator_actor("Nadia", customer.slug)
    text = await read_carrier_message(nadia, message.id)
    assert "87654321" not in text.body + text.why
    assert '"puk"' in text.body
    resource["resourceCharacteristic"] = [{"name": "puk", "value": "87654321"}]
    assert not (await retry_carrier_message(nadia, message.id)).done
    await drain(database, only="sims.read_puk")
    assert await messages_of(customer) == []
    assert await reveal_puk(customer.manager, line.id) == "87654321"


async def test_an_amendment_is_not_repeated_because_its_answer_cannot_be_read(
    database: TestDatabase, stub: StubCarrier
) -> None:
    customer = await make_customer()
    [reference] = await new_lines(customer, 1)
    await send(database)
    item = await item_of(customer, reference)
    stub.say("PATCH", ORDERS, {"id": None, "state": 7})
    async with job_scope(customer.system) as scope:
        scope.enqueue(JobName.AMEND_AT_CARRIER, item_id=item, characteristics={"goOn": "true"})
    await drain(database, only="orders.amend_at_carrier")
    assert [method for method, _, _ in stub.asked].count("PATCH") == 1
    assert [one.subject for one in await messages_of(customer)] == [item]
    async with job_scope(customer.system) as scope:
        assert await scope.connection.fetchval("SELECT count(*) FROM outbox WHERE job LIKE '%amend%'") == 0


async def test_what_is_kept_is_bounded_in_number_size_and_time(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, other = await make_customer(), await make_customer()

    def message(key: str) -> UnreadMessage:
        return UnreadMessage(
            source=SetAsideSource.SIM, key=key, subject=key, body="b" * 299_999, why="w" * 999
        )

    monkeypatch.setattr(kept, "MOST_KEPT", 3)
    for number in range(5):
        for one in (customer, other):
            async with job_scope(one.system) as scope:
                await set_aside(scope, [message(f"k{number}")])
    assert [one.subject for one in await messages_of(customer)] == ["k4", "k3", "k2"]
    assert len(await messages_of(other)) == 3
    text = await read_carrier_message(customer.system, (await messages_of(customer))[0].id)
    assert (len(text.body), len(text.why)) == (256 * 1024, 500)
    await dismiss_carrier_message(customer.system, text.id)
    async with job_scope(customer.system) as scope:
        await set_aside(scope, [message("k4")])
    [again] = [one for one in await messages_of(customer) if one.subject == "k4"]
    assert (again.times, again.state) == (2, "open")
    async with job_scope(customer.system) as scope:
        await scope.execute(
            "UPDATE set_aside_message SET last_at = last_at - interval '32 days' WHERE subject <> 'k4'"
        )
    await purge_set_aside(customer.system)
    assert [one.subject for one in await messages_of(customer)] == ["k4"]
    assert len(await messages_of(other)) == 3


async def test_a_fault_of_the_database_sets_nothing_aside(
    database: TestDatabase, stub: StubCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer()
    [reference] = await new_lines(customer, 1)
    await send(database)
    item = await item_of(customer, reference)
    await tell(customer, told_order(item, "completed", **line_values(next_msisdn())), event_id="e")

    async def full(*_: Any, **__: Any) -> None:
        raise asyncpg.DiskFullError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(apply_each, "apply_updates", full)
        async with job_scope(customer.system) as scope:
            row = await scope.connection.fetchval(
                "SELECT id FROM outbox WHERE job = 'orders.handle_callbacks'"
            )
        await run_job("orders.handle_callbacks", customer.tenant_id, row)
    assert await messages_of(customer) == []
    await make_jobs_due(database)
    await drain(database, only="orders.handle_callbacks")
    assert await order_states(customer, [reference]) == ["completed"]


async def test_what_a_savepoint_undoes_is_neither_written_nor_announced() -> None:
    customer = await make_customer(lines=1)
    async with job_scope(customer.system) as scope:
        with pytest.raises(Conflict):
            async with scope.savepoint():
                await scope.execute("UPDATE line SET plan = 'other'")
                scope.invalidate("fleet")
                scope.enqueue(JobName.SYNC_INVENTORY, started_at="x")
                async with scope.savepoint():
                    await scope.execute("UPDATE line SET account = 'other'")
                raise Conflict("no")
        assert (scope.events, scope.topics) == ([], set())
        async with scope.savepoint():
            await scope.execute("UPDATE line SET plan = 'kept'")
            scope.invalidate("orders")
        assert scope.topics == {"orders"}
    [line] = await customer.lines()
    assert line.plan.code == "kept"
