"""A file of many requests in a browser: template, errors in place, bad rows left out, closed in the middle, ordered."""

import csv
import io
import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from backend.orders.service import list_orders
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_member
from tests.support.jobs import drain
from tests.support.portal import Portal


def a_file(rows: list[tuple[str, ...]], name: str = "flotte.csv") -> Any:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    return {"name": name, "mimeType": "text/csv", "buffer": out.getvalue().encode()}


async def checked(database: TestDatabase) -> None:
    await drain(database, only="bulk.")


async def looks_right(page: Page) -> None:
    """Axe finds nothing, and no width scrolls sideways."""
    await expect(page.locator("[data-skeleton]")).to_have_count(0)
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    for width in (360, 390, 1440):
        await page.set_viewport_size({"width": width, "height": 900})
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{page.url} is {over} px too wide at {width}"


async def test_from_the_fleet_to_a_request_with_errors_on_the_way(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    lines = [line for line in await customer.lines() if line.status == "active"][:3]
    rows = [("number", "reason"), *((line.msisdn, "absence") for line in lines)]
    bad = [*rows, ("0471 00", "absence"), (lines[0].msisdn, "perte"), (lines[2].msisdn, "because")]
    async with portal.browse(browser, customer.manager, bypass_csp=True) as visitor:
        page = await visitor.open("/app/fleet")
        await page.get_by_role("link", name="From a file").first.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Many requests from a file")
        await looks_right(page)
        await page.locator("a[href='/app/bulk?kind=suspend']").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Suspend numbers")
        await looks_right(page)
        await expect(page.get_by_role("link", name="Excel")).to_have_count(1)
        await expect(page.locator("main")).not_to_contain_text("XLSX")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="CSV").click()
        assert (await download.value).suggested_filename == "suspend.csv"

        await page.get_by_label("Your file", exact=True).set_input_files(a_file(bad))
        await expect(page).to_have_url(re.compile(r"/app/bulk/[0-9a-f-]{36}$"))
        await expect(page.locator(".page-header .pill")).to_have_text("Waiting to be checked")
        await looks_right(page)
        here = page.url
        await page.goto("about:blank")  # closed in the middle: the check goes on
        await checked(database)
        page = await visitor.open("/app/bulk")
        await page.get_by_role("link", name="flotte.csv").click()
        await expect(page).to_have_url(here)
        await expect(page.locator(".page-header .pill")).to_have_text("To correct")
        first = page.locator("tbody tr").first
        await expect(first).to_contain_text("5")
        await expect(first).to_contain_text("Number “0471 00”This is not a Belgian mobile number.")
        await expect(page.locator("tbody tr").nth(1)).to_contain_text("This stands in row 2 too.")
        await expect(page.get_by_role("button", name="Go on")).to_have_count(0)
        await looks_right(page)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download with results").click()
        assert (await download.value).suggested_filename == "flotte-result.csv"

        await page.get_by_role("button", name="Skip the bad rows and keep 3").press("Enter")
        await expect(page.locator(".page-header .pill")).to_have_text("Requests ready to send")
        said = page.locator(".notice-attention", has_text="left out")
        await expect(said).to_have_text("3 rows are ready. 3 rows are left out.")
        await page.get_by_role("button", name="Go on").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")
        await expect(page.get_by_text("3 lines change.")).to_be_visible()
        await expect(said).to_have_text(re.compile("flotte.csv.*3 rows are left out."))
        lines_step = page.locator(".stepper").get_by_role("link", name="Lines")
        assert here.endswith(str(await lines_step.get_attribute("href")))
        await expect(page.locator("tbody tr").first).to_contain_text(
            "Suspend (Long absence)"
        )  # each row its own
        await looks_right(page)
        await page.get_by_role("link", name="Back to the choice").click()
        await expect(page.get_by_text("What is asked for each line is in the file")).to_be_visible()
        await looks_right(page)
        await page.get_by_role("button", name="Check the request").click()
        await page.get_by_role("button", name="Send the request").dblclick()
        await expect(page).to_have_url(re.compile(r"/app/requests/MND-\d{10}-[A-Z]{4}$"))
        assert len(await list_orders(customer.manager)) == 1
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Your file with results").click()
        content = (await (await download.value).path()).read_text("utf-8-sig")
        assert content.count("MND-") == 3
        await page.goto(here)
        await expect(said).to_contain_text("3 rows are left out.")
        await page.get_by_role("link", name="See the request").click()
        await expect(page).to_have_url(re.compile(r"/app/requests/MND-"))


async def test_a_file_that_cannot_be_read_says_why_and_the_next_takes_its_place(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase
) -> None:
    line = next(line for line in await customer.lines() if line.status == "active")
    async with portal.browse(browser, customer.manager, bypass_csp=True) as visitor:
        page = await visitor.open("/app/bulk?kind=change_plan")
        await page.get_by_label("Your file", exact=True).set_input_files(
            a_file([("who", "what"), ("a", "b")])
        )
        await expect(page).to_have_url(re.compile(r"/app/bulk/[0-9a-f-]{36}$"))
        await checked(database)
        await expect(page.locator(".page-header .pill")).to_have_text("Cannot be read")
        await expect(page.get_by_text("The column “who” is not known.")).to_be_visible()
        await looks_right(page)
        await page.get_by_label("Upload a corrected file", exact=True).set_input_files(
            a_file([("number", "plan"), (line.msisdn, "no such plan")])
        )
        await expect(page.locator(".page-header .pill")).to_have_text("Waiting to be checked")
        await checked(database)
        await expect(page.locator(".page-header .pill")).to_have_text("To correct")
        await expect(page.get_by_text("“no such plan” is not known at Mandarine")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("Skip the bad rows"))).to_have_count(0)


async def test_without_the_script_of_uploads_the_form_leads_to_the_file(
    browser: Browser, portal: Portal, customer: Customer
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("ERR_FAILED",)
        page = await visitor.open("/app/bulk?kind=reactivate")
        await page.route("**/upload.js", lambda route: route.abort())
        await page.get_by_label("Your file", exact=True).set_input_files(
            a_file([("number",), ("0470123456",)])
        )
        await expect(page).to_have_url(re.compile(r"/app/bulk/[0-9a-f-]{36}$"))


async def test_who_may_not_ask_finds_no_file(browser: Browser, portal: Portal, customer: Customer) -> None:
    viewer = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    async with portal.browse(browser, viewer) as visitor:
        visitor.expected = ("status of 404",)
        page = await visitor.open("/app/bulk")
        await expect(page.get_by_text("There is nothing at this address")).to_be_visible()
        await page.goto("/app")
        await expect(page.get_by_role("link", name="Many requests from a file")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_in_both_schemes(
    browser: Browser, portal: Portal, customer: Customer, database: TestDatabase, scheme: Any, tmp_path: Any
) -> None:
    who = await make_member(customer.tenant_id, language="fr")
    line = next(line for line in await customer.lines() if line.status == "active")
    async with portal.browse(browser, who, bypass_csp=True, color_scheme=scheme) as visitor:
        page = await visitor.open("/app/bulk?kind=change_options")
        await page.locator("#file").set_input_files(
            a_file(
                [
                    ("Numéro", "Options à ajouter"),
                    (line.msisdn, "data-5gb"),
                    ("0470 99 99 99", "rien|data-5gb"),
                ]
            )
        )
        await expect(page).to_have_url(re.compile(r"/app/bulk/[0-9a-f-]{36}$"))
        await checked(database)
        await expect(page.locator("tbody tr")).to_have_count(2)
        await looks_right(page)
        await page.goto("/app/bulk")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await looks_right(page)
