"""From a selection to a followed request and back, in a browser; undo, secrets, sign-out, lost connection."""

import asyncio
import csv
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from playwright.async_api import Browser, Page, expect

from backend.core import clock
from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from backend.orders.changes.cancellation import undo_order
from backend.orders.service import list_orders
from frontend import routes
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_member
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import load_lines_at_carrier, place
from tests.support.pages import an_option
from tests.support.portal import Portal
from tests.support.sandbox import Sandbox


async def choose_first_option(page: Page) -> None:
    await page.locator(".option-card input:enabled").first.check()
    await expect(page.locator(".option-card").filter(has_text="To be added")).to_have_count(1)


async def test_options_are_changed_and_undone(browser: Browser, portal: Portal, customer: Customer) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        for name in ("Peeters00001", "Peeters00002"):
            await page.locator("tbody tr").filter(has_text=name).get_by_role("checkbox").check()
        await page.locator(".selection-bar").get_by_role("button", name="Change options").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Which options for these 2 lines?")
        assert await page.locator("h1").evaluate("h1 => h1 === document.activeElement"), (
            "focus moves to the new page"
        )

        await page.get_by_role("button", name="Check the price").click()
        await expect(page.locator(".error-summary")).to_be_focused()
        await expect(page).to_have_title(re.compile("^Error: "))

        await choose_first_option(page)
        await page.get_by_role("button", name="Leave").click()
        await expect(page.get_by_text("Nothing chosen yet.")).to_be_visible()
        await choose_first_option(page)
        await page.reload()
        await expect(page.locator(".option-card").filter(has_text="To be added")).to_have_count(1)
        await page.get_by_role("button", name="Check the price").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")
        await expect(page.get_by_text("2 lines change.")).to_be_visible()

        await page.get_by_role("button", name="Send the request").dblclick()
        await expect(page.get_by_role("timer")).to_have_text(re.compile(r"Sent in \d+ s"))
        await expect(page).to_have_url(re.compile(r"/app/requests/MND-\d{10}-[A-Z]{4}$"))
        await expect(page.locator("[data-running]")).to_have_text("1")
        assert len(await list_orders(customer.manager)) == 1, "a double click sends once"

        await page.get_by_role("button", name="Undo the request").click()
        await expect(page.locator(".page-header .pill")).to_have_text("Undone")
        await expect(page.get_by_role("timer")).to_have_count(0)
        await expect(page.locator("[data-running]")).to_be_hidden()


async def test_options_are_planned_for_a_day(browser: Browser, portal: Portal, customer: Customer) -> None:
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00003"))).items[0]
    day = clock.today() + timedelta(days=5)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/start/change_options?line={line.id}")
        await choose_first_option(page)
        field = page.get_by_label("On which day?")
        assert await field.get_attribute("min") == clock.today().isoformat()
        assert await field.get_attribute("max") == (clock.today() + timedelta(days=366)).isoformat()
        await field.fill((clock.today() - timedelta(days=1)).isoformat())
        await field.blur()
        await expect(page.locator(".error-summary")).to_contain_text("This day is over")
        await field.fill(day.isoformat())
        await field.blur()
        await expect(page.locator(".error-summary")).to_have_count(0)
        await page.reload()
        await expect(field).to_have_value(day.isoformat())
        await page.get_by_role("button", name="Check the price").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")
        await expect(page.locator(".key-values").first).to_contain_text(f"{day:%d/%m/%Y}")
        await page.get_by_role("button", name="Send the request").click()
        await expect(page.locator(".page-header .pill")).to_have_text("Planned")


