"""Menus open where there is room, and scroll inside themselves where the screen is too small for them."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from tests.support.factories import Customer
from tests.support.portal import Portal

SIZES = ((1440, 900), (1280, 720), (390, 800), (320, 568))
IN_WINDOW = """item => {
    const box = item.getBoundingClientRect();
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    // Scrolling stops at whole pixels
    const inside = box.top > -1 && box.left > -1 && box.bottom < innerHeight + 1 && box.right < innerWidth + 1;
    return inside && item.contains(hit) ? "" : `${JSON.stringify(box)} ${hit?.outerHTML.slice(0, 100)}`;
}"""


def items(menu: Locator) -> Locator:
    return menu.locator(":is(a, button):visible")


async def opened(page: Page, opener: Locator) -> Locator:
    """The menu of a button, each of whose items can be brought into the window."""
    name = await opener.get_attribute("popovertarget")
    menu = page.locator(f"#{name}")
    await opener.click()
    await expect(menu).to_be_visible()
    box = await menu.bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    assert 0 <= box["y"] <= size["height"] - box["height"], (name, size, box)
    assert 0 <= box["x"] <= size["width"] - box["width"], (name, size, box)
    for item in await items(menu).all():
        await item.evaluate("item => item.scrollIntoView({block: 'nearest'})")
        hidden = await item.evaluate(IN_WINDOW)
        assert not hidden, (name, size, await item.inner_text(), hidden)
    return menu


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_every_item_of_every_menu_can_be_reached(
    browser: Browser, portal: Portal, customer: Customer, width: int, height: int
) -> None:
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    async with portal.browse(
        browser, customer.manager, viewport={"width": width, "height": height}
    ) as visitor:
        page = await visitor.open("/app/fleet")
        openers = page.locator("tbody [popovertarget=row-menu]")
        for at in (0, 1, 7, 49):
            opener = openers.nth(at)
            # Wherever the row stands in the window
            await opener.evaluate(
                f"row => row.scrollIntoView({{block: '{('start', 'nearest', 'center', 'end')[at % 4]}'}})"
            )
            await opened(page, opener)
            await page.keyboard.press("Escape")
            await expect(opener).to_be_focused()
        await openers.nth(10).locator("xpath=ancestor::tr").get_by_role("checkbox").check()
        await opened(page, page.locator("[popovertarget=bar-menu]"))
        await page.keyboard.press("Escape")
        for name in ("account-menu", "language-menu", "export-menu"):
            opener = page.locator(f"[popovertarget={name}]:visible")
            if await opener.count():
                await opened(page, opener.first)
                await page.keyboard.press("Escape")
        await visitor.open(f"/app/lines/{line.id}")
        await opened(page, page.locator("[popovertarget=line-menu]"))


async def test_every_item_of_a_row_leads_where_it_says(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager, viewport={"width": 320, "height": 568}) as visitor:
        page = await visitor.open("/app/fleet")
        menu = await opened(page, page.locator("tbody [popovertarget=row-menu]").nth(20))
        found = [
            (await item.inner_text(), await item.get_attribute("href")) for item in await items(menu).all()
        ]
        assert len(found) > 10
        assert not any("eSIM mail" in words for words, _ in found), "the card is of plastic"
        key = await page.locator("tbody tr").nth(20).get_attribute("data-key")
        for words, address in found:
            assert str(key) in str(address), words
            await visitor.open("/app/fleet")
            await page.locator("tbody [popovertarget=row-menu]").nth(20).click()
            await menu.get_by_role("link", name=words, exact=True).click()
            await expect(page).to_have_url(re.compile(r"/app/(drafts/|lines/|start/terminate)"))
            await expect(page.locator("h1")).to_be_visible()
            await expect(page.get_by_text("There is nothing at this address")).to_have_count(0)


async def test_the_selection_bar_suspends_reactivates_and_releases_at_once(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet?status=suspended")
        bar = page.locator(".selection-bar")
        await page.locator("tbody input").first.check()
        await expect(bar.get_by_role("button", name="Reactivate", exact=True)).to_be_visible()
        await expect(bar.get_by_role("button", name="Suspend", exact=True)).to_be_hidden()
        await visitor.open("/app/fleet?status=active")
        for action in ("Suspend", "Convert to prepaid"):
            await page.locator("tbody input").nth(5).check()
            await bar.get_by_role("button", name=action, exact=True).click()
            await expect(page).to_have_url(re.compile("/app/drafts/"))
            await expect(page.locator(".breadcrumb")).to_contain_text(action)
            await visitor.open("/app/fleet?status=active")
