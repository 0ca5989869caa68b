"""The fleet page in a browser: first view, search, sort, pages, selection, live changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, Route, expect

from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from tests.support.factories import Customer, make_customer
from tests.support.order_steps import place
from tests.support.pages import an_option
from tests.support.portal import Portal

# Letter by letter, within the page: on a busy machine keys sent one by one come slower than the pause that ends typing
TYPE = """(box, text) => { for (const letter of text) {
  box.value += letter;
  box.dispatchEvent(new InputEvent("input", { bubbles: true, data: letter }));
} }"""


async def heads(page: Page) -> list[str]:
    return await page.locator("tbody th a").all_inner_texts()


def sent(page: Page) -> list[str]:
    """Every message that the page sends to the server from now on."""
    messages: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: messages.append(str(data))))
    return messages


async def test_the_first_view_is_html_and_is_not_redrawn(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager, java_script_enabled=False) as plain:
        await plain.page.goto("/app/fleet")
        first = await heads(plain.page)
        assert len(first) == 50
        await plain.page.get_by_role("link", name="Next").click()
        await expect(plain.page.get_by_text("51-100 of 120")).to_be_visible()
        await plain.page.get_by_role("link", name="Status").click()
        assert "sort=status" in plain.page.url

    async with portal.browse(browser, customer.manager) as visitor:
        await visitor.page.add_init_script(
            "addEventListener('DOMContentLoaded', () => document.querySelector('tbody tr').mine = true)"
        )
        page = await visitor.open("/app/fleet")
        await expect(page.locator("#app [data-island] tbody tr")).to_have_count(50)
        assert await page.locator("tbody tr").first.evaluate("row => row.mine")
        assert await heads(page) == first


async def test_search_sort_and_pages_live_in_the_address(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        messages = sent(visitor.page)
        page = await visitor.open("/app/fleet")
        await page.get_by_role("link", name="Next").click()
        await expect(page.get_by_text("51-100 of 120")).to_be_visible()
        await expect(page).to_have_url(f"{portal.url}/app/fleet?page=2")
        assert len(messages) == 1
        await page.get_by_role("link", name="Number").click()
        await expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Number")
        assert len(messages) == 2
        box = page.get_by_placeholder("Number, SIM, customer number or name")
        await box.press_sequentially("pe", delay=20)
        await page.wait_for_timeout(300)
        assert len(messages) == 2, "two letters are too few"
        note = page.get_by_text("At least three letters or digits")
        await expect(note).to_be_visible()
        await box.evaluate(TYPE, "eters00003")
        await expect(page.locator("tbody tr")).to_have_count(1)
        assert len(messages) == 3, "typing is one message"
        await expect(note).to_be_hidden()
        assert "search=peeters00003" in page.url
        assert await box.evaluate("box => box === document.activeElement")
        await page.reload()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_role("link", name="Clear all").click()
        await expect(page.locator("tbody tr")).to_have_count(50)
        await page.go_back()
        await expect(page.locator("tbody tr")).to_have_count(1)


async def test_a_search_without_a_hit_takes_the_first_rows_away(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    """The rows that came with the page are not taken for those of the search."""
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await expect(page.locator("tbody tr")).to_have_count(50)
        await page.get_by_placeholder("Number, SIM, customer number or name").fill("nobody here")
        await expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
        await expect(page.locator("tbody tr")).to_have_count(0)


async def test_a_selection_answers_at_once_and_says_why_a_row_cannot_join(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        messages = sent(visitor.page)
        page = await visitor.open("/app/fleet")
        rows = page.locator("tbody tr")
        data = rows.filter(has_text="Aardvark, Data")
        suspended = rows.filter(has_text="Absil, Eva")
        voice = rows.filter(has_text="Peeters00001")
        await voice.get_by_role("checkbox").check()
        assert await data.get_by_role("checkbox").is_disabled()
        await expect(data).to_contain_text("Other plan type than the selection")
        await expect(suspended).to_contain_text("Other status than the selection")
        assert await page.locator("[data-all]").evaluate("box => box.indeterminate")
        await expect(page.get_by_role("button", name="Choose all 115 compatible lines")).to_be_visible()
        assert len(messages) == 1
        await page.locator("[data-all]").check()
        await expect(page.locator(".selection-bar")).to_contain_text("45 lines chosen")
        await page.get_by_role("link", name="Next").click()
        await expect(page.get_by_text("51-100 of 120")).to_be_visible()
        await expect(page.locator(".selection-bar")).to_contain_text("45 lines chosen")
        await page.get_by_role("button", name="Choose all 115 compatible lines").click()
        await expect(page.locator(".selection-bar")).to_contain_text("115 lines chosen")
        await page.get_by_role("button", name="Change options").first.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Which options for these 115 lines?")


async def test_unticking_some_after_all_were_chosen_keeps_the_rest(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        bar, rows = page.locator(".selection-bar"), page.locator("tbody tr")
        await rows.filter(has_text="Peeters00001").get_by_role("checkbox").check()
        await page.get_by_role("button", name="Choose all 115 compatible lines").click()
        await rows.filter(has_text="Peeters00002").get_by_role("checkbox").uncheck()
        await expect(bar).to_contain_text("114 lines chosen")
        await page.get_by_role("link", name="Next").click()
        await expect(page.get_by_text("51-100 of 120")).to_be_visible()
        # A page of fifty, then one of them again, by keyboard
        await page.locator("[data-all]").uncheck()
        await expect(bar).to_contain_text("64 lines chosen")
        first = rows.first.get_by_role("checkbox")
        await first.focus()
        await first.press("Space")
        await expect(bar).to_contain_text("65 lines chosen")
        await page.get_by_role("link", name="Previous").click()
        await expect(rows.filter(has_text="Peeters00002").get_by_role("checkbox")).not_to_be_checked()
        await expect(rows.filter(has_text="Peeters00003").get_by_role("checkbox")).to_be_checked()
        await page.get_by_role("button", name="Change options").first.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Which options for these 65 lines?")


async def test_a_line_with_another_request_can_be_chosen_and_the_check_says_what_happens(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    busy = (await list_lines(customer.manager, LineFilter(search="Peeters0000"))).items[:4]
    await place(customer, [line.id for line in busy], add=(an_option(customer),))
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet?status=active")
        await page.locator("tbody tr").filter(has_text="Peeters00010").get_by_role("checkbox").check()
        await page.get_by_role("button", name="Choose all 115 compatible lines").click()
        await page.locator(".selection-bar").get_by_role("button", name="More").click()
        await expect(page.get_by_role("button", name="Reactivate")).to_be_hidden()
        await page.get_by_role("button", name="Change plan").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Which plan for these 115 lines?")
        await page.locator("input[name=plan]:enabled").last.check()
        await page.get_by_role("button", name="Check the price").click()
        await expect(page.get_by_text("111 lines change, 4 lines stay as they are.")).to_be_visible()


async def test_filters_are_an_address_and_chips_take_them_back(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await page.get_by_role("button", name="Filter", exact=True).click()
        await page.get_by_role("checkbox", name="Suspended").check()
        await page.get_by_role("button", name="Show the lines").click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        assert "status=suspended" in page.url
        await page.get_by_role("link", name="Remove the filter Status").click()
        await expect(page.locator("tbody tr")).to_have_count(50)
        await page.goto("/app/fleet?search=nobody%20at%20all")
        await expect(page.get_by_text("Nothing matches these filters")).to_be_visible()


async def test_a_request_elsewhere_shows_on_the_open_page(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        row = page.locator(f"tr[data-key='{line.id}']")
        await expect(row.get_by_role("checkbox")).to_be_enabled()
        await place(customer, [line.id], add=(an_option(customer),))
        await expect(row).to_contain_text("Request under way", timeout=2000)


@pytest.mark.parametrize(
    ("carrier", "action", "here", "of_many"),
    [
        ("mandarine", "Terminate", "Departure with the number", "Terminate"),
        ("lynx", "Departure with the number", "Terminate", "Convert to prepaid"),
    ],
)
async def test_what_the_carrier_does_through_support_says_so_and_leads_there(
    browser: Browser, portal: Portal, carrier: str, action: str, here: str, of_many: str
) -> None:
    customer = await make_customer(carrier=carrier, lines=2)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await page.locator("[popovertarget=row-menu]").first.click()
        for menu in ("#row-menu", "#line-menu"):
            item = page.locator(menu).get_by_role("link", name=f"{action} through support", exact=True)
            await expect(item).to_be_visible()
            await expect(page.locator(menu).get_by_role("link", name=here, exact=True)).to_be_visible()
            await item.click()
            await expect(page.get_by_role("heading", level=1)).to_have_text(action)
            await expect(page.get_by_text(portal.settings.operator.support_email)).to_be_visible()
            await page.get_by_role("link", name="Back to the line").click()
            await page.locator("[popovertarget=line-menu]").click()
        await visitor.open("/app/fleet")
        await page.locator("tbody input").first.check()
        await page.locator("[popovertarget=bar-menu]").click()
        said = page.locator("#bar-menu a:not([hidden])")
        await expect(said).to_have_text([f"{of_many} through support"])
        await said.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(of_many)


@asynccontextmanager
async def held_script(page: Page, name: str) -> AsyncIterator[asyncio.Event]:
    """Holds one script of the page back until the event is set, as a slow network does."""
    go_on = asyncio.Event()

    async def late(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route(f"**/{name}*", late)
    yield go_on
    go_on.set()


async def test_what_was_typed_before_the_page_was_ready_is_asked_for_then(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with (
        portal.browse(browser, customer.manager) as visitor,
        held_script(visitor.page, "helpers*.js") as go_on,
    ):
        page = visitor.page
        await page.goto("/app/fleet?sort=msisdn", wait_until="commit")
        box = page.get_by_placeholder("Number, SIM, customer number or name")
        await box.press_sequentially("peeters00003", delay=10)
        go_on.set()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await expect(page).to_have_url(f"{portal.url}/app/fleet?sort=msisdn&search=peeters00003")
        await expect(box).to_have_value("peeters00003")


async def test_what_was_ticked_before_the_page_was_ready_counts_as_ticked_then(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with (
        portal.browse(browser, customer.manager) as visitor,
        held_script(visitor.page, "table*.js") as go_on,
    ):
        page = visitor.page
        await page.goto("/app/fleet", wait_until="commit")
        rows, bar = page.locator("tbody tr"), page.locator(".selection-bar")
        suspended, data = rows.filter(has_text="Absil, Eva"), rows.filter(has_text="Aardvark, Data")
        await suspended.get_by_role("checkbox").check()
        await data.get_by_role("checkbox").check()
        go_on.set()
        await expect(bar).to_contain_text("1 line chosen")
        await expect(suspended.get_by_role("checkbox")).not_to_be_checked()
        await expect(suspended).to_contain_text("Other plan type than the selection")
        await expect(page.get_by_role("button", name="Choose all 3 compatible lines")).to_be_visible()
        await bar.get_by_role("button", name="More").click()
        await expect(bar.get_by_role("button", name="Reactivate")).to_be_hidden()


async def test_all_ticked_before_the_page_was_ready_are_all_that_are_possible(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with (
        portal.browse(browser, customer.manager) as visitor,
        held_script(visitor.page, "table*.js") as go_on,
    ):
        page = visitor.page
        await page.goto("/app/fleet?search=peeters", wait_until="commit")
        await page.locator("[data-all]").check()
        go_on.set()
        await expect(page.locator(".selection-bar")).to_contain_text("50 lines chosen")
        await expect(page.get_by_role("button", name="Choose all 115 compatible lines")).to_be_visible()
