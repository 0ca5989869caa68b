"""The journeys of the manuals that bring a line: a new number, and a transfer by where the number is now."""

import re

from playwright.async_api import expect

from backend.orders.kinds.new_line import ESIM
from tests.support.files import PDF
from tests.support.journeys import Trip, Walk
from tests.support.new_lines import DONOR, plan_of, reserve, unused_sim_number


async def _first_page(trip: Trip) -> None:
    """From the home page, with the person typed and the customer number chosen."""
    await trip.hand.press(trip.page.locator("main a[href='/app/start/add_line']"))
    await trip.form()
    await trip.write("given_name", "An")
    await trip.write("family_name", "Peeters")
    await trip.hand.choose(trip.page.locator("#app [name=account]"), next(iter(trip.customer.accounts)))


async def _card_and_plan(trip: Trip) -> None:
    await trip.write("sim_number", unused_sim_number(trip.customer))
    await trip.tick("plan", plan_of(trip.customer))
    await trip.go_on()


async def add_with_card(trip: Trip) -> None:
    """The options are those of another line."""
    await _first_page(trip)
    await trip.go_on()
    await _card_and_plan(trip)
    await trip.write("copy_options_from", f"0{trip.line.msisdn[3:]}")
    await trip.hand.press(trip.page.get_by_role("button", name="Copier ses options"))
    await expect(trip.page.locator(".chip")).to_have_count(1)
    await trip.go_on()
    await trip.send()


async def add_with_esim(trip: Trip) -> None:
    """A reserved number, and a shared bill whose contract is printed, signed and handed in."""
    [number] = await reserve(trip.customer)
    await _first_page(trip)
    await trip.hand.choose(trip.page.locator("#number"), number)
    await trip.go_on()
    await trip.tick("sim_kind", ESIM)
    await trip.write("email", "an@client.example")
    await trip.hand.choose(trip.page.locator("#app [name=language]"), "fr")
    await trip.tick("plan", plan_of(trip.customer))
    await trip.go_on()
    await trip.hand.tick(trip.page.locator("#app [name=split]").nth(1))
    contract = trip.page.get_by_role("link", name="Contrat à imprimer (PDF)")
    await expect(contract).to_be_visible()
    # What is ticked is kept a moment later
    await trip.page.wait_for_timeout(700)
    async with trip.page.expect_download() as download:
        await trip.hand.press(contract)
    assert (await (await download.value).path()).read_bytes().startswith(b"%PDF")
    scan: dict[str, object] = {"name": "signed.pdf", "mimeType": "application/pdf", "buffer": PDF}
    await trip.hand.hand_in(trip.page.locator("#document_id[type=file]"), scan)
    await expect(trip.page.get_by_text(re.compile("signed.pdf")).first).to_be_visible()
    await trip.go_on()
    await trip.send()


def transfer(operator: str, card: str) -> Walk:
    """A number that is with this operator, on a card of this kind."""
    proofs = DONOR["same_carrier"] if operator == "same" else DONOR[f"{card}_other"]

    async def walk(trip: Trip) -> None:
        await trip.hand.press(trip.page.locator("main a[href='/app/start/add_line']"))
        await trip.form()
        await trip.tick("kind", "port_in")
        await trip.write("given_name", "An")
        await trip.write("family_name", "Peeters")
        await trip.hand.choose(trip.page.locator("#app [name=account]"), next(iter(trip.customer.accounts)))
        await trip.go_on()
        await trip.tick("operator", operator)
        await trip.tick("card", card)
        typed = {name: value for name, value in proofs.items() if name not in {"operator", "card"}}
        for name, value in {"number": "0499 12 34 56", **typed, "authorised_by": "Luc Maes"}.items():
            await trip.write(name, value)
        await trip.hand.tick(trip.page.locator("#app [name=authorised]"))
        await trip.go_on()
        await _card_and_plan(trip)
        await trip.go_on()
        await trip.send()

    return walk
