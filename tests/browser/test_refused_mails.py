"""Mails that were refused for good, on the pages that say so: the request, the line, the list and home."""

import asyncio
from datetime import timedelta

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from backend.core import clock
from backend.lines.organisations import link_end_user
from backend.lines.schemas import LineRow
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.kinds.depart import Depart
from backend.orders.kinds.request_esim import RequestEsim
from backend.orders.placement.place import place_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import load_lines_at_carrier
from tests.support.portal import Portal
from tests.support.sandbox import Sandbox
from tests.support.usage import abroad, file_of

# The sandbox's mail server answers 550 to this domain
REFUSED, GOOD = "an@refused.example", "an.peeters@user.example"


async def accessible(page: Page, name: str) -> None:
    for width in (1440, 390, 320):
        await page.set_viewport_size({"width": width, "height": 900})
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} is {over} px too wide at {width}"
        found = await Axe().run(page)
        assert found.violations_count == 0, f"{name} at {width}: {found.generate_report()}"
    await page.set_viewport_size({"width": 1440, "height": 900})


async def one_line(sandbox: Sandbox) -> tuple[Customer, LineRow]:
    customer = await make_customer(lines=1)
    return customer, (await load_lines_at_carrier(customer, sandbox))[0]


async def follow(database: TestDatabase) -> None:
    for _ in range(4):
        await make_jobs_due(database)
        await drain(database)


async def refused_esim(customer: Customer, line: LineRow, database: TestDatabase) -> OrderDetail:
    asked = RequestEsim(
        line_ids=(line.id,),
        confirmed=True,
        email=REFUSED,
        language="fr",
        reason="new_device",
        request_key="e",
    )
    placed = await place_order(customer.manager, asked)
    for _ in range(60):
        await follow(database)
        found = await get_order(customer.manager, placed.reference)
        if found.outcome.undelivered:
            return found
        await poll_stale_items(customer.system, -1)
        await asyncio.sleep(0.02)
    raise AssertionError("the mail was never tried")


