"""Adding a line and transferring a number, page by page in a browser: accessible, as narrow as a phone, nothing lost."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from backend.lines.schemas import LineRow
from backend.orders.operator import contracts
from backend.orders.placement.place import place_order
from backend.orders.service import get_order, list_orders
from tenants.scope import Actor
from tests.support.clicks import Clicks
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_lines, make_member, next_msisdn
from tests.support.files import PDF
from tests.support.jobs import drain
from tests.support.new_lines import plan_of, port_in_request, reserve, unused_sim_number
from tests.support.order_steps import carry_out
from tests.support.portal import Portal
from tests.support.sandbox import Sandbox


async def check_page(page: Page, name: str) -> None:
    """No violation, and no sideways scrolling on the smallest phone."""
    await expect(page.locator("[data-skeleton]")).to_have_count(0)
    found = await Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    await page.set_viewport_size({"width": 360, "height": 800})
    over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert over <= 0, f"{name} is {over} px too wide at 360"
    await page.set_viewport_size({"width": 1440, "height": 900})


async def expect_title(page: Page, texts: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(texts)


async def go_on(page: Page) -> None:
    await page.get_by_role("button", name="Go on").click()


async def pick(page: Page, name: str, value: str) -> None:
    await page.locator(f"input[name={name}][value='{value}']").check()


REQUEST = re.compile(r"/app/requests/MND-\d{10}-[A-Z]{4}$")
LOOKS = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}
FIRST = "For whom is the line, and with which number?"
TRANSFER = "Which number is transferred, and who agrees?"
SIM = "Which SIM card and which plan?"
OPTIONS = "Which options and limits?"
CHECK = "Check before you send"


async def changes(page: Page) -> dict[str, set[str]]:
    """Where each "Change" of check answers leads: page of the draft, and the answers that it holds."""
    found: dict[str, set[str]] = {}
    for link in await page.locator(".key-values a").all():
        path, _, query = str(await link.get_attribute("href")).partition("?")
        assert query == "then=review", "from there it goes on to check answers"
        step = path.removeprefix(f"/app/drafts/{page.url.split('/')[5]}").strip("/")
        said = await link.locator(".visually-hidden").inner_text()
        found.setdefault(step, set()).add(said.strip())
    return found


async def test_a_line_with_a_new_number_is_asked_for_page_by_page(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    [number] = await reserve(customer)
    await make_lines(customer, 1, options=("sms-unlimited", "europe-plus"), names=("Aerts|Copied",))
    source = next(line for line in await customer.lines() if line.name == "Aerts, Copied")
    account = next(iter(customer.accounts))
    async with portal.browse(browser, customer.manager, bypass_csp=True) as visitor:
        page = await visitor.open("/app/fleet")
        await page.get_by_role("link", name="Add a line").click()
        await fill_in_the_user(page, account, number)
        await fill_in_the_card(page, unused_sim_number(customer))
        await pick(page, "plan", plan_of(customer, companion=False))
        await go_on(page)
        await copy_options(page, source)
        await pick(page, "cap", "0")
        await share_the_bill(page)
        await check_the_answers(page, account)
        await page.get_by_role("button", name="Send the request").click()
        await expect(page).to_have_url(REQUEST)
        await check_page(page, "add-7-request")
        await carry_out(customer, database, page.url.rpartition("/")[2])
        # The line is there, and the operator still looks at the contract
        state = page.locator(".page-header .pill")
        await expect(state).to_have_text("Waits for the operator", timeout=5000)
        await check_page(page, "add-8-contract")
        staff = Actor(customer.tenant_id, operator="Nadia")
        [contract] = await contracts.contracts_under_review(staff)
        await contracts.decide_contract(staff, contract.id, accepted=True)
        await drain(database)
        # What is left out of the copied options is said
        await expect(state).to_have_text(re.compile("^Completed"), timeout=5000)


async def fill_in_the_user(page: Page, account: str, number: str) -> None:
    """First without the surname, which is refused and loses nothing; what is typed survives a reload unsent."""
    await expect_title(page, FIRST)
    await check_page(page, "add-1-first")
    await page.get_by_label("First name of the user").fill("An")
    await go_on(page)
    await expect(page.locator(".error-summary")).to_be_focused()
    await page.get_by_label("Customer number", exact=True).select_option(account)
    await page.locator("#number").select_option(number)
    await page.get_by_label("Surname of the user").fill("Peeters")
    await kept(page)
    await page.reload()
    await expect(page.get_by_label("Surname of the user")).to_have_value("Peeters")
    await expect(page.get_by_label("First name of the user")).to_have_value("An")
    await expect(page.locator("#number")).to_have_value(number)
    await page.get_by_label("Surname of the user").press("Enter")


async def kept(page: Page) -> None:
    """What was typed is saved a moment later, without a press."""
    await page.wait_for_timeout(700)


async def fill_in_the_card(page: Page, card: str) -> None:
    """First with a typing error, then in groups as it is printed."""
    await expect_title(page, SIM)
    await expect(page.get_by_label("E-mail of the user")).to_be_hidden()
    await page.get_by_label("SIM number", exact=True).fill("9100000123455")
    await go_on(page)
    await expect(page.locator("#sim_number-error")).to_contain_text("typing error")
    await check_page(page, "add-2-sim")
    await page.get_by_label("SIM number", exact=True).fill(f"{card[:4]} {card[4:8]} {card[8:]}")


async def copy_options(page: Page, source: LineRow) -> None:
    """Of a line that has two; one is taken away again, which a reload remembers."""
    await expect_title(page, OPTIONS)
    await page.get_by_label("Copy those of another line").fill(f"0{source.msisdn[3:]}")
    await page.get_by_role("button", name="Copy its options").click()
    await expect(page.locator(".chip")).to_have_count(2)
    await page.locator(".chip button").first.click()
    await expect(page.locator(".chip")).to_have_count(1)
    await check_page(page, "add-3-options")
    await page.reload()
    await expect(page.locator(".chip")).to_have_count(1)


async def share_the_bill(page: Page) -> None:
    """The contract is printed, and its signed scan handed in; without it nothing goes on."""
    await expect(page.get_by_role("link", name="Contract to print")).to_be_hidden()
    await page.locator("input[name=split]").nth(1).check()
    await page.get_by_role("button", name="Check the price").click()
    await expect(page.locator(".error-summary")).to_contain_text("signed contract")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Contract to print").click()
    made = await (await download.value).path()
    assert made.read_bytes().startswith(b"%PDF")
    await check_page(page, "add-4-contract")
    await send_the_scan(page)
    await page.get_by_role("button", name="Check the price").click()


async def send_the_scan(page: Page) -> None:
    scan = {"name": "signed.pdf", "mimeType": "application/pdf", "buffer": PDF}
    await page.locator("input[type=file]").set_input_files(scan)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Send the file").click()
    await expect(page.get_by_text("Signed contract: signed.pdf")).to_be_visible()


async def check_the_answers(page: Page, account: str) -> None:
    """Each "Change" leads to the page that holds its answer, whose button leads back here at once."""
    await expect_title(page, CHECK)
    for words in (account, "Options to activate", "Shared billing"):
        await expect(page.locator(".key-values").first).to_contain_text(words)
    assert await changes(page) == {
        "": {"customer number", "user", "phone number"},
        "sim": {"SIM number", "type", "tariff plan"},
        "options": {
            "options to activate",
            "cap on data abroad",
            "companion data SIM",
            "shared billing",
            "signed contract",
            "when",
        },
    }
    for link, title in (("Change user", FIRST), ("Change tariff plan", SIM), ("Change cap on", OPTIONS)):
        await page.get_by_role("link", name=link).first.click()
        await expect_title(page, title)
        await expect(page.get_by_role("heading", level=1)).to_be_focused()
        await page.locator("#app .button-primary.button-large").click()
        await expect_title(page, CHECK)
    await check_page(page, "add-5-review")


async def test_an_esim_says_what_the_device_needs_and_who_gets_the_code(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager, bypass_csp=True) as visitor:
        page = await visitor.open("/app/start/add_line")
        await expect_title(page, FIRST)
        await page.get_by_label("Surname of the user").fill("Peeters")
        await page.get_by_label("Customer number", exact=True).select_option(next(iter(customer.accounts)))
        await go_on(page)
        await expect_title(page, SIM)
        await expect(page.get_by_text("stable internet connection")).to_be_hidden()
        await pick(page, "sim_kind", "esim")
        await expect(page.get_by_label("SIM number", exact=True)).to_be_hidden()
        await expect(page.get_by_label("eSIM number")).to_have_value("Assigned by the carrier")
        await expect(page.get_by_label("eSIM number")).not_to_be_editable()
        await expect(page.get_by_text("stable internet connection")).to_be_visible()
        await page.get_by_label("E-mail of the user").fill("nobody")
        await go_on(page)
        await expect(page.locator(".error-summary li")).to_have_count(2)
        await check_page(page, "esim")
        await page.get_by_label("E-mail of the user").fill("an@user.example")
        await page.get_by_label("Language of the user").select_option("nl")
        await pick(page, "plan", plan_of(customer))
        await go_on(page)
        await expect_title(page, OPTIONS)
        await page.get_by_role("link", name="Back", exact=True).click()
        await expect_title(page, SIM)
        await page.reload()
        await expect(page.get_by_label("Language of the user")).to_have_value("nl")


async def test_a_number_is_transferred_page_by_page_and_put_right_on_the_request(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    sandbox.behave(customer.carrier, port_rejection="vat_mismatch")
    async with portal.browse(browser, customer.manager, bypass_csp=True) as visitor:
        page = await visitor.open("/app/start/add_line")
        await pick(page, "kind", "port_in")
        await page.get_by_label("Customer number", exact=True).select_option(next(iter(customer.accounts)))
        await page.get_by_label("Surname of the user").fill("Peeters")
        await go_on(page)
        await fill_in_the_holder(page)
        await expect_title(page, SIM)
        await page.get_by_label("SIM number", exact=True).fill(unused_sim_number(customer))
        await pick(page, "plan", plan_of(customer))
        await go_on(page)
        await expect_title(page, OPTIONS)
        await page.get_by_role("button", name="Check the price").click()
        await expect_title(page, CHECK)
        await expect(page.get_by_text("termination fees").first).to_be_visible()
        await check_page(page, "port-3-review")
        steps = await changes(page)
        assert list(steps) == ["transfer", "", "sim", "options"]
        assert "VAT number of the holder" in steps["transfer"]
        await page.get_by_role("button", name="Send the request").click()
        await expect(page).to_have_url(REQUEST)
        reference = page.url.rpartition("/")[2]
        await carry_out(customer, database, reference, rounds=4)
        await correct_the_vat_number(page)
        await carry_out(customer, database, reference)
        await expect(page.get_by_text("Transferred", exact=True).first).to_be_visible(timeout=5000)
        await check_page(page, "port-5-done")
    assert len(await list_orders(customer.manager)) == 1


async def fill_in_the_holder(page: Page) -> None:
    """Where the number is now, whose it is, and that its holder agrees: each case asks its own proofs."""
    await expect_title(page, TRANSFER)
    await expect(page.get_by_label("Phone number")).to_be_hidden()
    await pick(page, "operator", "same")
    await expect(page.get_by_text("Give one of the two")).to_be_visible()
    await pick(page, "operator", "other")
    await pick(page, "card", "prepaid")
    await expect(page.get_by_label("SIM number of the present card")).to_be_visible()
    await expect(page.get_by_label("VAT number of the company")).to_be_hidden()
    await pick(page, "card", "professional")
    await expect(page.get_by_label("SIM number of the present card")).to_be_hidden()
    await check_page(page, "port-1-transfer")
    await go_on(page)
    await expect(page.locator(".error-summary li")).to_have_count(7)
    for label, typed in (
        ("Phone number", next_msisdn().replace("+32", "0")),
        ("Present operator", "Proxima"),
        ("Customer number at the present operator", "77-1234"),
        ("VAT number of the company that holds the number", "BE 0123.456.749"),
        ("Contact person there", "Luc Maes"),
        ("Who authorises the transfer for the holder?", "Luc Maes"),
    ):
        await page.get_by_label(label, exact=True).fill(typed)
    await check_page(page, "port-2-holder")
    await page.locator("input[name=authorised]").check()
    await go_on(page)


async def correct_the_vat_number(page: Page) -> None:
    """On the page of the held request; first with a number whose digits do not fit together."""
    await expect(page.get_by_text("The VAT number is not that of the holder").first).to_be_visible(
        timeout=5000
    )
    await check_page(page, "port-6-held")
    await page.get_by_label("VAT number of the holder").fill("BE 0123.456.700")
    await page.get_by_role("button", name="Send the correction").click()
    await expect(page.locator("#vat_number-error")).to_contain_text("do not fit together")
    await page.get_by_label("VAT number of the holder").fill("BE 0403.170.701")
    await page.get_by_role("button", name="Send the correction").click()


@pytest.mark.parametrize("look", LOOKS)
async def test_a_line_with_a_card_and_copied_options_takes_few_clicks(
    browser: Browser, portal: Portal, customer: Customer, look: str
) -> None:
    """At most 12, from the home page; the customer number and the plan are those of the last time."""
    await make_lines(customer, 1, options=("sms-unlimited",), names=("Aerts|Copied",))
    source = next(line for line in await customer.lines() if line.name == "Aerts, Copied")
    async with portal.browse(browser, customer.manager, viewport=LOOKS[look]) as visitor:
        page = await visitor.open("/app")
        clicks = Clicks(page)
        await first_page(clicks)
        await clicks.choose(page.get_by_label("Customer number", exact=True), next(iter(customer.accounts)))
        await clicks.press(page.get_by_role("button", name="Go on"))
        await expect_title(page, SIM)
        await page.get_by_label("SIM number", exact=True).fill(unused_sim_number(customer))
        await clicks.tick(page.locator(f"[name=plan][value='{plan_of(customer)}']"))
        await clicks.press(page.get_by_role("button", name="Go on"))
        await expect_title(page, OPTIONS)
        await page.get_by_label("Copy those of another line").fill(f"0{source.msisdn[3:]}")
        await clicks.press(page.get_by_role("button", name="Copy its options"))
        await expect(page.locator(".chip")).to_have_count(1)
        await checked_and_sent(clicks)
        assert clicks.count <= 12
        again = await visitor.open("/app/start/add_line")
        await expect(again.get_by_label("Customer number", exact=True)).to_have_value(
            next(iter(customer.accounts))
        )
    [order] = await list_orders(customer.manager)
    placed = await get_order(customer.manager, order.reference)
    assert placed.items[0].change["options"] == ["sms-unlimited"]


async def first_page(clicks: Clicks) -> None:
    """From the home page to a new line's first page, with the person typed."""
    await clicks.press(clicks.page.get_by_role("link", name="Add a line"))
    await expect_title(clicks.page, FIRST)
    await clicks.page.get_by_label("First name of the user").fill("An")
    await clicks.page.get_by_label("Surname of the user").fill("Peeters")


