"""Every order kind's form: the connection lost on each page, every button pressed twice, prices that changed meanwhile."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from backend.core import clock
from backend.lines.schemas import Selection
from backend.orders.kinds import KINDS
from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from backend.settings import Settings
from frontend.pages.drafts import page as drafts_page
from tests.support.database import TestDatabase, empty
from tests.support.factories import Customer
from tests.support.files import PDF
from tests.support.forms import FORMS, NEW_LINES, WITHOUT_A_FORM, dearer, kind_fields_of, without
from tests.support.new_lines import rows
from tests.support.portal import Portal

DRAWN_ANEW = """old => new Promise((done) => (function look() {
  if (!old.isConnected && document.querySelector("#app h1")) done(); else setTimeout(look, 10);
})())"""
CHOSEN = ("radio", "checkbox", "select-one", "file")
STALE = ("change_options", "change_plan", "add_line", "port_in", "replace_sim", "terminate")


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


def control(page: Page, name: str, value: str) -> Locator:
    """What is filled in under a name: of choices, the one that is meant."""
    own = f"#app [name='{name}']"
    return page.locator(
        f"{own}:not([type=radio], [type=checkbox]), {own}[value='{value}'], #{name}[type=file]"
    )


async def is_typed(page: Page, name: str, value: str) -> bool:
    return await control(page, name, value).evaluate("field => field.type") not in CHOSEN


async def put(page: Page, name: str, value: str) -> None:
    field = control(page, name, value)
    match await field.evaluate("field => field.type"):
        case "radio" | "checkbox":
            await field.check()
        case "select-one":
            await field.select_option(value)
        case "file":
            await field.set_input_files({"name": value, "mimeType": "application/pdf", "buffer": PDF})
            await holds(page, name, value)
        case _:
            await field.fill(value)
    if name == "option":  # a tick is kept at once
        await expect(page.locator(f"button[value='{value}']")).to_be_visible()


async def holds(page: Page, name: str, value: str) -> None:
    field = control(page, name, value)
    match await field.evaluate("field => field.type"):
        case "radio" | "checkbox":
            await expect(field, name).to_be_checked()
        case "file":
            await expect(page.get_by_text(value).first, name).to_be_visible()
        case _:
            await expect(field, name).to_have_value(value)


async def fill_in(portal: Portal, page: Page, fields: dict[str, str]) -> None:
    """Fill a page in; meanwhile the connection is lost and comes back. What can be typed last is typed without it."""
    first, last = list(fields.items())[:-1], list(fields.items())[-1:]
    typed = [one for one in last if await is_typed(page, *one)]
    for name, value in first if typed else fields.items():
        await put(page, name, value)
    old = await page.locator("h1").element_handle()
    await portal.cut()
    await expect(page.locator("html[data-conn=down]")).to_have_count(1)
    for name, value in typed:
        await put(page, name, value)
    await portal.join()
    async with asyncio.timeout(10):
        await old.evaluate(DRAWN_ANEW)
    for name, value in fields.items():
        await holds(page, name, value)
    for name, value in typed:
        await expect(control(page, name, value), "whoever was typing goes on").to_be_focused()


async def press(page: Page) -> None:
    """Press the page's button twice, and arrive at the next page."""
    here = await page.locator("h1").inner_text()
    await page.locator("#app .button-primary.button-large").dblclick()
    await expect(page.locator("h1").filter(has_not_text=here)).to_be_visible()
    await expect(page.locator("[data-skeleton]")).to_have_count(0)


async def page_sends(page: Page) -> None:
    """Confirm what there is to be confirmed on check answers, and press twice."""
    if await page.locator("[name=confirmed]").count():
        await page.locator("[name=confirmed]").check()
    await page.locator("#app [data-work][type=submit]").dblclick()


async def send(page: Page) -> str:
    """Send check answers; returns the reference that the page of the request shows."""
    await page_sends(page)
    return await sent(page)


async def sent(page: Page) -> str:
    """The reference that the page of the request shows."""
    await expect(page).to_have_url(re.compile(r"/app/requests/[A-Z]{3}-\d{10}-[A-Z]{4}$"))
    reference = Path(page.url).name
    await expect(page.locator("main").get_by_text(reference).first).to_be_visible()
    return reference


async def orders(customer: Customer) -> list[tuple[str, str]]:
    """Kind and reference of what was ordered; a draft has no reference."""
    found = await rows(customer, "SELECT kind, reference FROM change_order")
    return [(row["kind"], row["reference"] or "") for row in found]


def test_no_kind_is_left_out() -> None:
    assert set(FORMS) | set(WITHOUT_A_FORM) == set(KINDS)
    assert set(FORMS) == set(drafts_page.FORMS)
    assert all(WITHOUT_A_FORM.values())


@pytest.mark.parametrize("kind", FORMS)
async def test_a_lost_connection_loses_nothing_and_two_presses_order_once(
    browser: Browser, portal: Portal, kind: str
) -> None:
    customer = await FORMS[kind].customer()
    (line,) = await customer.lines()
    start = f"/app/start/{kind}" + ("" if kind in NEW_LINES else f"?line={line.id}")
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("WebSocket",)
        page = await visitor.open(start)
        await expect(page).to_have_url(re.compile(r"/app/drafts/"))
        if KINDS[kind].asks_nothing:
            # Check answers come first, and lead to the form with its day
            await checked(page)
            await page.get_by_role("link", name="Change when").click()
            await expect(page.locator("#form")).to_be_visible()
        for fields in FORMS[kind].pages(customer):
            await fill_in(portal, page, fields)
            if KINDS[kind].light:
                await page.locator("#app .button-primary.button-large").dblclick()
            else:
                await press(page)
        if not KINDS[kind].light:
            await expect(page).to_have_url(re.compile(r"/app/drafts/[0-9a-f-]+/review$"))
            await page_sends(page)
        reference = await sent(page)
    assert await orders(customer) == [(kind, reference)]