async def test_an_esim_mail_that_was_refused_is_said_everywhere_and_sent_to_another_address(
    browser: Browser, portal: Portal, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, line = await one_line(sandbox)
    sandbox.behave("mandarine", esim_by_hand=True)
    order = await refused_esim(customer, line, database)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app")
        todo = page.locator(".todo > li", has_text=order.reference)
        await expect(todo).to_contain_text("once you have corrected the address")
        await accessible(page, "home with a refused mail")
        page = await visitor.open("/app/requests?show=attention")
        await expect(page.locator("tbody tr")).to_contain_text("a mail did not arrive")
        await accessible(page, "the list of what waits for me")
        page = await visitor.open(f"/app/requests/{order.reference}")
        await expect(page.locator(".page-header .pill")).to_have_text("Waits for you: a mail did not arrive")
        await expect(page.locator("tbody .pill")).to_have_text("Mail not delivered")
        await accessible(page, "a request with a refused mail")
        page = await visitor.open(f"/app/lines/{line.id}")
        await expect(page.locator("#undelivered")).to_contain_text(REFUSED)
        await accessible(page, "a line with a refused mail")
        await page.locator("#undelivered").get_by_role("link", name="Correct the address").click()
        box = page.get_by_label("E-mail of the user")
        await expect(box).to_have_value(REFUSED)
        await accessible(page, "the form that sends it again")
        await box.fill("an@@user")
        await page.get_by_role("button", name="Send the mail").click()
        await expect(page.locator(".error-summary")).to_be_visible()
        await box.fill(GOOD)
        # By keyboard
        await box.press("Enter")
        await page.wait_for_url("**/app/requests/*")
        await follow(database)
        await expect(page.locator(".page-header .pill")).to_have_text("Completed")
        assert sandbox.mails(GOOD)
        page = await visitor.open(f"/app/lines/{line.id}")
        await expect(page.locator("main")).to_contain_text(GOOD)
        await expect(page.locator("#undelivered")).to_have_count(0)
        page = await visitor.open("/app")
        await expect(page.get_by_text("Nothing waits for you.")).to_be_visible()


async def test_an_invitation_that_was_refused_is_sent_to_another_address(
    browser: Browser, portal: Portal, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, line = await one_line(sandbox)
    asked = Depart(
        line_ids=(line.id,),
        on=clock.today() + timedelta(days=30),
        knows_successor=True,
        given_name="Mia",
        family_name="Claes",
        email="mia@refused.example",
        language="en",
        request_key="k",
    )
    placed = await place_order(customer.manager, asked)
    await follow(database)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/requests/{placed.reference}")
        section = page.locator("section", has=page.get_by_role("heading", name="New owner"))
        await expect(section).to_contain_text("could not be delivered to mia@refused.example")
        await accessible(page, "a refused invitation")
        box = section.get_by_label("E-mail of the new owner")
        await box.fill("mia@@private")
        await box.press("Enter")
        await expect(section.locator(".error")).to_be_visible()
        await box.fill("mia@private.example")
        await section.get_by_role("button", name="Correct the address and send it again").click()
        await follow(database)
        await expect(section).to_contain_text("Sent on")
        await expect(section).not_to_contain_text("could not be delivered")
        assert sandbox.mails("mia@private.example")


async def test_a_refused_alert_is_said_on_line_home_and_to_its_user_until_the_address_is_corrected(
    browser: Browser, portal: Portal, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, line = await one_line(sandbox)
    user = await make_member(customer.tenant_id, roles=frozenset({"end_user"}))
    assert user.member_id
    await link_end_user(customer.system, member_id=user.member_id, msisdn=line.msisdn)
    async with open_scope(customer.system) as scope:
        await scope.execute(
            "UPDATE end_user SET email = $1, given_name = 'An', family_name = 'Maes'", REFUSED
        )
        await scope.execute("UPDATE line SET roaming_cap_cents = 1000")
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/lines/{line.id}")
        await expect(page.locator("#unreached")).to_have_count(0)
        rows = file_of([abroad("a", line.msisdn, 1000)])
        await load_file(customer.system, rows, kind=UsageFileKind.RECORDS)
        await drain(database, only="usage.", twice=True)
        # The open page hears of it
        said = page.locator("#unreached")
        await expect(said).to_contain_text(f"The last mail to {REFUSED} could not be delivered.")
        await accessible(page, "a line whose user was not reached")
        page = await visitor.open("/app")
        todo = page.locator(".todo > li", has_text="could not be delivered")
        await expect(todo).to_contain_text("The last message to the user of 1 line could not be delivered")
        await expect(todo).to_contain_text(f"Correct the address {REFUSED}.")
        await accessible(page, "home with a user who was not reached")
        await todo.get_by_role("link").click()
        await page.wait_for_url(f"**/app/lines/{line.id}")
    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    async with portal.browse(browser, auditor) as visitor:
        page = await visitor.open(f"/app/lines/{line.id}")
        await expect(page.locator("#unreached")).to_contain_text(
            "A fleet manager has to correct the address."
        )
        await expect(page.locator("#unreached").get_by_role("link")).to_have_count(0)
    async with portal.browse(browser, user, portal="user") as visitor:
        page = await visitor.open("/app/my")
        await expect(page.locator("#unreached")).to_contain_text(
            "A fleet manager has to correct the address."
        )
        await accessible(page, "my mobile of a user who was not reached")
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/lines/{line.id}")
        await page.locator("#unreached").get_by_role("link", name="Change the user").click()
        box = page.get_by_label("E-mail", exact=False)
        await expect(box).to_have_value(REFUSED)
        await box.fill(GOOD)
        await box.press("Enter")
        await page.wait_for_url("**/app/requests/*")
        await follow(database)
        page = await visitor.open(f"/app/lines/{line.id}")
        await expect(page.locator("main")).to_contain_text(GOOD)
        await expect(page.locator("#unreached")).to_have_count(0)
        page = await visitor.open("/app")
        await expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
