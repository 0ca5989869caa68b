"""The console of the payments: a person sees what was paid, and plays the bank and the payer with plain forms."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from backend.sandbox.console.payment_behaviour import BEHAVIOUR_FLAGS, BEHAVIOUR_NUMBERS
from backend.sandbox.console.payment_routes import ACTIONS
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.stripe_calls import ACCOUNT, CARD, payment_asked, setup_asked, stripe_client

FORM = {
    "debit_seconds": "5",
    "return_seconds": "10",
    "lose_answers": "0",
    "refuse_calls": "0",
    "answer_seconds": "0",
    "webhook_delay_seconds": "0",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("console")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    running.behave_payments(debits_by_hand=True)
    return running


@pytest.fixture
async def browser(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=sandbox.url, follow_redirects=True, headers={"origin": sandbox.url}
    ) as found:
        yield found


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Any]:
    async with stripe_client(sandbox.stripe_address) as found:
        yield found


def action(page: str, kind: str, name: str) -> str:
    """The address of the first form of an action on the page."""
    found = re.search(rf'action="(/payments/{re.escape(kind)}/[^"/]+/{name})"', page)
    assert found, f"the page has no {name} for {kind}"
    return found[1]


async def test_an_empty_console_says_what_will_be_there(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/payments")
    assert page.text.count("Nothing yet") == 6
    assert "payments without money" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in page.text


async def test_a_person_plays_the_bank(sandbox: Sandbox, browser: httpx.AsyncClient, api: Any) -> None:
    sessions = [await api.checkout.sessions.create_async(payment_asked()) for _ in range(4)]
    for session, form in zip(sessions, (ACCOUNT, ACCOUNT, CARD, CARD), strict=True):
        await asyncio.to_thread(lambda session=session, form=form: sandbox.pay(session.url, **form))  # type: ignore[misc]
    page = (await browser.get("/payments")).text
    page = (await browser.post(action(page, "payment_intent", "fail"), data={"reason": "no_account"})).text
    assert "no_account" in page
    page = (await browser.post(action(page, "payment_intent", "settle"), data={})).text
    # The newest is a card payment
    page = (await browser.post(action(page, "payment_intent", "return"), data={"reason": "duplicate"})).text
    page = (await browser.post(action(page, "dispute", "win"), data={})).text
    refunded = (await api.payment_intents.list_async({"limit": 4})).data[1]
    await api.refunds.create_async({"payment_intent": refunded.id, "amount": 100})
    page = (await browser.get("/payments")).text
    page = (await browser.post(action(page, "refund", "fail"), data={})).text
    found = (await api.payment_intents.list_async({"limit": 4})).data
    assert [one.status for one in found][::-1] == [
        "succeeded",
        "requires_payment_method",
        "succeeded",
        "succeeded",
    ]
    assert [one.status for one in (await api.disputes.list_async()).data] == ["won"]
    assert [one.status for one in (await api.refunds.list_async()).data] == ["failed"]


async def test_a_person_revokes_a_mandate_and_ends_a_page(
    sandbox: Sandbox, browser: httpx.AsyncClient, api: Any
) -> None:
    customer = await api.customers.create_async({"name": "<b>Delta</b>"})
    session = await api.checkout.sessions.create_async(setup_asked(customer.id))
    await asyncio.to_thread(lambda: sandbox.pay(session.url, **ACCOUNT))
    open_one = await api.checkout.sessions.create_async(setup_asked(customer.id))
    page = (await browser.get("/payments")).text
    page = (await browser.post(action(page, "mandate", "revoke"), data={})).text
    page = (await browser.post(action(page, "checkout.session", "expire"), data={})).text
    setup = await api.setup_intents.retrieve_async(session.setup_intent)
    assert (await api.mandates.retrieve_async(setup.mandate)).status == "inactive"
    assert (await api.checkout.sessions.retrieve_async(open_one.id)).status == "expired"
    assert "<b>Delta" not in page


async def test_a_refusal_is_said_on_the_page(sandbox: Sandbox, browser: httpx.AsyncClient, api: Any) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    await asyncio.to_thread(lambda: sandbox.pay(session.url, **CARD))
    paid = (await api.payment_intents.list_async()).data[0]
    answer = await browser.post(f"/payments/payment_intent/{paid.id}/settle", data={})
    assert "This payment is succeeded: the bank has answered." in answer.text
    for path in (
        f"/payments/payment_intent/{paid.id}/explode",
        "/payments/payment_intent/pi_none/settle",
        f"/payments/charge/{paid.id}/settle",
    ):
        assert (await browser.post(path, data={})).status_code == 404, path
    strange = await browser.post(f"/payments/payment_intent/{paid.id}/return", data={"reason": "<b>"})
    assert strange.status_code == 404


async def test_the_behaviour_is_set_with_a_form(browser: httpx.AsyncClient, sandbox: Sandbox) -> None:
    assert set(FORM) == {name for name, _ in BEHAVIOUR_NUMBERS}
    changed = FORM | {"lose_answers": "3", "debit_seconds": "2,5", "drop_webhooks": "on"}
    page = (await browser.post("/payments/behaviour", data=changed)).text
    assert 'value="2.5"' in page
    assert 'name="drop_webhooks" checked' in page
    assert "debits_by_hand" in dict(BEHAVIOUR_FLAGS)
    for wrong in (
        {"debit_seconds": "soon"},
        {"lose_answers": "-1"},
        {"lose_answers": "1.5"},
        {"answer_seconds": "31"},
    ):
        page = (await browser.post("/payments/behaviour", data=FORM | wrong)).text
        assert 'role="alert"' in page, wrong
        assert 'value="2.5"' in page, "nothing of a form with a mistake is taken"


async def test_every_action_is_on_the_page(sandbox: Sandbox, browser: httpx.AsyncClient, api: Any) -> None:
    """Each action of the console is offered where it can be done."""
    customer = await api.customers.create_async({"name": "Delta"})
    signing = await api.checkout.sessions.create_async(setup_asked(customer.id))
    await asyncio.to_thread(lambda: sandbox.pay(signing.url, **ACCOUNT))
    for form in (ACCOUNT, CARD, CARD):
        session = await api.checkout.sessions.create_async(payment_asked())
        await asyncio.to_thread(lambda session=session, form=form: sandbox.pay(session.url, **form))  # type: ignore[misc]
    await api.checkout.sessions.create_async(payment_asked())
    paid = [one.id for one in (await api.payment_intents.list_async()).data if one.status == "succeeded"]
    await asyncio.to_thread(sandbox.payment, "payment_intent", paid[0], "return", "fraudulent")
    await api.refunds.create_async({"payment_intent": paid[1], "amount": 100})
    session = await api.checkout.sessions.create_async(payment_asked())
    await asyncio.to_thread(lambda: sandbox.pay(session.url, how="bancontact", answer="yes"))
    paid = [one.id for one in (await api.payment_intents.list_async()).data if one.status == "succeeded"]
    await api.refunds.create_async({"payment_intent": paid[0], "amount": 100})
    await asyncio.to_thread(sandbox.behave_payments, drop_webhooks=True)
    await api.customers.create_async({"name": "Lumen"})
    page = (await browser.get("/payments")).text
    for kind, name in ACTIONS:
        assert action(page, kind, name)
