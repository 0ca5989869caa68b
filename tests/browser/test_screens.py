"""Every page of a small company in French, in its four looks; `make screens` keeps the pictures in docs/screens/."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect

from backend.core.errors import Unavailable
from backend.demo import fleets, seed
from backend.lines import service as lines
from backend.lines.schemas import LineFilter, Selection
from backend.members.sessions import load_session
from backend.orders import drafts
from backend.orders.schemas import ChangeOptions
from backend.orders.service import place_order
from backend.settings import Settings
from tenants.directory import find_tenant
from tenants.scope import Actor, MemberId
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.jobs import drain, make_due
from tests.support.portal import Portal
from tests.support.sandbox import Sandbox
from tests.support.screens import WIDE, Screens
from tests.support.world import carry_out

LOOK = {"viewport": {"width": WIDE[0], "height": WIDE[1]}, "locale": "fr-BE", "reduced_motion": "reduce"}
TEXT, SMS = "voicemail-text", "sms-unlimited"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, grace_seconds=30)


@pytest.fixture(scope="module")
def screens() -> Iterator[Screens]:
    found = Screens()
    yield found
    found.write()


@dataclass(frozen=True)
class Company:
    """The demo's small customer, as its fleet manager."""

    manager: Actor
    customer: Customer
    line_ids: tuple[UUID, ...]  # active, voice and data, ready for a change


async def entered(portal: Portal, slug: str, email: str) -> tuple[Actor, Customer]:
    tenant = await find_tenant(slug)
    assert tenant
    async with open_scope(Actor(tenant)) as scope:
        row = await scope.connection.fetchrow("SELECT id FROM member WHERE email = $1", email)
    found = await portal.session(Actor(tenant, MemberId(row["id"])))
    actor = await load_session(found.token)
    assert actor
    return actor, Customer(slug, tenant, actor.carrier, actor)


