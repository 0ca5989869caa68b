"""Paying in the browser: from the list and from the invoice, the three outcomes, two people, in French and narrow."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from backend.billing.payments import service
from tests.support.bank import make_invoice
from tests.support.billing_documents import DEBIT
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.invoices import invoice_for, take
from tests.support.jobs import drain
from tests.support.payments import run_sql
from tests.support.portal import Portal
from tests.support.sandbox import Sandbox

CARD = "4242 4242 4242 4242"
EURO = "\N{NO-BREAK SPACE}€"


@pytest.fixture
async def customer(portal: Portal) -> Customer:
    return await make_customer("delta")


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    sandbox.behave_payments(debits_by_hand=True)
    yield sandbox
    sandbox.behave_payments(debits_by_hand=False, refuse_calls=0, drop_webhooks=False)


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


async def pay_by_card(page: Page, number: str = CARD) -> None:
    """What a person does on the sandbox's page."""
    await expect(page.get_by_text("Payments sandbox.")).to_be_visible()
    await page.locator("#number").fill(number)
    await page.locator("#expiry").fill("12/40")
    await page.locator("#cvc").fill("123")
    await page.get_by_role("button", name=re.compile("^Simulate the payment")).click()


@pytest.mark.parametrize("width", [1440, 390, 320])
async def test_see_the_invoices_open_one_and_pay_it(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase, width: int
) -> None:
    await make_invoice(customer, 1678, number="2026-0001")
    async with (
        working(database),
        portal.browse(browser, customer.manager, viewport={"width": width, "height": 900}) as visitor,
    ):
        page = visitor.page
        await page.goto("/app/invoices")
        await page.wait_for_selector("html[data-ready]")
        # Two clicks
        await page.get_by_role("link", name="Invoice 2026-0001").click()
        await page.get_by_role("button", name=f"Pay 16,78{EURO}").click()
        await pay_by_card(page)
        await expect(page.get_by_role("heading", name="Paid, thank you")).to_be_visible()
        await expect(page.get_by_text(f"16,78{EURO} received on")).to_be_visible()
        await expect(page.get_by_text(f"The receipt goes to {customer.manager.email}")).to_be_visible()
        await expect(page.get_by_text("nothing open")).to_be_visible()
        await page.get_by_role("link", name="2026-0001").click()
        await expect(page.get_by_role("heading", name="Online payments")).to_be_visible()
        await expect(page.get_by_text("Money received")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("^Pay "))).to_have_count(0)
        overflow = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert await page.evaluate(overflow)


async def test_several_are_chosen_in_the_list_and_paid_together(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    first, second = customer.accounts
    await make_invoice(customer, 1000, number="A-1", account=first)
    await make_invoice(customer, 2000, number="A-2", account=second)
    await make_invoice(customer, 4000, number="A-3", account=second)
    await take(invoice_for(customer, "D-1", payment_means="59", debit=DEBIT))
    async with working(database), portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto("/app/invoices")
        await page.wait_for_selector("html[data-ready]")
        await expect(page.get_by_role("link", name=f"Pay 70,00{EURO}")).to_be_visible()
        await expect(page.get_by_role("checkbox", name="Pay invoice D-1")).to_have_count(0)
        await page.get_by_role("button", name="Pay the chosen invoices").click()
        await expect(page.get_by_text("Choose at least one invoice that is to be paid.")).to_be_visible()
        await page.go_back()
        await page.get_by_role("checkbox", name="Pay invoice A-1").check()
        await page.get_by_role("checkbox", name="Pay invoice A-3").check()
        await page.get_by_role("button", name="Pay the chosen invoices").click()
        await page.get_by_role("button", name=f"Pay 50,00{EURO}").click()
        await pay_by_card(page)
        await expect(page.get_by_role("heading", name="Paid, thank you")).to_be_visible()
        await page.goto("/app")
        await page.get_by_role("link", name=f"Pay 20,00{EURO}").click()
        await expect(page.get_by_role("button", name=f"Pay 20,00{EURO}")).to_be_visible()
        await expect(page.locator("main")).to_contain_text("A-2")


async def test_a_part_is_paid_and_a_wrong_amount_says_what_is_right(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    await make_invoice(customer, 1678, number="2026-0001")
    async with working(database), portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto("/app/invoices")
        await page.wait_for_selector("html[data-ready]")
        await page.get_by_role("link", name="Invoice 2026-0001").click()
        await page.get_by_role("link", name="Pay only a part").click()
        for words, said in (("lots", "Write an amount in euros"), ("16,79", "Up to 16,78")):
            await page.get_by_label("Amount in euros").fill(words)
            await page.get_by_role("button", name="Take this amount").click()
            await expect(page.locator(".error-summary")).to_contain_text(said)
        # What is written counts at once: the button never takes the whole from who wrote a part
        await page.get_by_label("Amount in euros").fill("17")
        await expect(page.get_by_text(f"Up to 16,78{EURO} can be paid")).to_be_visible()
        await expect(page.get_by_role("button", name="Pay")).to_have_count(0)
        await page.get_by_label("Amount in euros").fill("10,5")
        await page.get_by_role("button", name=f"Pay 10,50{EURO}").click()
        await pay_by_card(page)
        await expect(page.get_by_role("heading", name="Paid, thank you")).to_be_visible()
        await expect(page.get_by_text("No reminder follows")).to_have_count(0)
        await expect(page.get_by_text(f"6,28{EURO} open")).to_be_visible()
        # Reminders follow for what is left
        await expect(page.get_by_text("What is still open stays due on the same day.")).to_be_visible()
        await expect(page.get_by_text("No reminder follows.")).to_have_count(0)
        await page.get_by_role("link", name="Pay what is open").click()
        await expect(page.get_by_role("button", name=f"Pay 6,28{EURO}")).to_be_visible()


async def test_a_debit_is_in_progress_for_everybody_and_the_page_follows_it(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 1678, number="2026-0001")
    colleague = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}))
    async with (
        working(database),
        portal.browse(browser, colleague) as other,
        portal.browse(browser, customer.manager) as visitor,
    ):
        await other.page.goto(f"/app/invoices/{invoice.id}")
        await expect(other.page.get_by_role("button", name=f"Pay 16,78{EURO}")).to_be_visible()
        page = visitor.page
        await page.goto(f"/app/invoices/{invoice.id}")
        await page.wait_for_selector("html[data-ready]")
        await page.get_by_role("button", name=f"Pay 16,78{EURO}").click()
        await page.locator("input[value=sepa_debit]").check()
        await page.locator("#iban").fill("BE62 5100 0754 7061")
        await page.locator("#holder").fill("Delta Logistics")
        await page.locator("#agree").check()
        await page.get_by_role("button", name=re.compile("^Simulate")).click()
        await expect(page.get_by_role("heading", name="Collection in progress")).to_be_visible()
        await expect(page.get_by_text("Do not pay a second time.")).to_be_visible()
        # The colleague's open page changes by itself
        await expect(other.page.get_by_role("button", name=re.compile("^Pay "))).to_have_count(0)
        await expect(other.page.get_by_text("do not pay a second time")).to_be_visible()
        [intent] = await run_sql(database, "SELECT intent_id FROM payment")
        await asyncio.to_thread(sandbox.payment, "payment_intent", intent[0], "settle")
        await expect(page.get_by_role("heading", name="Paid, thank you")).to_be_visible()
        await expect(other.page.get_by_text("Money received")).to_be_visible()


