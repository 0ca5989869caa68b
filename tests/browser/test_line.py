"""The page of a line: each value is modified where it stands; what makes no sense for the line is not offered."""

import re

from playwright.async_api import Browser, expect

from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from tests.support.factories import Customer, make_member
from tests.support.portal import Portal

# What stands beside a value, and the kind of request that it leads to
ACTIONS = {
    "Modify User": "change_user",
    "Modify Customer number": "move_account",
    "Modify Cost centre": "change_cost_centre",
    "Modify Shared billing": "split_billing",
    "Modify Tariff plan": "change_plan",
    "Modify Options": "change_options",
    "Modify Cap abroad": "change_spend_cap",
    "Modify Barrings": "change_barrings",
    "Suspend Status": "suspend",
    "Terminate Status": "terminate",
    "Replace SIM number": "replace_sim",
    "Modify Format": "request_esim",
}


async def test_every_value_is_modified_where_it_stands(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    async with portal.browse(browser, customer.manager, viewport={"width": 320, "height": 568}) as visitor:
        page = await visitor.open(f"/app/lines/{line.id}")
        values = page.locator(".key-values")
        await expect(values.get_by_role("link")).to_have_count(len(ACTIONS))
        for name, kind in ACTIONS.items():
            link = values.get_by_role("link", name=name, exact=True)
            await expect(link).to_have_attribute("href", f"/app/start/{kind}?line={line.id}")
            box = await link.bounding_box()
            assert box is not None
            assert box["height"] >= 24
            assert box["x"] + box["width"] <= 320
            await link.click()
            expected = "/app/start/terminate" if kind == "terminate" else "/app/drafts/"
            await expect(page).to_have_url(re.compile(expected))
            await expect(page.locator("main h1")).to_be_visible()
            await visitor.open(f"/app/lines/{line.id}")


async def test_the_menu_has_groups_and_offers_what_makes_sense(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    active = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    suspended = (await list_lines(customer.manager, LineFilter(search="Absil"))).items[0]
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/lines/{active.id}")
        await page.get_by_role("button", name="More").click()
        menu = page.locator("#line-menu")
        titles = ["SIM card and state", "Transfer or release", "Loss"]
        assert await menu.locator(".menu-title").all_inner_texts() == titles
        await expect(menu.get_by_role("link", name="Suspend", exact=True)).to_be_visible()
        await expect(menu.get_by_role("link", name="Reactivate")).to_have_count(0)
        await expect(menu.get_by_role("link", name="eSIM mail")).to_have_count(0)
        await visitor.open(f"/app/lines/{suspended.id}")
        await expect(page.get_by_role("link", name="Reactivate Status")).to_be_visible()
        await expect(page.get_by_role("link", name="Suspend Status")).to_have_count(0)


async def test_an_auditor_sees_values_without_actions(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    async with portal.browse(browser, auditor) as visitor:
        page = await visitor.open(f"/app/lines/{line.id}")
        await expect(page.locator(".key-values").first).to_be_visible()
        await expect(page.locator(".key-values").get_by_role("link")).to_have_count(0)
