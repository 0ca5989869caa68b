"""Every journey of the manuals that exists here, in French, wide and on a phone: done, with no more clicks than wished.

With FLEETLINE_CASES the table below is compared with its journeys.md; JOURNEYS_OUT names a file to which each journey
adds a line with its clicks.
"""

import json
import os
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.public_links import create_link
from backend.lines.organisations import link_end_user
from backend.lines.schemas import LineRow
from backend.members.service import add_member
from backend.orders.effects.depart import LINK
from backend.orders.kinds.depart import Depart
from backend.orders.placement.place import place_order
from backend.settings import Settings
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.scope import Actor
from tenants.transaction import open_scope
from tests.browser.test_journey import rewind_sign_in
from tests.support import journeys, new_line_journeys
from tests.support.clicks import Clicks
from tests.support.database import TestDatabase, empty
from tests.support.factories import (
    MANAGER,
    Customer,
    make_account,
    make_customer,
    make_lines,
    make_member,
    next_msisdn,
)
from tests.support.forms import ACCOUNT, PLANS, with_esim
from tests.support.identity import PASSWORD
from tests.support.journeys import NAME, Trip, Walk, looks_french
from tests.support.keyboard import Keys
from tests.support.portal import Portal
from tests.support.usage import bucket, buckets_of

WIDTHS = (1440, 390)
OPTIONS = "open a line and add or remove options"
STATES = "suspend, reactivate, to prepaid, one line or a selection"
ADD_CARD = "add a number, plastic SIM, options copied (K)"
ADD_ESIM = "add a number, eSIM, reserved number, shared billing with contract"
TRANSFER = "transfer: prepaid or private, same carrier; prepaid, private, professional, other operator"
ESIM = "request an eSIM; resend its mail"
LEAVE = "departure without, and with, the successor's details; the successor's page"
TERMINATE = "terminate for good (in the portal, or led to support)"
USAGE = "follow the usage of a line, of a shared line"
SWITCH = "switch portal, on a phone too"
# The most clicks of each journey, as journeys.md has them
MOST = {
    "sign in with the mobile number": "1",
    "find a number (K)": "1",
    OPTIONS: "6",
    "options on several numbers": "10",
    STATES: "4",
    ADD_CARD: "12",
    ADD_ESIM: "16",
    TRANSFER: "16",
    "replace a SIM card (K)": "5",
    ESIM: "7 (+2 for the sign-in); 3",
    "change the plan": "6",
    "barrings": "6",
    "spend cap abroad": "4",
    "change the user's name": "3",
    "move to another customer number": "4",
    LEAVE: "6; 8; 2",
    TERMINATE: "5",
    USAGE: "3",
    SWITCH: "1",
}
# What is not here yet
MISSING = {
    "see invoices, open one, pay it",
    "ask for direct debit; change the delivery",
    "buy a device: find, colour and capacity, cart, order",
    "have a device repaired",
    "open a ticket",
    "register from an invitation",
}


def most(row: str, part: int = 0) -> int:
    """The most clicks of one part of a row."""
    return int(re.findall(r"\d+", MOST[row].split(";")[part])[0])


@dataclass(frozen=True)
class Journey:
    """A part of a row of journeys.md, and what it needs to be walked."""

    row: str
    walk: Walk
    part: int = 0
    carrier: str = "mandarine"
    status: str = "active"


