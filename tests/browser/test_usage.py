"""Usage in a browser: the line's tab, detail behind a reason, the organisation, the home page, My mobile; axe, keys, widths."""

import re

import asyncpg
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from backend.lines.organisations import link_end_user
from backend.lines.schemas import LineRow
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from backend.usage.service import line_detail
from tenants.scope import Actor
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.jobs import drain
from tests.support.portal import Portal
from tests.support.usage import abroad, bucket, buckets_of, file_of, record

ENGLISH = re.compile(r"\b(the|your|usage|used|paid|of|no|not|month|detail of|show|lines)\b", re.IGNORECASE)
REASON = "La facture d’octobre semble trop élevée"
WIDTHS = (1440, 390, 320)


@pytest.fixture
async def customer(portal: Portal) -> Customer:
    return await make_customer("delta", lines=3)


@pytest.fixture
async def line(customer: Customer, database: TestDatabase) -> LineRow:
    """A line with two months of usage, near its limits, whose bill is not split."""
    lines = await customer.lines()
    found = lines[0]
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET roaming_cap_cents = 1000")
    rows = [record(f"v{n}", found.msisdn, amount=60 * n, employer_cents=n) for n in range(1, 9)]
    rows += [
        abroad("a", found.msisdn, 850, employee_cents=150),
        record("d", found.msisdn, service="data", unit="bytes", amount=2_400_000_000, bucket="data"),
        record(
            "old",
            found.msisdn,
            service="data",
            unit="bytes",
            amount=900_000_000,
            started_at="2026-10-05T10:00:00+02:00",
        ),
        record("other", lines[1].msisdn, employer_cents=900, bucket=""),
    ]
    assert (await load_file(customer.system, file_of(rows), kind=UsageFileKind.RECORDS)).rejected == 0
    buckets = [
        bucket(found.msisdn, 17_000_000_000, 20_000_000_000),
        bucket(found.msisdn, 2160, "", bucket="voice", unit="seconds"),
    ]
    await load_file(customer.system, buckets_of(buckets), kind=UsageFileKind.BUCKETS)
    await drain(database, only="usage.check_alerts")
    return found


@pytest.fixture
async def employee(customer: Customer, line: LineRow) -> Actor:
    person = await make_member(
        customer.tenant_id, roles=frozenset({"end_user"}), name="Karim Benali", language="fr"
    )
    assert person.member_id
    await link_end_user(customer.system, member_id=person.member_id, msisdn=line.msisdn)
    return person


async def settled(page: Page, path: str) -> None:
    await page.goto(path)
    await page.wait_for_selector("html[data-ready]")
    await expect(page.locator("[data-skeleton]")).to_have_count(0)


