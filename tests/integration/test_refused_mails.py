"""Mails that the mail server refuses for good: no request is plainly completed, and who has to act is said everywhere."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, Unavailable, ValidationFailed
from backend.core.messaging.jobs import job_scope
from backend.lines.schemas import LineRow
from backend.lines.service import get_line
from backend.lines.sims.notifications import send_activation_code
from backend.notifications import sending
from backend.notifications.content import MailContent, Message
from backend.orders.changes.invitations import send_invitation_again
from backend.orders.departure_status import departure_status
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.kinds.depart import Depart
from backend.orders.kinds.replace_sim import ReplaceSim
from backend.orders.kinds.request_esim import RequestEsim
from backend.orders.kinds.resend_esim import ResendEsim
from backend.orders.outcome import OutcomeCode, PartCode, WaitsFor
from backend.orders.placement.place import place_order, preview_order
from backend.orders.queries import OrderFilter
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order, list_orders, page_of_orders
from frontend.components.tasks import needing_me
from tenants.scope import Scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member, sim_for
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.sandbox import Sandbox

# The sandbox's mail server answers 550 to this domain, and 451 to the other
REFUSED, DEFERRED = "an@refused.example", "an@deferred.example"
GOOD = "an.peeters@user.example"


async def one_line(
    sandbox: Sandbox, carrier: str = "mandarine", email: str = GOOD
) -> tuple[Customer, LineRow]:
    customer = await make_customer(carrier=carrier, lines=1)
    line = (await load_lines_at_carrier(customer, sandbox))[0]
    async with job_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE end_user SET email = $1, language = 'fr'", email)
    return customer, line


async def ordered_esim(
    customer: Customer, line: LineRow, database: TestDatabase, email: str = REFUSED, **more: Any
) -> OrderDetail:
    """An eSIM of which the carrier has the code ready, after the mail with it was tried."""
    asked = RequestEsim(
        line_ids=(line.id,),
        confirmed=True,
        request_key="esim",
        email=email,
        language="fr",
        reason="new_device",
        **more,
    )
    placed = await place_order(customer.manager, asked)
    for _ in range(60):
        found = await follow(customer, database, placed.reference)
        if found.items[0].reported.get("esimState") == "released":
            return found
        await poll_stale_items(customer.system, -1)
        await asyncio.sleep(0.02)
    raise AssertionError(f"never released: {found.items[0].reported}")


async def follow(customer: Customer, database: TestDatabase, reference: str) -> OrderDetail:
    for _ in range(4):
        await make_jobs_due(database)
        await drain(database)
    return await get_order(customer.manager, reference)


async def waiting(customer: Customer) -> list[str]:
    """What the list of what waits for the customer names; its number is the same, and so is what home says."""
    found = await page_of_orders(customer.manager, OrderFilter(group="attention"))
    assert found.total == len(found.items)
    assert all(one.outcome.waits_for is WaitsFor.CUSTOMER for one in found.items)
    home = {one.reference for one in await needing_me(customer.manager)}
    assert home >= {one.reference for one in found.items}
    return [one.reference for one in found.items]


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
async def test_an_esim_whose_mail_is_refused_waits_for_the_customer_until_it_is_sent_again(
    sandbox: Sandbox, database: TestDatabase, carrier: str
) -> None:
    """With one carrier it is the code, with the other the question to the user that comes before it."""
    customer, line = await one_line(sandbox, carrier)
    sandbox.behave(carrier, esim_by_hand=True)
    order = await ordered_esim(customer, line, database)
    assert order.outcome.waits_for is WaitsFor.CUSTOMER
    assert (order.outcome.undelivered, order.outcome.complete) == (1, False)
    assert PartCode.UNDELIVERED in {part.code for part in order.outcome.parts}
    assert (order.items[0].undelivered, order.items[0].waits_for) == (True, WaitsFor.CUSTOMER)
    assert "refused" in order.items[0].why
    assert await waiting(customer) == [order.reference]
    (listed,) = await list_orders(customer.manager)
    assert (listed.outcome.code, listed.outcome.waits_for) == (order.outcome.code, WaitsFor.CUSTOMER)
    esim = (await get_line(customer.manager, line.id)).esim
    assert esim is not None
    assert (esim.mail_refused, esim.sent_at, esim.email) == (True, None, REFUSED)
    # The requester is told
    assert any(
        "n’a pas pu" in one["html"] or "could not be" in one["html"]
        for one in sandbox.mails(customer.manager.email)
    )

    wrong = ResendEsim(line_ids=(line.id,), request_key="1", email="an@@user")
    with pytest.raises(ValidationFailed) as refused:
        await preview_order(customer.manager, wrong)
    assert set(refused.value.fields) == {"email"}
    same = await place_order(customer.manager, ResendEsim(line_ids=(line.id,), request_key="2"))
    again = await follow(customer, database, same.reference)
    assert (again.outcome.code, again.outcome.complete) == (OutcomeCode.NOT_DELIVERED, False)
    assert set(await waiting(customer)) == {order.reference, again.reference}

    good = ResendEsim(line_ids=(line.id,), request_key="3", email=GOOD)
    sent = await place_order(customer.manager, good)
    arrived = await follow(customer, database, sent.reference)
    assert (arrived.outcome.code, arrived.outcome.complete) == (OutcomeCode.DONE, True)
    assert len(sandbox.mails(GOOD)) >= 1
    assert await waiting(customer) == []
    now = await get_order(customer.manager, order.reference)
    assert (now.outcome.undelivered, now.outcome.waits_for) == (0, WaitsFor.USER)
    esim = (await get_line(customer.manager, line.id)).esim
    assert esim is not None
    assert (esim.mail_refused, esim.email) == (False, GOOD)


async def test_a_request_about_which_a_message_was_refused_is_not_plainly_completed(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, line = await one_line(sandbox)
    requester = replace(customer.manager, email="sofie@refused.example")
    asked = ChangeOptions(line_ids=(line.id,), add=("sms-unlimited",), request_key="o")
    placed = await place_order(requester, asked)
    await carry_out(customer, database, placed.reference)
    done = await follow(customer, database, placed.reference)
    assert (done.outcome.code, done.outcome.complete) == (OutcomeCode.NOT_DELIVERED, True)
    [part] = [part for part in done.outcome.parts if part.code is PartCode.MAIL_REFUSED]
    assert part.count == 2
    # Nobody can put it right: it is said, and waits for nobody
    assert done.outcome.waits_for is WaitsFor.NOBODY
    assert await waiting(customer) == []


async def test_a_refused_notice_to_the_user_is_said_of_its_request(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, line = await one_line(sandbox, email=REFUSED)
    asked = ReplaceSim(
        line_ids=(line.id,),
        sim_number=sim_for("mandarine", 777001),
        reason="lost",
        request_key="s",
        confirmed=True,
    )
    placed = await place_order(customer.manager, asked)
    await carry_out(customer, database, placed.reference)
    done = await follow(customer, database, placed.reference)
    assert done.outcome.code is OutcomeCode.NOT_DELIVERED
    assert [part.count for part in done.outcome.parts if part.code is PartCode.MAIL_REFUSED] == [2]


async def departing(customer: Customer, line: LineRow, database: TestDatabase, email: str) -> OrderDetail:
    asked = Depart(
        line_ids=(line.id,),
        on=clock.today() + timedelta(days=30),
        knows_successor=True,
        given_name="An",
        family_name="Peeters",
        email=email,
        language="fr",
        confirmed=True,
        request_key="d",
    )
    placed = await place_order(customer.manager, asked)
    return await follow(customer, database, placed.reference)


async def test_a_refused_invitation_waits_for_the_customer_and_is_sent_to_another_address(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, line = await one_line(sandbox)
    order = await departing(customer, line, database, REFUSED)
    assert (order.outcome.waits_for, order.outcome.undelivered) == (WaitsFor.CUSTOMER, 1)
    assert await waiting(customer) == [order.reference]
    status = await departure_status(customer.manager, order.reference)
    assert status is not None
    assert (status.email, status.sent_at) == (REFUSED, None)
    assert "No such mailbox" in status.refused

    with pytest.raises(ValidationFailed) as refused:
        await send_invitation_again(customer.manager, order.reference, email="an@@example")
    assert set(refused.value.fields) == {"email"}
    for role in ("viewer", "end_user"):
        with pytest.raises(Forbidden):
            await send_invitation_again(
                await make_member(customer.tenant_id, roles=frozenset({role})), order.reference, email=GOOD
            )
    with pytest.raises(NotFound):
        await send_invitation_again((await make_customer()).manager, order.reference, email=GOOD)
    await send_invitation_again(customer.manager, order.reference, email="an.p@refused.example")
    assert await follow(customer, database, order.reference)
    assert await waiting(customer) == [order.reference]
    await send_invitation_again(customer.manager, order.reference, email=GOOD)
    now = await follow(customer, database, order.reference)
    assert (now.outcome.undelivered, now.outcome.waits_for) == (0, WaitsFor.NOBODY)
    assert [one["to"] for one in sandbox.mails(GOOD)] == [[GOOD]]
    status = await departure_status(customer.manager, order.reference)
    assert status is not None
    assert status.sent_at is not None
    assert (status.email, status.refused) == (GOOD, "")
    with pytest.raises(Conflict):
        await send_invitation_again(customer.manager, order.reference, email=GOOD)


async def test_what_waits_for_the_operator_is_not_listed_as_waiting_for_the_customer(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer, line = await one_line(sandbox)
    asked = ChangeOptions(line_ids=(line.id,), add=("sms-unlimited",), request_key="o")
    placed = await place_order(customer.manager, asked)
    sandbox.behave("mandarine", outcome="held")
    order = await follow(customer, database, placed.reference)
    async with job_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE change_order_item SET state = 'held', reason = 'manual_check' WHERE order_id = $1",
            order.id,
        )
        await scope.connection.execute("UPDATE change_order SET state = 'held' WHERE id = $1", order.id)
    held = await get_order(customer.manager, placed.reference)
    assert held.outcome.waits_for is WaitsFor.OPERATOR
    assert await waiting(customer) == []


def mail_to(address: str) -> Any:
    async def compose(_scope: Scope) -> Message | None:
        return Message(address, MailContent("en", "Subject", "Title", ("Words.",)))

    return compose


async def test_what_the_server_puts_off_for_five_days_is_given_up(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer()
    results: list[str | None] = []

    async def record(_scope: Scope, refused: str | None) -> None:
        results.append(refused)

    for _ in range(2):
        with pytest.raises(Unavailable):
            await sending.send_once(customer.manager, "test/1", mail_to(DEFERRED), record=record)
    monkeypatch.setattr(sending, "GIVEN_UP_AFTER", timedelta(0))
    for _ in range(2):
        await sending.send_once(customer.manager, "test/1", mail_to(DEFERRED), record=record)
    assert len(results) == 1
    assert "Try again later" in str(results[0])


async def test_a_recipient_that_was_fixed_long_ago_counts_from_the_first_try(sandbox: Sandbox) -> None:
    customer = await make_customer()
    async with job_scope(customer.system) as scope:
        await sending.pin_recipient(scope, "test/2", DEFERRED)
        await scope.connection.execute("UPDATE notification SET created_at = now() - interval '30 days'")
    with pytest.raises(Unavailable):
        await sending.send_once(customer.manager, "test/2", mail_to(DEFERRED))
    async with job_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE notification SET created_at = now() - interval '6 days'")
    await sending.send_once(customer.manager, "test/2", mail_to(DEFERRED))
    async with job_scope(customer.system) as scope:
        assert await scope.connection.fetchval("SELECT refused FROM notification") is not None


async def test_the_result_of_an_earlier_sending_does_not_count(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    """A mail to the old address may be refused after another one has left for the new address."""
    customer, line = await one_line(sandbox)
    sandbox.behave("mandarine", esim_by_hand=True)
    await ordered_esim(customer, line, database, GOOD)
    async with job_scope(customer.system) as scope:
        profile: UUID = await scope.connection.fetchval("SELECT id FROM esim_profile")
        await scope.connection.execute("UPDATE esim_profile SET sent_count = sent_count + 1")
        await scope.connection.execute("DELETE FROM notification WHERE key LIKE 'esim/%'")
        await scope.connection.execute("UPDATE esim_profile SET email = $1", REFUSED)
    await send_activation_code(customer.system, profile_id=str(profile), number=1)
    async with job_scope(customer.system) as scope:
        assert await scope.connection.fetchval("SELECT mail_refused FROM esim_profile") is None