async def test_a_request_follows_what_happens_elsewhere(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    lines = (await list_lines(customer.manager, LineFilter(search="Peeters"))).items
    order = await place(customer, [line.id for line in lines[:2]], add=(an_option(customer),))
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/requests/{order.reference}")
        await expect(page.get_by_role("timer")).to_be_visible()
        await undo_order(customer.manager, order.reference)
        await expect(page.locator(".page-header .pill")).to_have_text("Undone", timeout=1500)


async def test_an_open_request_shows_what_the_carrier_tells(
    browser: Browser, portal: Portal, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    lines = (await load_lines_at_carrier(customer, sandbox))[-2:]
    sandbox.behave(customer.carrier, outcome="held")
    order = await place(customer, [line.id for line in lines], add=("voicemail-text",))
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/requests/{order.reference}")
        state, rows = page.locator(".page-header .pill"), page.locator("tbody .pill")
        await expect(state).to_have_text("Can still be undone")
        await make_jobs_due(database)
        await drain(database)
        await told(database, 2)
        await expect(rows.filter(has_text="Waits for the operator")).to_have_count(2, timeout=1000)
        for item in order.items:
            sandbox.act(customer.carrier, str(item.id), "complete")
        await told(database, 4)
        await expect(state).to_have_text("Completed", timeout=1000)
        await expect(rows.filter(has_text="Done")).to_have_count(2)


async def told(database: TestDatabase, times: int) -> None:
    """Until the carrier has called back so often; then what follows from it."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        async with asyncio.timeout(10):
            while await connection.fetchval("SELECT count(*) FROM inbox") < times:
                await asyncio.sleep(0.02)
    finally:
        await connection.close()
    await drain(database)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_what_is_filtered_is_downloaded(
    browser: Browser, portal: Portal, customer: Customer, kind: str
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet?status=suspended&sort=-name")
        async with page.expect_download() as started:
            await page.get_by_role(
                "link", name="Export as CSV" if kind == "csv" else "Export as Excel"
            ).first.click()
        download = await started.value
        assert download.suggested_filename == f"fleet.{kind}"
        path = await download.path()
        rows = read_csv(path) if kind == "csv" else read_xlsx(path)
    assert rows[0][:2] == ["Surname, first name", "Number"]
    assert [row[0] for row in rows[1:]] == ["Adam, Luc", "Absil, Eva"]


def read_csv(path: Path) -> list[list[str]]:
    text = path.read_text("utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=";" if ";" in text.splitlines()[0] else ","))


def read_xlsx(path: Path) -> list[list[str]]:
    """The cells of the first sheet, shared or inline texts alike."""
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        names = book.namelist()
        shared = book.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in names else ""
    texts = re.findall(r"<si>.*?<t[^>]*>(.*?)</t>.*?</si>", shared, re.DOTALL)

    def cell(found: re.Match[str]) -> str:
        inner = re.sub(r"<[^>]+>", "", found[2])
        return texts[int(inner)] if 't="s"' in found[1] else inner

    rows = re.findall(r"<row[^>]*>(.*?)</row>", sheet, re.DOTALL)
    return [[cell(found) for found in re.finditer(r"<c([^>]*)>(.*?)</c>", row, re.DOTALL)] for row in rows]


async def test_a_page_from_before_an_upgrade_loads_itself_again(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("WebSocket",)
        page = await visitor.open("/app/fleet")
        assert portal.gateway
        present = portal.gateway.tag
        await page.evaluate("document.documentElement.dataset.old = '1'")
        portal.gateway.tag = "f00df00df00d"
        async with page.expect_event("load", timeout=10_000):
            await portal.break_sockets()
            portal.gateway.tag = "f00df00df00d"
            await page.wait_for_timeout(1500)
            portal.gateway.tag = present
        await page.wait_for_selector("html[data-ready]")
        assert await page.locator("html[data-old]").count() == 0


async def test_a_puk_asks_for_a_recent_sign_in(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/lines/{line.id}")
        await page.get_by_role("button", name="Show the PUK code").click()
        await expect(page.get_by_text("12345678")).to_be_visible()
        await page.get_by_role("link", name="History").click()
        await expect(page.get_by_role("heading", name="PUK code shown")).to_be_visible()
        await rewind_sign_in(database)
        await page.goto(f"/app/lines/{line.id}")
        await page.get_by_role("button", name="Show the PUK code").click()
        await page.wait_for_url(re.compile("/(auth|id)/"))


async def rewind_sign_in(database: TestDatabase) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE portal_session SET auth_time = $1", clock.now().replace(year=2020))
    await connection.close()


async def test_signing_out_ends_open_pages(browser: Browser, portal: Portal, customer: Customer) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        other = await visitor.context.new_page()
        await other.goto("/app")
        await other.get_by_role("button", name="my account").click()
        await other.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(re.compile("/(auth/login|id)"), timeout=1500)


WATCH_SKELETONS = """() => {
  window.skeletons = 0;
  new MutationObserver(() => { window.skeletons += document.querySelectorAll("main [data-skeleton]").length; })
    .observe(document.body, { childList: true, subtree: true });
}"""


async def test_a_line_is_drawn_once_and_follows_what_changes(
    browser: Browser, portal: Portal, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 10)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open("/app/fleet")
        await page.evaluate(WATCH_SKELETONS)
        await page.locator("tbody tr").filter(has_text="Peeters00001").get_by_role("link").first.click()
        await expect(page.locator("h1.number")).to_be_visible()
        await page.locator("a[data-keep]", has_text="Options").click()
        await expect(page).to_have_url(re.compile("/options$"))
        assert await page.evaluate("window.skeletons") == 0
        line = UUID(page.url.split("/")[-2])
        await place(customer, [line], add=(an_option(customer),))
        await expect(page.get_by_text("A change is under way on this line.")).to_be_visible()
        monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0)
        await page.locator("a[data-keep]", has_text="Overview").click()
        await expect(page.locator("h1.number")).to_be_visible()
        assert await page.evaluate("window.skeletons") > 0, "what takes long says that it does"


async def test_nothing_can_be_pressed_while_the_connection_is_lost(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("WebSocket", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION")
        page = await visitor.open("/app/fleet")
        await page.get_by_placeholder("Number, SIM, customer number or name").fill("Aa")
        await portal.cut()
        await expect(page.get_by_text("Connection lost.")).to_be_visible()
        await page.get_by_role("link", name="Next").click(force=True)
        assert page.url == f"{portal.url}/app/fleet"
        await portal.join()
        await expect(page.get_by_text("Connection lost.")).to_be_hidden(timeout=10_000)
        assert await page.get_by_placeholder("Number, SIM, customer number or name").input_value() == "Aa"
        await page.get_by_role("link", name="Next").click()
        await expect(page.get_by_text("51-100 of 120")).to_be_visible()


async def test_a_user_sees_own_lines_and_nothing_of_the_fleet(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    person = await make_member(customer.tenant_id, roles=frozenset({"end_user"}), name="Karim Benali")
    async with portal.browse(browser, person, portal="user") as visitor:
        page = await visitor.open("/app")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Hello Karim")
        await expect(page.get_by_text("No line is linked to you")).to_be_visible()
        await expect(page.get_by_role("link", name="Fleet", exact=True)).to_have_count(0)
        visitor.expected = ("status of 404",)
        await page.goto("/app/fleet")
        await expect(page.get_by_text("There is nothing at this address")).to_be_visible()


async def test_unknown_things_are_not_found(browser: Browser, portal: Portal, customer: Customer) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("status of 404",)
        page = await visitor.open("/app/lines/00000000-0000-7000-8000-000000000000")
        await expect(page.get_by_text("This was not found")).to_be_visible()
        await visitor.open("/app/requests/MND-2601010101-ABCD")
        await expect(page.get_by_text("This was not found")).to_be_visible()
        await visitor.open("/app/nowhere")
        await expect(page.get_by_text("There is nothing at this address")).to_be_visible()
