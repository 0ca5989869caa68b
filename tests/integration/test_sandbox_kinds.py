"""Every order kind at the sandbox, over HTTP: what it does to a line, what is told, what is refused, what waits."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.catalog.identifiers import MSISDN, activation_code_valid, sim_number
from backend.catalog.profiles import profile
from backend.integrations.network import (
    CancellationAccepted,
    CarrierRejection,
    HttpCarrierNetwork,
    InventoryLine,
    OrderAccepted,
    OrderUpdate,
    OrderUpdateState,
    ServiceOrder,
)
from backend.sandbox.carrier.behaviour import PortRejection
from backend.sandbox.carrier.order_types import ORDER_TYPES
from backend.sandbox.carrier.port_ins import CORRECTIONS
from tests.support.factories import sim_for
from tests.support.orders import CARRIERS, KINDS, LINE, a_line, asking, asking_to_port
from tests.support.sandbox import Sandbox, running_sandbox


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sandbox(running: Sandbox, carrier: str) -> Sandbox:
    running.reset()
    running.load(carrier, "delta", [a_line(carrier)])
    return running


@pytest.fixture
async def network(sandbox: Sandbox) -> AsyncIterator[HttpCarrierNetwork]:
    async with HttpCarrierNetwork(sandbox.carrier_urls, timeout=5.0) as found:
        yield found


async def until(network: HttpCarrierNetwork, carrier: str, order: ServiceOrder, **wanted: Any) -> OrderUpdate:
    """Wait until an order is in a state, or tells some values."""
    async with asyncio.timeout(10):
        while True:
            news = await network.find(carrier, order.external_id)
            if news and wanted.items() <= {"state": news.state, "code": news.code, **news.reported}.items():
                return news
            await asyncio.sleep(0.02)


async def taken(network: HttpCarrierNetwork, carrier: str, order: ServiceOrder) -> str:
    answer = await network.submit(carrier, order)
    assert isinstance(answer, OrderAccepted), answer
    return answer.carrier_order_id


async def lines(network: HttpCarrierNetwork, carrier: str) -> dict[str, InventoryLine]:
    return {line.msisdn: line for line in (await network.inventory(carrier, "delta", 0, 100)).lines}


async def test_a_new_line_has_the_number_it_was_promised(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str
) -> None:
    card = sim_for(carrier, 990001)
    order = asking(carrier, "addLine", msisdn="", simKind="physical", simNumber=card, companionSim=True)
    await taken(network, carrier, order)
    news = await until(network, carrier, order, state=OrderUpdateState.DONE)
    number = news.reported["msisdn"]
    assert MSISDN.fullmatch(number)
    assert (news.reported["simNumber"], news.reported["simKind"]) == (card, "physical")
    assert sim_number(news.reported["companionSim"], profile(carrier).sim_number)
    line = (await lines(network, carrier))[number]
    assert (line.plan, line.sim_number, line.billing_account) == (news.reported["plan"], card, "6012480-01")
    assert line.roaming_cap_cents == order.characteristics["roamingCapCents"]
    assert str(line.activated_on) == news.reported["activatedOn"]
    assert sandbox.counts(carrier)["by_external_id"] == {order.external_id: 1}
    again = asking(carrier, "addLine", msisdn="", simKind="physical", simNumber=card)
    answer = await network.submit(carrier, again)
    assert isinstance(answer, CarrierRejection)
    assert answer.code == "simInUse"


async def test_an_esim_is_live_only_once_its_user_has_agreed_where_the_carrier_asks(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str
) -> None:
    order = asking(carrier, "addLine", msisdn="", simKind="esim")
    carrier_id = await taken(network, carrier, order)
    if profile(carrier).esim_confirmation:
        news = await until(network, carrier, order, esimState="released")
        assert news.state is OrderUpdateState.IN_PROGRESS
        assert news.reported["msisdn"] not in await lines(network, carrier)
        with pytest.raises(Exception, match="409"):
            sandbox.act(carrier, order.external_id, "download")
        agreed = {"esimConfirmedAt": datetime.now(UTC).isoformat()}
        assert isinstance(await network.amend(carrier, carrier_id, agreed), OrderAccepted)
        await until(network, carrier, order, state=OrderUpdateState.DONE)
        assert isinstance(await network.amend(carrier, carrier_id, agreed), OrderAccepted), "said twice"
    news = await until(network, carrier, order, state=OrderUpdateState.DONE)
    assert (news.reported["esimState"], news.reported["simKind"]) == ("enabled", "esim")
    sim = await network.resource(carrier, news.reported["simNumber"])
    assert sim is not None
    assert sim.kind == "esim"
    assert activation_code_valid(sim.activation_code)
    assert f"smdp.{carrier}.example" in sim.activation_code
    assert len(sim.puk) == 8
    assert (await lines(network, carrier))[news.reported["msisdn"]].sim_kind == "esim"
    document = str(sandbox.order(carrier, order.external_id))
    assert sim.activation_code not in document
    assert sim.puk not in document


async def test_an_esim_replaces_the_card_at_the_last_moment(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str
) -> None:
    sandbox.behave(carrier, esim_by_hand=True)
    order = asking(carrier, "requestEsim", esimConfirmedAt="2026-11-21T10:00:00Z")
    await taken(network, carrier, order)
    await until(network, carrier, order, esimState="released")
    for action, state in (("download", "downloaded"), ("install", "installed")):
        sandbox.act(carrier, order.external_id, action)
        await until(network, carrier, order, esimState=state)
    assert (await lines(network, carrier))[LINE].sim_number == a_line(carrier)["simNumber"]
    sandbox.act(carrier, order.external_id, "enable")
    news = await until(network, carrier, order, state=OrderUpdateState.DONE)
    assert (await lines(network, carrier))[LINE].sim_number == news.reported["simNumber"]
    back = asking(carrier, "replaceSim", simNumber=a_line(carrier)["simNumber"])
    answer = await network.submit(carrier, back)
    assert isinstance(answer, CarrierRejection)
    assert answer.code == "simInUse", "a replaced card never works again"


@pytest.mark.parametrize(("trouble", "same"), [("expired", False), ("error", True)])
async def test_a_download_that_fails_is_tried_again(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str, trouble: str, same: bool
) -> None:
    sandbox.behave(carrier, esim_trouble=trouble, esim_code=True)
    order = asking(carrier, "requestEsim", esimConfirmedAt="2026-11-21T10:00:00Z")
    carrier_id = await taken(network, carrier, order)
    held = await until(network, carrier, order, state=OrderUpdateState.HELD)
    assert (held.code, held.reported["esimState"]) == (f"esim_{trouble}", trouble)
    first = await network.resource(carrier, held.reported["simNumber"])
    await network.amend(carrier, carrier_id, {"note": "try again"})
    news = await until(network, carrier, order, state=OrderUpdateState.DONE)
    second = await network.resource(carrier, news.reported["simNumber"])
    assert first is not None
    assert second is not None
    assert (first.activation_code == second.activation_code) is same
    assert second.activation_code.endswith("$1")
    assert len(second.confirmation_code) == 4


async def test_a_transfer_goes_through_its_states(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str
) -> None:
    sandbox.behave(carrier, port_by_hand=True, port_late_days=3)
    order = asking_to_port(carrier)
    carrier_id = await taken(network, carrier, order)
    await until(network, carrier, order, portState="validating")
    sandbox.act(carrier, order.external_id, "accept")
    news = await until(network, carrier, order, state=OrderUpdateState.DONE)
    assert news.reported["portState"] == "completed"
    agreed = datetime.fromisoformat(news.reported["agreedAt"])
    assert timedelta(days=2) < datetime.now(UTC) - agreed < timedelta(days=4)
    assert order.msisdn in await lines(network, carrier)
    late = await network.cancel(carrier, carrier_id, "Not needed")
    assert isinstance(late, CarrierRejection)
    assert late.code == "tooLate"


@pytest.mark.parametrize("reason", list(PortRejection))
async def test_each_answer_of_a_donor(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str, reason: PortRejection
) -> None:
    sandbox.behave(carrier, port_rejection=reason)
    order = asking_to_port(carrier)
    carrier_id = await taken(network, carrier, order)
    if reason not in CORRECTIONS:
        news = await until(network, carrier, order, state=OrderUpdateState.FAILED)
        assert (news.code, news.reported["portState"]) == (reason, "rejected")
        assert order.msisdn not in await lines(network, carrier)
        return
    await until(network, carrier, order, state=OrderUpdateState.HELD, code=reason, portState="info_required")
    await network.amend(carrier, carrier_id, {"contactPerson": "Somebody else"})
    await until(network, carrier, order, state=OrderUpdateState.HELD, code=reason)
    right = {"requestedDate": "2026-12-01"} if reason == "date_not_possible" else {}
    await network.amend(carrier, carrier_id, right or {CORRECTIONS[reason][0]: "corrected"})
    await until(network, carrier, order, state=OrderUpdateState.DONE, portState="completed")
    assert sandbox.counts(carrier)["by_line"] == {order.msisdn: 1}


async def test_a_transfer_is_cancelled_while_the_donor_thinks(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str
) -> None:
    sandbox.behave(carrier, port_by_hand=True)
    order = asking_to_port(carrier)
    carrier_id = await taken(network, carrier, order)
    await until(network, carrier, order, portState="validating")
    for _ in range(2):
        assert await network.cancel(carrier, carrier_id, "Not needed") == CancellationAccepted()
    await until(network, carrier, order, state=OrderUpdateState.CANCELLED, portState="cancelled")
    sandbox.behave_normally(carrier)
    again = asking_to_port(carrier)
    await taken(network, carrier, again)
    await until(network, carrier, again, state=OrderUpdateState.DONE)


async def test_a_transfer_waits_for_its_date(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str
) -> None:
    sandbox.behave(carrier, port_on_date=True)
    order = asking_to_port(carrier, requestedDate="2099-01-05")
    await taken(network, carrier, order)
    news = await until(network, carrier, order, portState="accepted")
    assert news.reported["agreedAt"] == "2099-01-05T08:00:00+00:00"
    sandbox.act(carrier, order.external_id, "execute")
    await until(network, carrier, order, state=OrderUpdateState.DONE)


def test_no_category_is_left_out() -> None:
    """New lines, transfers and eSIMs have tests of their own above."""
    assert {row[0] for row in KINDS} | {"addLine", "portIn", "requestEsim"} == set(ORDER_TYPES)


@pytest.mark.parametrize(("category", "order_request", "reported", "now"), KINDS)
async def test_what_each_kind_does_to_a_line(
    sandbox: Sandbox,
    network: HttpCarrierNetwork,
    carrier: str,
    category: str,
    order_request: dict[str, Any],
    reported: dict[str, Any],
    now: dict[str, Any],
) -> None:
    if category == "reactivate":
        sandbox.load(carrier, "delta", [a_line(carrier, status="suspended")])
    order = asking(carrier, category, **order_request)
    await taken(network, carrier, order)
    news = await until(network, carrier, order, state=OrderUpdateState.DONE)
    expected = asking(carrier, category, **reported).characteristics
    assert {name: news.reported[name] for name in reported} == {name: expected[name] for name in reported}
    line = (await lines(network, carrier)).get(LINE)
    if now:
        assert line is not None
        assert {name: getattr(line, name) for name in now} == now
    elif category in {"convertToPrepaid", "releaseNumber", "terminate"}:
        assert line is None, "it left the inventory"
        late = await network.submit(carrier, asking(carrier, "suspend"))
        assert isinstance(late, CarrierRejection)
        assert late.code == "unknownLine"
    assert sandbox.counts(carrier)["by_line"] == {LINE: 1}


@pytest.mark.parametrize(
    ("category", "order_request", "code"),
    [
        ("changePlan", {"plan": "nope"}, "unknownPlan"),
        ("changePlan", {"plan": "DATA"}, "planNotForLine"),
        ("changeOptions", {"addOption": ["nope"]}, "unknownOption"),
        ("changeOptions", {"addOption": "nope"}, "invalidCharacteristic"),
        ("changeBarrings", {"addBarring": ["nope"]}, "unknownBarring"),
        ("changeSpendCap", {"roamingCapCents": -1}, "invalidCharacteristic"),
        ("replaceSim", {"simNumber": "123"}, "invalidSimNumber"),
        ("reactivate", {}, "lineNotSuspended"),
        ("moveAccount", {}, "missingCharacteristic"),
        ("releaseNumber", {"target": "elsewhere"}, "invalidCharacteristic"),
        ("releaseNumber", {"target": "private"}, "missingCharacteristic"),
        ("addLine", {"simKind": "esim"}, "numberInUse"),
        ("dance", {}, "unsupportedOrder"),
    ],
)
async def test_wrong_requests_are_refused_at_once(
    sandbox: Sandbox,
    network: HttpCarrierNetwork,
    carrier: str,
    category: str,
    order_request: dict[str, Any],
    code: str,
) -> None:
    answer = await network.submit(carrier, asking(carrier, category, **order_request))
    assert isinstance(answer, CarrierRejection)
    assert answer.code == code
    assert sandbox.counts(carrier)["orders"] == 0


async def test_a_line_of_another_customer_is_as_unknown_as_none(
    network: HttpCarrierNetwork, carrier: str
) -> None:
    answer = await network.submit(carrier, asking(carrier, "suspend", customer="atlas"))
    assert isinstance(answer, CarrierRejection)
    assert answer.code == "unknownLine"


async def test_a_held_order_goes_on_with_what_it_lacked(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str
) -> None:
    sandbox.behave(carrier, outcome="held", code="need_proof", message="A proof is missing.")
    order = asking(carrier, "suspend", reason="lost")
    carrier_id = await taken(network, carrier, order)
    news = await until(network, carrier, order, state=OrderUpdateState.HELD, code="need_proof")
    assert news.message == "A proof is missing."
    await network.amend(carrier, carrier_id, {"note": "Here it is"})
    news = await until(network, carrier, order, state=OrderUpdateState.DONE)
    assert (news.reported["note"], news.message) == ("Here it is", "")
    late = await network.amend(carrier, carrier_id, {"note": "And more"})
    assert isinstance(late, CarrierRejection)
    assert late.code == "orderEnded"


async def test_a_line_that_left_meanwhile_fails_its_order(
    sandbox: Sandbox, network: HttpCarrierNetwork, carrier: str
) -> None:
    sandbox.behave(carrier, delay_ms=300, orders=1)
    order = asking(carrier, "suspend")
    await taken(network, carrier, order)
    sandbox.behave_normally(carrier)
    await taken(network, carrier, asking(carrier, "terminate"))
    news = await until(network, carrier, order, state=OrderUpdateState.FAILED)
    assert news.code == "unknownLine"


async def test_an_unknown_sim_has_no_resource(network: HttpCarrierNetwork, carrier: str) -> None:
    assert await network.resource(carrier, "8900000000000000000") is None
    found = await network.resource(carrier, str(a_line(carrier)["simNumber"]))
    assert found is not None
    assert (found.kind, found.puk, found.activation_code) == ("physical", "12345678", "")
