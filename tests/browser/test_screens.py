"""Every page of a small company in French, in its four looks; `make screens` keeps the pictures in docs/screens/."""

import dataclasses
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect

from backend.billing.mandates.service import debit_settings
from backend.billing.schemas import InvoiceGroup
from backend.core import clock
from backend.core.errors import Unavailable
from backend.demo import fleets, seed
from backend.lines import service as lines
from backend.lines.schemas import LineFilter, Selection
from backend.members.sessions import load_session
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.kinds.depart import Depart
from backend.orders.kinds.port_in import PortIn
from backend.orders.placement import drafts
from backend.orders.placement.place import place_order
from backend.orders.service import get_order
from backend.settings import Settings
from tenants.directory import find_tenant
from tenants.scope import Actor, MemberId
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member, next_msisdn
from tests.support.invoices import invoices_of
from tests.support.jobs import drain, make_jobs_due
from tests.support.mandates import signed
from tests.support.new_lines import DONOR
from tests.support.order_steps import carry_out
from tests.support.payments import choose, opened
from tests.support.payments import look as ask_what_came
from tests.support.portal import Portal, Visitor
from tests.support.sandbox import Sandbox
from tests.support.screens import WIDE, Screens

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
    await seed.seed(months=3)
    await seed.load_sandbox(sandbox.url)
    manager, customer = await entered(portal, "delta", "sofie@delta.example")
    able = LineFilter(product_type=("voice_data",), status=("active",))
    rows = (await lines.list_lines(manager, able)).items
    return Company(manager, customer, tuple(row.id for row in rows if not {TEXT, SMS} <= set(row.options)))


async def order(company: Company, first: int, count: int, *add: str) -> str:
    request = ChangeOptions(
        line_ids=company.line_ids[first : first + count], add=add, request_key=f"k{first}"
    )
    return (await place_order(company.manager, request)).reference


@dataclass(frozen=True)
class View:
    """A page of a signed-in browser, of which pictures are taken."""

    visitor: Visitor
    screens: Screens

    @property
    def page(self) -> Page:
        return self.visitor.page

    async def open(self, path: str) -> None:
        """Go to a page and wait until all of it is there."""
        await self.page.goto(path)
        await self.page.wait_for_selector("html[data-ready]")
        await expect(self.page.locator("[data-skeleton]")).to_have_count(0)
        await expect(self.page.locator("#app .page-header, #app .empty").first).to_be_visible()

    async def take(self, sheet: str, name: str, *, whole: bool = True) -> None:
        await self.screens.take(self.page, sheet, name, whole=whole)

    async def open_and_take(self, path: str, sheet: str, name: str, *, whole: bool = True) -> None:
        await self.open(path)
        await self.take(sheet, name, whole=whole)


Look = Callable[..., AbstractAsyncContextManager[View]]


@pytest.fixture
def look(browser: Browser, portal: Portal, screens: Screens) -> Look:
    """Opens a view as a member: `async with look(member) as view`."""

    @asynccontextmanager
    async def open_view(member: Actor, **options: Any) -> AsyncIterator[View]:
        async with portal.browse(browser, member, **LOOK, **options) as visitor:
            yield View(visitor, screens)

    return open_view


async def test_signing_in(company: Company, look: Look) -> None:
    async with look(company.manager) as view:
        await view.visitor.context.clear_cookies()
        page = view.page
        await page.goto("/app")
        await view.take("sign-in", "sign in")
        view.visitor.expected = ("401", "400", "422")
        await page.locator("input[type=password]").fill("pas-le-bon-mot")
        await page.locator("input:not([type=hidden]):not([type=password])").first.fill("sofie@delta.example")
        await page.locator("main button[type=submit], form button").last.click()
        await view.take("sign-in", "refused")