JOURNEYS = {
    "find": Journey("find a number (K)", journeys.find),
    "options of a line": Journey(OPTIONS, journeys.options_of_one),
    "options of several": Journey("options on several numbers", journeys.options_of_several),
    "suspend one": Journey(STATES, journeys.suspend_one),
    "suspend several": Journey(STATES, journeys.suspend_several),
    "reactivate one": Journey(STATES, journeys.reactivate_one, status="suspended"),
    "reactivate several": Journey(STATES, journeys.reactivate_several, status="suspended"),
    "to prepaid, one": Journey(STATES, journeys.prepaid_one),
    "to prepaid, several": Journey(STATES, journeys.prepaid_several),
    "add a number with a card": Journey(ADD_CARD, new_line_journeys.add_with_card),
    "add a number with an eSIM": Journey(ADD_ESIM, new_line_journeys.add_with_esim),
    **{
        f"transfer, {card}, {operator} operator": Journey(
            TRANSFER, new_line_journeys.transfer(operator, card)
        )
        for operator, cards in {
            "same": ("prepaid", "private"),
            "other": ("prepaid", "private", "professional"),
        }.items()
        for card in cards
    },
    "replace a SIM card": Journey("replace a SIM card (K)", journeys.replace_sim),
    "request an eSIM": Journey(ESIM, journeys.request_esim),
    "resend the mail of an eSIM": Journey(ESIM, journeys.resend_esim, part=1),
    "change the plan": Journey("change the plan", journeys.change_plan),
    "barrings": Journey("barrings", journeys.barrings),
    "cap abroad": Journey("spend cap abroad", journeys.cap),
    "name of the user": Journey("change the user's name", journeys.user_name),
    "another customer number": Journey("move to another customer number", journeys.account),
    "departure": Journey(LEAVE, journeys.depart),
    "departure with a successor": Journey(LEAVE, journeys.depart_to_somebody, part=1),
    "terminate in the portal": Journey(TERMINATE, journeys.terminate, carrier="lynx"),
    "terminate through support": Journey(TERMINATE, journeys.led_to_support),
    "usage of a line": Journey(USAGE, journeys.usage),
    "usage of a shared line": Journey(USAGE, journeys.usage),
}
BY_KEYBOARD = ("find", "add a number with a card", "replace a SIM card")


class FrenchClicks(Clicks):
    """Looks at each page before it clicks on it."""

    async def look(self) -> None:
        await looks_french(self.page)


@pytest.fixture(scope="module")
async def portal(
    database_server: TestDatabase, open_engine: None, session_settings: Settings
) -> AsyncIterator[Portal]:
    """One for all of them: each test has a customer of its own, and nothing is sent to a carrier."""
    portal = Portal(replace(session_settings, grace_seconds=30))
    await portal.start()
    yield portal
    await portal.stop()
    await empty(database_server)


def report(journey: str, width: int, clicks: int, at_most: int) -> None:
    """Hold a journey to its number, and write its clicks down where a file is named for them."""
    if out := os.environ.get("JOURNEYS_OUT"):
        row = {"journey": journey, "width": width, "clicks": clicks, "most": at_most}
        with Path(out).open("a") as file:
            file.write(json.dumps(row) + "\n")
    assert clicks <= at_most, f"{journey} at {width}"


def screen(width: int) -> dict[str, Any]:
    return {"viewport": {"width": width, "height": 900}, "locale": "fr-BE", "reduced_motion": "reduce"}


async def a_customer(journey: Journey) -> Customer:
    """Three lines, with an option where the journeys of the carrier need one."""
    customer = await make_customer(carrier=journey.carrier)
    await make_lines(
        customer,
        3,
        plan=PLANS[journey.carrier][0],
        options=("sms-unlimited",) if journey.carrier == "mandarine" else (),
        status=journey.status,
        account=next(iter(customer.accounts)),
    )
    await make_account(customer, ACCOUNT)
    return customer


async def trip_of(hand: Clicks, customer: Customer, name: str) -> Trip:
    """With what the journey finds there: an eSIM whose code may be sent, figures of use, a shared bill."""
    line = next(line for line in await customer.lines() if line.name.startswith(NAME))
    if name == "resend the mail of an eSIM":
        await with_esim(customer, line.id)
    if JOURNEYS[name].row == USAGE:
        await use(customer, line, shared="shared" in name)
    return Trip(hand, customer, line)


async def use(customer: Customer, line: LineRow, *, shared: bool) -> None:
    """Figures of use of a line; `shared`: its user pays a part of its bill."""
    if shared:
        split = profile(customer.carrier).split_profiles[0].code
        async with open_scope(customer.system) as scope:
            await scope.connection.execute("UPDATE line SET split_profile = $1 WHERE id = $2", split, line.id)
    used = [bucket(line.msisdn, 17_000_000_000, 20_000_000_000)]
    await load_file(customer.system, buckets_of(used), kind=UsageFileKind.BUCKETS)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", JOURNEYS)
