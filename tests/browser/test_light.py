"""What costs nothing: one page, one button, with the clicks of each journey; what has to be read stands above the button."""

import asyncio
import re
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect

from backend.catalog.identifiers import format_msisdn
from backend.lines.schemas import LineFilter, LineRow, Selection
from backend.lines.service import get_line, list_lines
from backend.orders.placement import drafts
from backend.orders.service import get_order, list_orders
from tests.browser.test_journey import rewind_sign_in
from tests.support.clicks import Clicks
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_account, make_cost_centre
from tests.support.forms import with_esim
from tests.support.portal import Portal

REQUEST = re.compile(r"/app/requests/[A-Z]{3}-\d{10}-[A-Z]{4}$")
LOOKS = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}


async def a_line(customer: Customer, name: str = "Peeters00003") -> LineRow:
    return (await list_lines(customer.manager, LineFilter(search=name))).items[0]


async def modify(clicks: Clicks, kind: str) -> None:
    """From the home page to a line, and to what stands beside the value."""
    await clicks.press(clicks.page.locator(f"main a[data-start={kind}]"))
    await expect(clicks.page).to_have_url(re.compile("/app/drafts/"))


async def send(clicks: Clicks) -> str:
    """Press the one button; returns the reference of the request."""
    await clicks.press(clicks.page.locator("#app .button-primary.button-large"))
    await expect(clicks.page).to_have_url(REQUEST)
    return clicks.page.url.rpartition("/")[2]


async def user(page: Page, clicks: Clicks) -> None:
    await modify(clicks, "change_user")
    await page.get_by_label("Surname").fill("Lacroix")


async def cap(page: Page, clicks: Clicks) -> None:
    await modify(clicks, "change_spend_cap")
    await clicks.tick(page.locator("[name=cap][value='2500']"))


async def barrings(page: Page, clicks: Clicks) -> None:
    await modify(clicks, "change_barrings")
    await clicks.tick(page.locator("[name=blocked]").nth(0))
    await clicks.tick(page.locator("[name=blocked]").nth(1))


async def account(page: Page, clicks: Clicks) -> None:
    await modify(clicks, "move_account")
    await clicks.choose(page.get_by_label("Customer number", exact=True), "60-77")


async def cost_centre(page: Page, clicks: Clicks) -> None:
    await modify(clicks, "change_cost_centre")
    await clicks.choose(page.get_by_label("Cost centre", exact=True), "OPS")


async def resend(page: Page, clicks: Clicks) -> None:
    await clicks.press(page.get_by_role("link", name="Send the eSIM mail again").last)


async def suspend(page: Page, clicks: Clicks) -> None:
    await clicks.press(page.locator("main dd a[data-start=suspend]"))
    await clicks.tick(page.get_by_label("Long absence"))
    # The warning is read before the button
    await expect(page.get_by_text("The monthly charge goes on")).to_be_visible()


async def kept(customer: Customer, form: str, **fields: str) -> None:
    """Until the draft at this address has these fields: it is saved while it is typed."""
    async with asyncio.timeout(10):
        while True:
            draft = await drafts.get_draft(customer.manager, UUID(form.rpartition("/")[2]))
            if {name: draft.asked.kind_fields[name] for name in fields} == fields:
                return
            await asyncio.sleep(0.05)


