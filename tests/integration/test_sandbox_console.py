"""The console: a person reads and turns the same knobs with plain forms."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from html import unescape

import httpx
import pytest

from backend.catalog.profiles import profile
from backend.core import clock
from backend.integrations.network import HttpCarrierNetwork, OrderAccepted, ServiceOrder
from backend.sandbox.carrier.behaviour import PortRejection
from backend.sandbox.carrier.port_ins import CORRECTIONS
from backend.sandbox.carrier.port_ins import MESSAGES as PORT_MESSAGES
from backend.sandbox.console.orders_table import ACTIONS
from tests.support.listener import listening
from tests.support.orders import CARRIERS, a_line, asking, asking_to_port
from tests.support.sandbox import Sandbox, options_order, running_sandbox

M = "mandarine"
NUMBER = "+32470100001"
FORM = {
    "outage": "none",
    "refuse": "",
    "outcome": "completed",
    "message": "",
    "delay_ms": "0",
    "jitter_ms": "0",
    "callback_delay_ms": "0",
    "orders": "",
    "msisdns": "",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("console")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    line = {"msisdn": NUMBER, "billingAccount": "1", "productType": "voice_data", "plan": "pro-flex-20"}
    running.load(M, "delta", [line])
    return running


@pytest.fixture
async def browser(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=sandbox.url, follow_redirects=True, headers={"origin": sandbox.url}
    ) as found:
        yield found


async def submit(sandbox: Sandbox) -> None:
    async with HttpCarrierNetwork(sandbox.carrier_urls) as network:
        order = options_order(NUMBER, remove=("<b>sms</b>",))
        await network.submit(M, order)
    await asyncio.sleep(0.1)


async def test_the_page_names_both_carriers_and_itself_a_sandbox(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    for texts in ("Mandarine Mobile", "Lynx Telecom", "Nothing here is real", "No orders yet"):
        assert texts in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in page.text
    for asset in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        assert (await browser.get(asset)).is_success
    assert (await browser.get("/static/../app.py")).status_code == 404


async def test_a_person_holds_an_order_and_completes_it(sandbox: Sandbox, browser: httpx.AsyncClient) -> None:
    page = await browser.post(f"/console/{M}/behaviour", data=FORM | {"outcome": "held"})
    assert '<option value="held" selected>' in page.text
    await submit(sandbox)
    page = await browser.get("/")
    assert "0470 10 00 01" in page.text
    assert "Held" in page.text
    assert "&lt;b&gt;sms&lt;/b&gt;" in page.text
    action = re.findall(r'formaction="(/console/mandarine/orders/[^"]+/complete)"', page.text)[0]
    page = await browser.post(action)
    assert "Completed" in page.text
    assert sandbox.counts(M)["effects"] == 1


async def test_a_rule_for_the_next_orders_of_a_number(sandbox: Sandbox, browser: httpx.AsyncClient) -> None:
    rule = {"outcome": "failed", "orders": "2", "msisdns": "0470/10.00.01"}
    page = await browser.post(f"/console/{M}/behaviour", data=FORM | rule | {"lose_callbacks": "on"})
    assert "0470 10 00 01 · next 2 · outcome: failed, lose callbacks: True" in page.text
    page = await browser.post(f"/console/{M}/reset")
    assert "next 2" not in page.text


@pytest.mark.parametrize(
    ("wrong", "texts"),
    [
        ({"delay_ms": "soon"}, "whole number of milliseconds"),
        ({"delay_ms": "9999999"}, "600000"),
        ({"orders": "0"}, "whole number from 1"),
        ({"msisdns": "02 512 34 56"}, "mobile numbers such as"),
        ({"outcome": "lost"}, "Invalid enum value"),
    ],
)
async def test_a_wrong_form_says_why(browser: httpx.AsyncClient, wrong: dict[str, str], texts: str) -> None:
    page = await browser.post(f"/console/{M}/behaviour", data=FORM | wrong)
    assert page.is_success
    assert 'role="alert"' in page.text
    assert texts in page.text


async def test_another_site_cannot_turn_the_knobs(sandbox: Sandbox, browser: httpx.AsyncClient) -> None:
    foreign = {"origin": "https://elsewhere.example"}
    assert (await browser.post(f"/console/{M}/behaviour", data=FORM, headers=foreign)).status_code == 403
    assert (await browser.put(f"/{M}/admin/behaviour", json={}, headers=foreign)).status_code == 403
    assert (await browser.get("/", headers=foreign)).is_success


async def test_unknown_addresses(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/nobody/admin/counts")).status_code == 404
    assert (await browser.post(f"/{M}/admin/orders/1/complete")).status_code == 404


PORTING = ("accept", "reject", "execute")
OF_A_DEVICE = ("download", "install", "enable", "expire", "error")


async def ask(sandbox: Sandbox, carrier: str, order: ServiceOrder) -> str:
    """Hand an order in; returns the carrier's own id."""
    async with HttpCarrierNetwork(sandbox.carrier_urls) as network:
        answer = await network.submit(carrier, order)
    assert isinstance(answer, OrderAccepted), answer
    return answer.carrier_order_id


