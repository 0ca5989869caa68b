"""Access to invoices and their delivery in the browser: given, refused, changed, taken, by keyboard and twice in a row."""

import re

from playwright.async_api import Browser, expect

from backend.billing.access import give_invoice_access
from tests.support.factories import Customer, make_member
from tests.support.portal import Portal

READER = frozenset({"invoice_reader"})


async def test_an_owner_gives_changes_and_takes_the_access(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    lea = await make_member(customer.tenant_id, roles=frozenset({"fleet_manager"}), name="Léa Petit")
    only = await make_member(customer.tenant_id, roles=READER, name="Tom Only")
    first, _second = sorted(customer.accounts)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/invoices")
        await expect(page.get_by_text("No invoice yet")).to_be_visible()
        await visitor.open("/app")
        await page.get_by_role("link", name="Manage the access to invoices").click()
        await expect(page.get_by_role("heading", name=re.compile("people see invoices"))).to_be_visible()
        email = page.get_by_label("E-mail address")
        await email.fill("nobody@elsewhere.example")
        await email.press("Enter")
        await expect(page.locator(".error")).to_contain_text("Nobody of your company signs in")
        await email.fill(lea.email)
        # No number can be ticked while all of them would be given
        await expect(page.get_by_role("checkbox")).to_have_count(0)
        await page.get_by_role("radio", name=re.compile("Only some")).check()
        await page.get_by_role("button", name="Give access").click()
        await expect(page.locator(".error")).to_contain_text("Choose at least one")
        await page.get_by_role("checkbox", name=first).check()
        await page.get_by_role("button", name="Give access").click()
        entry = page.locator(".todo > li", has_text="Léa Petit")
        await expect(entry).to_contain_text(f"1 customer number: {first}")
        await page.get_by_role("link", name="Modify the access of Léa Petit").click()
        await expect(page.get_by_role("checkbox", name=first)).to_be_checked()
        await page.get_by_role("radio", name=re.compile("^All")).check()
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(entry).to_contain_text("Every customer number within this person’s reach.")
        await page.get_by_role("link", name="Take the access of Léa Petit away").click()
        await expect(page.get_by_text("Léa Petit keeps the other roles.")).to_be_visible()
        await page.get_by_role("button", name="Take the access away").click()
        await expect(entry).to_have_count(0)
        await page.get_by_role("link", name=f"Take the access of {only.name} away").click()
        await expect(page.get_by_text("can no longer sign in to your company")).to_be_visible()
        await page.get_by_role("button", name="Take the access away").click()
        await expect(page.locator(".todo > li", has_text=only.name)).to_have_count(0)


async def test_a_delivery_is_chosen_in_three_clicks_and_by_owners_only(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    first, second = sorted(customer.accounts)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app")
        await page.get_by_role("link", name="Choose the delivery of invoices").click()
        await page.get_by_role("radio", name=re.compile("By post")).check()
        await page.get_by_role("button", name="Save the delivery").click()
        entry = page.locator(".todo > li", has_text=first)
        await expect(entry).to_contain_text("has not confirmed it yet")
        await page.get_by_role("link", name=f"Modify the delivery of {second}").click()
        await expect(page.get_by_role("heading", name=re.compile(f"Delivery of {second}"))).to_be_visible()
        emails = page.get_by_label("Further e-mail addresses")
        await emails.fill("a..b@c.example")
        await page.get_by_role("button", name="Save the delivery").click()
        await expect(page.locator(".error")).to_contain_text("No mail can be sent")
        await emails.fill("books@delta.example; more@delta.example")
        await page.get_by_role("button", name="Save the delivery").click()
        other = page.locator(".todo > li", has_text=second)
        await expect(other).to_contain_text("books@delta.example, more@delta.example")
    reader = await make_member(customer.tenant_id, roles=READER)
    await give_invoice_access(customer.manager, reader.email, [customer.accounts[second]])
    async with portal.browse(browser, reader) as visitor:
        page = await visitor.open("/app/invoices/delivery")
        await expect(page.locator(".todo > li")).to_have_count(1)
        await expect(page.get_by_text("Only an owner of your company may change it.")).to_be_visible()
        await expect(page.get_by_role("button", name="Save the delivery")).to_have_count(0)
