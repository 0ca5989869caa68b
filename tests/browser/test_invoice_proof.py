"""Proof, differences, disputes and the analysis in the browser: what a person sees, presses and hears."""

import re
import zlib

import pytest
from playwright.async_api import Browser, expect

from backend.billing.analysis.schemas import SpendBy
from backend.billing.analysis.service import spend_groups
from backend.billing.disputes import deciding, service
from backend.core import clock
from backend.lines.schemas import LineRow
from backend.members.operators import operator_actor
from backend.usage.lifecycle import month_before, period_of
from tests.support.charges import CENTS, PLAN, charge_line, credited, invoiced, next_month
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_lines, make_member
from tests.support.jobs import drain
from tests.support.portal import Portal


async def own_lines(customer: Customer, count: int) -> list[LineRow]:
    """New lines of the first customer number with one plan."""
    known = {line.id for line in await customer.lines()}
    await make_lines(customer, count, plan=PLAN, account=next(iter(customer.accounts)))
    return [line for line in await customer.lines() if line.id not in known]


async def proven(customer: Customer, database: TestDatabase, number: str = "P-1") -> str:
    """An invoice of three lines with a charge that is there twice; returns its address."""
    lines = await own_lines(customer, 3)
    charges = [charge_line(line.msisdn, name="Pro Flex") for line in lines]
    charges.append(charge_line(lines[0].msisdn, name="Pro Flex again"))
    invoice = await invoiced(customer, charges, number)
    await drain(database, only="billing.prove")
    return f"/app/invoices/{invoice.id}"


@pytest.mark.parametrize("width", [1440, 390])
async def test_what_differs_is_disputed_in_one_step_and_decided(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase, width: int
) -> None:
    address = await proven(customer, database)
    async with portal.browse(browser, customer.manager, viewport={"width": width, "height": 900}) as visitor:
        page = visitor.page
        await page.goto(address)
        await page.wait_for_selector("html[data-ready]")
        await expect(page.get_by_text("3 charges are proven")).to_be_visible()
        await expect(page.get_by_text("1 charge does not follow")).to_be_visible()
        await expect(
            page.get_by_text("The same days are charged already: Pro Flex").locator("visible=true")
        ).to_have_count(1)
        await page.get_by_role("button", name="Dispute Pro Flex again").click()
        await page.get_by_role("button", name="Cancel", exact=True).click()
        await expect(page.get_by_label("Add a word (optional)")).to_have_count(0)
        await page.get_by_role("button", name="Dispute Pro Flex again").click()
        await page.get_by_label("Add a word (optional)").fill("Twice on the invoice")
        await page.get_by_role("button", name=re.compile("^Dispute 12.40")).click()
        await expect(page.get_by_text("Your operator decides", exact=True)).to_be_visible()
        await expect(page.get_by_text(re.compile("15.00.€ with VAT is kept apart"))).to_be_visible()
        await expect(page.get_by_text("Twice on the invoice")).to_be_visible()
        await expect(page.get_by_role("button", name="Dispute Pro Flex again")).to_have_count(0)
        # The operator decides while the page is open
        nadia = await operator_actor("Nadia Operator", customer.slug)
        [waiting] = await service.waiting_disputes(nadia)
        await deciding.decide_disputes(nadia, [waiting.id], accepted=True, reason="You are right.")
        await expect(page.get_by_text("Accepted: a credit note follows")).to_be_visible()
        await credited(customer, "P-1", [charge_line("", CENTS, code="", kind="other", name="Back")], "NC-1")
        await expect(page.get_by_text("Credited", exact=True)).to_have_count(2)
        await expect(page.get_by_text(re.compile("Credit note NC-1"))).to_be_visible()


async def test_the_charges_of_a_number_say_why_and_those_that_are_ticked_are_disputed_and_withdrawn(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    address = await proven(customer, database)
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto(address)
        await page.wait_for_selector("html[data-ready]")
        await (
            page.locator("section", has=page.get_by_role("heading", name="By number"))
            .get_by_role("link")
            .first.click()
        )
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Charges of")
        await page.get_by_text("Why", exact=True).locator("visible=true").first.click()
        await expect(
            page.get_by_text("Pro Flex 2 GB, the whole month").locator("visible=true")
        ).to_have_count(1)
        await page.get_by_role("button", name="Dispute what is ticked").click()
        await expect(page.get_by_role("alert")).to_have_text("Tick at least one charge first.")
        for box in await page.get_by_role("checkbox").all():
            await box.check()
        await page.get_by_role("button", name="Dispute what is ticked").click()
        await expect(page.get_by_role("heading", name="Dispute 2 charges")).to_be_visible()
        await page.get_by_role("button", name=re.compile("^Dispute .*24.80")).click()
        await expect(page.get_by_text("2 charges are disputed.")).to_be_visible()
        await page.goto(address)
        await expect(page.get_by_text("Your operator decides", exact=True)).to_have_count(2)
        await page.get_by_role("button", name=re.compile("^Withdraw")).first.click()
        await expect(page.get_by_text("Withdrawn", exact=True)).to_be_visible()
        visitor.expected = ("status of 404",)
        await page.goto("/app/invoices/00000000-0000-7000-8000-000000000000/numbers/account")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_text("Charges of")).to_have_count(0)