async def test_no_journey_takes_more_clicks_than_wished(
    browser: Browser, portal: Portal, name: str, width: int
) -> None:
    journey = JOURNEYS[name]
    customer = await a_customer(journey)
    manager = await make_member(customer.tenant_id, language="fr", carrier=customer.carrier)
    async with portal.browse(browser, manager, **screen(width)) as visitor:
        hand = FrenchClicks(await visitor.open("/app"))
        await journey.walk(await trip_of(hand, customer, name))
    report(name, width, hand.count, most(journey.row, journey.part))


@pytest.mark.parametrize("name", BY_KEYBOARD)
async def test_a_journey_is_done_by_keyboard_alone(browser: Browser, portal: Portal, name: str) -> None:
    customer = await a_customer(JOURNEYS[name])
    manager = await make_member(customer.tenant_id, language="fr")
    async with portal.browse(browser, manager, **screen(1440)) as visitor:
        hand = Keys(await visitor.open("/app"))
        await JOURNEYS[name].walk(await trip_of(hand, customer, name))


async def a_person(customer: Customer, **more: Any) -> Actor:
    """A manager who can sign in with a password."""
    email = f"{secrets.token_hex(4)}@delta.example"
    roles = more.pop("roles", MANAGER)
    member = await add_member(
        customer.system, email=email, name="An Peeters", roles=roles, password=PASSWORD, language="fr", **more
    )
    return Actor(customer.tenant_id, member_id=member, email=email)


async def sign_in(hand: Clicks, login: str = "") -> None:
    """On the page of the sign-in; what it knows already is not typed again."""
    field = hand.page.locator("input[name=login]")
    if login and not await field.input_value():
        await hand.write(field, login)
    await hand.write(hand.page.locator("input[name=password]"), PASSWORD)
    await hand.press(hand.page.locator("form button[type=submit]").first)


@pytest.mark.parametrize("width", WIDTHS)
async def test_signing_in_with_the_mobile_number(browser: Browser, portal: Portal, width: int) -> None:
    customer = await make_customer()
    mobile = next_msisdn()
    await a_person(customer, mobile=mobile)
    context = await browser.new_context(base_url=portal.url, **screen(width))
    hand = FrenchClicks(await context.new_page())
    await hand.page.goto("/app")
    await sign_in(hand, f"0{mobile[3:]}")
    await expect(hand.page.locator("main h1")).to_have_text("Bonjour An")
    await looks_french(hand.page)
    await context.close()
    report("sign in", width, hand.count, most("sign in with the mobile number"))


@pytest.mark.parametrize("width", WIDTHS)
async def test_an_esim_is_requested_after_a_fresh_sign_in(
    browser: Browser, portal: Portal, database_server: TestDatabase, width: int
) -> None:
    """It is asked for before check answers, so that nothing is confirmed twice; what was filled in is there again."""
    customer = await a_customer(JOURNEYS["request an eSIM"])
    person = await a_person(customer)
    async with portal.browse(browser, person, **screen(width)) as visitor:
        await rewind_sign_in(database_server)
        hand = FrenchClicks(await visitor.open("/app"))
        trip = Trip(hand, customer, (await customer.lines())[0])
        await journeys.esim_form(trip)
        await hand.press(hand.page.locator("#app .button-primary.button-large"))
        await hand.page.wait_for_url(re.compile("/(auth|id)/"))
        await sign_in(hand, person.email)
        await expect(hand.page.locator("#app [name=email]")).to_have_value("lou@customer.example")
        await trip.go_on()
        await trip.confirm()
        await trip.send()
    row = MOST[ESIM].split(";")[0]
    report("request an eSIM, signed in anew", width, hand.count, sum(map(int, re.findall(r"\d+", row))))