@pytest.fixture
async def company(portal: Portal, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setattr(seed, "TENANTS", fleets.TENANTS[:1])
    await seed.seed()
    await seed.load_sandbox(sandbox.url)
    manager, customer = await entered(portal, "delta", "sofie@delta.example")
    able = LineFilter(product_type=("voice_data",), status=("active",))
    rows = (await lines.list_lines(manager, able)).items
    return Company(manager, customer, tuple(row.id for row in rows if not {TEXT, SMS} <= set(row.options)))


async def order(company: Company, first: int, count: int, *add: str) -> str:
    asked = ChangeOptions(line_ids=company.line_ids[first : first + count], add=add, request_key=f"k{first}")
    return (await place_order(company.manager, asked)).reference


async def shown(page: Page, path: str) -> None:
    await page.goto(path)
    await page.wait_for_selector("html[data-ready]")
    await expect(page.locator("[data-skeleton]")).to_have_count(0)
    await expect(page.locator("#app .page-header, #app .empty").first).to_be_visible()


async def test_signing_in(browser: Browser, portal: Portal, company: Company, screens: Screens) -> None:
    async with portal.browse(browser, company.manager, **LOOK) as visitor:
        await visitor.context.clear_cookies()
        page = visitor.page
        await page.goto("/app")
        await screens.take(page, "sign-in", "sign in")
        visitor.expected = ("401", "400", "422")
        await page.locator("input[type=password]").fill("pas-le-bon-mot")
        await page.locator("input:not([type=hidden]):not([type=password])").first.fill("sofie@delta.example")
        await page.locator("main button[type=submit], form button").last.click()
        await screens.take(page, "sign-in", "refused")


async def test_the_pages_of_a_fleet_manager(
    browser: Browser,
    portal: Portal,
    company: Company,
    sandbox: Sandbox,
    database: TestDatabase,
    screens: Screens,
) -> None:
    rejected = await lines.get_line(company.manager, company.line_ids[1])
    sandbox.behave(
        "mandarine",
        msisdns=[rejected.msisdn],
        outcome="failed",
        message="Option non disponible sur cette carte SIM",
    )
    ended = await order(company, 0, 3, TEXT, SMS)
    await carry_out(company.customer, database, ended)
    sandbox.behave("mandarine", outcome="held")
    running = await order(company, 3, 4, TEXT)
    await make_due(database)
    await drain(database)
    waiting = await order(company, 7, 2, TEXT)
    chosen = Selection(line_ids=company.line_ids[9:12])
    draft = await drafts.start_change(company.manager, chosen)
    line = company.line_ids[0]

    async with portal.browse(browser, company.manager, **LOOK) as visitor:
        page = visitor.page
        await shown(page, "/app")
        await screens.take(page, "home", "home")
        await page.locator("[popovertarget=account-menu]").click()
        await screens.take(page, "home", "account menu", whole=False)
        await page.keyboard.press("Escape")

        await shown(page, "/app/fleet")
        ticks = page.locator("tbody input:enabled")
        for index in (1, 2, 4):
            await ticks.nth(index).check()
        await expect(page.locator("[data-act=everything]")).to_be_visible()
        await screens.take(page, "fleet", "selection", whole=False)
        await screens.cover(page)
        await page.locator("[data-act=clear]").click()
        await page.mouse.wheel(0, 1200)
        await screens.take(page, "fleet", "scrolled", whole=False)
        await page.mouse.wheel(0, -5000)
        await page.locator(".toolbar [popovertarget=filters]").click()
        await screens.take(page, "fleet", "filter drawer", whole=False)
        await shown(page, "/app/fleet?status=active&product_type=data_only&account=6012480-01")
        await screens.take(page, "fleet-states", "filtered")
        await shown(page, "/app/fleet?search=personne+ici")
        await screens.take(page, "fleet-states", "nothing found")

        for tab in ("", "/options", "/requests", "/history"):
            await shown(page, f"/app/lines/{line}{tab}")
            await screens.take(page, "line", f"line{tab.replace('/', ' ')}")
        await shown(page, f"/app/lines/{line}")
        await page.locator(".puk button").click()
        await expect(page.locator(".puk button")).to_have_count(0)
        await screens.take(page, "line", "puk")

        await shown(page, f"/app/change-options/{draft}")
        await page.locator(".option-card input:enabled:not(:checked)").first.check()
        await screens.take(page, "change-options", "change options")
        await drafts.save_draft(company.manager, draft, add=("europe-plus",), remove=(SMS,))
        await shown(page, f"/app/change-options/{draft}/review")
        await screens.take(page, "review", "review")

        await shown(page, f"/app/requests/{waiting}")
        await screens.take(page, "request", "in grace")
        await shown(page, f"/app/requests/{running}")
        await screens.take(page, "request", "running")
        await shown(page, f"/app/requests/{ended}")
        await screens.take(page, "request", "ended")
        await shown(page, "/app/requests")
        await screens.take(page, "requests", "requests")
        await shown(page, "/app/nulle-part")
        await screens.take(page, "states", "not found")


async def test_the_carriers_console_and_the_mail(
    browser: Browser,
    portal: Portal,
    company: Company,
    sandbox: Sandbox,
    database: TestDatabase,
    screens: Screens,
) -> None:
    sandbox.behave("mandarine", orders=1, outcome="failed", message="Option non disponible")
    await carry_out(company.customer, database, await order(company, 0, 3, TEXT, SMS))
    async with portal.browse(browser, company.manager, **LOOK) as visitor:
        page = visitor.page
        await page.goto(sandbox.url)
        await screens.take(page, "sandbox", "console")
        await page.goto(f"{sandbox.url}/mail")
        await screens.take(page, "sandbox", "mailbox")
        for mail in sandbox.mails()[:2]:
            await page.goto(f"{sandbox.url}/mail/{mail['id']}/html")
            await screens.take(page, "mail", f"mail {mail['id']}")
        await page.goto(f"{sandbox.url}/mail/{sandbox.mails()[0]['id']}")
        await screens.take(page, "sandbox", "mail in the mailbox")


async def test_the_pages_of_an_employee(
    browser: Browser, portal: Portal, company: Company, screens: Screens
) -> None:
    async with portal.browse(browser, company.manager, portal="user", **LOOK) as visitor:
        await shown(visitor.page, "/app/my")
        await screens.take(visitor.page, "my-mobile", "my mobile")
    person = await make_member(
        company.customer.tenant_id, roles=frozenset({"end_user"}), name="Lucas Martin", language="fr"
    )
    async with portal.browse(browser, person, portal="user", **LOOK) as visitor:
        await shown(visitor.page, "/app/my")
        await screens.take(visitor.page, "my-mobile", "no line")


async def test_pages_with_nothing_and_pages_that_fail(
    browser: Browser, portal: Portal, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer("nova")
    person = await make_member(customer.tenant_id, name="Lucas Martin", language="fr")
    async with portal.browse(browser, person, **LOOK) as visitor:
        page = visitor.page
        for path, name in (("/app", "home"), ("/app/fleet", "fleet"), ("/app/requests", "requests")):
            await shown(page, path)
            await screens.take(page, "states", f"{name}, empty")

        async def fails(*_args: object, **_kwargs: object) -> None:
            raise Unavailable("The list cannot be read at the moment.")

        monkeypatch.setattr(lines, "list_lines", fails)
        await page.locator("nav a[href='/app/fleet']").click()
        await expect(page.locator("#retry")).to_be_visible()
        await screens.take(page, "states", "fleet, failed")