async def agree(sandbox: Sandbox, carrier: str, order_id: str) -> None:
    """The end user agrees, where the carrier asks."""
    if profile(carrier).esim_confirmation:
        async with HttpCarrierNetwork(sandbox.carrier_urls) as network:
            await network.amend(carrier, order_id, {"esimConfirmedAt": "2026-11-21T10:00:00Z"})


def buttons(page: httpx.Response, carrier: str, order_id: str) -> list[str]:
    return re.findall(rf'formaction="/console/{carrier}/orders/{order_id}/([a-z-]+)"', page.text)


async def offered(browser: httpx.AsyncClient, carrier: str, order_id: str, *wanted: str) -> set[str]:
    """The buttons of an order, once they are those that one waits for."""
    for _ in range(100):
        found = buttons(await browser.get("/"), carrier, order_id)
        if set(wanted) <= set(found):
            assert len(found) == len(set(found))
            return set(found)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{wanted} are not among {found}")


async def press(
    browser: httpx.AsyncClient, carrier: str, order_id: str, action: str, **fields: str
) -> httpx.Response:
    """Press a button that the page shows."""
    await offered(browser, carrier, order_id, action)
    page = await browser.post(f"/console/{carrier}/orders/{order_id}/{action}", data=fields)
    assert page.is_success
    return page


def stands(sandbox: Sandbox, carrier: str, order: ServiceOrder) -> tuple[str, dict[str, str]]:
    """State and characteristics at the carrier."""
    found = sandbox.order(carrier, order.external_id)
    assert found
    reported = found["serviceOrderItem"][0]["service"]["serviceCharacteristic"]
    return found["state"], {one["name"]: one["value"] for one in reported}


