"""The journeys that everybody takes, in Firefox: sign in, find a line, change an option, undo, order from a file."""

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from backend.members.service import add_member
from backend.orders.service import list_orders
from tests.firefox.bidi import Firefox, Page
from tests.support.database import TestDatabase
from tests.support.factories import MANAGER, Customer
from tests.support.identity import PASSWORD
from tests.support.jobs import drain
from tests.support.order_steps import place
from tests.support.pages import an_option
from tests.support.portal import Portal


@asynccontextmanager
async def visiting(
    firefox: Firefox, portal: Portal, customer: Customer, width: int = 1440, height: int = 900
) -> AsyncIterator[Page]:
    """A page in which the customer's manager is signed in."""
    opened = await portal.session(customer.manager)
    async with firefox.page(portal.url, width, height) as page:
        await page.sign_in_with(opened.token)
        yield page


async def test_signing_in(firefox: Firefox, portal: Portal, customer: Customer) -> None:
    await add_member(
        customer.system, email="an@delta.example", name="An Peeters", roles=tuple(MANAGER), password=PASSWORD
    )
    async with firefox.page(portal.url) as page:
        await page.goto("/app")
        await page.click("input[name=login]")
        await page.type("an@delta.example", "Tab", "not this one", "Enter")
        await page.sees("do not go together")
        await page.click("input[name=password]")
        await page.type(PASSWORD, "Enter")
        await page.until("location.pathname === '/app' && document.documentElement.matches('[data-ready]')")
        await page.sees("An", "h1")


async def test_finding_a_line(firefox: Firefox, portal: Portal, customer: Customer) -> None:
    async with visiting(firefox, portal, customer) as page:
        await page.open("/app")
        await page.click(".topbar-search input")
        await page.type("peeters0004", "Enter")
        await page.until(
            "location.pathname === '/app/fleet' && document.documentElement.matches('[data-ready]')"
        )
        await page.until("document.querySelectorAll('tbody tr').length === 10")
        await page.click("#fleet-search")
        await page.type("End", "2")
        await page.until("document.querySelectorAll('tbody tr').length === 1")
        await page.click("tbody a", "Peeters00042")
        await page.sees("Peeters00042", "main")
        await page.until("/^.app.lines.[0-9a-f-]{36}$/.test(location.pathname)")


async def test_changing_an_option(firefox: Firefox, portal: Portal, customer: Customer) -> None:
    async with visiting(firefox, portal, customer) as page:
        await page.open("/app/fleet")
        await page.click("tbody tr:nth-child(7) [popovertarget=row-menu]")
        await page.click("#row-menu a", "Change options")
        await page.sees("Which options", "h1")
        await page.click(".option-card input:enabled")
        await page.sees("To be added", ".option-card")
        await page.click("button", "Check the price")
        await page.sees("Check before you send", "h1")
        await page.click("button", "Send the request")
        await page.sees("Sent in", "[role=timer]")
        assert [order.kind for order in await list_orders(customer.manager)] == ["change_options"]


async def test_undoing(firefox: Firefox, portal: Portal, customer: Customer) -> None:
    lines = (await list_lines(customer.manager, LineFilter(search="Peeters"))).items
    order = await place(customer, [line.id for line in lines[:2]], add=(an_option(customer),))
    async with visiting(firefox, portal, customer) as page:
        await page.open(f"/app/requests/{order.reference}")
        await page.click("button", "Undo the request")
        await page.sees("Undone", ".page-header .pill")
        await page.until("!document.querySelector('[role=timer]')")
        assert [order.state for order in await list_orders(customer.manager)] == ["cancelled"]


async def test_ordering_from_a_file(
    firefox: Firefox, portal: Portal, customer: Customer, database: TestDatabase, tmp_path: Path
) -> None:
    numbers = [line.msisdn for line in await customer.lines() if line.status == "active"][:3]
    path = tmp_path / "fleet.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("number", "reason"), *((n, "absence") for n in numbers)])
    async with visiting(firefox, portal, customer) as page:
        await page.open("/app/bulk?kind=suspend")
        await page.choose_file("input[type=file]", path)
        await page.sees("Waiting to be checked", ".page-header .pill")
        await drain(database, only="bulk.")
        await page.click("button", "Go on")
        await page.sees("3 lines change.", "main")
        await page.click("button", "Send the request")
        await page.sees("Sent in", "[role=timer]")
        assert [order.kind for order in await list_orders(customer.manager)] == ["suspend"]
