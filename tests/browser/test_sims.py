"""SIMs on pages: an eSIM asked for and its code shown, shared billing with its scan, one's own PUK."""

import re
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, expect

from backend.catalog.profiles import profile
from backend.lines.organisations import link_end_user
from backend.lines.schemas import LineFilter, LineRow
from backend.lines.service import get_line, list_lines
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.lifecycle import OrderState
from backend.orders.service import get_order, list_orders
from tests.support import files
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_member, sim_for
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.portal import Portal
from tests.support.sandbox import Sandbox


async def a_line(customer: Customer) -> LineRow:
    return (await list_lines(customer.manager, LineFilter(search="Peeters00003"))).items[0]


async def accessible(page: Page, name: str) -> None:
    for width in (1440, 390, 360):
        await page.set_viewport_size({"width": width, "height": 900})
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} is {over} px too wide at {width}"
    await page.set_viewport_size({"width": 1440, "height": 900})
    found = await Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


async def in_order(page: Page, *selectors: str) -> None:
    """The first of each stands below the one before it, in the document and on the screen, wide and narrow."""
    for width in (1440, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        places = await page.evaluate(
            "(all) => { const every = [...document.querySelectorAll('*')], at = all.map((s) => document.querySelector(s));"
            " return at.map((e) => [every.indexOf(e), e.getBoundingClientRect().top]); }",
            list(selectors),
        )
        assert places == sorted(places), (width, places)
        assert [top for _, top in places] == sorted(top for _, top in places), (width, places)
    await page.set_viewport_size({"width": 1440, "height": 900})


async def menu_entry(page: Page, line_id: UUID) -> Locator:
    """The entry that sends the eSIM mail again, in the menu of a line's row, which is opened."""
    await page.locator(f"tr[data-key='{line_id}'] [popovertarget=row-menu]").click()
    return page.locator("#row-menu").get_by_role("link", name="Send the eSIM mail again", exact=True)


async def until_released(customer: Customer, database: TestDatabase, reference: str, line_id: UUID) -> None:
    await make_jobs_due(database)
    await drain(database)
    for _ in range(60):
        found = (await get_line(customer.manager, line_id)).esim
        if found and found.sent_at:
            return
        await poll_stale_items(customer.system, -1)
        await drain(database)
    raise AssertionError(f"{reference} was never released")


async def test_an_esim_is_asked_for_and_its_code_is_shown(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    await load_lines_at_carrier(customer, sandbox)
    sandbox.behave(customer.carrier, esim_by_hand=True)
    line = await a_line(customer)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await expect(await menu_entry(page, line.id)).to_be_hidden()
        await visitor.open(f"/app/start/resend_esim?line={line.id}")
        await expect(page.locator(".effects")).to_contain_text("stays as it is")
        await expect(page.get_by_role("button", name="Send the mail")).to_have_count(0)
        await page.locator("#app").get_by_role("link", name="Back to the line").click()
        await page.get_by_role("button", name="More").click()
        await page.get_by_role("link", name="Request an eSIM").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("An eSIM for this number")
        await page.get_by_role("button", name="Check the request").click()
        await expect(page.locator(".error-summary")).to_be_focused()
        await accessible(page, "what is wrong with an eSIM request")
        await page.get_by_label("New device").check()
        await page.get_by_label("E-mail of the user").fill("an@user.example")
        await page.get_by_label("Language of the user").select_option("nl")
        await page.get_by_role("button", name="Check the request").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")
        await page.get_by_role("checkbox", name=re.compile("supports eSIM")).check()
        await accessible(page, "check answers of an eSIM request")
        await page.get_by_role("button", name="Send the request").click()
        await expect(page).to_have_url(re.compile(r"/app/requests/"))
        reference = (await list_orders(customer.manager))[0].reference
        await until_released(customer, database, reference, line.id)
        await expect(page.locator("td li", has_text="New eSIM number")).to_be_visible()
        assert len(sandbox.mails("an@user.example")) == 1
        await visitor.open("/app/fleet")
        await expect(await menu_entry(page, line.id)).to_be_visible()
        await visitor.open(f"/app/lines/{line.id}")
        await expect(page.get_by_text("Ready to be installed")).to_be_visible()
        await page.get_by_role("button", name="Show the eSIM code").click()
        await expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
        await accessible(page, "a line with its eSIM code")
        await page.get_by_role("link", name="Send the eSIM mail again").first.click()
        await page.get_by_role("button", name="Send the mail").click()
        await expect(page).to_have_url(re.compile(r"/app/requests/"))
        await drain(database)
        assert len(sandbox.mails("an@user.example")) == 2


async def test_a_card_is_replaced_on_the_page(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    await load_lines_at_carrier(customer, sandbox)
    line, card = await a_line(customer), sim_for(customer.carrier, 770001)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/start/replace_sim?line={line.id}")
        await page.get_by_label("Stolen").check()
        field = page.get_by_label("Number of the blank SIM card")
        await field.fill(card[:-1])
        await page.get_by_role("button", name="Check the request").click()
        await expect(page.locator(".error-summary")).to_contain_text("check its length and digits")
        await expect(field).to_have_value(card[:-1])
        await accessible(page, "a SIM number that cannot be")
        await field.fill(card)
        await page.get_by_role("button", name="Check the request").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")
        await expect(page.get_by_text("suspend the number first")).to_be_visible()
        await page.get_by_role("button", name="Send the request").click()
        await expect(page).to_have_url(re.compile(r"/app/requests/"))
        reference = (await list_orders(customer.manager))[0].reference
        done = await carry_out(customer, database, reference)
        assert done.state is OrderState.COMPLETED
        await visitor.open(f"/app/lines/{line.id}")
        await expect(page.locator("#sim, [aria-labelledby=sim]").first).to_be_visible()
        kind = page.locator(".key-values > div", has=page.get_by_text("Number type", exact=True))
        await expect(kind.locator("dd").first).to_have_text("Mobile")
        assert (await get_line(customer.manager, line.id)).sim_number == card


async def test_the_bill_is_shared_with_a_signed_contract(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    assert sandbox
    line = await a_line(customer)
    chosen = profile(customer.carrier).split_profiles[0]
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/start/split_billing?line={line.id}")
        await expect(page.get_by_text("may turn to the company")).to_be_visible()
        async with page.expect_download() as found:
            await page.get_by_role("link", name=f"{chosen.name['en']} (PDF)").click()
        with open(await (await found.value).path(), "rb") as pdf:  # noqa: ASYNC230, PTH123
            assert pdf.read(5) == b"%PDF-"
        await page.get_by_label(chosen.name["en"]).check()
        await in_order(page, "main [type=radio]", "main a[download]", "[type=file]", "button[form=form]")
        await page.get_by_role("button", name="Check the request").click()
        await expect(page.locator(".error-summary")).to_contain_text("Send the contract")
        await page.locator(".error-summary a[href='#document_id']").click()
        await expect(page.get_by_label("Scan or photo of the signed contract")).to_be_focused()
        await accessible(page, "shared billing without its scan")
        scan = {"name": "signed.pdf", "mimeType": "application/pdf", "buffer": files.PDF}
        await page.get_by_label("Scan or photo of the signed contract").set_input_files(scan)  # type: ignore[arg-type]
        await expect(page.get_by_text("signed.pdf").first).to_be_visible()
        await page.get_by_role("button", name="Check the request").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")
        await page.get_by_role("button", name="Send the request").click()
        await expect(page).to_have_url(re.compile(r"/app/requests/"))
        reference = (await list_orders(customer.manager))[0].reference
        await make_jobs_due(database)
        await drain(database)
        assert (await get_order(customer.manager, reference)).state is OrderState.HELD
        await visitor.open(f"/app/lines/{line.id}")
        await expect(page.get_by_text("The operator is looking at the contract")).to_be_visible()
        await accessible(page, "a line with its contract under review")


@pytest.mark.usefixtures("sandbox")
async def test_ones_own_puk_in_the_user_portal(browser: Browser, portal: Portal, customer: Customer) -> None:
    line = await a_line(customer)
    member = await make_member(customer.tenant_id, roles=frozenset({"end_user"}))
    assert member.member_id
    await link_end_user(customer.system, member_id=member.member_id, msisdn=line.msisdn)
    async with portal.browse(browser, member, portal="user") as visitor:
        page = await visitor.open("/app/my")
        await page.get_by_role("button", name="Show the PUK code").click()
        await expect(page.get_by_text("12345678")).to_be_visible()
        await accessible(page, "my mobile with its PUK")
