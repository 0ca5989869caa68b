"""Unfinished requests on the page of requests: taken up where they stopped, and deleted."""

from playwright.async_api import Browser, expect

from backend.lines.schemas import LineFilter, Selection
from backend.lines.service import list_lines
from backend.orders.placement.drafts import save_draft, start_draft
from tests.support.factories import Customer, make_member
from tests.support.pages import an_option
from tests.support.portal import Portal


async def test_an_unfinished_request_goes_on_where_it_stopped(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    lines = (await list_lines(customer.manager, LineFilter(search="Peeters"))).items
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/start/change_plan?line={lines[0].id}")
        await page.locator("#app input[name=plan]:not(:checked):enabled").first.check()
        await page.get_by_role("button", name="Check the price").click()
        await page.wait_for_url("**/review")
        stopped = page.url
        page = await visitor.open("/app/requests")
        tab = page.get_by_role("navigation", name="Views").get_by_role("link", name="Unfinished")
        await expect(tab).to_contain_text("1")
        await tab.click()
        entry = page.locator(".todo > li")
        await expect(entry).to_contain_text("1 line")
        await expect(entry).to_contain_text("last changed on")
        await entry.get_by_role("link", name="Go on with").click()
        await page.wait_for_url(stopped)
        await expect(page.get_by_role("button", name="Send the request")).to_be_visible()


async def test_what_was_ticked_on_one_page_is_there_again(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    lines = (await list_lines(customer.manager, LineFilter(search="Peeters"))).items
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/start/suspend?line={lines[0].id}")
        await page.get_by_role("radio", name="Lost").check()
        await expect(page.get_by_text("What will happen")).to_be_visible()
        page = await visitor.open("/app/requests?show=drafts")
        await page.get_by_role("link", name="Go on with Suspend").click()
        await expect(page.get_by_role("radio", name="Lost")).to_be_checked()


async def test_it_is_deleted_and_nobody_else_sees_it(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    lines = (await list_lines(customer.manager, LineFilter(search="Peeters"))).items
    colleague = await make_member(customer.tenant_id)
    draft = await start_draft(
        customer.manager, "change_options", Selection(line_ids=(lines[0].id, lines[1].id))
    )
    await save_draft(customer.manager, draft, {"add": [an_option(customer)]})
    async with portal.browse(browser, colleague) as visitor:
        page = await visitor.open("/app/requests?show=drafts")
        await expect(page.get_by_text("No unfinished request")).to_be_visible()
        visitor.expected = ("status of 404",)
        answer = await page.goto(f"/app/drafts/{draft}")
        assert answer is not None
        assert answer.status == 404
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/requests?show=drafts")
        await expect(page.locator(".todo > li")).to_contain_text("2 lines")
        # By keyboard
        await page.get_by_role("button", name="Delete Change options, 2 lines").press("Enter")
        await expect(page.get_by_text("No unfinished request")).to_be_visible()
        await expect(page.get_by_role("link", name="Unfinished")).to_contain_text("0")
        visitor.expected = ("status of 404",)
        answer = await page.goto(f"/app/drafts/{draft}")
        assert answer is not None
        assert answer.status == 404