@pytest.fixture(params=CARRIERS)
def carrier(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    code = str(request.param)
    sandbox.load(code, "delta", [a_line(code)])
    return code


async def set_behaviour(browser: httpx.AsyncClient, carrier: str, **fields: str) -> None:
    page = await browser.post(f"/console/{carrier}/behaviour", data=FORM | fields)
    assert page.is_success
    assert 'role="alert"' not in page.text


async def test_the_donor_accepts_and_the_number_is_moved_by_hand(
    sandbox: Sandbox, browser: httpx.AsyncClient, carrier: str
) -> None:
    await set_behaviour(browser, carrier, port_by_hand="on", port_on_date="on")
    day = (clock.today() + timedelta(days=5)).isoformat()
    order = asking_to_port(carrier, requestedDate=day)
    number = await ask(sandbox, carrier, order)
    await offered(
        browser, carrier, number, "accept", "reject", "complete", "fail", "hold", "cancel", "resend"
    )
    assert "waits for the donor" in (await browser.get("/")).text
    await press(browser, carrier, number, "accept")
    assert stands(sandbox, carrier, order)[1]["portState"] == "accepted"
    left = await offered(browser, carrier, number, "execute")
    assert not left & {"accept", "reject"}
    await press(browser, carrier, number, "execute")
    for _ in range(100):
        state, reported = stands(sandbox, carrier, order)
        if state == "completed":
            break
        await asyncio.sleep(0.02)
    assert (state, reported["portState"]) == ("completed", "completed")
    assert sandbox.counts(carrier)["by_external_id"] == {order.external_id: 1}
    assert await offered(browser, carrier, number, "resend") == {"resend"}


@pytest.mark.parametrize("reason", PortRejection)
async def test_each_reason_of_a_donor_is_chosen_on_the_page(
    sandbox: Sandbox, browser: httpx.AsyncClient, carrier: str, reason: PortRejection
) -> None:
    await set_behaviour(browser, carrier, port_by_hand="on")
    order = asking_to_port(carrier)
    number = await ask(sandbox, carrier, order)
    await offered(browser, carrier, number, "reject")
    page = await browser.get("/")
    assert f'<option value="{reason}"' in page.text
    page = await press(browser, carrier, number, "reject", reason=str(reason))
    assert PORT_MESSAGES[reason] in unescape(page.text)
    state, reported = stands(sandbox, carrier, order)
    if reason not in CORRECTIONS:
        assert (state, reported["portState"]) == ("failed", "rejected")
        return
    assert (state, reported["portState"]) == ("held", "info_required")
    assert not await offered(browser, carrier, number, "go-on") & {"accept", "reject", "execute", "hold"}
    await press(browser, carrier, number, "go-on")  # lodged again as it is: the donor is asked again
    await press(browser, carrier, number, "accept")
    for _ in range(100):
        if stands(sandbox, carrier, order)[0] == "completed":
            return
        await asyncio.sleep(0.02)
    raise AssertionError(stands(sandbox, carrier, order))


async def test_an_esim_is_led_to_its_device_step_by_step(
    sandbox: Sandbox, browser: httpx.AsyncClient, carrier: str
) -> None:
    await set_behaviour(browser, carrier, esim_by_hand="on")
    order = asking(carrier, "requestEsim", reason="lost")
    number = await ask(sandbox, carrier, order)
    if profile(carrier).esim_confirmation:
        assert not await offered(browser, carrier, number, "complete") & {"download", "install", "enable"}
        assert "waits for the end user’s confirmation" in (await browser.get("/")).text
        page = await browser.post(f"/console/{carrier}/orders/{number}/download")
        assert "The next step of this order is" in unescape(page.text)
    await agree(sandbox, carrier, number)
    for action, state in (("download", "downloaded"), ("install", "installed"), ("enable", "enabled")):
        left = await offered(browser, carrier, number, action)
        assert not left & (set(OF_A_DEVICE) - {action, "expire", "error"})
        await press(browser, carrier, number, action)
        assert stands(sandbox, carrier, order)[1]["esimState"] == state
    assert stands(sandbox, carrier, order)[0] == "completed"
    assert sandbox.counts(carrier)["by_external_id"] == {order.external_id: 1}


@pytest.mark.parametrize(("trouble", "same"), [("expire", False), ("error", True)])
async def test_a_trouble_of_an_esim_holds_it_until_somebody_lets_it_go_on(
    sandbox: Sandbox, browser: httpx.AsyncClient, carrier: str, trouble: str, *, same: bool
) -> None:
    await set_behaviour(browser, carrier, esim_by_hand="on")
    order = asking(carrier, "requestEsim", reason="lost")
    number = await ask(sandbox, carrier, order)
    await agree(sandbox, carrier, number)
    before = stands(sandbox, carrier, order)[1]["simNumber"]
    await press(browser, carrier, number, trouble)
    assert stands(sandbox, carrier, order)[0] == "held"
    assert not await offered(browser, carrier, number, "go-on") & {*OF_A_DEVICE, "hold"}
    await press(browser, carrier, number, "go-on")
    for action in ("download", "install", "enable"):
        await press(browser, carrier, number, action)
    state, reported = stands(sandbox, carrier, order)
    assert state == "completed"
    assert (reported["simNumber"] == before) is same


@pytest.mark.parametrize(
    ("action", "state"),
    [("complete", "completed"), ("fail", "failed"), ("hold", "held"), ("cancel", "cancelled")],
)
@pytest.mark.parametrize("category", ["portIn", "requestEsim", "changeOptions"])
async def test_a_person_ends_an_order_whatever_it_waits_for(
    sandbox: Sandbox, browser: httpx.AsyncClient, carrier: str, category: str, action: str, state: str
) -> None:
    await set_behaviour(
        browser,
        carrier,
        port_by_hand="on",
        esim_by_hand="on",
        **({"delay_ms": "60000"} if "change" in category else {}),
    )
    order = {
        "portIn": asking_to_port(carrier),
        "requestEsim": asking(carrier, "requestEsim", reason="lost"),
        "changeOptions": asking(carrier, "changeOptions", addOption=["sms-unlimited"], removeOption=[]),
    }[category]
    number = await ask(sandbox, carrier, order)
    await press(browser, carrier, number, action)
    assert stands(sandbox, carrier, order)[0] == state
    assert sandbox.counts(carrier)["effects"] == (state == "completed")
    if state == "held":
        await press(browser, carrier, number, "cancel")
        assert stands(sandbox, carrier, order)[0] == "cancelled"
    page = await browser.post(f"/console/{carrier}/orders/{number}/{action}")  # the page was open meanwhile
    assert 'role="alert"' in page.text


async def test_the_callback_is_sent_once_more(
    sandbox: Sandbox, browser: httpx.AsyncClient, carrier: str
) -> None:
    async with listening() as listener:
        sandbox.call_back(carrier, listener.url)
        await set_behaviour(browser, carrier, lose_callbacks="on")
        order = asking(carrier, "changeOptions", addOption=["sms-unlimited"], removeOption=[])
        number = await ask(sandbox, carrier, order)
        assert await offered(browser, carrier, number, "resend")
        for times in (1, 2):
            await press(browser, carrier, number, "resend")
            assert len(await listener.wait_for(times)) == times
        sandbox.call_back(carrier, "")


def test_every_button_is_pressed_here() -> None:
    pressed = {*PORTING, *OF_A_DEVICE, "go-on", "complete", "fail", "hold", "cancel", "resend"}
    assert pressed == set(ACTIONS)
