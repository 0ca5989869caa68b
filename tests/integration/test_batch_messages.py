"""What a carrier may say of a batch: refused as a whole, an item that is missing, one that cannot be read."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from backend.core.facts import JobName
from backend.core.messaging.inbox import store_callback
from backend.core.messaging.jobs import job_scope
from backend.members.operators import operator_actor
from backend.orders.operator.carrier_messages import CarrierMessage, carrier_messages, read_carrier_message
from backend.orders.schemas import OrderDetail, OrderItemView
from backend.orders.service import get_order
from backend.settings import Settings
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import place
from tests.support.stub_carrier import StubCarrier, stub_carrier

PATH = "/serviceOrder"


@pytest.fixture
async def stub() -> AsyncIterator[StubCarrier]:
    async with stub_carrier() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, stub: StubCarrier) -> Settings:
    return replace(settings, carrier_urls={"lynx": stub.url})


def told(asked: dict[str, Any], *states: Any, state: str = "inProgress") -> dict[str, Any]:
    """The batch as it was asked, its items in these states; None leaves an item out."""
    items = [
        {"id": item["id"], "state": said, "service": {}}
        for item, said in zip(asked["serviceOrderItem"], states, strict=True)
        if said is not None
    ]
    return {"id": "c1", "externalId": asked["externalId"], "state": state, "serviceOrderItem": items}


async def send(customer: Customer, database: TestDatabase) -> OrderDetail:
    lines = sorted(await customer.lines(), key=lambda line: line.msisdn)
    placed = await place(customer, [line.id for line in lines], add=("sms-unlimited",))
    await make_jobs_due(database)
    await drain(database, only="orders.")
    return await get_order(customer.manager, placed.reference)


def in_turn(stub: StubCarrier, detail: OrderDetail) -> list[OrderItemView]:
    """The items as the carrier was asked for them."""
    asked = next(said for method, _, said in stub.asked if method == "POST")
    items = {str(item.id): item for item in detail.items}
    return [items[one["id"]] for one in asked["serviceOrderItem"]]


def states(stub: StubCarrier, detail: OrderDetail) -> list[str]:
    return [item.state for item in in_turn(stub, detail)]


async def messages_of(customer: Customer) -> list[CarrierMessage]:
    return await carrier_messages(await operator_actor("Nadia", customer.slug))


async def test_refused_as_a_whole_its_items_are_asked_alone(
    database: TestDatabase, stub: StubCarrier
) -> None:
    def answer(asked: dict[str, Any], _: str) -> Any:
        if len(asked["serviceOrderItem"]) > 1:
            return {"code": "batchRefused", "reason": "Not so many."}
        return {"id": f"c-{asked['externalId']}", "externalId": asked["externalId"], "state": "acknowledged"}

    stub.say("POST", PATH, answer)
    customer = await make_customer(carrier="lynx", lines=3)
    detail = await send(customer, database)
    assert {item.state for item in detail.items} == {"in_progress"}
    assert len([path for method, path, _ in stub.asked if method == "POST"]) == 4
    async with job_scope(customer.system) as scope:
        assert (
            await scope.fetch_value(int, "SELECT count(*) FROM change_order_item WHERE batch_id IS NULL") == 3
        )


async def test_an_item_that_is_missing_or_unreadable_is_set_aside_and_the_others_count(
    database: TestDatabase, stub: StubCarrier
) -> None:
    stub.say("POST", PATH, lambda asked, _: told(asked, "completed", "dancing", None, ""))
    customer = await make_customer(carrier="lynx", lines=4)
    detail = await send(customer, database)
    # The last one says nothing by itself: the order does
    assert states(stub, detail) == ["done", "sent", "sent", "in_progress"]
    items = in_turn(stub, detail)
    aside = await messages_of(customer)
    assert {one.subject for one in aside} == {str(items[1].id), str(items[2].id)}
    assert {one.reference for one in aside} == {detail.reference}
    assert any("dancing" in one.why for one in aside)


@pytest.mark.parametrize("state", ["partial", "completed"])
async def test_an_event_of_a_batch_tells_of_each_item(
    database: TestDatabase, stub: StubCarrier, state: str
) -> None:
    stub.say("POST", PATH, lambda asked, _: told(asked, *["acknowledged"] * 4))
    customer = await make_customer(carrier="lynx", lines=4)
    detail = await send(customer, database)
    asked = next(said for method, _, said in stub.asked if method == "POST")
    order = told(asked, "completed", {"not": "a word"}, "failed", "", state=state)
    order["serviceOrderItem"][2]["errorMessage"] = [{"code": "noRoom", "message": "No room."}]
    event = {
        "eventId": "e1",
        "eventTime": datetime(2026, 11, 29, tzinfo=UTC).isoformat(),
        "eventType": "ServiceOrderStateChangeEvent",
        "event": {"serviceOrder": order},
    }
    async with job_scope(customer.system) as scope:
        await store_callback(scope, ["lynx"], "e1", json.dumps(event), job=JobName.HANDLE_CALLBACKS)
    await drain(database, only="orders.")
    detail = await get_order(customer.manager, detail.reference)
    # "partial" says nothing of a single item, "completed" does
    last = {"partial": "in_progress", "completed": "done"}[state]
    assert states(stub, detail) == ["done", "in_progress", "failed", last]
    items = in_turn(stub, detail)
    assert (items[2].reason, items[2].detail) == ("noRoom", "No room.")
    unread = {str(items[1].id)} | ({str(items[3].id)} if state == "partial" else set())
    assert {one.subject for one in await messages_of(customer)} == unread


async def test_an_event_that_cannot_be_read_as_a_whole_names_the_request_of_its_batch(
    database: TestDatabase, stub: StubCarrier
) -> None:
    stub.say("POST", PATH, lambda asked, _: told(asked, *["acknowledged"] * 3))
    customer = await make_customer(carrier="lynx", lines=3)
    detail = await send(customer, database)
    asked = next(said for method, _, said in stub.asked if method == "POST")
    orders = {
        "known": told(asked, "completed", "completed", "completed") | {"serviceOrderItem": "all"},
        "unknown": {"externalId": f"batch-{UUID(int=7)}", "state": "completed", "serviceOrderItem": "all"},
        "other": {"externalId": "batch-1 or more", "state": "completed", "serviceOrderItem": "all"},
    }
    for event_id, order in orders.items():
        event = {
            "eventId": event_id,
            "eventTime": datetime(2026, 11, 29, tzinfo=UTC).isoformat(),
            "eventType": "ServiceOrderStateChangeEvent",
            "event": {"serviceOrder": order},
        }
        async with job_scope(customer.system) as scope:
            await store_callback(scope, ["lynx"], event_id, json.dumps(event), job=JobName.HANDLE_CALLBACKS)
    await drain(database, only="orders.")
    aside = {one.subject: one for one in await messages_of(customer)}
    assert {subject: one.reference for subject, one in aside.items()} == {
        asked["externalId"]: detail.reference,
        f"batch-{UUID(int=7)}": "",
        "batch-1 or more": "",
    }
    operator = await operator_actor("Nadia", customer.slug)
    shown = await read_carrier_message(operator, aside[asked["externalId"]].id)
    assert shown.reference == detail.reference
