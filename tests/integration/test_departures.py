"""The successor's side of a departure: asked, chooses or declines, told of changes, forgotten; nobody else may."""

import re
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar

from backend.api.public import public_router
from backend.api.successor import handle, render
from backend.core import clock, public_links
from backend.core.errors import ValidationFailed
from backend.core.messaging.jobs import job_scope
from backend.lines.service import get_line
from backend.notifications.service import list_notifications
from backend.orders.changes.cancellation import cancel_order
from backend.orders.changes.scheduling import reschedule_order
from backend.orders.departure_status import departure_status
from backend.orders.departures import choose_offer, erase_successors, mark_opened
from backend.orders.effects.depart import LINK
from backend.orders.kinds.depart import Depart
from backend.orders.lifecycle import OrderState
from backend.orders.placement.place import place_order, preview_order
from backend.orders.schemas import OrderDetail
from backend.settings import Settings
from tenants.scope import Actor
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.sandbox import Sandbox

SOON = clock.today() + timedelta(days=3)
MAIL = "mia@private.example"


async def leaving(sandbox: Sandbox, database: TestDatabase, **more: Any) -> tuple[Customer, OrderDetail, str]:
    """A departure with a successor who has the mail; returns the token of its link."""
    customer = await make_customer(lines=1)
    (line,) = await load_lines_at_carrier(customer, sandbox)
    kind_fields = {"given_name": "Mia", "family_name": "Claes", "email": MAIL, "language": "nl", **more}
    request = Depart(line_ids=(line.id,), on=SOON, knows_successor=True, request_key="k", **kind_fields)
    placed = await place_order(customer.manager, request)
    assert placed.state is OrderState.SCHEDULED
    await make_jobs_due(database)
    await drain(database)
    return customer, placed, token_in(sandbox)


def token_in(sandbox: Sandbox) -> str:
    found = re.findall(rf"/p/{LINK}/([\w-]+)", sandbox.mails(MAIL)[0]["html"])
    assert found
    return str(found[0])


async def state_of(customer: Customer) -> Any:
    async with job_scope(customer.system) as scope:
        return await scope.connection.fetchrow("SELECT * FROM departure")


async def come(database: TestDatabase) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("UPDATE change_order SET due_on = $1", clock.today())
    await connection.close()
    await make_jobs_due(database)