async def checked(page: Page) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")


async def drafted(customer: Customer, kind: str) -> str:
    """A draft that is filled in; returns the address of its form."""
    ids = () if kind in NEW_LINES else tuple(line.id for line in await customer.lines())
    draft = await drafts.start_draft(customer.manager, kind, Selection(line_ids=ids))
    await drafts.save_draft(customer.manager, draft, await kind_fields_of(customer, kind), complete=True)
    return f"/app/drafts/{draft}"


async def shown_anew(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices change, the button is pressed twice: other check answers, with what is other, to be confirmed anew."""
    before = await page.locator("tfoot").text_content()
    dearer(monkeypatch)
    confirm = page.locator("[name=confirmed]")
    if await confirm.count():
        await confirm.check()
    await page.locator("#app [data-work][type=submit]").dblclick()
    await expect(page.locator("tfoot")).not_to_have_text(before or "")
    said = page.get_by_role("alert")
    await expect(said).to_contain_text("has changed since it was shown")
    await expect(said).to_be_in_viewport()
    await expect(page.locator(".before-columns")).to_be_focused()
    assert await said.locator("li").count()
    for change in await said.locator("li").all():
        old, new = await change.locator("s").inner_text(), await change.locator("strong").inner_text()
        assert old != new
        assert await page.get_by_text(new).count() > 1, "what is said to be new stands on the page"
    await checked(page)
    if await confirm.count():
        await expect(confirm, "confirmed was another fee").not_to_be_checked()


@pytest.mark.parametrize("kind", STALE)
async def test_a_price_that_changed_is_shown_before_anything_is_ordered(
    browser: Browser, portal: Portal, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await FORMS[kind].customer()
    form = await drafted(customer, kind)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"{form}/review")
        await checked(page)
        for _ in range(2):
            await shown_anew(page, monkeypatch)
            assert await orders(customer) == [(kind, "")], "still a draft"
        reference = await send(page)
    assert await orders(customer) == [(kind, reference)]


@pytest.mark.parametrize(
    ("kind", "gone"), [("change_plan", "pro-flex-60"), ("change_options", "sms-unlimited")]
)
async def test_what_left_the_catalogue_leads_back_to_the_choice(
    browser: Browser, portal: Portal, kind: str, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await FORMS[kind].customer()
    form = await drafted(customer, kind)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"{form}/review")
        await checked(page)
        without(monkeypatch, gone)
        await page.get_by_role("button", name="Send the request").click()
        await expect(page.locator(".empty")).to_contain_text("does not exist at Mandarine")
        await page.get_by_role("link", name="Back to the choice").click()
        await expect(page.locator(f"#app input[value='{gone}']")).to_have_count(0)
        await page.locator("#app .button-primary.button-large").click()
        await expect(page.locator(".error-summary")).to_be_visible()
        other = {"change_plan": ("plan", "pro-flex-20"), "change_options": ("option", "data-5gb")}[kind]
        await put(page, *other)
        await press(page)
        reference = await send(page)
    assert await orders(customer) == [(kind, reference)]


async def test_a_connection_lost_while_sending_finds_the_request(browser: Browser, portal: Portal) -> None:
    customer = await FORMS["suspend"].customer()
    form = await drafted(customer, "suspend")
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("WebSocket",)
        page = await visitor.open(f"{form}/review")
        await checked(page)
        id_ = UUID(Path(form).name)
        shown = await drafts.preview_draft(customer.manager, id_)
        await portal.cut()
        await expect(page.locator("html[data-conn=down]")).to_have_count(1)
        # What the page asked for is done although its answer cannot reach it any more.
        sent = await drafts.submit_draft(customer.manager, id_, fingerprint=shown.fingerprint)
        await portal.join()
        await expect(page).to_have_url(re.compile(f"/app/requests/{sent.reference}$"), timeout=10_000)
        await visitor.open(form)
        await expect(page).to_have_url(re.compile(f"/app/requests/{sent.reference}$"))
    assert await orders(customer) == [("suspend", sent.reference)]


async def test_the_other_day_of_a_planned_request_is_kept_too(browser: Browser, portal: Portal) -> None:
    customer = await FORMS["change_cost_centre"].customer()
    id_ = UUID(Path(await drafted(customer, "change_cost_centre")).name)
    shown = await drafts.preview_draft(customer.manager, id_)
    sent = await drafts.submit_draft(customer.manager, id_, fingerprint=shown.fingerprint)
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("WebSocket",)
        page = await visitor.open(f"/app/requests/{sent.reference}")
        await fill_in(portal, page, {"on": (clock.today() + timedelta(days=9)).isoformat()})


async def test_a_connection_lost_again_before_the_form_is_there_loses_nothing(
    browser: Browser, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await FORMS["change_user"].customer()
    (line,) = await customer.lines()
    read, may_read = drafts.get_draft, asyncio.Event()

    async def slowly(*args: Any) -> DraftView:
        await may_read.wait()
        return await read(*args)

    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("WebSocket",)
        page = await visitor.open(f"/app/start/change_user?line={line.id}")
        await put(page, "given_name", "Lou")
        monkeypatch.setattr(drafts, "get_draft", slowly)
        await portal.break_sockets()
        await expect(page.locator("[data-skeleton]")).to_have_count(1)
        await portal.break_sockets()
        await expect(page.locator("html[data-conn=down]")).to_have_count(1)
        await expect(page.locator("html[data-conn=up]")).to_have_count(1)
        may_read.set()
        await holds(page, "given_name", "Lou")
