"""Adding a line and transferring a number, page by page in a browser: accessible, as narrow as a phone, nothing lost."""

import re

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from backend.lines.schemas import LineRow
from backend.orders.operator import contracts
from backend.orders.placement.place import place_order
from backend.orders.service import list_orders
from tenants.scope import Actor
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
ALL_OF_A_LINE = ("account", "card", "plan", "options", "cap")


async def changes(page: Page) -> dict[str, set[str]]:
    """Where each "Change" of check answers leads: page of the draft, and the answers that it holds."""
    found: dict[str, set[str]] = {}
    for link in await page.locator(".key-values a").all():
        _, _, step = str(await link.get_attribute("href")).rpartition("/")
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
        await expect_title(page, "Which number does the line get?")
        await check_page(page, "add-1-first")
        await go_on(page)
        await fill_in_the_user(page, account, number)
        await fill_in_the_card(page, unused_sim_number(customer))
        await expect_title(page, "Which tariff plan?")
        await pick(page, "plan", plan_of(customer, companion=False))
        await check_page(page, "add-5-plan")
        await go_on(page)
        await copy_options(page, source)
        await expect_title(page, "Monthly cap on data abroad")
        await pick(page, "cap", "0")
        await check_page(page, "add-7-cap")
        await go_on(page)
        await share_the_bill(page)
        await choose_the_day(page)
        await check_the_answers(page, account)
        await page.get_by_role("button", name="Send the request").click()
        await expect(page).to_have_url(REQUEST)
        await check_page(page, "add-12-request")
        await carry_out(customer, database, page.url.rpartition("/")[2])
        # The line is there, and the operator still looks at the contract
        state = page.locator(".page-header .pill")
        await expect(state).to_have_text("Waits for the operator", timeout=5000)
        await check_page(page, "add-13-contract")
        staff = Actor(customer.tenant_id, operator="Nadia")
        [contract] = await contracts.contracts_under_review(staff)
        await contracts.decide_contract(staff, contract.id, accepted=True)
        await drain(database)
        # What is left out of the copied options is said
        await expect(state).to_have_text(re.compile("^Completed"), timeout=5000)


async def fill_in_the_user(page: Page, account: str, number: str) -> None:
    """First without the customer number, which is refused and loses nothing."""
    await expect_title(page, "For whom is the line?")
    await page.get_by_label("Surname of the user").fill("Peeters")
    await go_on(page)
    await expect(page.locator(".error-summary")).to_be_focused()
    assert await page.get_by_label("Surname of the user").input_value() == "Peeters", "nothing typed is lost"
    await page.get_by_label("Customer number").select_option(account)
    await page.get_by_label("First name of the user").fill("An")
    await page.get_by_label("Reserved number").select_option(number)
    await check_page(page, "add-2-account")
    await page.get_by_label("Surname of the user").press("Enter")


async def fill_in_the_card(page: Page, card: str) -> None:
    """First with a typing error, then in groups as it is printed."""
    await expect_title(page, "SIM card or eSIM?")
    await pick(page, "sim_kind", "physical")
    await check_page(page, "add-3-sim")
    await go_on(page)
    await expect_title(page, "Which SIM card?")
    await page.get_by_label("SIM number").fill("9100000123455")
    await go_on(page)
    await expect(page.locator("#sim_number-error")).to_contain_text("typing error")
    await check_page(page, "add-4-card")
    await page.get_by_label("SIM number").fill(f"{card[:4]} {card[4:8]} {card[8:]}")
    await go_on(page)


async def copy_options(page: Page, source: LineRow) -> None:
    """Of a line that has two; one is taken away again, which a reload remembers."""
    await expect_title(page, "Which options does the line get?")
    await page.get_by_label("Number of that line").fill(f"0{source.msisdn[3:]}")
    await page.get_by_role("button", name="Copy its options").click()
    await expect(page.locator(".chip")).to_have_count(2)
    await page.locator(".chip button").first.click()
    await expect(page.locator(".chip")).to_have_count(1)
    await check_page(page, "add-6-options")
    await page.reload()
    await expect(page.locator(".chip")).to_have_count(1)
    await go_on(page)


async def share_the_bill(page: Page) -> None:
    """The contract is printed, and its signed scan handed in; without it nothing goes on."""
    await expect_title(page, "Who pays?")
    await page.locator("input[name=split]").nth(1).check()
    await check_page(page, "add-8-split")
    await go_on(page)
    await expect_title(page, "The contract with the user")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Contract to print").click()
    made = await (await download.value).path()
    assert made.read_bytes().startswith(b"%PDF")
    await go_on(page)
    await expect(page.locator(".error-summary")).to_contain_text("signed contract")
    scan = {"name": "signed.pdf", "mimeType": "application/pdf", "buffer": PDF}
    await page.locator("input[type=file]").set_input_files(scan)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Send the file").click()
    await expect(page.get_by_text("Signed contract: signed.pdf")).to_be_visible()
    await check_page(page, "add-9-contract")
    await go_on(page)


async def choose_the_day(page: Page) -> None:
    """One page back and forth again first."""
    await expect_title(page, "When does the line begin?")
    await page.get_by_role("link", name="Back", exact=True).click()
    await expect_title(page, "The contract with the user")
    await go_on(page)
    await expect_title(page, "When does the line begin?")
    await check_page(page, "add-10-when")
    await page.get_by_role("button", name="Check the price").click()


