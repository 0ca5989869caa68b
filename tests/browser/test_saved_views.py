"""Saved views of the fleet and of the requests: saved, opened, modified, shared, deleted; what is gone is said."""

from playwright.async_api import Browser, expect

from backend.lines.schemas import LineFilter
from backend.saved_views.schemas import FleetQuery, RequestsQuery
from backend.saved_views.service import save_view
from tests.support.factories import Customer, make_member
from tests.support.portal import Portal


async def test_a_view_of_the_fleet_is_saved_opened_modified_and_deleted(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet?status=suspended&sort=-msisdn")
        views = page.get_by_role("navigation", name="Views")
        await views.get_by_role("link", name="Saved views").click()
        await expect(page.get_by_text("Status: Suspended")).to_be_visible()
        name = page.get_by_label("Name")
        await page.get_by_role("button", name="Save the view").click()
        await expect(page.locator(".error")).to_contain_text("1 to 60 characters")
        await name.fill("Standing still <b>")
        # By keyboard
        await name.press("Enter")
        tab = views.get_by_role("link", name="Standing still <b>")
        await expect(tab).to_have_attribute("aria-current", "page")
        assert page.url.endswith("/app/fleet?status=suspended&sort=-msisdn")
        await expect(page.locator("tbody tr")).to_have_count(2)
        await views.get_by_role("link", name="All lines").click()
        await expect(page.locator("tbody tr")).to_have_count(50)
        await tab.click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        await expect(views.locator("[aria-current]")).to_have_count(1)
        await views.get_by_role("link", name="Saved views").click()
        await page.get_by_role("link", name="Modify Standing still <b>").click()
        await page.get_by_label("Name").fill("Suspended ones")
        await page.get_by_label("Share it with everybody in my company").check()
        await page.get_by_role("button", name="Save", exact=True).click()
        entry = page.locator(".todo > li", has_text="Suspended ones")
        await expect(entry).to_contain_text("You share it with your company.")
        colleague = await make_member(customer.tenant_id)
        async with portal.browse(browser, colleague) as other:
            theirs = await other.open("/app/views/fleet")
            await expect(theirs.locator(".todo > li")).to_contain_text(f"Shared by {customer.manager.name}.")
            await expect(theirs.get_by_role("button", name="Delete")).to_have_count(0)
            await expect(theirs.get_by_role("link", name="Modify")).to_have_count(0)
            await theirs.get_by_role("link", name="Suspended ones").click()
            await expect(theirs.locator("tbody tr")).to_have_count(2)
        await entry.get_by_role("button", name="Delete Suspended ones").click()
        await expect(page.get_by_text("No saved view yet")).to_be_visible()
        await visitor.open("/app/fleet")
        await expect(views.get_by_role("link", name="Suspended ones")).to_have_count(0)


async def test_an_open_fleet_page_shows_a_view_that_was_just_shared(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    colleague = await make_member(customer.tenant_id)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await save_view(colleague, "Private", FleetQuery(filter=LineFilter(status=("active",))))
        await save_view(colleague, "For all", FleetQuery(filter=LineFilter(status=("active",))), shared=True)
        views = page.get_by_role("navigation", name="Views")
        await expect(views.get_by_role("link", name="For all")).to_be_visible()
        await expect(views.get_by_role("link", name="Private")).to_have_count(0)


async def test_a_view_whose_values_are_gone_says_so(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    gone = FleetQuery(filter=LineFilter(cost_centre=("4711",)))
    await save_view(customer.manager, "Gone", gone)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await page.get_by_role("navigation", name="Views").get_by_role("link", name="Gone").click()
        await expect(page.get_by_text("No line has these values: 4711.")).to_be_visible()
        await expect(page.locator(".chip")).to_contain_text("4711 (no line has it)")
        await expect(page.locator("tbody tr")).to_have_count(0)
        for address in ("/app/requests?kind=no_such_kind", "/app/requests?show=nowhere"):
            await visitor.open(address)
            await expect(page.get_by_text("This view cannot be shown")).to_be_visible()
            await expect(page.locator("tbody tr")).to_have_count(0)


async def test_a_view_of_the_requests_is_saved_and_opened(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    await save_view(customer.manager, "My suspensions", RequestsQuery(group="running", kind="suspend"))
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/requests?search=0470")
        views = page.get_by_role("navigation", name="Views")
        await views.get_by_role("link", name="Saved views").click()
        await expect(page.get_by_text("Search: 0470")).to_be_visible()
        await page.get_by_label("Name").fill("Of 0470")
        await page.get_by_role("button", name="Save the view").click()
        await expect(views.get_by_role("link", name="Of 0470")).to_have_attribute("aria-current", "page")
        await views.get_by_role("link", name="My suspensions").click()
        await expect(page.get_by_label("Kind of request")).to_have_value("suspend")
