"""Messages in a browser: the number in the top bar, the page in its states, live, by keyboard, by axe, in French, narrow."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from backend.core.permissions import Portal as PortalName
from backend.notifications import service
from backend.notifications.content import Message, PortalContent, SmsContent
from backend.notifications.sending import send_once
from tenants.scope import Actor, Scope
from tests.support.factories import Customer, make_customer, make_member
from tests.support.portal import Portal

ENGLISH = re.compile(
    r"\b(the|your|messages? of|no|not|read|unread|mark|lines|requests|what|all)\b", re.IGNORECASE
)
WIDTHS = (1440, 390, 320)


@pytest.fixture
async def customer(portal: Portal) -> Customer:
    return await make_customer("delta", lines=1)


async def tell(
    member: Actor, key: str, *, portal: PortalName = PortalName.MANAGER, path: str = "/app/fleet"
) -> None:
    """A message to the member, in the portal alone."""

    async def compose(_scope: Scope) -> Message:
        assert member.member_id
        shown = PortalContent(
            member.member_id, portal, "fr", f"Demande exécutée {key}", "Options · MND-2611201405-KXTR", path
        )
        return Message("", SmsContent("fr", ""), shown)

    await send_once(Actor(member.tenant_id), key, compose)


async def settled(page: Page, path: str) -> None:
    await page.goto(path)
    await page.wait_for_selector("html[data-ready]")
    await expect(page.locator("[data-skeleton]")).to_have_count(0)


async def looked_at(page: Page, name: str) -> None:
    """Axe finds nothing, no width scrolls sideways, no English is left."""
    found = await Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    texts = await page.locator("body").inner_text()
    assert not (english := ENGLISH.findall(texts)), f"{name}: {english}"
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} is {over} px too wide at {width}"
    await page.set_viewport_size({"width": 1440, "height": 900})


async def test_a_message_appears_by_itself_and_leads_to_its_page(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    member = customer.manager
    async with portal.browse(browser, member) as visitor:
        page = visitor.page
        await settled(page, "/app/notifications")
        bell = page.locator(".topbar [data-unread]")
        await expect(bell).to_be_hidden()
        await expect(page.get_by_text("No message yet")).to_be_visible()
        await tell(member, "a")
        await tell(member, "b")
        await expect(bell).to_have_text("2")
        entries = page.locator(".todo > li")
        await expect(entries).to_have_count(2)
        await expect(page.get_by_role("link", name=re.compile("Messages"))).to_have_accessible_name(
            re.compile(r"Messages\s*2\s*unread")
        )
        assert await entries.first.locator("h3 a").get_attribute("lang") == "fr"
        await entries.first.locator("h3 a").click()
        await expect(page).to_have_url(f"{portal.url}/app/fleet")
        await expect(bell).to_have_text("1")
        assert await service.count_unread(member) == 1


async def test_messages_are_marked_by_keyboard_one_and_all(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    member = customer.manager
    for key in ("a", "b", "c"):
        await tell(member, key)
    async with portal.browse(browser, member) as visitor:
        page = visitor.page
        await settled(page, "/app/fleet")
        await page.locator("a.icon-button[data-place]").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Messages")
        await expect(page.locator("a.icon-button[data-place]")).to_have_attribute("aria-current", "page")
        await page.get_by_role("button", name="Mark as read").first.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".topbar [data-unread]")).to_have_text("2")
        await page.locator(".tabs").get_by_text("Unread").click()
        await expect(page.locator(".todo > li")).to_have_count(2)
        await page.get_by_role("button", name="Mark all as read").click()
        await expect(page.get_by_text("No unread message")).to_be_visible()
        await expect(page.locator(".topbar [data-unread]")).to_be_hidden()
        await expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)


async def test_what_cannot_be_read_is_said_and_tried_again(
    browser: Browser, portal: Portal, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(customer.manager, "a")
    with monkeypatch.context() as broken:
        broken.setattr(service, "LIST", "SELECT 1/0, $1::uuid, $2::text, $3::bool, $4::int, $5::int")
        async with portal.browse(browser, customer.manager) as visitor:
            page = visitor.page
            await settled(page, "/app/notifications")
            await expect(page.get_by_text("This could not be loaded")).to_be_visible()
            broken.undo()
            await page.get_by_role("button", name="Try again").click()
            await expect(page.locator(".todo > li")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_is_accessible_french_and_fits(
    browser: Browser, portal: Portal, customer: Customer, scheme: str
) -> None:
    manager = await make_member(customer.tenant_id, language="fr", name="Sofie Claes")
    employee = await make_member(
        customer.tenant_id, roles=frozenset({"end_user"}), language="fr", name="Karim Benali"
    )
    look = {"color_scheme": scheme, "viewport": {"width": 1440, "height": 900}}
    async with portal.browse(browser, manager, bypass_csp=True, **look) as visitor:
        page = visitor.page
        await settled(page, "/app/notifications")
        await looked_at(page, "no message")
        for number in range(55):
            await tell(manager, f"n° {number}")
        await settled(page, "/app/notifications")
        await expect(page.locator(".todo > li")).to_have_count(50)
        await looked_at(page, "messages")
        await page.get_by_role("link", name="Suivant").click()
        await expect(page.locator(".todo > li")).to_have_count(5)
        await settled(page, "/app/notifications?show=unread&page=9")
        await expect(page.locator(".empty")).to_be_visible()
        await looked_at(page, "beyond the last page")
        await service.mark_all_read(manager)
        await settled(page, "/app/notifications?show=unread")
        await expect(page.locator(".empty")).to_be_visible()
        await looked_at(page, "nothing unread")
        await settled(page, "/app/notifications")
        await looked_at(page, "all read")
    await tell(employee, "my", portal=PortalName.USER, path="/app/my")
    async with portal.browse(browser, employee, portal="user", bypass_csp=True, **look) as visitor:
        page = visitor.page
        await settled(page, "/app/notifications")
        await expect(page.locator(".topbar [data-unread]")).to_have_text("1")
        await looked_at(page, "an employee's messages")
        await page.locator(".todo h3 a").click()
        await expect(page).to_have_url(f"{portal.url}/app/my")
