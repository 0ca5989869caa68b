"""The page of requests: whose each is, counts on the tabs, filters that work again and again."""

from playwright.async_api import Browser, expect

from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from tests.support.factories import Customer
from tests.support.order_steps import place
from tests.support.pages import an_option
from tests.support.portal import Portal


async def test_requests_say_whose_they_are_and_filter_more_than_once(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    lines = (await list_lines(customer.manager, LineFilter(search="Peeters0000"))).items
    one = await place(customer, [lines[0].id], add=(an_option(customer),))
    many = await place(customer, [line.id for line in lines[1:4]], add=(an_option(customer),), key="many")
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/requests")
        rows = page.locator("tbody tr")
        await expect(rows.filter(has_text=one.reference)).to_contain_text(lines[0].name)
        await expect(rows.filter(has_text=one.reference).get_by_role("link")).to_contain_text("0470")
        await expect(rows.filter(has_text=many.reference).get_by_role("link")).to_have_text("3 lines")
        views = page.get_by_role("navigation", name="Views")
        await expect(views.get_by_role("link", name="Under way")).to_contain_text("2")
        await expect(views.get_by_role("link", name="Finished 0", exact=True)).to_be_visible()
        button = page.get_by_role("button", name="Filter")
        for searched, count in ((one.reference, 1), (many.reference, 1), ("Sofie", 2), (one.reference, 1)):
            await page.get_by_label("Search the requests").fill(searched)
            await button.click()
            await expect(rows).to_have_count(count)
            assert await button.get_attribute("aria-busy") is None
        # The same again: nothing changes, and the button can be pressed again
        await button.click()
        await expect(rows).to_have_count(1)
        await page.get_by_label("Kind of request").select_option("suspend")
        await button.click()
        await expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
        await page.get_by_role("link", name="Clear", exact=True).click()
        await expect(rows).to_have_count(2)


async def test_the_search_of_every_page_finds_a_request_by_its_reference(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    order = await place(customer, [line.id], add=(an_option(customer),))
    for script in (True, False):
        async with portal.browse(browser, customer.manager, java_script_enabled=script) as visitor:
            await visitor.page.goto("/app/usage")
            if script:
                await visitor.page.wait_for_selector("html[data-ready]")
            box = visitor.page.get_by_placeholder("Number, name, SIM or reference")
            await box.fill(f" {order.reference.lower()} ")
            await box.press("Enter")
            await expect(visitor.page).to_have_url(f"{portal.url}/app/requests/{order.reference}")
