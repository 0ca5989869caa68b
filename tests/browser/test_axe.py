"""Every page by axe: no violation of its rules, in both colour schemes."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.support.factories import Customer
from tests.support.pages import addresses, settled
from tests.support.portal import Portal

RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]


async def check_by_axe(page: Page, name: str) -> None:
    """Every rule in the light scheme; in the dark one those of colour, for nothing else is other."""
    for scheme, rules in (("light", {}), ("dark", {"runOnly": RULES_OF_COLOUR})):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = await Axe().run(page, options={"resultTypes": ["violations"], **rules})
        assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"


@pytest.mark.parametrize("width", [1440, 390, 320])
async def test_axe_finds_nothing(browser: Browser, portal: Portal, customer: Customer, width: int) -> None:
    # Without motion a colour is at its end at once.
    look = {"reduced_motion": "reduce", "viewport": {"width": width, "height": 900}}
    async with portal.browse(browser, customer.manager, bypass_csp=True, **look) as visitor:
        visitor.expected = ("status of 404",)
        page = visitor.page
        for name, path in (await addresses(customer)).items():
            await settled(page, path)
            await check_by_axe(page, name)
        await settled(page, "/app/fleet")
        await page.locator("tbody input:enabled").first.check()
        await page.get_by_role("button", name="Filter", exact=True).click()
        await check_by_axe(page, "fleet, choosing and filtering")
        await page.keyboard.press("Escape")
        for menu in ("row-menu", "bar-menu"):
            await page.locator(f"[popovertarget={menu}]").first.click()
            await check_by_axe(page, f"fleet, {menu}")
            await page.keyboard.press("Escape")