async def check_the_answers(page: Page, account: str) -> None:
    """Each "Change" leads to the page that holds its answer."""
    await expect_title(page, "Check before you send")
    for words in (account, "Options to activate", "Shared billing"):
        await expect(page.locator(".key-values").first).to_contain_text(words)
    assert await changes(page) == {
        "account": {"customer number", "user", "phone number"},
        "card": {"SIM number"},
        "plan": {"type", "tariff plan"},
        "options": {"options to activate"},
        "cap": {"cap on data abroad", "companion data SIM"},
        "split": {"shared billing"},
        "when": {"when"},
    }
    await page.get_by_role("link", name="Change cap on data abroad").click()
    await expect_title(page, "Monthly cap on data abroad")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await page.go_back()
    await expect_title(page, "Check before you send")
    await check_page(page, "add-11-review")


async def test_an_esim_says_what_the_device_needs_and_who_gets_the_code(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager, bypass_csp=True) as visitor:
        page = await visitor.open("/app/start/add_line")
        await expect_title(page, "Which number does the line get?")
        await go_on(page)
        await page.get_by_label("Customer number").select_option(next(iter(customer.accounts)))
        await page.get_by_label("Surname of the user").fill("Peeters")
        await go_on(page)
        await expect_title(page, "SIM card or eSIM?")
        await pick(page, "sim_kind", "esim")
        await go_on(page)
        await expect_title(page, "Who gets the eSIM?")
        await expect(page.get_by_label("eSIM number")).to_have_value("Assigned by the carrier")
        await expect(page.get_by_label("eSIM number")).not_to_be_editable()
        await expect(page.get_by_text("stable internet connection")).to_be_visible()
        await page.get_by_label("E-mail of the user").fill("nobody")
        await go_on(page)
        await expect(page.locator(".error-summary li")).to_have_count(2)
        await check_page(page, "esim")
        await page.get_by_label("E-mail of the user").fill("an@user.example")
        await page.get_by_label("Language of the user").select_option("nl")
        await go_on(page)
        await expect_title(page, "Which tariff plan?")
        await page.get_by_role("link", name="Back", exact=True).click()
        await expect_title(page, "Who gets the eSIM?")
        await page.reload()
        await expect(page.get_by_label("Language of the user")).to_have_value("nl")


async def test_a_number_is_transferred_page_by_page_and_put_right_on_the_request(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    sandbox.behave(customer.carrier, port_rejection="vat_mismatch")
    async with portal.browse(browser, customer.manager, bypass_csp=True) as visitor:
        page = await visitor.open("/app/start/add_line")
        await pick(page, "kind", "port_in")
        await go_on(page)
        await fill_in_the_holder(page)
        await fill_in_the_line(page, customer)
        await expect_title(page, "When does the number move?")
        await check_page(page, "port-4-date")
        await page.get_by_role("button", name="Check the price").click()
        await expect_title(page, "Check before you send")
        await expect(page.get_by_text("termination fees").first).to_be_visible()
        await check_page(page, "port-5-review")
        steps = await changes(page)
        assert list(steps) == ["transfer", "holder", "date", "authorisation", *ALL_OF_A_LINE]
        assert "VAT number of the holder" in steps["holder"]
        await page.get_by_role("button", name="Send the request").click()
        await expect(page).to_have_url(REQUEST)
        reference = page.url.rpartition("/")[2]
        await carry_out(customer, database, reference, rounds=4)
        await correct_the_vat_number(page)
        await carry_out(customer, database, reference)
        await expect(page.get_by_text("Transferred", exact=True).first).to_be_visible(timeout=5000)
        await check_page(page, "port-7-done")
    assert len(await list_orders(customer.manager)) == 1


async def fill_in_the_holder(page: Page) -> None:
    """Where the number is now, whose it is, and that its holder agrees."""
    await expect_title(page, "Where is the number now?")
    await pick(page, "operator", "other")
    await pick(page, "card", "professional")
    await check_page(page, "port-1-transfer")
    await go_on(page)
    await expect_title(page, "Which number, and whose?")
    await go_on(page)
    await expect(page.locator(".error-summary li")).to_have_count(5)
    for label, typed in (
        ("Phone number", next_msisdn().replace("+32", "0")),
        ("Present operator", "Proxima"),
        ("Customer number at the present operator", "77-1234"),
        ("VAT number of the company that holds the number", "BE 0123.456.749"),
        ("Contact person there", "Luc Maes"),
    ):
        await page.get_by_label(label, exact=True).fill(typed)
    await check_page(page, "port-2-holder")
    await go_on(page)
    await expect_title(page, "Does the holder agree?")
    await page.get_by_label("Who authorises the transfer for the holder?").fill("Luc Maes")
    await page.locator("input[name=authorised]").check()
    await check_page(page, "port-3-authorisation")
    await go_on(page)


async def fill_in_the_line(page: Page, customer: Customer) -> None:
    """What any new line is asked for."""
    await page.get_by_label("Customer number").select_option(next(iter(customer.accounts)))
    await page.get_by_label("Surname of the user").fill("Peeters")
    await go_on(page)
    await expect_title(page, "SIM card or eSIM?")
    await go_on(page)
    await page.get_by_label("SIM number").fill(unused_sim_number(customer))
    await go_on(page)
    await expect_title(page, "Which tariff plan?")
    await pick(page, "plan", plan_of(customer))
    await go_on(page)
    await expect_title(page, "Which options does the line get?")
    await go_on(page)
    await expect_title(page, "Monthly cap on data abroad")
    await pick(page, "cap", "5000")
    await go_on(page)
    await expect_title(page, "Who pays?")
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