async def test_who_comes_back_without_paying_reads_that_nothing_was_taken(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 1678, number="2026-0001")
    async with working(database), portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        visitor.expected = ("status of 402",)
        await page.goto(f"/app/invoices/{invoice.id}")
        await page.wait_for_selector("html[data-ready]")
        await page.get_by_role("button", name=f"Pay 16,78{EURO}").click()
        await pay_by_card(page, "4000 0000 0000 9995")
        await expect(page.get_by_text("Not paid")).to_be_visible()
        await page.get_by_role("link", name="Go back without paying").click()
        await expect(page.get_by_role("heading", name="Nothing was taken")).to_be_visible()
        await expect(page.get_by_text("You came back without paying.")).to_be_visible()
        still = page.get_by_text("What was to be paid is still to be paid")
        await expect(still).to_be_visible()
        left = page.url
        await page.get_by_role("link", name="Pay what is open").click()
        await page.get_by_role("button", name=f"Pay 16,78{EURO}").click()
        await pay_by_card(page)
        await expect(page.get_by_role("heading", name="Paid, thank you")).to_be_visible()
        # The page of the first attempt does not go on asking for what was paid since
        await page.goto(left)
        await expect(page.get_by_text("nothing open")).to_be_visible()
        await expect(still).to_have_count(0)


async def test_a_lost_answer_is_said_to_be_unknown_and_the_page_learns_it_by_itself(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    sandbox.behave_payments(drop_webhooks=True)
    invoice = await make_invoice(customer, 1678, number="2026-0001")
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        async with working(database):
            await page.goto(f"/app/invoices/{invoice.id}")
            await page.wait_for_selector("html[data-ready]")
            await page.get_by_role("button", name=f"Pay 16,78{EURO}").click()
            await expect(page.get_by_text("Payments sandbox.")).to_be_visible()
        sandbox.behave_payments(refuse_calls=1000)
        await pay_by_card(page)
        # Nobody works: the page says what it knows
        await expect(page.get_by_role("heading", name="Not known yet")).to_be_visible()
        await drain(database, only="payments.check")
        await expect(
            page.get_by_role("heading", name="Not known yet whether money was taken")
        ).to_be_visible()
        sandbox.behave_payments(refuse_calls=0)
        await run_sql(database, "UPDATE outbox SET not_before = now() - interval '1 second'")
        await drain(database)
        await expect(page.get_by_role("heading", name="Paid, thank you")).to_be_visible()


async def test_without_the_right_or_the_service_nothing_is_offered(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 1678, number="2026-0001")
    payment = await service.list_payments(customer.manager)
    assert payment == []
    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    async with portal.browse(browser, auditor) as visitor:
        page = visitor.page
        visitor.expected = ("status of 404",)
        for address in ("/app/invoices", f"/app/invoices/{invoice.id}"):
            await page.goto(address)
            await page.wait_for_selector("html[data-ready]")
            await expect(page.get_by_text(f"16,78{EURO}").first).to_be_visible()
            await expect(page.get_by_role("button", name=re.compile("^Pay "))).to_have_count(0)
            await expect(page.get_by_role("link", name=re.compile("^Pay "))).to_have_count(0)
        await page.goto("/app/pay")
        await expect(page.get_by_text("There is nothing at this address")).to_be_visible()
        await page.goto(f"/app/payments/{invoice.id}")
        await expect(page.get_by_text("This was not found")).to_be_visible()
    portal.settings = portal.settings
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto("/app/pay?invoice=nonsense")
        await expect(page.get_by_text("The address names invoices that cannot be read")).to_be_visible()
