"""Every page in the browser's own widths, in German and in French: no sideways scrolling, nothing in English; by keyboard."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from backend.lines.organisations import link_end_user
from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from backend.orders.service import list_orders
from tenants.scope import Actor
from tests.support.factories import Customer, make_member
from tests.support.pages import addresses, settled
from tests.support.portal import Portal

WIDTHS = {"wide": 1440, "narrow": 390, "small": 360}
ENGLISH = re.compile(
    r"\b(the|your|line|lines|request|requests|status|of|no|not|search|show|change)\b", re.IGNORECASE
)


async def check_widths(page: Page, name: str) -> None:
    for width in WIDTHS.values():
        await page.set_viewport_size({"width": width, "height": 800})
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} is {over} px too wide at {width}"


async def test_no_page_scrolls_sideways(browser: Browser, portal: Portal, customer: Customer) -> None:
    """In German: its words are the longest."""
    reader = await make_member(customer.tenant_id, language="de")
    customer.manager = reader
    async with portal.browse(browser, reader, locale="de-BE") as visitor:
        visitor.expected = ("status of 404",)
        for name, path in (await addresses(customer)).items():
            await settled(visitor.page, path)
            await check_widths(visitor.page, name)


@pytest.fixture
async def employees(customer: Customer) -> dict[str, Actor]:
    """One with a line, one without."""
    linked, unlinked = [
        await make_member(customer.tenant_id, roles=frozenset({"end_user"}), name=name, language="fr")
        for name in ("Karim Benali", "Lucas Martin")
    ]
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00007"))).items[0]
    assert linked.member_id
    await link_end_user(customer.system, member_id=linked.member_id, msisdn=line.msisdn)
    return {"with a line": linked, "without a line": unlinked}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_my_mobile_is_accessible_french_and_fits(
    browser: Browser, portal: Portal, employees: dict[str, Actor], scheme: str
) -> None:
    for name, person in employees.items():
        look = {"color_scheme": scheme, "viewport": {"width": 1440, "height": 900}}
        async with portal.browse(browser, person, portal="user", bypass_csp=True, **look) as visitor:
            page = visitor.page
            await settled(page, "/app")
            await expect(page.locator("#app .panel").first).to_be_visible()
            found = await Axe().run(page)
            assert found.violations_count == 0, f"{name}: {found.generate_report()}"
            assert not (english := ENGLISH.findall(await page.locator("body").inner_text())), english
            await check_widths(page, name)


async def test_everything_on_a_french_page_is_french(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app")
        await page.locator("[popovertarget=language-menu]").first.click()
        await page.get_by_role("button", name="Français").click()
        await expect(page.locator("html")).to_have_attribute("lang", "fr")
        visitor.expected = ("status of 404",)
        for name, path in (await addresses(customer)).items():
            await settled(page, path)
            texts = await page.locator("body").inner_text()
            assert not (found := ENGLISH.findall(texts)), f"{name}: {found}"


async def test_the_fleet_works_by_keyboard_alone(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await page.keyboard.press("/")
        await expect(page.locator("#fleet-search")).to_be_focused()
        await page.keyboard.type("Peeters00001")
        await expect(page.locator("tbody tr")).to_have_count(1)
        for _ in range(20):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.matches('tbody input')"):
                break
        await page.keyboard.press("Space")
        await expect(page.locator(".selection-bar")).to_contain_text("1 line chosen")
        await page.get_by_role("button", name="Filter", exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Filter the fleet")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("heading", name="Filter the fleet")).to_be_hidden()
        await expect(page.get_by_role("button", name="Filter", exact=True)).to_be_focused()
        assert not await list_orders(customer.manager)


async def press_until(page: Page, condition: str, *, key: str = "Tab", most: int = 150) -> None:
    """Press a key until the focus is on what is wanted, as a person without a mouse does."""
    for _ in range(most):
        await page.keyboard.press(key)
        if await page.evaluate(f"document.activeElement.matches({condition!r})"):
            return
    raise AssertionError(f"{condition} cannot be reached with {key}")


async def test_a_change_is_made_and_undone_by_keyboard_alone(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet?search=Peeters0000")
        await press_until(page, "[popovertarget=row-menu]")
        await page.keyboard.press("Enter")
        await expect(page.locator("#row-menu")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#row-menu")).to_be_hidden()
        assert await page.evaluate("document.activeElement.matches('[popovertarget=row-menu]')")
        await page.keyboard.press("Enter")
        await press_until(page, "#row-menu a[data-start=change_options]", most=6)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Which options for this line?")
        await press_until(page, ".option-card input:enabled")
        await page.keyboard.press("Space")
        await expect(page.locator(".option-card").filter(has_text="To be added")).to_have_count(1)
        await press_until(page, ".button-primary")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")
        await press_until(page, ".button-primary")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("timer")).to_be_visible()
        await press_until(page, ".countdown button")
        await page.keyboard.press("Enter")
        await expect(page.locator(".page-header .pill")).to_have_text("Undone")