async def looked_at(page: Page, name: str) -> None:
    """What every state of a page must hold: axe finds nothing, no width scrolls sideways, no English is left."""
    found = await Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    texts = await page.locator("main").inner_text()
    assert not (english := ENGLISH.findall(texts)), f"{name}: {english}"
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} is {over} px too wide at {width}"
    await page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_managers_pages_in_french(
    browser: Browser, portal: Portal, customer: Customer, line: LineRow, scheme: str
) -> None:
    manager = await make_member(customer.tenant_id, language="fr")
    look = {"color_scheme": scheme, "viewport": {"width": 1440, "height": 900}}
    async with portal.browse(browser, manager, bypass_csp=True, **look) as visitor:
        page = visitor.page
        await settled(page, f"/app/lines/{line.id}/usage")
        await expect(page.locator(".meter")).to_have_count(3)
        await expect(page.locator(".meter-attention")).to_have_count(2)
        await expect(page.get_by_text("85 % du plafond atteints")).to_be_visible()
        body = await page.locator("main").inner_text()
        assert "1,50" not in body, "the employee's part"
        assert "+32475" not in body, "a called number"
        await looked_at(page, "usage of a line")

        form = page.locator("form:has(#reason)")
        await page.locator("#reason").fill("bref")
        await form.get_by_role("button").click()
        await expect(page.locator(".error-summary")).to_be_visible()
        assert await page.locator("#reason").input_value() == "bref", "what was typed is kept"
        await looked_at(page, "a reason that says nothing")
        await page.locator("#reason").fill(REASON)
        await form.get_by_role("button").click()
        await expect(page.locator("section:has(#detail) tbody tr")).to_have_count(10)
        await expect(page.locator("section:has(#looks)")).to_contain_text(REASON)
        assert "+32475" not in await page.locator("main").inner_text()
        await looked_at(page, "detail")

        await settled(page, "/app/usage")
        await expect(page.locator("section:has(#groups) tfoot")).to_contain_text("17,86")
        await looked_at(page, "usage of the organisation")
        chart = page.get_by_role("img", name=re.compile("^Données mobiles par mois, de octobre 2026"))
        await expect(chart.locator("text").filter(has_text=re.compile("^2,4$"))).to_be_visible()
        await expect(chart.locator(".bar-open")).to_have_count(1)
        await page.locator("section:has(#by-month) summary").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("section:has(#by-month) tbody tr")).to_have_count(2)
        await expect(page.locator("section:has(#by-month) tbody tr").last).to_contain_text("900 Mo")
        await looked_at(page, "the figures of the chart")
        await page.get_by_role("navigation", name="Mesure").get_by_text("Coût").click()
        await expect(page.locator("section:has(#most-used) li")).to_have_count(2)
        await expect(page.locator("section:has(#most-used) li").first).to_contain_text("9,00")
        await page.locator("section:has(#groups) tbody a").first.click()
        await expect(page.locator("section:has(#by-month) h2")).to_contain_text("Coût, ")
        await looked_at(page, "usage of one group")
        await page.get_by_role("link", name="Retour à toute l’entreprise").click()
        await expect(page.locator("section:has(#by-month) h2")).to_have_text("Coût")
        for name in ("Centre de coûts", "Plan tarifaire", "Service"):
            await page.locator(".tabs").get_by_text(name).click()
            await expect(page.locator(".tabs [aria-current]")).to_contain_text(name)
            await expect(page.locator("section:has(#groups) tfoot")).to_contain_text("17,86")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="CSV").click()
        assert (await download.value).suggested_filename.endswith(".csv")

        await settled(page, "/app")
        await expect(page.locator("section:has(#usage-alerts) li")).to_have_count(2)
        await looked_at(page, "home")
        await page.locator("section:has(#usage-alerts) li a").first.click()
        await expect(page.locator(".meter").first).to_be_visible()


async def test_the_reason_is_given_by_keyboard_alone(
    browser: Browser, portal: Portal, customer: Customer, line: LineRow
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await settled(page, f"/app/lines/{line.id}/usage")
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.id === 'reason'"):
                break
        await page.keyboard.type("The bill of October looks too high")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("section:has(#detail) tbody tr")).to_have_count(10)


async def test_who_may_not_see_the_detail_has_no_form(
    browser: Browser, portal: Portal, customer: Customer, line: LineRow
) -> None:
    owner = await make_member(customer.tenant_id, roles=frozenset({"owner"}))
    async with portal.browse(browser, owner) as visitor:
        await settled(visitor.page, f"/app/lines/{line.id}/usage")
        await expect(visitor.page.locator(".meter").first).to_be_visible()
        await expect(visitor.page.locator("#reason")).to_have_count(0)


async def test_a_line_without_usage_says_so(browser: Browser, portal: Portal, customer: Customer) -> None:
    lines = await customer.lines()
    manager = await make_member(customer.tenant_id, language="fr")
    async with portal.browse(browser, manager, bypass_csp=True) as visitor:
        await settled(visitor.page, f"/app/lines/{lines[2].id}/usage")
        await expect(visitor.page.locator("#reason")).to_be_visible()
        await looked_at(visitor.page, "no usage")
        await settled(visitor.page, "/app/usage")
        await expect(visitor.page.locator(".empty")).to_be_visible()
        await looked_at(visitor.page, "no usage at all")


