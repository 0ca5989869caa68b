"""What became of a request, on its pages: a wish that is left out, a cap that is replaced, a contract, a departure."""

import re
from datetime import timedelta

from playwright.async_api import Browser, expect

from backend.catalog.identifiers import format_msisdn
from backend.catalog.profiles import profile
from backend.core import clock
from backend.lines.schemas import Selection
from backend.orders.changes import cancellation, scheduling
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.kinds.change_user import ChangeUser
from backend.orders.kinds.depart import Depart
from backend.orders.kinds.suspend import Suspend
from backend.orders.lifecycle import ItemState
from backend.orders.operator import contracts
from backend.orders.placement import drafts
from backend.orders.placement.place import place_order
from backend.orders.service import get_order, list_orders
from tenants.scope import Actor
from tests.browser.test_sims import accessible
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import add_line_request, store_contract
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.portal import Portal
from tests.support.sandbox import Sandbox


async def test_a_cap_is_one_choice_that_shows_the_present_one_and_replaces_it(
    browser: Browser, portal: Portal, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    await make_lines(customer, 1, options=["roaming-cap-250"])
    [line] = await load_lines_at_carrier(customer, sandbox)
    draft = await drafts.start_draft(customer.manager, "change_options", Selection(line_ids=(line.id,)))
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/drafts/{draft}")
        caps = page.get_by_role("group", name="Monthly cap on data abroad")
        await expect(caps.get_by_role("radio", checked=True)).to_have_count(1)
        await expect(caps).to_contain_text("Keep the cap of 250")
        await accessible(page, "options with caps")
        await caps.get_by_label("Roaming cap €50").check()
        await expect(page.locator("aside")).to_contain_text("Roaming cap €50")
        await page.get_by_role("button", name="Leave Roaming cap €50 as it is").click()
        await expect(page.locator("aside")).to_contain_text("Nothing chosen yet")
        await expect(caps.get_by_label("Roaming cap €50")).not_to_be_checked()
        await caps.get_by_label("Roaming cap €50").check()
        await expect(page.locator("aside")).to_contain_text("Roaming cap €50")
        await page.get_by_role("button", name="Check the price").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you send")
        await expect(page.locator("main")).not_to_contain_text("will not be done")
        await page.get_by_role("button", name="Send the request").click()
        await expect(page.locator("tbody")).to_contain_text("− Roaming cap €250")


async def test_a_wish_that_is_left_out_is_said_before_and_after(
    browser: Browser, portal: Portal, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await make_customer()
    await make_lines(customer, 1, options=["data-20gb"])
    [line] = await load_lines_at_carrier(customer, sandbox)
    asked = {"add": ["data-5gb", "sms-unlimited"]}
    draft = await drafts.start_draft(customer.manager, "change_options", Selection(line_ids=(line.id,)))
    await drafts.save_draft(customer.manager, draft, asked)
    request = ChangeOptions(line_ids=(line.id,), add=("data-5gb", "sms-unlimited"), request_key="k")
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/drafts/{draft}/review")
        await expect(page.locator(".notice").first).to_contain_text("1 thing you asked for will not be done")
        await expect(page.locator("tbody")).to_contain_text("Left out: Data +5 GB conflicts with Data +20 GB")
        await accessible(page, "check answers with something left out")
        placed = await place_order(customer.manager, request)
        done = await carry_out(customer, database, placed.reference)
        assert not done.outcome.complete
        page = await visitor.open(f"/app/requests/{placed.reference}")
        await expect(page.locator(".page-header .pill")).to_have_text("Completed, with something left out")
        await expect(page.locator("main")).to_contain_text("1 thing was left out: This option conflicts")
        await expect(page.locator("tbody")).to_contain_text("Left out: Data +5 GB")
        await accessible(page, "a request with something left out")
        await visitor.open("/app/requests")
        await expect(page.locator("tbody .pill")).to_have_text("Completed, with something left out")


async def test_a_new_line_waits_for_its_contract_and_a_refusal_stands_on_home(
    browser: Browser, portal: Portal, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await make_customer()
    request = add_line_request(
        customer,
        split_profile=profile(customer.carrier).split_profiles[0].code,
        document_id=await store_contract(customer),
    )
    placed = await place_order(customer.manager, request)
    await make_jobs_due(database)
    await until_done(customer, database, placed.reference)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/requests/{placed.reference}")
        await expect(page.locator(".page-header .pill")).to_have_text("Waits for the operator")
        await expect(page.locator("main")).to_contain_text("The operator is looking at the contract")
        await expect(page.locator("main")).not_to_contain_text("Information missing")
        # One line waits: it is not counted as done too, and no time is promised
        await expect(page.locator("tbody .pill")).to_have_text("Waits for the operator")
        await expect(page.locator("main")).not_to_contain_text("line done")
        await expect(page.locator("main")).not_to_contain_text("Promised before")
        await expect(page.locator("main")).to_contain_text("The promised time is on hold")
        await accessible(page, "a request that waits for the operator")
        staff = Actor(customer.tenant_id, operator="Nadia")
        [waiting] = await contracts.contracts_under_review(staff)
        await contracts.decide_contract(staff, waiting.id, accepted=False, reason="No signature.")
        await drain(database)
        await expect(page.locator(".page-header .pill")).to_have_text("Partly completed")
        await expect(page.get_by_role("link", name="Send the contract again")).to_be_visible()
        await expect(page.locator("main")).to_contain_text("No signature.")
        await accessible(page, "a refused contract")
        await visitor.open("/app")
        await expect(page.locator(".todo").first).to_contain_text(placed.reference)


async def until_done(customer: Customer, database: TestDatabase, reference: str) -> None:
    for _ in range(60):
        await drain(database)
        if (await get_order(customer.manager, reference)).counts.get(ItemState.DONE):
            return
        await poll_stale_items(customer.system, -1)
    raise AssertionError(f"{reference} was never done")


async def test_the_invitation_of_a_successor_is_followed(
    browser: Browser, portal: Portal, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await make_customer(lines=1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    request = Depart(
        line_ids=(line.id,),
        on=clock.today() + timedelta(days=4),
        knows_successor=True,
        given_name="Mia",
        family_name="Claes",
        email="mia@private.example",
        language="en",
        request_key="k",
    )
    placed = await place_order(customer.manager, request)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/requests/{placed.reference}")
        panel = page.locator("section", has=page.get_by_role("heading", name="New owner"))
        await expect(panel).to_contain_text("Not opened yet")
        await make_jobs_due(database)
        await drain(database)
        await expect(panel).to_contain_text("Sent on")
        await accessible(page, "a departure")
        [link] = set(re.findall(r"/p/[a-z_-]+/[\w-]+", sandbox.mails("mia@private.example")[0]["html"]))
        successor = await page.context.new_page()
        await successor.goto(f"{portal.url}{link}")
        await expect(panel).to_contain_text("Opened on")
        await successor.get_by_label("Zest 30 GB").check()
        await successor.get_by_role("button", name="Confirm my choice").click()
        await expect(panel).to_contain_text("Zest 30 GB")
    assert len(await list_orders(customer.manager)) == 1


async def test_the_form_of_a_departure_says_the_earliest_day(
    browser: Browser, portal: Portal, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    draft = await drafts.start_draft(customer.manager, "depart", Selection(line_ids=(line.id,)))
    tomorrow = clock.today() + timedelta(days=1)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/drafts/{draft}")
        await expect(page.locator("#on-hint")).to_contain_text(f"{tomorrow:%d/%m/%Y}")
        await page.get_by_label("Day of departure").fill(clock.today().isoformat())
        await page.locator("#knows_successor-yes").check()
        for label, value in (
            ("First name", "Mia"),
            ("Surname", "Claes"),
            ("Private e-mail", "mia@x.example"),
        ):
            await page.get_by_label(label, exact=True).fill(value)
        await page.get_by_label("Language").select_option("fr")
        await page.get_by_role("button", name="Check the price").click()
        await expect(page.locator(".error-summary")).to_contain_text(f"{tomorrow:%d/%m/%Y}")
        await accessible(page, "a departure that is too early")


async def test_what_never_goes_to_the_operator_names_none(
    browser: Browser, portal: Portal, sandbox: Sandbox
) -> None:
    customer = await make_customer(grace_seconds=60)
    reader = await make_member(customer.tenant_id, language="fr")
    await make_lines(customer, 1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    placed = await place_order(
        customer.manager,
        ChangeUser(
            line_ids=(line.id,), given_name="Nora", family_name="Dupont", language="fr", request_key="k"
        ),
    )
    async with portal.browse(browser, reader) as visitor:
        page = await visitor.open(f"/app/requests/{placed.reference}")
        await expect(page.locator(".countdown")).to_contain_text("Rien n’est encore exécuté.")
        await expect(page.locator("main")).not_to_contain_text("Mandarine")
        await expect(page.locator("main")).not_to_contain_text("opérateur")
        await expect(page.locator("tbody .pill")).to_have_text("À traiter")
        await expect(page.locator("main")).not_to_contain_text("envoyer")
        await cancellation.undo_order(customer.manager, placed.reference)
        await expect(page.locator(".timeline .is-stopped")).to_contain_text("Annulée")
        await expect(page.locator(".timeline .is-lost")).to_have_count(0)


async def test_a_change_of_the_user_says_who_asked_from_whom_to_whom_and_its_message_names_the_line(
    browser: Browser, portal: Portal, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await make_customer()
    await make_lines(customer, 1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    placed = await place_order(
        customer.manager,
        ChangeUser(
            line_ids=(line.id,), given_name="Nora", family_name="Dupont", language="fr", request_key="k"
        ),
    )
    await carry_out(customer, database, placed.reference)
    async with portal.browse(browser, customer.manager) as visitor:
        page = await visitor.open(f"/app/lines/{line.id}/history")
        done = page.locator(".timeline > li", has_text="User changed")
        await expect(done).to_contain_text(
            f"{line.name} → Dupont, Nora, requested by {customer.manager.name}"
        )
        await expect(page.locator("main")).not_to_contain_text("by the product or the carrier")
        await visitor.open("/app/notifications")
        row = page.locator(".todo > li", has_text=placed.reference)
        await expect(row).to_contain_text(format_msisdn(line.msisdn))


async def test_a_failed_suspension_names_its_number_on_home_and_on_its_page(
    browser: Browser, portal: Portal, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await make_customer()
    reader = await make_member(customer.tenant_id, language="fr")
    await make_lines(customer, 1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave("mandarine", outcome="failed", message="Line busy")
    placed = await place_order(
        customer.manager, Suspend(line_ids=(line.id,), reason="absence", request_key="k")
    )
    await carry_out(customer, database, placed.reference)
    words = f"le {format_msisdn(line.msisdn)} n’est pas suspendu et fonctionne toujours"
    async with portal.browse(browser, reader) as visitor:
        page = await visitor.open("/app")
        await expect(page.locator(".todo").first).to_contain_text(words)
        page = await visitor.open(f"/app/requests/{placed.reference}")
        await expect(page.locator(".notice").first).to_contain_text(words)
        await expect(page.locator("main")).to_contain_text("« Line busy »")


async def test_a_planned_request_shows_its_day_its_moves_and_who_cancelled_it(
    browser: Browser, portal: Portal, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    reader = await make_member(customer.tenant_id, language="fr")
    await make_lines(customer, 1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    day = clock.today() + timedelta(days=3)
    placed = await place_order(
        customer.manager,
        ChangeOptions(line_ids=(line.id,), add=("data-5gb",), on=day, request_key="k"),
    )
    later = day + timedelta(days=2)
    await scheduling.reschedule_order(customer.manager, placed.reference, on=later)
    async with portal.browse(browser, reader) as visitor:
        page = await visitor.open(f"/app/requests/{placed.reference}")
        about = page.locator("section", has=page.get_by_role("heading", name="À propos"))
        await expect(about).to_contain_text(f"Le {later:%d/%m/%Y}")
        await expect(about).not_to_contain_text("Prix accepté")
        await expect(page.locator("main")).not_to_contain_text("avant le")
        await expect(about).not_to_contain_text("fin du mois")
        await expect(page.locator(".timeline")).to_contain_text(f"Déplacée au {later:%d/%m/%Y}")
        await page.get_by_role("button", name="Annuler la demande").click()
        await expect(page.get_by_text("Demande annulée.", exact=True)).to_be_visible()
        await expect(page.locator(".timeline .is-stopped")).to_contain_text("par Sofie")
        for gone in ("Délai promis", "Prix accepté", "Confirmation à"):
            await expect(page.locator("main")).not_to_contain_text(gone)


async def test_the_same_request_again_leads_to_the_one_under_way(
    browser: Browser, portal: Portal, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    reader = await make_member(customer.tenant_id, language="fr")
    await make_lines(customer, 1)
    [line] = await load_lines_at_carrier(customer, sandbox)
    request = ChangeOptions(line_ids=(line.id,), add=("data-5gb",), request_key="k")
    placed = await place_order(customer.manager, request)
    draft = await drafts.start_draft(reader, "change_options", Selection(line_ids=(line.id,)))
    await drafts.save_draft(reader, draft, {"add": ["data-20gb"]})
    async with portal.browse(browser, reader) as visitor:
        page = await visitor.open(f"/app/drafts/{draft}/review")
        await expect(page.get_by_role("link", name=f"Voir la demande {placed.reference}")).to_be_visible()
        await expect(page.locator("main")).to_contain_text("Une demande est en cours sur cette ligne")
        for wrong in ("0,00", "Confirmation à", "0 ligne", "Quand"):
            await expect(page.locator("main")).not_to_contain_text(wrong)