async def test_back_from_the_sign_in_check_answers_say_that_nothing_was_sent(
    browser: Browser, portal: Portal, database_server: TestDatabase
) -> None:
    """The five minutes pass while they are read. What was confirmed still is; a loss is confirmed anew."""
    customer = await a_customer(JOURNEYS["request an eSIM"])
    person = await a_person(customer)
    lines = await customer.lines()
    async with portal.browse(browser, person, **screen(WIDTHS[0])) as visitor:
        hand = FrenchClicks(await visitor.open("/app"))
        said, tick = (
            hand.page.get_by_text("Rien n’a encore été envoyé"),
            hand.page.locator("[name=confirmed]"),
        )
        send = hand.page.locator("#app [data-work][type=submit]")
        for line, loss in ((lines[0], False), (lines[1], True)):
            trip = Trip(hand, customer, line)
            if loss:
                await hand.page.goto(f"/app/start/convert_to_prepaid?line={line.id}")
            else:
                await journeys.esim_to_check(trip)
            await expect(send).to_be_visible()
            await expect(said).to_have_count(0)
            await rewind_sign_in(database_server)
            # A new connection, since one that is open knows the sign-in as it was
            await visitor.page.reload()
            await tick.check()
            await send.click()
            await hand.page.wait_for_url(re.compile("/(auth|id)/"))
            await sign_in(hand, person.email)
            await expect(said).to_be_visible()
            await expect(tick).to_be_checked(checked=not loss)
            await tick.check()
            await looks_french(hand.page)
            await trip.send()


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_successor_chooses(browser: Browser, portal: Portal, width: int) -> None:
    """From the link of the mail: an offer is chosen and confirmed."""
    customer = await a_customer(JOURNEYS["departure"])
    line = (await customer.lines())[0]
    request = Depart(
        line_ids=(line.id,),
        on=clock.today() + timedelta(days=4),
        knows_successor=True,
        given_name="Mia",
        family_name="Claes",
        email="mia@private.example",
        language="fr",
        request_key="k",
    )
    await place_order(customer.manager, request)
    async with open_scope(customer.system) as scope:
        # As after the mail with the link
        departure = await scope.connection.fetchval(
            "UPDATE departure SET state = 'successor_invited' RETURNING id"
        )
        link = await create_link(scope, LINK, departure, clock.now() + timedelta(days=1))
    context = await browser.new_context(base_url=portal.url, **screen(width))
    hand = FrenchClicks(await context.new_page())
    await hand.page.goto(f"/p/{LINK}/{link}")
    await hand.tick(hand.page.locator("input[name=offer]").first)
    await hand.press(hand.page.get_by_role("button", name="Confirmer mon choix"))
    await expect(hand.page.locator("main")).to_contain_text("Votre choix")
    await looks_french(hand.page)
    await context.close()
    report("the successor's page", width, hand.count, most(LEAVE, 2))


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_portal_is_switched_and_switched_back(browser: Browser, portal: Portal, width: int) -> None:
    customer = await make_customer(lines=1)
    both = await make_member(
        customer.tenant_id, roles=MANAGER | {"end_user"}, name="Karim Benali", language="fr"
    )
    assert both.member_id
    line = (await customer.lines())[0]
    await link_end_user(customer.system, member_id=both.member_id, msisdn=line.msisdn)
    async with portal.browse(browser, both, **screen(width)) as visitor:
        hand = FrenchClicks(await visitor.open("/app"))
        await hand.press(hand.page.get_by_role("button", name="Mon mobile"))
        await expect(hand.page.get_by_role("button", name="Gestion de flotte")).to_be_visible()
        report("switch to my mobile", width, hand.count, most(SWITCH))
        await hand.press(hand.page.get_by_role("button", name="Gestion de flotte"))
        await expect(hand.page.get_by_role("button", name="Mon mobile")).to_be_visible()
        await looks_french(hand.page)
        report("switch back", width, hand.count - 1, most(SWITCH))


@pytest.mark.skipif("FLEETLINE_CASES" not in os.environ, reason="FLEETLINE_CASES names no folder")
def test_the_table_is_that_of_the_cases() -> None:
    text = (Path(os.environ["FLEETLINE_CASES"]) / "journeys.md").read_text()
    cells = [
        [cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\|.*\|$", text, re.MULTILINE)
    ]
    wished = {row: last for row, _, _, last in cells[2:]}
    assert wished == {**MOST, **{row: wished[row] for row in MISSING}}