async def test_the_lines_that_use_most_lead_to_their_usage(
    browser: Browser, portal: Portal, customer: Customer, line: LineRow
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await settled(page, "/app/usage")
        first = page.locator("section:has(#most-used) li").first
        await expect(first).to_contain_text("2,4 GB")
        await first.locator("a").focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{portal.url}/app/lines/{line.id}/usage")
        panel, chart = (
            page.locator("section:has(#months)"),
            page.get_by_role("img", name=re.compile("^Mobile data by month")),
        )
        wide, inside = await panel.bounding_box(), await chart.bounding_box()
        assert wide
        assert inside
        assert inside["width"] > 0.9 * (wide["width"] - 40)
        page_width = await page.locator("main .page-header").evaluate("one => one.clientWidth")
        assert wide["width"] > 0.98 * page_width, "the whole width of the page"


async def test_what_has_not_come_in_is_not_said_to_be_nothing(
    browser: Browser, portal: Portal, customer: Customer, line: LineRow, database: TestDatabase
) -> None:
    """Figures that stop days ago say so, and a month without any is not known."""
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(
        "UPDATE usage_month SET employer_until = employer_until - interval '3 days', period = period"
    )
    await connection.close()
    async with portal.browse(browser, customer.manager) as visitor:
        await settled(visitor.page, "/app/usage")
        await expect(visitor.page.locator(".notice-attention").first).to_contain_text(
            "No usage has come in since"
        )
        lines = await customer.lines()
        await settled(visitor.page, f"/app/lines/{lines[2].id}/usage")
        await expect(visitor.page.get_by_text("what was used is not known")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_person_sees_the_own_part_and_who_looked(
    browser: Browser, portal: Portal, customer: Customer, line: LineRow, employee: Actor, scheme: str
) -> None:
    await line_detail(customer.manager, line.id, reason=REASON)
    look = {"color_scheme": scheme, "viewport": {"width": 1440, "height": 900}}
    async with portal.browse(browser, employee, portal="user", bypass_csp=True, **look) as visitor:
        page = visitor.page
        await settled(page, "/app")
        await expect(page.locator(".meter")).to_have_count(3)
        body = await page.locator("main").inner_text()
        assert "1,50" in await page.locator("section:has([id^=part-]) .figure").inner_text(), "the own part"
        first = await page.locator("main h2").first.inner_text()
        assert first.startswith("Ce qu’il vous reste"), "what is left stands first"
        await expect(page.locator(".meter").first).to_contain_text("3 Go restants")
        assert "10,00" in body, "the whole counts for the own cap"
        assert REASON in body
        await page.get_by_role("button", name="Afficher").click()
        await expect(page.get_by_text("+3247512••••").first).to_be_visible()
        await looked_at(page, "my usage")


async def test_a_row_of_the_fleet_leads_to_its_usage(
    browser: Browser, portal: Portal, customer: Customer, line: LineRow
) -> None:
    async with portal.browse(browser, customer.manager) as visitor:
        page = visitor.page
        await settled(page, f"/app/fleet?search={line.msisdn[-9:]}")
        await page.locator("tbody [popovertarget=row-menu]").first.click()
        await page.locator("#row-menu").get_by_text("See the usage").click()
        await expect(page).to_have_url(f"{portal.url}/app/lines/{line.id}/usage")
        await expect(page.locator(".meter").first).to_be_visible()


async def test_all_lines_near_a_limit_are_counted_and_reached(
    browser: Browser, portal: Portal, database: TestDatabase
) -> None:
    customer = await make_customer("omega", lines=7)
    reader = await make_member(customer.tenant_id, language="fr")
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET roaming_cap_cents = 1000")
    lines = sorted(await customer.lines(), key=lambda one: one.msisdn)
    rows = [abroad(str(n), one.msisdn, 810 + 10 * n) for n, one in enumerate(lines)]
    await load_file(customer.system, file_of(rows), kind=UsageFileKind.RECORDS)
    await drain(database, only="usage.check_alerts")
    async with portal.browse(browser, reader) as visitor:
        page = await visitor.open("/app")
        panel = page.locator(
            "section", has=page.get_by_role("heading", name="Consommation proche de sa limite")
        )
        await expect(panel.locator("li")).to_have_count(5)
        await expect(panel.locator("li").first).to_contain_text("87")
        await expect(panel).to_contain_text("1-5 sur 7")
        await panel.get_by_role("link", name="Voir les 7").click()
        await expect(page).to_have_url(re.compile(r"/app/usage\?alerts=1"))
        await expect(panel.locator("li")).to_have_count(7)
        await expect(panel.locator("li").last).to_contain_text("81")
