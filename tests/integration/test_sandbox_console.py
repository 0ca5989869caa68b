"""The console: a person reads and turns the same knobs with plain forms."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from backend.integrations.network import HttpCarrierNetwork
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
    for words in ("Mandarine Mobile", "Lynx Telecom", "Nothing here is real", "No orders yet"):
        assert words in page.text
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
    ("wrong", "words"),
    [
        ({"delay_ms": "soon"}, "whole number of milliseconds"),
        ({"delay_ms": "9999999"}, "600000"),
        ({"orders": "0"}, "whole number from 1"),
        ({"msisdns": "02 512 34 56"}, "mobile numbers such as"),
        ({"outcome": "lost"}, "Invalid enum value"),
    ],
)
async def test_a_wrong_form_says_why(browser: httpx.AsyncClient, wrong: dict[str, str], words: str) -> None:
    page = await browser.post(f"/console/{M}/behaviour", data=FORM | wrong)
    assert page.is_success
    assert 'role="alert"' in page.text
    assert words in page.text


async def test_another_site_cannot_turn_the_knobs(sandbox: Sandbox, browser: httpx.AsyncClient) -> None:
    foreign = {"origin": "https://elsewhere.example"}
    assert (await browser.post(f"/console/{M}/behaviour", data=FORM, headers=foreign)).status_code == 403
    assert (await browser.put(f"/{M}/admin/behaviour", json={}, headers=foreign)).status_code == 403
    assert (await browser.get("/", headers=foreign)).is_success


async def test_unknown_addresses(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/nobody/admin/counts")).status_code == 404
    assert (await browser.post(f"/{M}/admin/orders/1/complete")).status_code == 404