async def test_who_may_only_read_disputes_nothing(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    address = await proven(customer, database)
    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    async with portal.browse(browser, auditor) as visitor:
        page = visitor.page
        await page.goto(address)
        await expect(page.get_by_text("1 charge does not follow")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("^Dispute"))).to_have_count(0)


async def test_the_causes_lead_to_their_lines(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    one, two = await own_lines(customer, 2)
    before = month_before(next_month(), 1)
    await invoiced(customer, [charge_line(one.msisdn, month=before)], "W-1", month=before)
    now = await invoiced(
        customer, [charge_line(one.msisdn, 2066, code="pro-flex-20"), charge_line(two.msisdn)], "W-2"
    )
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await page.goto(f"/app/invoices/{now.id}")
        await page.wait_for_selector("html[data-ready]")
        await page.get_by_role("button", name="Another tariff plan").click()
        await expect(
            page.get_by_text("Pro Flex 2 GB before, Pro Flex 20 GB now").locator("visible=true")
        ).to_have_count(1)
        await page.get_by_role("button", name="Lines added").click()
        await expect(
            page.get_by_text("Pro Flex 2 GB before, Pro Flex 20 GB now").locator("visible=true")
        ).to_have_count(0)
        # A cause is closed where it was opened, and nothing is left that looks as if it were at work
        await page.get_by_role("button", name="Lines added").click()
        await expect(page.get_by_role("button", name="Lines added")).to_have_attribute(
            "aria-expanded", "false"
        )
        await expect(page.locator("main [aria-busy=true]")).to_have_count(0)


async def test_the_analysis_leads_from_a_year_to_a_number_and_to_a_file(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    async with portal.browse(browser, customer.manager, accept_downloads=True) as visitor:
        page = visitor.page
        await page.goto("/app/analysis")
        await page.wait_for_selector("html[data-ready]")
        await expect(page.get_by_text("No invoice yet")).to_be_visible()
        month = period_of(clock.now())
        lines = await own_lines(customer, 2)
        await invoiced(
            customer, [charge_line(line.msisdn, month=month) for line in lines], "S-1", month=month
        )
        await page.goto("/app")
        await page.get_by_role("link", name="Analysis").click()
        await expect(page.get_by_role("img", name=re.compile("Spend by month"))).to_be_visible()
        total = (await spend_groups(customer.manager, month, SpendBy.PLAN)).cents
        assert total == 2 * CENTS
        await page.get_by_role("link", name="Pro Flex 2 GB").click()
        await expect(page.get_by_role("heading", name=re.compile("^Numbers in"))).to_be_visible()
        await expect(
            page.locator("section", has=page.get_by_role("heading", name=re.compile("^Numbers in"))).locator(
                "tbody tr"
            )
        ).to_have_count(2)
        async with page.expect_download() as started:
            await page.get_by_role("link", name="Export as CSV").click()
        assert (await started.value).suggested_filename == "analysis.csv"
        visitor.expected = ("status of 404",)
        await page.goto("/app/analysis?by=nonsense")
        await expect(page.get_by_text("This address names something that does not exist")).to_be_visible()


async def test_a_page_of_two_thousand_charges_stays_small(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    lines = [charge_line(f"+3249{at:07d}", 100 + at % 900, name="Plan") for at in range(2000)]
    invoice = await invoiced(customer, lines, "BIG")
    await drain(database, only="billing.prove")
    async with portal.browse(browser, customer.manager) as visitor:
        page, frames = visitor.page, list[bytes]()

        def heard(payload: str | bytes) -> None:
            frames.append(payload.encode() if isinstance(payload, str) else payload)

        page.on("websocket", lambda socket: socket.on("framereceived", heard))
        answer = await page.goto(f"/app/invoices/{invoice.id}")
        assert answer is not None
        await expect(page.get_by_text(re.compile("2.000 charges were not checked"))).to_be_visible()
        await expect(page.get_by_text(re.compile("25 of 2.?000 numbers"))).to_be_visible()
        size = len(zlib.compress(await answer.body())) + len(zlib.compress(b"".join(frames)))
        assert size < 100_000, f"{size} bytes"