async def test_the_pages_of_a_fleet_manager(
    company: Company, sandbox: Sandbox, database: TestDatabase, look: Look
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
    await make_jobs_due(database)
    await drain(database)
    waiting = await order(company, 7, 2, TEXT)
    chosen = Selection(line_ids=company.line_ids[9:12])
    draft = await drafts.start_draft(company.manager, "change_options", chosen)
    async with look(company.manager) as view:
        await take_home(view)
        await take_fleet(view)
        await take_line(view, company.line_ids[0])
        await take_change_of_options(view, company.manager, draft)
        for reference, name in ((waiting, "in grace"), (running, "running"), (ended, "ended")):
            await view.open_and_take(f"/app/requests/{reference}", "request", name)
        await view.open_and_take("/app/requests", "requests", "requests")
        filtered = "/app/requests?show=running&kind=change_options&search=MND"
        await view.open_and_take(filtered, "requests", "filtered")
        view.visitor.expected = ("status of 404",)
        await view.open_and_take("/app/nulle-part", "states", "not found")


async def take_home(view: View) -> None:
    await view.open_and_take("/app", "home", "home")
    await view.open_and_take("/app/notifications", "home", "messages")
    await view.open("/app")
    await view.page.locator("[popovertarget=account-menu]").click()
    await view.take("home", "account menu", whole=False)
    await view.page.keyboard.press("Escape")


async def take_fleet(view: View) -> None:
    page = view.page
    await view.open("/app/fleet")
    ticks = page.locator("tbody input:enabled")
    for index in (1, 2, 4):
        await ticks.nth(index).check()
    await expect(page.locator("[data-act=everything]")).to_be_visible()
    await view.take("fleet", "selection", whole=False)
    await view.screens.cover(page)
    await page.locator("[data-act=clear]").click()
    await page.mouse.wheel(0, 1200)
    await view.take("fleet", "scrolled", whole=False)
    await page.mouse.wheel(0, -5000)
    await page.locator(".toolbar [popovertarget=filters]").click()
    await view.take("fleet", "filter drawer", whole=False)
    filtered = "/app/fleet?status=active&product_type=data_only&account=6012480-01"
    await view.open_and_take(filtered, "fleet-states", "filtered")
    await view.open_and_take("/app/fleet?search=personne+ici", "fleet-states", "nothing found")


async def take_line(view: View, line: UUID) -> None:
    for tab in ("", "/options", "/requests", "/history"):
        await view.open_and_take(f"/app/lines/{line}{tab}", "line", f"line{tab.replace('/', ' ')}")
    await view.open(f"/app/lines/{line}")
    await view.page.locator(".puk button").click()
    await expect(view.page.locator(".puk button")).to_have_count(0)
    await view.take("line", "puk")


async def take_change_of_options(view: View, manager: Actor, draft: UUID) -> None:
    await view.open(f"/app/drafts/{draft}")
    await view.page.locator(".option-card input:enabled:not(:checked)").first.check()
    await view.take("change-options", "change options")
    await drafts.save_draft(manager, draft, {"add": ("europe-plus",), "remove": (SMS,)})
    await view.open_and_take(f"/app/drafts/{draft}/review", "review", "review")


async def test_the_carriers_console_and_the_mail(
    company: Company, sandbox: Sandbox, database: TestDatabase, look: Look
) -> None:
    sandbox.behave("mandarine", orders=1, outcome="failed", message="Option non disponible")
    await carry_out(company.customer, database, await order(company, 0, 3, TEXT, SMS))
    async with look(company.manager) as view:
        page = view.page
        await page.goto(sandbox.url)
        await view.take("sandbox", "console")
        await page.goto(f"{sandbox.url}/mail")
        await view.take("sandbox", "mailbox")
        for mail in sandbox.mails()[:2]:
            await page.goto(f"{sandbox.url}/mail/{mail['id']}/html")
            await view.take("mail", f"mail {mail['id']}")
        await page.goto(f"{sandbox.url}/mail/{sandbox.mails()[0]['id']}")
        await view.take("sandbox", "mail in the mailbox")


async def test_the_pages_of_an_employee(company: Company, look: Look) -> None:
    async with look(company.manager, portal="user") as view:
        await view.open_and_take("/app/my", "my-mobile", "my mobile")
    person = await make_member(
        company.customer.tenant_id, roles=frozenset({"end_user"}), name="Lucas Martin", language="fr"
    )
    async with look(person, portal="user") as view:
        await view.open_and_take("/app/my", "my-mobile", "no line")


async def test_pages_with_nothing_and_pages_that_fail(monkeypatch: pytest.MonkeyPatch, look: Look) -> None:
    customer = await make_customer("nova")
    person = await make_member(customer.tenant_id, name="Lucas Martin", language="fr")
    async with look(person) as view:
        page = view.page
        for path, name in (("/app", "home"), ("/app/fleet", "fleet"), ("/app/requests", "requests")):
            await view.open_and_take(path, "states", f"{name}, empty")

        async def fails(*_args: object, **_kwargs: object) -> None:
            raise Unavailable("The list cannot be read at the moment.")

        monkeypatch.setattr(lines, "list_lines", fails)
        await page.locator("nav a[href='/app/fleet']").click()
        await expect(page.locator("#retry")).to_be_visible()
        await view.take("states", "fleet, failed")


async def test_adding_a_line_and_transferring_a_number(
    company: Company, sandbox: Sandbox, database: TestDatabase, look: Look
) -> None:
    person = {"account": "6012480-01", "given_name": "Lucas", "family_name": "Martin", "sim_kind": "esim"}
    request = {**person, "email": "lucas@delta.example", "language": "fr", "plan": "pro-flex-20"}
    line = await drafts.start_draft(company.manager, "add_line", kind_fields={**request, "cap_cents": 5000})
    holder = {**DONOR["prepaid_other"], "number": next_msisdn(), "authorised_by": "Luc Maes"}
    port = PortIn(authorised=True, cap_cents=5000, request_key="p", **holder, **request)  # type: ignore[arg-type]
    sandbox.behave("mandarine", port_rejection="sim_mismatch")
    held = await place_order(company.manager, port)
    await make_jobs_due(database)
    await drain(database)
    await wait_until_held(company, database, held.reference)
    moved = await drafts.start_draft(
        company.manager, "port_in", kind_fields={"operator": "other", "card": "prepaid"}
    )
    async with look(company.manager) as view:
        page = view.page
        await view.open_and_take(f"/app/drafts/{line}/account", "add-a-line", "for whom")
        await view.open_and_take(f"/app/drafts/{line}/esim", "add-a-line", "eSIM")
        await view.open_and_take(f"/app/drafts/{line}/options", "add-a-line", "options", whole=False)
        await view.open_and_take(f"/app/drafts/{line}/review", "add-a-line", "review")
        await view.open(f"/app/drafts/{moved}/holder")
        await page.locator("#app form button[type=submit]").click()
        await expect(page.locator(".error-summary")).to_be_visible()
        await view.take("transfer", "what is missing")
        await view.open_and_take(f"/app/requests/{held.reference}", "transfer", "held for a correction")


async def wait_until_held(company: Company, database: TestDatabase, reference: str) -> None:
    """Until the carrier has held the request."""
    for _ in range(60):
        if (await get_order(company.manager, reference)).state == "held":
            return
        await poll_stale_items(company.customer.system, -1)
        await drain(database)
    raise AssertionError(f"{reference} was never held")


async def test_sims_departures_and_usage(
    company: Company, sandbox: Sandbox, database: TestDatabase, look: Look
) -> None:
    one, two = (Selection(line_ids=(line,)) for line in company.line_ids[:2])
    card = await drafts.start_draft(company.manager, "replace_sim", one)
    esim = await drafts.start_draft(company.manager, "request_esim", two)
    leaving = await drafts.start_draft(company.manager, "depart", two)
    day = clock.today() + timedelta(days=6)
    successor = {
        "given_name": "Mia",
        "family_name": "Claes",
        "email": "mia@private.example",
        "language": "fr",
    }
    request = Depart(
        line_ids=company.line_ids[2:3], on=day, knows_successor=True, request_key="d", **successor
    )
    departure = await place_order(company.manager, request)
    await make_jobs_due(database)
    await drain(database)
    [link] = set(re.findall(r"/p/[a-z_-]+/[\w-]+", sandbox.mails(successor["email"])[0]["html"]))
    async with look(company.manager) as view:
        page = view.page
        await view.open_and_take(f"/app/drafts/{card}", "sim", "replace the SIM")
        await view.open_and_take(f"/app/drafts/{esim}", "sim", "request an eSIM")
        await view.open(f"/app/drafts/{leaving}")
        await page.locator("#knows_successor-yes").check()
        await view.take("departure", "who leaves")
        await view.open_and_take(f"/app/requests/{departure.reference}", "departure", "planned")
        await page.goto(link)
        await view.take("departure", "the successor")
        await view.open_and_take(f"/app/lines/{company.line_ids[0]}/usage", "usage", "of a line")
        await view.open_and_take("/app/usage", "usage", "of the organisation")


async def test_a_file_of_many_requests(company: Company, database: TestDatabase, look: Look) -> None:
    numbers = [(await lines.get_line(company.manager, line)).msisdn for line in company.line_ids[:3]]
    rows = [f"{number};absence" for number in numbers]
    text = "\n".join(["Numéro;Raison", *rows, "0471 00;absence", rows[0], f"{numbers[2]};parce que"])
    async with look(company.manager) as view:
        page = view.page
        await view.open_and_take("/app/bulk", "bulk-file", "what for")
        await view.open("/app/bulk?kind=suspend")
        file = {"name": "flotte.csv", "mimeType": "text/csv", "buffer": text.encode()}
        await page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        await page.wait_for_url(re.compile(r"/app/bulk/[0-9a-f-]{36}$"))
        await drain(database, only="bulk.")
        await view.open(page.url)
        await expect(page.locator("tbody tr")).to_have_count(6)
        await expect(page.get_by_text("Choisissez parmi : perte, vol, absence ou autre.")).to_be_visible()
        await view.take("bulk-file", "rows to put right")


async def test_invoices_and_payments(
    company: Company, sandbox: Sandbox, database: TestDatabase, look: Look
) -> None:
    manager = company.manager
    await drain(database)  # every charge is compared
    whole, rest = (one.id for one in (await invoices_of(manager, group=InvoiceGroup.TO_PAY))[:2])
    paid = await opened(database, manager, whole)
    await choose(sandbox, paid)
    await ask_what_came(database, manager, paid.id)
    sandbox.behave_payments(debits_by_hand=True)
    debit = await opened(database, manager, rest, cents=5000)
    await choose(sandbox, debit, "sepa_debit")
    await ask_what_came(database, manager, debit.id)
    sandbox.behave_payments(debits_by_hand=False)
    account = next(one for one in await debit_settings(manager) if one.account == "6012480-02")
    await signed(database, sandbox, manager, account.billing_account_id)
    async with look(manager) as view:
        await view.open_and_take("/app/invoices", "invoices", "invoices")
        await view.open_and_take(f"/app/invoices/{rest}", "invoice", "invoice")
        number = view.page.locator("main a[href*='/numbers/']").first
        address = await number.get_attribute("href") or ""
        await view.open_and_take(address, "invoice", "charges of a number")
        await view.open_and_take(f"/app/pay?invoice={rest}", "pay", "check")
        await view.open_and_take(f"/app/payments/{paid.id}", "pay", "paid")
        await view.open_and_take(f"/app/payments/{debit.id}", "pay", "in progress")
        await view.open_and_take("/app/billing", "billing", "how you pay")
        await view.open_and_take("/app/analysis", "analysis", "analysis")
        await view.open_and_take("/app/analysis?by=cost_centre", "analysis", "by cost centre")
        await view.open_and_take("/app/invoices/access", "invoice-settings", "access")
        await view.open_and_take("/app/invoices/delivery", "invoice-settings", "delivery")