async def test_the_successor_chooses_and_the_number_goes_to_the_offer(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, placed, token = await leaving(sandbox, database)
    (line,) = await customer.lines()
    assert line.status == "pending_release"
    mail = sandbox.mails(MAIL)[0]
    assert "Mia" in mail["html"]
    assert "wordt van u" in mail["subject"]
    link = await public_links.find_link(token, LINK)
    assert link is not None
    async with job_scope(Actor(link.tenant_id)) as scope:
        await scope.connection.execute("SET TRANSACTION READ ONLY")  # what a GET may do
        view = await render(scope, link, "en")
    assert "zeste-30" in view.form
    assert view.language == "nl"
    async with job_scope(Actor(link.tenant_id)) as scope:
        wrong = await handle(scope, link, "en", {"choice": "choose", "offer": "free-forever"})
    assert wrong.errors
    for offer in ("zeste-5", "zeste-30"):  # a choice may be changed until the day
        async with job_scope(Actor(link.tenant_id)) as scope:
            await handle(scope, link, "en", {"choice": "choose", "offer": offer})
    assert (await state_of(customer))["state"] == "offer_chosen"
    await come(database)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert (await get_line(customer.manager, line.id)).status == "released_private"
    assert not await customer.lines()
    assert (await state_of(customer))["state"] == "converted_private"
    order = sandbox.order("mandarine", str(done.items[0].id))
    assert order is not None
    said = {
        one["name"]: one.get("value")
        for one in order["serviceOrderItem"][0]["service"]["serviceCharacteristic"]
    }
    assert (said["target"], said["offer"], said["successorEmail"]) == ("private", "zeste-30", MAIL)


async def test_without_an_answer_or_declined_it_becomes_prepaid(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    for declines in (False, True):
        customer, placed, token = await leaving(sandbox, database)
        (line,) = await customer.lines()
        if declines:
            link = await public_links.find_link(token, LINK)
            assert link is not None
            async with job_scope(Actor(link.tenant_id)) as scope:
                await handle(scope, link, "nl", {"choice": "choose", "offer": "prepaid"})
        await come(database)
        assert (await carry_out(customer, database, placed.reference)).state is OrderState.COMPLETED
        assert (await get_line(customer.manager, line.id)).status == "released_prepaid"
        assert (await state_of(customer))["state"] == "converted_prepaid"


async def test_withdrawn_the_successor_is_told_and_the_link_says_so(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, placed, token = await leaving(sandbox, database)
    await cancel_order(customer.manager, placed.reference)
    await drain(database, twice=True)
    (line,) = await customer.lines()
    assert line.status == "active"
    link = await public_links.find_link(token, LINK)
    assert link is not None
    async with job_scope(Actor(link.tenant_id)) as scope:
        for view in (
            await render(scope, link, "en"),
            await handle(scope, link, "en", {"choice": "choose", "offer": "zeste-5"}),
        ):
            assert "ingetrokken" in view.text[0]
            assert not view.buttons
    assert len(sandbox.mails(MAIL)) == 2
    assert (await state_of(customer))["state"] == "withdrawn"


async def test_withdrawn_before_the_mail_left_nobody_hears_of_it(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await make_customer(lines=1)
    (line,) = await load_lines_at_carrier(customer, sandbox)
    request = Depart(
        line_ids=(line.id,),
        on=SOON,
        knows_successor=True,
        given_name="Mia",
        family_name="Claes",
        email=MAIL,
        language="fr",
        request_key="k",
    )
    before = len(sandbox.mails(MAIL))
    placed = await place_order(customer.manager, request)
    await drain(database)
    await cancel_order(customer.manager, placed.reference)
    await make_jobs_due(database)
    await drain(database)
    assert len(sandbox.mails(MAIL)) == before


async def test_moved_the_successor_gets_a_link_that_holds(sandbox: Sandbox, database: TestDatabase) -> None:
    customer, placed, _ = await leaving(sandbox, database)
    await reschedule_order(customer.manager, placed.reference, on=SOON + timedelta(days=4))
    await drain(database, twice=True)
    token = token_in(sandbox)
    link = await public_links.find_link(token, LINK)
    assert link is not None
    assert (await state_of(customer))["leaves_on"] == SOON + timedelta(days=4)


async def test_on_the_day_nothing_can_be_chosen_any_more(sandbox: Sandbox, database: TestDatabase) -> None:
    customer, _, token = await leaving(sandbox, database)
    link = await public_links.find_link(token, LINK)
    assert link is not None
    async with job_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE departure SET leaves_on = $1", clock.today())
        assert not await choose_offer(scope, link.subject_id, offer="zeste-5")
        view = await handle(scope, link, "nl", {"choice": "choose", "offer": "zeste-5"})
    assert not view.buttons
    other = await make_customer()
    async with job_scope(other.system) as scope:
        assert not await choose_offer(scope, link.subject_id, offer="zeste-5")


async def test_the_successor_is_forgotten_two_months_after_the_end(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, placed, _ = await leaving(sandbox, database)
    await cancel_order(customer.manager, placed.reference)
    await erase_successors(customer.system)
    assert (await state_of(customer))["email"] == MAIL
    async with job_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE departure SET ended_at = now() - interval '61 days'")
    await erase_successors(customer.system)
    async with job_scope(customer.system) as scope:
        rows = await scope.connection.fetch(
            "SELECT body::text FROM change_order UNION SELECT change::text FROM change_order_item"
        )
    assert MAIL not in str([dict(row) for row in rows])
    assert (await state_of(customer))["email"] == ""


@pytest.mark.parametrize("token", ["", "x", "y" * 300])
async def test_an_unknown_token_is_no_link(token: str) -> None:
    assert await public_links.find_link(token, LINK) is None


async def test_with_a_successor_the_day_is_not_today(sandbox: Sandbox) -> None:
    """The successor would be asked for a choice that nobody could make any more."""
    customer = await make_customer(lines=1)
    (line,) = await load_lines_at_carrier(customer, sandbox)
    who = {"given_name": "Mia", "family_name": "Claes", "email": MAIL, "language": "nl"}

    def asked(**more: Any) -> Depart:
        return Depart(line_ids=(line.id,), request_key="k", **more)

    with pytest.raises(ValidationFailed) as refused:
        await preview_order(customer.manager, asked(on=clock.today(), knows_successor=True, **who))
    tomorrow = clock.today() + timedelta(days=1)
    assert set(refused.value.fields) == {"on"}
    assert f"{tomorrow:%d/%m/%Y}" in refused.value.fields["on"]
    told = await preview_order(customer.manager, asked(on=tomorrow, knows_successor=True, **who))
    assert "prepaid card without an answer" in told.items[0].words[0]
    alone = await preview_order(customer.manager, asked(on=clock.today(), knows_successor=False))
    assert alone.items[0].words == [f"Becomes a prepaid card on {clock.today():%d/%m/%Y}"]


async def test_the_manager_sees_what_became_of_the_invitation(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, placed, token = await leaving(sandbox, database)
    before = await departure_status(customer.manager, placed.reference)
    assert before is not None
    assert (before.email, before.opened_at, before.offer) == (MAIL, None, "")
    assert before.sent_at is not None
    link = await public_links.find_link(token, LINK)
    assert link is not None
    async with job_scope(Actor(link.tenant_id)) as scope:
        await mark_opened(scope, link.subject_id)
        await choose_offer(scope, link.subject_id, offer="zeste-30")
    seen = await departure_status(customer.manager, placed.reference)
    assert seen is not None
    assert (seen.offer, seen.prepaid) == ("Zest 30 GB", False)
    assert seen.opened_at is not None
    await drain(database, twice=True)
    confirmation = sandbox.mails(MAIL)[0]
    assert "Zest 30 GB" in confirmation["text"]
    assert "uw keuze" in confirmation["subject"].lower()
    await come(database)
    done = await carry_out(customer, database, placed.reference)
    assert done.items[0].words == [f"Transfer to a private offer on {clock.today():%d/%m/%Y}"]
    assert "is van u" in sandbox.mails(MAIL)[0]["subject"]
    assert len(sandbox.mails(MAIL)) == 3
    for mail in sandbox.mails(MAIL):
        for part in ("text", "html"):
            assert "uw bedrijf" not in mail[part], "a successor has no company here"
            assert "als nieuwe titularis" in mail[part]


CHOSEN = [
    ("en", "Your choice is saved", "If you choose nothing", "made a choice"),
    ("fr", "Votre choix est enregistré", "Si vous ne choisissez rien", "a fait un choix"),
    ("nl", "Uw keuze is opgeslagen", "Kiest u niets", "maakte een keuze"),
    ("de", "Ihre Wahl ist gespeichert", "Wählen Sie nichts", "hat für"),
]


@pytest.mark.parametrize(("language", "saved", "otherwise", "told"), CHOSEN)
async def test_a_choice_is_said_clearly_and_the_manager_hears_of_it(
    sandbox: Sandbox, database: TestDatabase, language: str, saved: str, otherwise: str, told: str
) -> None:
    customer, placed, token = await leaving(sandbox, database, language=language)
    async with job_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE change_order SET language = $1", language)
    link = await public_links.find_link(token, LINK)
    assert link is not None
    async with job_scope(Actor(link.tenant_id)) as scope:
        before = await render(scope, link, "en")
    assert otherwise in before.text[-1]
    assert len(before.buttons) == 1, "the prepaid card is chosen in one place"
    for offer in ("zeste-30", "prepaid"):
        async with job_scope(Actor(link.tenant_id)) as scope:
            view = await handle(scope, link, "en", {"choice": "choose", "offer": offer})
        assert saved in view.title
        assert view.done
        assert f"{SOON:%d/%m/%Y}" in view.text[0]
        assert not any(otherwise in words for words in view.text)
        await drain(database, twice=True)
    reports = [one for one in (await list_notifications(customer.manager)).items if told in one.title]
    assert [one.path for one in reports] == [f"/app/requests/{placed.reference}"] * 2
    mails = [mail for mail in sandbox.mails(customer.manager.email) if told in mail["subject"]]
    assert len(mails) == 2


async def test_without_an_answer_nobody_says_that_it_was_transferred(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, placed, _ = await leaving(sandbox, database)
    await come(database)
    done = await carry_out(customer, database, placed.reference)
    assert done.items[0].words == [f"Becomes a prepaid card on {clock.today():%d/%m/%Y}"]
    ended = await departure_status(customer.manager, placed.reference)
    assert ended is not None
    assert (ended.state, ended.offer, ended.prepaid) == ("converted_prepaid", "", False)


async def test_a_browser_that_opens_the_page_is_noted_and_a_scanner_is_not(
    settings: Settings, sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, _, token = await leaving(sandbox, database)
    app = Litestar([public_router(settings)], openapi_config=None)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        assert (await client.get(f"/p/{LINK}/{token}")).status_code == 200
        assert (await state_of(customer))["opened_at"] is None
        await client.get(f"/p/{LINK}/{token}", headers={"sec-fetch-dest": "document"})
        first = (await state_of(customer))["opened_at"]
        assert first is not None
        await client.get(f"/p/{LINK}/{token}", headers={"sec-fetch-dest": "document"})
        assert (await state_of(customer))["opened_at"] == first