JOURNEYS = {
    "change_user": (user, 3),
    "change_spend_cap": (cap, 4),
    "change_barrings": (barrings, 6),
    "move_account": (account, 4),
    "change_cost_centre": (cost_centre, 4),
    "resend_esim": (resend, 3),
    "suspend": (suspend, 4),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", JOURNEYS)
async def test_what_costs_nothing_takes_few_clicks(
    browser: Browser, portal: Portal, customer: Customer, kind: str, look: str
) -> None:
    await make_account(customer, "60-77")
    await make_cost_centre(customer, "OPS")
    line = await a_line(customer)
    if kind == "resend_esim":
        await with_esim(customer, line.id)
    journey, most = JOURNEYS[kind]
    async with portal.browse(browser, customer.manager, viewport=LOOKS[look]) as visitor:
        page = await visitor.open("/app")
        clicks = Clicks(page)
        await clicks.find_line(format_msisdn(line.msisdn))
        await journey(page, clicks)
        await expect(page.get_by_text("Check the price")).to_have_count(0)
        reference = await send(clicks)
        assert clicks.count <= most
    order = await get_order(customer.manager, reference)
    assert order.kind == kind
    assert order.counts == {"waiting": 1}
    assert order.price.total == 0


async def test_present_and_new_values_stand_above_the_button(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    line = await a_line(customer)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/start/change_spend_cap?line={line.id}")
        await expect(page.get_by_text("Now: No cap")).to_be_visible()
        await expect(page.locator(".effects")).to_have_count(0)
        await page.locator("[name=cap][value='2500']").check()
        await expect(page.locator(".effects li")).to_have_text(["No cap → 25,00 €"])
        await page.locator("[name=cap][value='5000']").check()
        await expect(page.locator(".effects li")).to_have_text(["No cap → 50,00 €"])
        # Kept without a press
        await page.reload()
        await expect(page.locator("[name=cap][value='5000']")).to_be_checked()
        await expect(page.locator(".effects li")).to_have_text(["No cap → 50,00 €"])


async def test_what_is_left_out_is_read_before_it_is_sent(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    """Two lines, of which one has a request under way: the first press shows it, the second sends."""
    first, second = await a_line(customer), await a_line(customer, "Peeters00004")
    busy = await drafts.start_draft(customer.manager, "change_barrings", Selection(line_ids=(first.id,)))
    await drafts.save_draft(customer.manager, busy, {"add": ["roaming-data"]})
    draft = await drafts.start_draft(
        customer.manager, "change_barrings", Selection(line_ids=(first.id, second.id))
    )
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/drafts/{draft}")
        await page.locator("[name='roaming-data']").select_option("block")
        await expect(page.locator(".effects li").first).to_have_text("2 lines change")
        preview = await drafts.preview_draft(customer.manager, busy)
        await drafts.submit_draft(customer.manager, busy, fingerprint=preview.fingerprint)
        await page.locator("#app .button-primary.button-large").click()
        await expect(page.locator(".before-columns")).to_be_focused()
        await expect(page.locator(".before-columns")).to_contain_text("Nothing was sent yet")
        await expect(page.locator(".effects li")).to_have_text(
            [
                "1 line changes",
                re.compile("^Block: "),
                re.compile("1 line stays as it is: A request is under way on this line$"),
                re.compile("^See the request "),
            ]
        )
        assert len(await list_orders(customer.manager)) == 1
        await page.locator("#app .button-primary.button-large").click()
        await expect(page).to_have_url(REQUEST)
    assert len(await list_orders(customer.manager)) == 2


async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    """Through a refusal, a reload, and the fresh sign-in that a change of the user asks for."""
    line = await a_line(customer)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/start/change_user?line={line.id}")
        await page.get_by_label("Surname").fill("Lacroix")
        await page.get_by_label("E-mail").fill("nowhere")
        await page.get_by_role("button", name="Save the user").click()
        await expect(page.locator(".error-summary")).to_be_focused()
        await expect(page.locator("#email-error")).to_be_visible()
        await page.reload()
        await expect(page.get_by_label("E-mail")).to_have_value("nowhere")
        await page.get_by_label("E-mail").fill("emma@customer.example")
        await kept(customer, page.url, email="emma@customer.example")
        await rewind_sign_in(database)
        form = page.url
        await page.reload()
        await page.get_by_role("button", name="Save the user").click()
        await page.wait_for_url(re.compile("/(auth|id)/"))
    async with portal.browse(browser, customer.manager) as again:
        page = await again.open(f"{form}?unsent=unconfirmed")
        await expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
        await expect(page.get_by_label("Surname")).to_have_value("Lacroix")
        await expect(page.get_by_label("E-mail")).to_have_value("emma@customer.example")
        await page.get_by_role("button", name="Save the user").click()
        await expect(page).to_have_url(REQUEST)
    assert (await get_line(customer.manager, line.id)).email != "emma@customer.example", "not yet sent"


async def test_nothing_to_change_is_said_and_not_sent(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    line = await a_line(customer)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/start/move_account?line={line.id}")
        await page.get_by_label("Customer number", exact=True).select_option(line.billing_account)
        await page.get_by_role("button", name="Move the line").click()
        await expect(page.locator(".error-summary")).to_contain_text("Nothing would change")
    assert not await list_orders(customer.manager)
