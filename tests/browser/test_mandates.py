"""Direct debit in the browser: asked for in three clicks, signed, its invoice collected, changed and ended; narrow, in French."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from backend.billing.mandates import service
from backend.billing.mandates.lifecycle import MandateState
from tests.browser.test_axe import check_by_axe
from tests.integration.test_mandates import bank, heard
from tests.support.bank import make_invoice
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.jobs import drain
from tests.support.mandates import IBAN, collect, debit_invoice, owner_of, signed
from tests.support.portal import Portal
from tests.support.sandbox import Sandbox

PANEL = "section.panel"


@pytest.fixture
async def customer(portal: Portal) -> Customer:
    return await make_customer("delta")


@pytest.fixture
def sandbox(sandbox: Sandbox, portal: Portal) -> Iterator[Sandbox]:
    sandbox.behave_payments(debits_by_hand=True)
    yield sandbox
    sandbox.behave_payments(debits_by_hand=False)


@asynccontextmanager
async def working(database: TestDatabase) -> AsyncIterator[None]:
    """The worker's jobs are done while somebody uses the page."""

    async def work() -> None:
        while True:
            await drain(database)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def first_account(page: Page) -> None:
    """The page, with its first customer number."""
    await expect(page.get_by_role("heading", name="How you pay")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
async def test_direct_debit_is_asked_for_in_three_clicks(
    browser: Browser, database: TestDatabase, portal: Portal, sandbox: Sandbox, customer: Customer, width: int
) -> None:
    await make_invoice(customer, 1678)
    await drain(database)
    look = {"viewport": {"width": width, "height": 900}}
    async with working(database), portal.browse(browser, customer.manager, **look) as visitor:
        page = visitor.page
        await page.goto("/app/invoices")
        await page.get_by_role("link", name="How you pay, direct debit").click()
        await first_account(page)
        panel = page.locator(PANEL).first
        await expect(panel).to_contain_text("Paid by you")
        await expect(panel).to_contain_text("is certain only once an invoice says so")
        await panel.get_by_role("button", name="Set up direct debit").click()
        await page.wait_for_url("**/pay/cs_test_*")
        await page.get_by_label("Test IBAN").fill(IBAN)
        await page.get_by_label("Account holder").fill("Delta Logistics")
        await page.get_by_label("I sign the mandate below").check()
        await page.get_by_role("button", name="Simulate the signature").click()
        await page.wait_for_url("**/app/billing?signed=*")
        panel = page.locator(PANEL).first
        await expect(panel).to_contain_text("Direct debit from the next invoice")
        await expect(panel).to_contain_text("BE•• •••• 7061")
        await expect(panel).to_contain_text("Invoices that you have now are still to be paid by you")


async def test_a_page_that_is_left_says_so(
    browser: Browser, database: TestDatabase, portal: Portal, sandbox: Sandbox, customer: Customer
) -> None:
    async with working(database), portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto("/app/billing")
        await page.locator(PANEL).first.get_by_role("button", name="Set up direct debit").click()
        await page.wait_for_url("**/pay/cs_test_*")
        await page.goto(f"{portal.url}/app/billing")
        panel = page.locator(PANEL).first
        await expect(panel).to_contain_text("Waits for a signature")
        await panel.get_by_role("link", name="Go on to sign").click()
        await page.get_by_role("link", name="Go back without signing").click()
        await page.wait_for_url("**/app/billing?left=*")
        await expect(page.locator(PANEL).first).to_contain_text("Paid by you")


async def test_an_owner_ends_it_after_reading_what_follows(
    browser: Browser, database: TestDatabase, portal: Portal, sandbox: Sandbox, customer: Customer
) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, next(iter(customer.accounts.values())))
    await debit_invoice(database, customer, mandate)
    async with working(database), portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto("/app/billing")
        panel = page.locator(PANEL).filter(has_text=mandate.reference)
        await expect(panel).to_contain_text("1 invoice says that it will be debited")
        await panel.get_by_role("button", name="End direct debit").click()
        await expect(panel).to_contain_text(
            "1 invoice that was announced as a debit is then to be paid by you"
        )
        await panel.get_by_role("button", name="Keep it").click()
        await panel.get_by_role("button", name="End direct debit").click()
        await panel.get_by_role("button", name="End it").click()
        ended = page.locator(PANEL).filter(has_text=mandate.account)
        await expect(ended).to_contain_text("Direct debit was ended by your company")
    assert (await service.get_mandate(owner, mandate.id)).state is MandateState.REVOKED


async def test_the_page_of_a_debit_invoice_never_asks_to_pay(
    browser: Browser, database: TestDatabase, portal: Portal, sandbox: Sandbox, customer: Customer
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), next(iter(customer.accounts.values())))
    invoice = await debit_invoice(database, customer, mandate)
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        for _ in range(2):
            await page.goto(f"/app/invoices/{invoice.id}")
            await expect(page.get_by_role("heading", level=1)).to_contain_text(invoice.number)
            main = page.locator("main")
            assert await main.get_by_role("link", name="Pay").count() == 0
            assert await main.get_by_role("button", name="Pay").count() == 0
            assert "QR" not in await main.inner_text()
            exported = await visitor.context.request.get("/app/export/invoices.csv")
            rows = await exported.text()
            assert invoice.number in rows
            assert "To be paid" not in rows
            assert "Overdue" not in rows
            await collect(database)
        await page.goto("/app/pay")
        await expect(page.locator("main")).to_contain_text("Nothing")


@pytest.mark.parametrize("width", [1280, 390, 320])
async def test_axe_finds_nothing_whatever_the_state(
    browser: Browser, database: TestDatabase, portal: Portal, sandbox: Sandbox, customer: Customer, width: int
) -> None:
    owner = owner_of(customer)
    await signed(database, sandbox, owner, next(iter(customer.accounts.values())))
    look = {"reduced_motion": "reduce", "viewport": {"width": width, "height": 900}}
    french = await make_member(customer.tenant_id, language="fr")
    for member in (customer.manager, french):
        async with portal.browse(browser, member, bypass_csp=True, **look) as visitor:
            page = visitor.page
            await page.goto("/app/billing")
            await expect(page.locator(PANEL).filter(has_text="7061")).to_be_visible()
            await check_by_axe(page, "how you pay")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_who_does_not_manage_mandates_reads_who_does(
    browser: Browser, portal: Portal, sandbox: Sandbox, customer: Customer
) -> None:
    reader = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}))
    async with portal.browse(browser, reader) as visitor:
        page = visitor.page
        await page.goto("/app/billing")
        await expect(page.locator("main")).to_contain_text("An owner of your company sets up direct debit")
        assert await page.get_by_role("button", name="Set up direct debit").count() == 0


async def test_an_invoice_that_is_not_debited_says_why_and_can_be_paid(
    browser: Browser, database: TestDatabase, portal: Portal, sandbox: Sandbox, customer: Customer
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), next(iter(customer.accounts.values())))
    invoice = await debit_invoice(database, customer, mandate)
    await collect(database)
    await bank(sandbox, "fail", "account_closed")
    await heard(database)
    async with portal.browse(browser, customer.manager) as visitor:
        main = visitor.page.locator("main")
        await visitor.page.goto(f"/app/invoices/{invoice.id}")
        await expect(main).to_contain_text("The account is closed.")
        await expect(main).to_contain_text("The invoice will not be debited again")
        await expect(main.get_by_role("button", name="Pay 50,00")).to_be_visible()
