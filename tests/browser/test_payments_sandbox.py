"""The hosted pages and the console of the payments in a browser: without a script, by keyboard, narrow, by axe."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.test_axe import check_by_axe
from tests.support.sandbox import Sandbox
from tests.support.stripe_calls import ACCOUNT, CARD, payment_asked, setup_asked, stripe_client

# Elements that reach beyond the right edge of the page, where it can be moved sideways
CUT = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("*")]
  .filter(one => one.getBoundingClientRect().right > innerWidth).map(one => one.outerHTML.slice(0, 200))"""


@pytest.fixture
async def api(sandbox_server: Sandbox) -> AsyncIterator[Any]:
    await asyncio.to_thread(sandbox_server.reset)
    async with stripe_client(sandbox_server.stripe_address) as found:
        yield found


@pytest.fixture
async def visit(browser: Browser) -> AsyncIterator[Callable[..., Any]]:
    contexts = []

    async def visitor(width: int = 1280, **more: Any) -> Page:
        look: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "reduced_motion": "reduce"}
        context = await browser.new_context(**look | more)
        contexts.append(context)
        return await context.new_page()

    yield visitor
    for context in contexts:
        await context.close()


async def test_a_card_is_paid_without_a_script_and_by_keyboard(
    sandbox_server: Sandbox, api: Any, visit: Callable[..., Any]
) -> None:
    # The mailbox stands for the portal, on another name of this machine
    back = f"{sandbox_server.url.replace('127.0.0.1', 'localhost')}/mail"
    session = await api.checkout.sessions.create_async(payment_asked(success_url=back))
    page = await visit(java_script_enabled=False, locale="fr-BE")
    await page.goto(session.url)
    await expect(page.get_by_text("Bac à sable de paiement.")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Payer")
    await page.get_by_role("radio", name="Carte").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Il manque quelque chose")
    await page.get_by_label("Numéro de carte d’essai").fill("4242 4242 4242 4242")
    await page.keyboard.press("Tab")
    await page.keyboard.type("12/40")
    await page.keyboard.press("Tab")
    await page.keyboard.type("123")
    await page.keyboard.press("Enter")
    await page.wait_for_url(back)
    assert (await api.checkout.sessions.retrieve_async(session.id)).payment_status == "paid"


async def test_the_fields_follow_the_choice(api: Any, visit: Callable[..., Any]) -> None:
    session = await api.checkout.sessions.create_async(payment_asked())
    page = await visit(java_script_enabled=False)
    await page.goto(session.url)
    await expect(page.get_by_label("Test IBAN")).to_be_hidden()
    await page.get_by_role("radio", name="SEPA direct debit, once").check()
    await expect(page.get_by_label("Test IBAN")).to_be_visible()
    await expect(page.get_by_text("By signing this mandate form")).to_be_visible()
    await expect(page.get_by_label("Test card number")).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 390, 320])
async def test_axe_finds_nothing_and_nothing_is_cut(
    sandbox_server: Sandbox, api: Any, visit: Callable[..., Any], width: int
) -> None:
    sandbox, customer = sandbox_server, await api.customers.create_async({"name": "Delta Logistics"})
    pay, bank, done, failed = [
        await api.checkout.sessions.create_async(payment_asked(locale="de")) for _ in range(4)
    ]
    signed, setup = [
        await api.checkout.sessions.create_async(setup_asked(customer.id, locale="nl")) for _ in range(2)
    ]
    paid = ((bank, {"how": "bancontact"}), (done, CARD), (signed, ACCOUNT), (failed, ACCOUNT))
    for session, form in paid:
        await asyncio.to_thread(lambda session=session, form=form: sandbox.pay(session.url, **form))  # type: ignore[misc]
    found = await api.setup_intents.retrieve_async(signed.setup_intent)
    mandate = await api.mandates.retrieve_async(found.mandate)
    page = await visit(width, bypass_csp=True, locale="fr-BE")
    addresses = {
        "pay": pay.url,
        "set up": setup.url,
        "bank": bank.url,
        "paid": done.url,
        "mandate": mandate.payment_method_details.sepa_debit.url,
        "missing": f"{sandbox.url}/pay/none",
        "transfer": f"{sandbox.url}/pay/transfer",
        "console": f"{sandbox.url}/payments",
    }
    for name, address in addresses.items():
        await page.goto(address)
        await check_by_axe(page, name)
        assert await page.evaluate(CUT) == [], name
    await page.goto(pay.url)
    await page.locator("input[value=sepa_debit]").check()
    await page.locator("button[type=submit]").click()
    await check_by_axe(page, "a form with mistakes")