async def checked_and_sent(clicks: Clicks) -> None:
    await clicks.press(clicks.page.get_by_role("button", name="Check the price"))
    await expect_title(clicks.page, CHECK)
    await clicks.press(clicks.page.get_by_role("button", name="Send the request"))
    await expect(clicks.page).to_have_url(REQUEST)


async def test_an_esim_with_shared_billing_takes_few_clicks(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    """At most 16: a reserved number, the contract printed, signed and handed in."""
    [number] = await reserve(customer)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app")
        clicks = Clicks(page)
        await first_page(clicks)
        await clicks.choose(page.get_by_label("Customer number", exact=True), next(iter(customer.accounts)))
        await clicks.choose(page.locator("#number"), number)
        await clicks.press(page.get_by_role("button", name="Go on"))
        await expect_title(page, SIM)
        await clicks.tick(page.locator("[name=sim_kind][value=esim]"))
        await page.get_by_label("E-mail of the user").fill("an@user.example")
        await clicks.tick(page.locator(f"[name=plan][value='{plan_of(customer)}']"))
        await clicks.press(page.get_by_role("button", name="Go on"))
        await expect_title(page, OPTIONS)
        await clicks.tick(page.locator("[name=split]").nth(1))
        await kept(page)
        async with page.expect_download():
            await clicks.press(page.get_by_role("link", name="Contract to print"))
        await send_the_scan(page)
        # The file is chosen and sent
        clicks.count += 2
        await checked_and_sent(clicks)
        assert clicks.count <= 16


async def test_a_transfer_takes_few_clicks(browser: Browser, portal: Portal, customer: Customer) -> None:
    """At most 16: of a company's number at another operator, the case that asks the most."""
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app")
        clicks = Clicks(page)
        await first_page(clicks)
        await clicks.tick(page.locator("[name=kind][value=port_in]"))
        await clicks.choose(page.get_by_label("Customer number", exact=True), next(iter(customer.accounts)))
        await clicks.press(page.get_by_role("button", name="Go on"))
        await expect_title(page, TRANSFER)
        await clicks.tick(page.locator("[name=operator][value=other]"))
        await clicks.tick(page.locator("[name=card][value=professional]"))
        for name, typed in (
            ("number", next_msisdn().replace("+32", "0")),
            ("donor_operator", "Proxima"),
            ("donor_account", "77-1234"),
            ("vat_number", "BE 0123.456.749"),
            ("contact_person", "Luc Maes"),
            ("authorised_by", "Luc Maes"),
        ):
            await page.locator(f"[name={name}]").fill(typed)
        await clicks.tick(page.locator("input[name=authorised]"))
        await clicks.press(page.get_by_role("button", name="Go on"))
        await expect_title(page, SIM)
        await page.get_by_label("SIM number", exact=True).fill(unused_sim_number(customer))
        await clicks.tick(page.locator(f"[name=plan][value='{plan_of(customer)}']"))
        await clicks.press(page.get_by_role("button", name="Go on"))
        await expect_title(page, OPTIONS)
        await checked_and_sent(clicks)
        assert clicks.count <= 16


async def test_the_pages_in_french(browser: Browser, portal: Portal, customer: Customer) -> None:
    member = await make_member(customer.tenant_id, language="fr")
    placed = await place_order(member, port_in_request(customer))
    async with portal.browse(browser, member, bypass_csp=True) as visitor:
        page = await visitor.open("/app/start/add_line")
        await expect(page.locator("input[name=kind]")).to_have_count(2)
        await check_page(page, "fr-first")
        await visitor.open(f"/app/requests/{placed.reference}")
        await expect(page.get_by_text("Depuis un autre opérateur").first).to_be_visible()
        await check_page(page, "fr-request")
