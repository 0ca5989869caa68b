"""Addresses where there is nothing, and a network that is lost without a word."""

from playwright.async_api import Browser, WebSocketRoute, expect

from backend.core.ids import new_id
from tests.support.factories import Customer
from tests.support.portal import Portal


async def test_nothing_at_an_address_is_a_page_with_its_status(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    # The first answer alone: no skeleton is there at any time
    async with portal.browse(browser, customer.manager, java_script_enabled=False) as visitor:
        visitor.expected = ("status of 404",)
        page = visitor.page
        for path in (
            "/app/nowhere",
            f"/app/lines/{new_id()}",
            f"/app/lines/{new_id()}/usage",
            "/app/requests/MND-2611201405-KXTR",
            f"/app/drafts/{new_id()}",
            f"/app/drafts/{new_id()}/review",
            f"/app/bulk/{new_id()}",
        ):
            answer = await page.goto(path)
            assert answer is not None
            assert answer.status == 404
            await expect(page.get_by_text("There is nothing at this address")).to_be_visible()
            await expect(page.locator("[data-skeleton]")).to_have_count(0)
            await expect(page.get_by_role("navigation", name="Main menu")).to_be_visible()


async def test_what_is_not_found_has_a_title_and_no_skeleton(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("status of 404",)
        for path in (
            f"/app/lines/{new_id()}",
            f"/app/drafts/{new_id()}",
            f"/app/drafts/{new_id()}/review",
            f"/app/bulk/{new_id()}",
            "/app/nowhere",
        ):
            page = await visitor.open(path)
            await expect(page.locator("#app h1")).to_have_count(1)
            await expect(page.locator("[data-skeleton], #first > *")).to_have_count(0)
            await expect(page.locator("#app .empty")).to_be_visible()
            assert await page.title() != "Fleetline"


async def test_a_network_that_is_lost_without_a_word_is_noticed(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page, silent, sockets = visitor.page, [False], [0]

        async def relay(socket: WebSocketRoute) -> None:
            sockets[0] += 1
            if silent[0]:
                await socket.close()
                return
            server = socket.connect_to_server()
            socket.on_message(lambda said: None if silent[0] else server.send(said))
            server.on_message(lambda said: None if silent[0] else socket.send(said))

        await page.route_web_socket("**/reactpy/**", relay)
        await visitor.open("/app/requests")
        # Heard once, so that silence counts
        await page.wait_for_timeout(4000)
        await expect(page.locator("html[data-conn=up]")).to_be_attached()
        silent[0] = True
        await expect(page.get_by_text("Connection lost.")).to_be_visible(timeout=10_000)
        silent[0] = False
        await expect(page.get_by_text("Connection lost.")).to_be_hidden()
        await expect(page.get_by_text("Back online.")).to_be_visible()
        await page.get_by_role("link", name="Under way").click()
        await expect(page.get_by_text("No request under way")).to_be_visible()
