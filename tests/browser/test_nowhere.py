"""Addresses where there is nothing, and a network that is lost without a word."""

from playwright.async_api import Browser, WebSocketRoute, expect

from backend.core.ids import new_id
from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from frontend.page_address import MOST_VALUES
from tests.support.factories import Customer, make_member
from tests.support.order_steps import place
from tests.support.pages import an_option
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


async def test_a_page_of_the_other_portal_says_so_and_one_press_opens_it_there(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    both = await make_member(customer.tenant_id, roles=frozenset({"fleet_manager", "end_user"}), name="Both")
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    placed = await place(customer, [line.id], add=(an_option(customer),))
    address = f"/app/requests/{placed.reference}?step=1"
    async with portal.browse(browser, both, portal="user") as visitor:
        visitor.expected = ("status of 404",)
        page = await visitor.open(address)
        await expect(page.get_by_text("You are in My mobile now.")).to_be_visible()
        await page.get_by_role("button", name="Open it in Fleet management").click()
        await expect(page).to_have_url(f"{portal.url}{address}")
        await expect(page.get_by_role("heading", level=1)).not_to_have_text("Page of the other portal")
        await page.goto("/app/my")
        await page.get_by_role("button", name="Open it in My mobile").click()
        await expect(page.get_by_role("button", name="Fleet management")).to_be_visible()
        await expect(page).to_have_url(f"{portal.url}/app/my")
        await page.goto("/app/elsewhere")
        await expect(page.get_by_text("There is nothing at this address")).to_be_visible()


async def test_another_tab_keeps_its_address_and_offers_the_way_back(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    both = await make_member(customer.tenant_id, roles=frozenset({"fleet_manager", "end_user"}), name="Both")
    async with portal.browse(browser, both) as visitor:
        visitor.expected = ("status of 404",)
        first = await visitor.open("/app")
        other = await visitor.context.new_page()
        await other.goto("/app/fleet?search=peeters")
        await other.wait_for_selector("html[data-ready]")
        await first.get_by_role("button", name="My mobile").click()
        await expect(other.get_by_text("You are in My mobile now.")).to_be_visible()
        await expect(other).to_have_url(f"{portal.url}/app/fleet?search=peeters")
        await other.get_by_role("button", name="Open it in Fleet management").click()
        await expect(other).to_have_url(f"{portal.url}/app/fleet?search=peeters")
        await expect(other.locator("tbody tr")).to_have_count(50)


async def test_who_may_not_see_a_page_in_any_portal_finds_nothing(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    reader = await make_member(
        customer.tenant_id, roles=frozenset({"invoice_reader", "end_user"}), name="Reader"
    )
    async with portal.browse(browser, reader, portal="user") as visitor:
        visitor.expected = ("status of 404",)
        page = await visitor.open("/app/fleet")
        await expect(page.get_by_text("There is nothing at this address")).to_be_visible()


async def test_a_page_with_a_long_address_works_and_one_that_names_too_much_says_so(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("status of 414",)
        # Nearly eight thousand signs: three times as many in the address of the page's socket
        plans = "&".join(f"plan={'%C3%A9' * 6}{number}" for number in range(170))
        page = await visitor.open(f"/app/fleet?{plans}")
        await expect(page.get_by_text("170 values")).to_be_visible()
        await page.get_by_role("link", name="Remove the filter Tariff plan").click()
        await expect(page.locator("tbody tr")).to_have_count(50)
        too_many = "&".join(f"plan=p{number}" for number in range(MOST_VALUES + 1))
        # By a link of the page, then by the address itself
        await page.evaluate(
            "to => { history.pushState(null, '', to); arrive({}); }", f"/app/fleet?{too_many}"
        )
        refused = page.locator("#app").get_by_text("This view cannot be shown")
        await expect(refused.first).to_be_attached()
        await expect(page.locator("tbody tr")).to_have_count(0)
        await page.go_back()
        await expect(page.locator("tbody tr")).to_have_count(50)
        answer = await page.goto(f"/app/fleet?{too_many}")
        assert answer is not None
        assert answer.status == 414
        await expect(page.get_by_role("link", name="Go to the home page")).to_be_visible()


async def test_what_an_address_names_wrongly_is_no_other_page(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        for line in ("nonsense", str(new_id()), f"{new_id()}&line=x"):
            page = await visitor.open(f"/app/start/suspend?line={line}")
            await expect(page.get_by_text("This request cannot begin")).to_be_visible()
            await expect(page.get_by_text("This does not exist, or is not yours to see.")).to_be_visible()
        page = await visitor.open("/app/usage?month=2026-13&by=moon")
        await expect(page.get_by_text("something that does not exist: 2026-13, moon")).to_be_visible()
        await page.get_by_role("link", name="Back to the whole company").click()
        await expect(page.get_by_text("This view cannot be shown")).to_have_count(0)
