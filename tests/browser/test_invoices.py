"""Invoices in the browser: from the menu to one invoice, filters, what is said to whom, files, in French and narrow."""

import re

import pytest
from playwright.async_api import Browser, expect

from backend.billing.ubl.writing import write_document
from tests.support.billing_documents import DEBIT, LINE
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_member
from tests.support.invoices import credit_for, invoice_for, take
from tests.support.portal import Portal


async def invoices(customer: Customer) -> None:
    for document in (
        invoice_for(customer, "2026-0001"),
        invoice_for(customer, "2026-0002", payment_means="59", debit=DEBIT),
        credit_for(customer, "NC-0001"),
    ):
        assert (await take(document)).number


@pytest.mark.parametrize("width", [1440, 390, 320])
async def test_from_the_menu_to_an_invoice_and_its_file(
    browser: Browser, portal: Portal, customer: Customer, width: int
) -> None:
    await invoices(customer)
    look = {"viewport": {"width": width, "height": 900}, "accept_downloads": True}
    async with portal.browse(browser, customer.manager, **look) as visitor:
        page = visitor.page
        await page.goto("/app/invoices")
        await page.wait_for_selector("html[data-ready]")
        await expect(page.get_by_role("heading", name="3 invoices")).to_be_visible()
        # One invoice has no first; and its amount is in sight, however narrow
        await expect(page.get_by_text("1 invoice, VAT included, before")).to_be_visible()
        cut = "[...document.querySelectorAll('.table-wrap')].filter((e) => e.scrollWidth > e.clientWidth).length"
        assert await page.evaluate(cut) == 0
        # When it was issued stands beside the amount at every width
        row = page.get_by_role("row", name="Invoice 2026-0001")
        await expect(row.get_by_text(re.compile(r"^\d\d/\d\d/\d{4}$"))).to_be_visible()
        await page.get_by_role("link", name="Invoice 2026-0001").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Invoice 2026-0001")
        await expect(page.get_by_text("+++010/8068/17183+++")).to_be_visible()
        await expect(page.get_by_role("img", name=re.compile("QR code of the transfer"))).to_be_visible()
        async with page.expect_download() as started:
            await page.get_by_role("link", name="Electronic invoice (XML)").click()
        file = await (await started.value).path()
        assert file.read_bytes() == write_document(invoice_for(customer, "2026-0001"))
        await page.go_back()
        await page.get_by_role("link", name="Invoice 2026-0002").click()
        await expect(
            page.get_by_text("This invoice will be debited: you have nothing to pay.")
        ).to_be_visible()
        await expect(page.get_by_role("heading", name="By bank transfer")).to_have_count(0)


async def test_the_list_is_filtered_twice_and_says_when_nothing_matches(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    await invoices(customer)
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto("/app/invoices")
        await page.wait_for_selector("html[data-ready]")
        await expect(page.get_by_role("link", name=re.compile("^To pay"))).to_contain_text("1")
        for words, found in (("0001", 2), ("nobody", 0), ("2026-0002", 1)):
            await page.get_by_role("searchbox", name="Search the invoices").fill(words)
            await page.keyboard.press("Enter")
            await expect(page.locator("main tbody tr")).to_have_count(found)
            if not found:
                await expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
        await page.get_by_role("link", name="Clear", exact=True).click()
        month = page.get_by_role("combobox", name="Month of issue")
        for value, found in (("2026-09", 0), ("2026-10", 3)):
            await month.select_option(value)
            await page.get_by_role("button", name="Filter").click()
            await expect(page.locator("main tbody tr")).to_have_count(found)
            await expect(month).to_have_value(value)
        await page.get_by_role("link", name="Clear", exact=True).click()
        await page.get_by_role("link", name=re.compile("^Credit notes")).click()
        await expect(page.locator("main tbody tr")).to_have_count(1)
        visitor.expected = ("status of 404",)
        await page.goto("/app/invoices?show=nonsense")
        await expect(page.get_by_text("This view cannot be shown")).to_be_visible()


async def test_a_fleet_manager_without_the_right_has_no_entry(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    assert (await take(invoice_for(customer, lines=[LINE]))).number
    member = await make_member(customer.tenant_id, roles=frozenset({"fleet_manager"}))
    async with portal.browse(browser, member) as visitor:
        page = visitor.page
        visitor.expected = ("status of 404",)
        await page.goto("/app/invoices")
        await expect(page.get_by_text("There is nothing at this address")).to_be_visible()
        await expect(page.get_by_role("link", name="Invoices")).to_have_count(0)


async def test_home_says_what_is_to_be_paid_and_an_invoice_reader_begins_with_the_invoices(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    await invoices(customer)
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto("/app")
        await page.get_by_role("link", name="See what is to be paid").click()
        await expect(page.locator("main tbody tr")).to_have_count(1)
    reader = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}))
    async with portal.browse(browser, reader) as visitor:
        await visitor.page.goto("/app")
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Invoices")
        await expect(visitor.page.get_by_role("link", name="Fleet", exact=True)).to_have_count(0)
