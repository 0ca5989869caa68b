"""The carrier adapter against the running sandbox: orders, their news, their callbacks, and what goes wrong."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from backend.core.errors import Unavailable
from backend.integrations.network import (
    CarrierRejection,
    HttpCarrierNetwork,
    OrderAccepted,
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
)
from tests.support.listener import Listener, eventually, listening
from tests.support.sandbox import Sandbox, options_order, running_sandbox

NUMBER = "+32470100001"
OTHER = "+32470100002"
M = "mandarine"


def line(msisdn: str, **more: object) -> dict[str, object]:
    return {
        "msisdn": msisdn,
        "billingAccount": "6012480-01",
        "productType": "voice_data",
        "plan": "pro-flex-20",
        "options": ["data-5gb"],
        "simNumber": "9100000123454",
        "puk": "12345678",
        "activatedOn": "2024-03-01",
    } | more


def change(msisdn: str = NUMBER, **more: Any) -> ServiceOrder:
    return options_order(msisdn, **{"add": ("sms-unlimited",)} | more)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    running.load(M, "delta", [line(NUMBER), line(OTHER)])
    return running


@pytest.fixture
async def network(sandbox: Sandbox) -> AsyncIterator[HttpCarrierNetwork]:
    async with HttpCarrierNetwork(sandbox.carrier_urls, concurrency=8, timeout=5.0) as found:
        yield found


@pytest.fixture
async def listener(sandbox: Sandbox) -> AsyncIterator[Listener]:
    async with listening() as found:
        sandbox.call_back(M, found.url)
        yield found


async def until(network: HttpCarrierNetwork, external_id: str, state: OrderUpdateState) -> OrderUpdate:
    async with asyncio.timeout(10):
        while True:
            news = await network.find(M, external_id)
            if news and news.state is state:
                return news
            await asyncio.sleep(0.02)


async def test_an_order_is_taken_carried_out_and_told(
    sandbox: Sandbox, network: HttpCarrierNetwork, listener: Listener
) -> None:
    sandbox.behave(M, delay_ms=200)
    order = change(remove=("data-5gb",), reference="MND-2611211200-KXTR")
    accepted = await network.submit(M, order)
    assert isinstance(accepted, OrderAccepted)
    assert accepted.state is OrderUpdateState.IN_PROGRESS
    heard = await listener.wait_for(2)
    assert [event.updates[0].state for event in heard] == [
        OrderUpdateState.IN_PROGRESS,
        OrderUpdateState.DONE,
    ]
    assert heard[0].event_id != heard[1].event_id
    assert heard[1].updates[0].external_id == order.external_id
    assert heard[1].updates[0].reported["options"] == ["sms-unlimited"]
    assert await network.fetch(M, accepted.carrier_order_id) == await network.find(M, order.external_id)
    page = await network.inventory(M, "delta", 0, 10)
    assert page.lines[0].options == ("sms-unlimited",)
    assert sandbox.counts(M)["by_external_id"] == {order.external_id: 1}
    assert sandbox.counts(M)["by_line"] == {NUMBER: 1}


async def test_without_a_delay_only_the_end_is_told(network: HttpCarrierNetwork, listener: Listener) -> None:
    await network.submit(M, change())
    heard = await listener.wait_for(1)
    await asyncio.sleep(0.1)
    assert [event.updates[0].state for event in heard] == [OrderUpdateState.DONE]


async def test_a_repeat_is_answered_with_the_first(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    order = change()
    answers = await asyncio.gather(*(network.submit(M, order) for _ in range(6)))
    assert len({answer.carrier_order_id for answer in answers if isinstance(answer, OrderAccepted)}) == 1
    await until(network, order.external_id, OrderUpdateState.DONE)
    counts = sandbox.counts(M)
    assert (counts["orders"], counts["repeats"], counts["effects"]) == (1, 5, 1)


async def test_a_refusal_at_once_takes_nothing(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    sandbox.behave(M, refuse="debtBlock", refuse_status=409, message="The account is blocked.")
    order = change()
    assert await network.submit(M, order) == CarrierRejection("debtBlock", "The account is blocked.")
    assert await network.find(M, order.external_id) is None
    assert sandbox.counts(M)["orders"] == 0


async def test_an_unknown_line_is_refused(network: HttpCarrierNetwork) -> None:
    answer = await network.submit(M, change("+32499999999"))
    assert isinstance(answer, CarrierRejection)
    assert answer.code == "unknownLine"


@pytest.mark.parametrize(
    ("outcome", "state", "effects"),
    [
        ("failed", OrderUpdateState.FAILED, 0),
        ("cancelled", OrderUpdateState.CANCELLED, 0),
        ("partial", OrderUpdateState.FAILED, 1),
        ("held", OrderUpdateState.HELD, 0),
    ],
)
async def test_bad_ends(
    sandbox: Sandbox,
    network: HttpCarrierNetwork,
    listener: Listener,
    outcome: str,
    state: OrderUpdateState,
    effects: int,
) -> None:
    sandbox.behave(M, outcome=outcome, message="Because.")
    order = change(remove=("data-5gb",))
    await network.submit(M, order)
    (event,) = await listener.wait_for(1)
    assert (event.updates[0].state, event.updates[0].code, event.updates[0].message) == (
        state,
        outcome,
        "Because.",
    )
    assert sandbox.counts(M)["effects"] == effects
    if outcome == "partial":
        assert event.updates[0].reported["options"] == ["data-5gb", "sms-unlimited"], "added, but not removed"


async def test_a_held_order_is_ended_by_a_person(
    sandbox: Sandbox, network: HttpCarrierNetwork, listener: Listener
) -> None:
    sandbox.behave(M, outcome="held")
    first, second = change(), change(OTHER)
    await network.submit(M, first)
    await network.submit(M, second)
    await listener.wait_for(2)
    sandbox.act(M, first.external_id, "complete")
    sandbox.act(M, second.external_id, "fail")
    heard = await listener.wait_for(4)
    assert {event.updates[0].external_id: event.updates[0].state for event in heard[2:]} == {
        first.external_id: OrderUpdateState.DONE,
        second.external_id: OrderUpdateState.FAILED,
    }
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        sandbox.act(M, first.external_id, "complete")
    assert sandbox.counts(M)["by_line"] == {NUMBER: 1}


async def test_callbacks_twice_have_one_event(
    sandbox: Sandbox, network: HttpCarrierNetwork, listener: Listener
) -> None:
    sandbox.behave(M, duplicate_callbacks=True)
    await network.submit(M, change())
    heard = await listener.wait_for(2)
    assert heard[0] == heard[1]


async def test_callbacks_out_of_order(
    sandbox: Sandbox, network: HttpCarrierNetwork, listener: Listener
) -> None:
    sandbox.behave(M, delay_ms=100, reorder_callbacks=True)
    await network.submit(M, change())
    heard = await listener.wait_for(2)
    assert [event.updates[0].state for event in heard] == [
        OrderUpdateState.DONE,
        OrderUpdateState.IN_PROGRESS,
    ]
    assert heard[0].at > heard[1].at


async def test_lost_callbacks_are_found_by_asking_and_can_be_told_again(
    sandbox: Sandbox, network: HttpCarrierNetwork, listener: Listener
) -> None:
    sandbox.behave(M, lose_callbacks=True)
    order = change()
    await network.submit(M, order)
    await until(network, order.external_id, OrderUpdateState.DONE)
    assert listener.heard == []
    assert sandbox.counts(M)["callbacks"] == {"lost": 1}
    sandbox.act(M, order.external_id, "resend")
    (event,) = await listener.wait_for(1)
    assert event.updates[0].state is OrderUpdateState.DONE
    assert sandbox.counts(M)["effects"] == 1


async def test_late_callbacks(sandbox: Sandbox, network: HttpCarrierNetwork, listener: Listener) -> None:
    sandbox.behave(M, callback_delay_ms=400)
    order = change()
    await network.submit(M, order)
    await until(network, order.external_id, OrderUpdateState.DONE)
    assert listener.heard == []
    await listener.wait_for(1)


async def test_a_callback_is_sent_again_until_somebody_answers(
    network: HttpCarrierNetwork, listener: Listener
) -> None:
    listener.refuse = 2
    await network.submit(M, change())
    (event,) = await listener.wait_for(1)
    assert event.updates[0].state is OrderUpdateState.DONE
    assert listener.refuse == 0


async def test_callbacks_are_signed_with_the_carriers_secret(
    sandbox: Sandbox, network: HttpCarrierNetwork, listener: Listener
) -> None:
    sandbox.call_back(M, listener.url, secret="another")
    await network.submit(M, change())
    await eventually(lambda: listener.unsigned)
    assert listener.heard == []


@pytest.mark.parametrize("outage", ["unavailable", "busy", "dropped"])
async def test_an_outage_takes_nothing(sandbox: Sandbox, network: HttpCarrierNetwork, outage: str) -> None:
    sandbox.behave(M, outage=outage)
    order = change()
    for ask in (
        network.submit(M, order),
        network.find(M, order.external_id),
        network.fetch(M, "any"),
        network.inventory(M, "delta", 0, 1),
    ):
        with pytest.raises(Unavailable) as caught:
            await ask
        assert caught.value.details["retry_after"] == (1.0 if outage == "busy" else None)
    sandbox.behave_normally(M)
    assert await network.find(M, order.external_id) is None
    assert isinstance(await network.submit(M, order), OrderAccepted)


async def test_a_lost_answer_is_healed_by_asking_again(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    sandbox.behave(M, outage="answer_lost", orders=1)
    order = change()
    with pytest.raises(Unavailable):
        await network.submit(M, order)
    assert isinstance(await network.submit(M, order), OrderAccepted)
    await until(network, order.external_id, OrderUpdateState.DONE)
    counts = sandbox.counts(M)
    assert (counts["orders"], counts["effects"], counts["repeats"]) == (1, 1, 1)


async def test_nothing_is_acknowledged_before_it_is_written(
    sandbox: Sandbox, network: HttpCarrierNetwork
) -> None:
    blocker = sqlite3.connect(sandbox.data / "sandbox.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    order = change()
    tries = [asyncio.create_task(network.submit(M, order)) for _ in range(2)]
    await asyncio.sleep(0.5)
    assert not any(each.done() for each in tries)
    blocker.execute("ROLLBACK")
    blocker.close()
    first, second = await asyncio.gather(*tries)
    assert isinstance(first, OrderAccepted)
    assert isinstance(second, OrderAccepted)
    assert first.carrier_order_id == second.carrier_order_id


async def test_a_behaviour_for_the_next_orders_only(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    sandbox.behave(M, refuse="no", orders=2)
    answers = [type(await network.submit(M, change())) for _ in range(3)]
    assert answers == [CarrierRejection, CarrierRejection, OrderAccepted]


async def test_an_outage_for_the_next_orders_only(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    sandbox.behave(M, outage="unavailable", orders=2)
    order = change()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await network.submit(M, order)
    assert isinstance(await network.submit(M, order), OrderAccepted)


async def test_a_behaviour_for_some_numbers_only(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    sandbox.behave(M, refuse="no", msisdns=[OTHER])
    assert isinstance(await network.submit(M, change(NUMBER)), OrderAccepted)
    assert isinstance(await network.submit(M, change(OTHER)), CarrierRejection)


async def test_the_other_carrier_is_left_alone(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    sandbox.behave(M, outage="unavailable")
    sandbox.load("lynx", "delta", [line(NUMBER, plan="trail-m")])
    assert isinstance(await network.submit("lynx", change()), OrderAccepted)
    assert sandbox.counts(M)["orders"] == 0


async def test_the_inventory_is_paged_in_a_stable_order(
    sandbox: Sandbox, network: HttpCarrierNetwork
) -> None:
    numbers = [f"+3247010{index:04}" for index in range(2500)]
    sandbox.load(M, "atlas", [line(number) for number in reversed(numbers)])
    seen: list[str] = []
    while True:
        page = await network.inventory(M, "atlas", len(seen), 1000)
        assert page.total == 2500
        if not page.lines:
            break
        seen += [each.msisdn for each in page.lines]
    assert seen == numbers


async def test_a_line_arrives_whole(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    whole = line(
        NUMBER,
        status="suspended",
        barrings=["premium-sms"],
        simKind="esim",
        roamingCapCents=0,
        companionSim="9100000999997",
        splitProfile="Executive 20",
    )
    sandbox.load(M, "delta", [whole])
    (found,) = (await network.inventory(M, "delta", 0, 10)).lines
    assert (found.status, found.sim_kind, found.roaming_cap_cents) == ("suspended", "esim", 0)
    assert (found.barrings, found.companion_sim, found.split_profile) == (
        ("premium-sms",),
        "9100000999997",
        "Executive 20",
    )
    assert (found.billing_account, found.plan, found.product_type) == (
        "6012480-01",
        "pro-flex-20",
        "voice_data",
    )
    assert (found.sim_number, found.puk, str(found.activated_on)) == (
        "9100000123454",
        "12345678",
        "2024-03-01",
    )
    assert "12345678" not in repr(found)


async def test_no_address_or_a_wrong_one_refuses_no_order(sandbox: Sandbox) -> None:
    for urls in ({}, {M: "http://127.0.0.1:9"}, {M: f"{sandbox.url}/nobody/at/all"}):
        async with HttpCarrierNetwork(urls, timeout=2.0) as network:
            with pytest.raises(Unavailable):
                await network.submit(M, change())


async def test_a_slow_carrier_is_given_up_on(sandbox: Sandbox) -> None:
    async def never(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, HttpCarrierNetwork({M: f"http://127.0.0.1:{port}"}, timeout=0.2) as network:
        with pytest.raises(Unavailable, match="SocketTimeoutError"):
            await network.submit(M, change())
        await asyncio.sleep(1)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("403 Forbidden", b'{"code":"40","reason":"Not allowed"}'),
        ("404 Not Found", b"<h1>Not Found</h1>"),
        ("200 OK", b"<h1>Welcome</h1>"),
        ("302 Found", b""),
        ("500 Oops", b'{"code":"1","reason":"Oops"}'),
    ],
)
async def test_nothing_is_concluded_from_an_answer_that_is_not_the_carriers(status: str, body: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, HttpCarrierNetwork({M: f"http://127.0.0.1:{port}"}, timeout=2.0) as network:
        for ask in (network.fetch(M, "1"), network.find(M, "1"), network.inventory(M, "delta", 0, 1)):
            with pytest.raises(Unavailable):
                await ask


async def test_a_message_that_makes_no_sense_is_refused_in_tmf_words(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        path = f"/{M}/tmf-api/serviceOrdering/v4/serviceOrder"
        for body in ("{", "[]", '{"externalId":"1","serviceOrderItem":[]}', '{"serviceOrderItem":[]}'):
            answer = await client.post(path, content=body)
            assert answer.status_code == 400
            assert answer.json()["code"]
        assert (await client.get(f"{path}/missing")).status_code == 404
        assert (await client.put(f"/{M}/admin/behaviour", json={"dellay": 1})).status_code == 400
        assert (await client.put(f"/{M}/admin/behaviour", json={"delay_ms": -1})).status_code == 400


async def test_orders_are_listed_in_pages(sandbox: Sandbox, network: HttpCarrierNetwork) -> None:
    for _ in range(5):
        await network.submit(M, change())
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        answer = await client.get(f"/{M}/tmf-api/serviceOrdering/v4/serviceOrder?offset=3&limit=10")
    assert (len(answer.json()), answer.headers["x-total-count"], answer.headers["x-result-count"]) == (
        2,
        "5",
        "2",
    )
