"""The fleet page while a reading is held: what it says, and what a fleet manager decides there."""

from uuid import uuid4

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from backend.core import clock
from backend.core.messaging.jobs import job_scope
from tenants.scope import Reach
from tests.support.factories import Customer, make_member
from tests.support.portal import Portal

HOLD = """
INSERT INTO held_line_end (line_id, tenant_id, status, read_at)
SELECT id, tenant_id, 'terminated', now() FROM line ORDER BY name_key, id LIMIT 20
"""


async def hold(customer: Customer) -> None:
    """Twenty lines that the last reading did not list."""
    async with job_scope(customer.system) as scope:
        await scope.execute(
            "INSERT INTO inventory_sync (tenant_id, refreshed_at, held_since, unreadable) VALUES ($1, $2, $2, 3)",
            scope.tenant_id,
            clock.now(),
        )
        await scope.execute(HOLD)
        scope.invalidate("fleet")


@pytest.mark.parametrize("width", [1440, 390, 320])
async def test_lines_that_would_end_are_asked_about_and_ended_in_two_steps(
    browser: Browser, portal: Portal, customer: Customer, width: int
) -> None:
    await hold(customer)
    async with portal.browse(browser, customer.manager) as visitor:
        await visitor.page.set_viewport_size({"width": width, "height": 900})
        page = await visitor.open("/app/fleet")
        notice = page.locator(".notice", has_text="20 lines fewer")
        await expect(notice).to_contain_text("Nothing was ended")
        await expect(page.get_by_text("3 lines of the operator's list could not be read")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.get_by_role("button", name="End 20 lines …").click()
        sure = page.get_by_role("button", name="End 20 lines", exact=True)
        box = await sure.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        found = await Axe().run(page)
        assert not found.response["violations"], found.generate_report()
        await sure.click()
        await expect(notice).to_have_count(0)
        await expect(page.get_by_role("link", name="All lines")).to_contain_text("100")


@pytest.mark.parametrize("width", [1440, 320])
async def test_home_says_who_decides_about_a_held_reading(
    browser: Browser, portal: Portal, customer: Customer, width: int
) -> None:
    await hold(customer)
    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    some = await make_member(customer.tenant_id, reach=Reach(billing_accounts=(uuid4(),)))
    for member, said in (
        (customer.manager, "Decide on the fleet page"),
        (auditor, "A fleet manager who sees every line has to decide"),
    ):
        async with portal.browse(browser, member) as visitor:
            await visitor.page.set_viewport_size({"width": width, "height": 900})
            page = await visitor.open("/app")
            entry = page.locator(".todo > li", has_text="Lines missing from the operator's list")
            await expect(entry).to_contain_text("20 lines fewer")
            await expect(entry).to_contain_text(said)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            found = await Axe().run(page)
            assert not found.response["violations"], found.generate_report()
            await entry.get_by_role("link", name="Go to the fleet").click()
            await expect(page.locator(".notice", has_text="20 lines fewer")).to_be_visible()
    # Whoever sees a part of the fleet is not told of the rest
    async with portal.browse(browser, some) as visitor:
        page = await visitor.open("/app")
        await expect(page.get_by_text("Nothing waits for you.")).to_be_visible()


async def test_lines_that_are_still_there_are_kept(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await hold(customer)
        await page.get_by_role("button", name="Keep these lines").click()
        await expect(page.locator(".notice", has_text="20 lines fewer")).to_have_count(0)
        await expect(page.get_by_role("link", name="All lines")).to_contain_text("120")
