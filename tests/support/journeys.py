"""The journeys of the manuals on existing lines, each from the home page until its request is received."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page, expect

from backend.catalog.identifiers import format_msisdn
from backend.lines.schemas import LineRow
from tests.support.clicks import Clicks
from tests.support.factories import Customer
from tests.support.forms import ACCOUNT, DAY
from tests.support.new_lines import unused_sim_number

REQUEST = re.compile(r"/app/requests/[A-Z]{3}-\d{10}-[A-Z]{4}$")
NAME = "Peeters"
# Words that no French page has, but for the names of things
ENGLISH = re.compile(
    r"\b(the|your|you|and|with|will|this|these|is|are|lines?|numbers?|save|send|check|user|month|nothing"
    r"|back|choose|search|none|yes|request|today|more)\b",
    re.IGNORECASE,
)
WRONG = """() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    return { language: document.documentElement.lang, wide, words: document.body.innerText };
}"""


async def looks_french(page: Page) -> None:
    """The page that is shown is in French, and none of it stands beside the screen."""
    await page.wait_for_load_state("domcontentloaded")
    found = await page.evaluate(WRONG)
    assert found["language"] == "fr", page.url
    assert found["wide"] <= 0, f"{page.url} is {found['wide']} px too wide"
    assert not (english := ENGLISH.findall(found["words"])), (page.url, english)


@dataclass
class Trip:
    """Somebody on the home page, with a line in mind."""

    hand: Clicks
    customer: Customer
    line: LineRow

    @property
    def page(self) -> Page:
        return self.hand.page

    async def open_line(self) -> None:
        await self.hand.find_line(format_msisdn(self.line.msisdn))

    async def modify(self, kind: str) -> None:
        """To the form of what stands beside a value of the line."""
        await self.open_line()
        await self.hand.press(self.page.locator(f"main dd a[data-start={kind}]"))
        await self.form()

    async def from_menu(self, kind: str) -> None:
        """To the form of what stands in the menu of the line."""
        await self.open_line()
        await self.hand.press(self.page.get_by_role("button", name="Plus", exact=True))
        await self.hand.press(self.page.locator(f"#line-menu a[href*='/start/{kind}?']"))
        await self.form()

    async def select(self, *, lines: int) -> None:
        """In the list, all lines that a search finds."""
        await self.hand.search(format_msisdn(self.line.msisdn) if lines == 1 else NAME)
        await expect(self.page.locator("tbody tr")).to_have_count(lines)
        await self.hand.tick(self.page.locator("#all") if lines > 1 else self.page.locator("tbody input"))

    async def start(self, kind: str) -> None:
        """What stands directly in the bar of the selection."""
        await self.hand.press(self.page.locator(f".selection-bar > button[data-start={kind}]"))
        await self.form()

    async def form(self) -> None:
        await expect(self.page).to_have_url(re.compile("/app/drafts/"))
        await expect(self.page.locator("[data-skeleton]")).to_have_count(0)
        await expect(self.page.locator("h1")).to_be_visible()

    async def tick(self, name: str, value: str) -> None:
        await self.hand.tick(self.page.locator(f"#app [name='{name}'][value='{value}']"))

    async def write(self, name: str, text: str) -> None:
        await self.hand.write(self.page.locator(f"#app [name='{name}']"), text)

    async def go_on(self) -> None:
        """The button of a form that leads to its next page."""
        title = await self.page.locator("h1").inner_text()
        await self.hand.press(self.page.locator("#app .button-primary.button-large"))
        await expect(self.page.locator("h1").filter(has_not_text=title)).to_be_visible()
        await expect(self.page.locator("[data-skeleton]")).to_have_count(0)

    async def confirm(self) -> None:
        await self.hand.tick(self.page.locator("#app [name=confirmed]"))

    async def send(self) -> None:
        """The button that sends the request; its page says that it was received."""
        await self.hand.press(self.page.locator("#app [data-work][type=submit]"))
        await expect(self.page).to_have_url(REQUEST)
        await expect(self.page.locator("h1")).to_be_visible()
        await self.hand.look()


Walk = Callable[[Trip], Awaitable[None]]


async def find(trip: Trip) -> None:
    await trip.open_line()
    await expect(trip.page.locator("h1")).to_contain_text(format_msisdn(trip.line.msisdn))


async def ticked(trip: Trip, *options: str) -> None:
    """What is ticked stands beside the cards."""
    for option in options:
        await expect(trip.page.locator(f"aside button[value='{option}']")).to_be_visible()


async def options_of_one(trip: Trip) -> None:
    """One is added, one removed."""
    await trip.modify("change_options")
    await trip.tick("option", "data-5gb")
    await trip.tick("option", "sms-unlimited")
    await ticked(trip, "data-5gb", "sms-unlimited")
    await trip.go_on()
    await trip.send()


async def options_of_several(trip: Trip) -> None:
    """Three lines, ticked one by one; one option is added, one removed."""
    await trip.hand.search(NAME)
    for row in range(3):
        await trip.hand.tick(trip.page.locator("tbody input").nth(row))
    await trip.start("change_options")
    await trip.tick("option", "data-5gb")
    await trip.tick("option", "sms-unlimited")
    await ticked(trip, "data-5gb", "sms-unlimited")
    await trip.go_on()
    await trip.send()


async def suspend_one(trip: Trip) -> None:
    await trip.modify("suspend")
    await trip.tick("reason", "absence")
    await expect(trip.page.locator(".effects, [role=status] .notice").first).to_be_visible()
    await trip.send()


async def suspend_several(trip: Trip) -> None:
    await trip.select(lines=3)
    await trip.start("suspend")
    await trip.tick("reason", "absence")
    await expect(trip.page.locator(".effects").first).to_be_visible()
    await trip.send()


async def reactivate_one(trip: Trip) -> None:
    await trip.modify("reactivate")
    await trip.send()


async def reactivate_several(trip: Trip) -> None:
    await trip.select(lines=3)
    await trip.start("reactivate")
    await trip.send()


async def prepaid(trip: Trip, lines: int) -> None:
    """Nothing is asked: check answers come at once, with the sentence to be confirmed."""
    await trip.select(lines=lines)
    await trip.start("convert_to_prepaid")
    await trip.confirm()
    await trip.send()


async def prepaid_one(trip: Trip) -> None:
    await prepaid(trip, 1)


async def prepaid_several(trip: Trip) -> None:
    await prepaid(trip, 3)


async def replace_sim(trip: Trip) -> None:
    await trip.modify("replace_sim")
    await trip.tick("reason", "defective")
    await trip.write("sim_number", unused_sim_number(trip.customer))
    await trip.go_on()
    await trip.send()


async def esim_form(trip: Trip) -> None:
    await trip.modify("request_esim")
    await trip.tick("reason", "new_device")
    await trip.write("email", "lou@customer.example")
    await trip.hand.choose(trip.page.locator("#app [name=language]"), "fr")


async def esim_to_check(trip: Trip) -> None:
    await esim_form(trip)
    await trip.go_on()


async def request_esim(trip: Trip) -> None:
    await esim_to_check(trip)
    await trip.confirm()
    await trip.send()


async def resend_esim(trip: Trip) -> None:
    await trip.open_line()
    await trip.hand.press(trip.page.locator("main a[href*='/start/resend_esim?']").last)
    await trip.form()
    await trip.send()


async def change_plan(trip: Trip) -> None:
    await trip.modify("change_plan")
    await trip.tick("plan", "pro-flex-60")
    await trip.go_on()
    await trip.send()


async def barrings(trip: Trip) -> None:
    await trip.modify("change_barrings")
    for at in range(2):
        await trip.hand.tick(trip.page.locator("#app [name=blocked]").nth(at))
    await trip.send()


async def cap(trip: Trip) -> None:
    await trip.modify("change_spend_cap")
    await trip.tick("cap", "2500")
    await trip.send()


async def user_name(trip: Trip) -> None:
    await trip.modify("change_user")
    await trip.write("family_name", "Lacroix")
    await trip.send()


async def account(trip: Trip) -> None:
    await trip.modify("move_account")
    await trip.hand.choose(trip.page.locator("#app [name=account]"), ACCOUNT)
    await trip.send()


async def depart(trip: Trip) -> None:
    await trip.from_menu("depart")
    await trip.write("on", DAY)
    await trip.tick("knows_successor", "no")
    await trip.go_on()
    await trip.send()


async def depart_to_somebody(trip: Trip) -> None:
    await trip.from_menu("depart")
    await trip.write("on", DAY)
    await trip.tick("knows_successor", "yes")
    for name, typed in (("given_name", "Mia"), ("family_name", "Claes"), ("email", "mia@private.example")):
        await trip.write(name, typed)
    await trip.hand.choose(trip.page.locator("#app [name=language]"), "fr")
    await trip.go_on()
    await trip.send()


async def terminate(trip: Trip) -> None:
    await trip.modify("terminate")
    await trip.confirm()
    await trip.send()


async def led_to_support(trip: Trip) -> None:
    """The carrier does it through its support: the page says how."""
    await trip.open_line()
    await trip.hand.press(trip.page.locator("main dd a[data-start=terminate]"))
    await expect(trip.page.locator("h1")).to_have_text("Résilier")
    await expect(trip.page.locator("main")).to_contain_text("passe par le support")
    await trip.hand.look()


async def usage(trip: Trip) -> None:
    """To the meters of the line."""
    await trip.open_line()
    await trip.hand.press(trip.page.locator("main .tabs a[href$='/usage']"))
    await expect(trip.page.locator(".meter").first).to_be_visible()
    await trip.hand.look()
