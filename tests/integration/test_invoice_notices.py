"""Who is told of an invoice and of what is overdue, how often, in which words, and what a payment ends."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.billing import access
from backend.billing import service as billing
from backend.billing.bank.payments import BankPayment, book_payment
from backend.billing.delivery import service as delivery
from backend.billing.delivery.lifecycle import DeliveryMethod
from backend.billing.delivery.service import DeliveryWish
from backend.billing.reminders import service as reminders
from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.core.ids import new_id
from tenants.scope import Actor, Reach
from tenants.transaction import open_scope
from tests.support.billing_documents import DEBIT
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.invoices import NADIA, credit_for, invoice_for, invoices_of, take
from tests.support.jobs import drain
from tests.support.sandbox import Sandbox

READER = frozenset({"invoice_reader"})
DAYS = (7, 21, 35)


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer()


async def rows(actor: Actor, query: str, *values: object) -> list[Any]:
    async with open_scope(actor) as scope:
        return list(await scope.connection.fetch(query, *values))


def account_of(customer: Customer, at: int = 0) -> tuple[str, UUID]:
    return list(customer.accounts.items())[at]


async def issue(customer: Customer, number: str, *, late: int = -14, **changes: Any) -> None:
    """An invoice of today, or one that is so many days late."""
    today = clock.today()
    issued = today if late < 0 else today - timedelta(days=late + 30)
    document = invoice_for(customer, number, issued_on=issued, due_on=today - timedelta(days=late), **changes)
    assert (await take(document)).number


async def subjects(sandbox: Sandbox, to: str) -> list[str]:
    mails = sandbox.mails(to)
    assert {mail["times"] for mail in mails} <= {1}
    return [mail["subject"] for mail in mails]


async def operator_in(customer: Customer) -> Actor:
    return Actor(customer.tenant_id, name=NADIA.name, operator=NADIA.operator)


async def test_the_readers_of_a_customer_number_are_told_once_each_in_their_language(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    (first, first_id), (_second, second_id) = account_of(customer), account_of(customer, 1)
    french = await make_member(customer.tenant_id, roles=READER, language="fr")
    elsewhere = await make_member(customer.tenant_id, roles=READER)
    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    manager = await make_member(customer.tenant_id, roles=frozenset({"fleet_manager"}))
    await access.give_invoice_access(customer.manager, elsewhere.email, [second_id])
    wish = DeliveryWish(
        method=DeliveryMethod.EMAIL, emails=["books@delta.example", " BOOKS@delta.example", french.email]
    )
    await delivery.set_delivery(customer.manager, first_id, wish)
    await drain(database)
    sandbox.reset()
    await issue(customer, "2026-7", account=first)
    await drain(database, twice=True)
    [mail] = sandbox.mails(french.email)
    assert mail["subject"].startswith("Facture 2026-7\u00a0: ")
    assert "avant le" in mail["subject"]
    assert "+++010/8068/17183+++" in mail["text"]
    assert "/app/invoices/" in mail["text"]
    assert "demande de vous connecter" in mail["text"]
    assert len(await subjects(sandbox, "books@delta.example")) == 1
    assert len(await subjects(sandbox, customer.manager.email)) == 1
    for nobody in (elsewhere, auditor, manager):
        assert await subjects(sandbox, nobody.email) == []
    [shown] = await rows(
        customer.manager,
        "SELECT title, path FROM notification WHERE member_id = $1 AND channel = 'portal' AND key LIKE 'invoice/%'",
        french.member_id,
    )
    [invoice] = await invoices_of(customer.manager)
    assert (shown["title"], shown["path"]) == (mail["subject"], f"/app/invoices/{invoice.id}")


async def test_what_is_said_is_true_of_a_debit_a_credit_and_an_undated_invoice(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    await issue(customer, "2026-1", payment_means="59", debit=DEBIT)
    await issue(customer, "2026-2")
    today = clock.today()
    assert (await take(credit_for(customer, "NC-1", issued_on=today))).number
    assert (
        await take(invoice_for(customer, "2026-3", issued_on=today, due_on=None, terms="30 days net"))
    ).number
    await drain(database, twice=True)
    said = {mail["subject"].split(":")[0]: mail for mail in sandbox.mails(customer.manager.email)}
    assert "will be debited on" in said["Invoice 2026-1"]["subject"]
    assert "You have nothing to pay" in said["Invoice 2026-1"]["text"]
    assert "Structured communication" not in said["Invoice 2026-1"]["text"]
    assert "to pay before" in said["Invoice 2026-2"]["subject"]
    assert "in your favour" in said["Credit note NC-1"]["subject"]
    assert "names no date" in said["Invoice 2026-3"]["text"]


async def test_history_is_not_announced_and_post_sends_no_mail_but_the_portal_shows_it(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    assert (await take(invoice_for(customer, "OLD-1", issued_on=clock.today() - timedelta(days=40)))).number
    await drain(database)
    assert await subjects(sandbox, customer.manager.email) == []
    await delivery.set_delivery(
        customer.manager,
        account_of(customer)[1],
        DeliveryWish(method=DeliveryMethod.POST, emails=["a@b.example"]),
    )
    await issue(customer, "NEW-1")
    await drain(database, twice=True)
    assert await subjects(sandbox, customer.manager.email) == []
    [shown] = await rows(
        customer.manager, "SELECT title FROM notification WHERE member_id = $1", customer.manager.member_id
    )
    assert shown["title"].startswith("Invoice NEW-1")


async def test_a_delivery_is_an_owners_choice_and_waits_for_the_operator(customer: Customer) -> None:
    number, account = account_of(customer)
    reader = await make_member(customer.tenant_id, roles=READER)
    stranger = await make_customer()
    before = {one.account: one for one in await delivery.list_deliveries(reader)}
    assert (before[number].method, before[number].changed_at, before[number].waits) == ("email", None, False)
    with pytest.raises(Forbidden):
        await delivery.set_delivery(reader, account, DeliveryWish(method=DeliveryMethod.POST))
    with pytest.raises(NotFound):
        await delivery.set_delivery(stranger.manager, account, DeliveryWish(method=DeliveryMethod.POST))
    for wrong in (["a..b@c.example"], ["x"], [f"{n}@c.example" for n in range(6)]):
        with pytest.raises(ValidationFailed):
            await delivery.set_delivery(
                customer.manager, account, DeliveryWish(method=DeliveryMethod.EMAIL, emails=wrong)
            )
    with pytest.raises(ValidationFailed):
        await delivery.set_delivery(
            customer.manager, account, DeliveryWish(method=DeliveryMethod.EMAIL, mobile="12")
        )
    await delivery.set_delivery(customer.manager, account, DeliveryWish(method=DeliveryMethod.PEPPOL))
    nadia = await operator_in(customer)
    [waiting] = await delivery.deliveries_to_confirm(nadia)
    assert (waiting.account, waiting.method, waiting.enterprise_number) == (number, "peppol", "0123456749")
    await delivery.set_delivery(customer.manager, account, DeliveryWish(method=DeliveryMethod.POST))
    assert waiting.changed_at
    with pytest.raises(Conflict):
        await delivery.confirm_delivery(nadia, number, waiting.changed_at)
    [waiting] = await delivery.deliveries_to_confirm(nadia)
    assert waiting.changed_at
    await delivery.confirm_delivery(nadia, number, waiting.changed_at)
    assert await delivery.deliveries_to_confirm(nadia) == []
    [now] = [one for one in await delivery.list_deliveries(customer.manager) if one.account == number]
    assert (now.method, now.waits) == ("post", False)


async def test_a_delivery_beyond_reach_cannot_be_chosen(customer: Customer) -> None:
    (_, first), (_, second) = account_of(customer), account_of(customer, 1)
    owner = await make_member(
        customer.tenant_id, roles=frozenset({"owner"}), reach=Reach(billing_accounts=frozenset({first}))
    )
    with pytest.raises(NotFound):
        await delivery.set_delivery(owner, second, DeliveryWish(method=DeliveryMethod.POST))
    await delivery.set_delivery(owner, first, DeliveryWish(method=DeliveryMethod.POST))
    assert [one.billing_account_id for one in await delivery.list_deliveries(owner)] == [first]


async def remind(customer: Customer, *, block: bool = False) -> int:
    return await reminders.remind(customer.system, DAYS, block=block)


async def test_three_steps_are_sent_once_each_at_their_distance(
    customer: Customer, database: TestDatabase, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    await issue(customer, "R-1", late=6)
    await issue(customer, "R-2", late=1)
    # The next day it is a week
    expected = {0: 0, 1: 1, 2: 0, 14: 0, 15: 1, 16: 0, 28: 0, 29: 1, 30: 0, 60: 0}
    sent = {}
    for day in expected:
        monkeypatch.setattr(clock, "now", lambda day=day: now + timedelta(days=day))
        sent[day] = await remind(customer) + await remind(customer)
    assert sent == expected
    await drain(database, twice=True)
    found = await subjects(sandbox, customer.manager.email)
    steps = [one.split(":")[0] for one in found if "eminder" in one]
    assert sorted(steps) == ["Last reminder", "Reminder", "Second reminder"]
    mail = next(one for one in sandbox.mails(customer.manager.email) if one["subject"].startswith("Reminder"))
    assert "R-1" in mail["text"]
    assert "R-2" in mail["text"]
    [first] = [one for one in await invoices_of(customer.manager) if one.number == "R-1"]
    detail = await billing.get_invoice(customer.manager, first.id)
    assert [one.step for one in detail.reminders] == [1, 2, 3]


async def test_a_very_late_invoice_gets_one_step_a_time(customer: Customer) -> None:
    await issue(customer, "L-1", late=200)
    assert await remind(customer) == 1
    assert await remind(customer) == 0


async def test_nothing_disputed_collecting_debited_or_paid_is_asked_for(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    await issue(customer, "N-1", late=10, payment_means="59", debit=DEBIT)
    await issue(customer, "N-2", late=10)
    await issue(customer, "N-3", late=10)
    system = customer.system
    await rows(system, "UPDATE invoice SET disputed_cents = open_cents WHERE number = 'N-2'")
    await rows(system, "UPDATE invoice SET collecting_cents = open_cents WHERE number = 'N-3'")
    assert await remind(customer) == 0
    await issue(customer, "N-4", late=10)
    assert await remind(customer) == 1
    # Paid between the step and its mail: nobody is asked
    [invoice] = [one for one in await invoices_of(customer.manager) if one.number == "N-4"]
    await pay(customer, invoice.id, invoice.open_cents)
    await drain(database, twice=True)
    assert not [one for one in await subjects(sandbox, customer.manager.email) if "eminder" in one]


async def pay(customer: Customer, invoice_id: UUID, cents: int) -> None:
    await book_payment(
        await operator_in(customer),
        BankPayment(
            movement_id=new_id(),
            billing_account_id=account_of(customer)[1],
            cents=cents,
            value_on=clock.today(),
            invoice_id=invoice_id,
        ),
    )


async def test_the_last_step_blocks_lines_where_the_operator_wants_it_and_payment_lifts_it(
    customer: Customer, database: TestDatabase, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number, _), (other, _) = account_of(customer), account_of(customer, 1)
    await make_lines(customer, 2, account=number)
    await make_lines(customer, 1, account=other)
    system, now = customer.system, clock.now()
    [own] = await rows(
        system,
        "UPDATE line SET debt_block = true WHERE id = (SELECT id FROM line WHERE account = $1 ORDER BY id LIMIT 1) RETURNING id",
        number,
    )
    await issue(customer, "B-1", late=7)
    for day in (0, 14, 28):
        monkeypatch.setattr(clock, "now", lambda day=day: now + timedelta(days=day))
        assert await remind(customer, block=True) == 1
    flags = "SELECT id, debt_block FROM line WHERE account = $1 ORDER BY id"
    assert [row["debt_block"] for row in await rows(system, flags, number)] == [True, True]
    assert [row["debt_block"] for row in await rows(system, flags, other)] == [False]
    await drain(database)
    [last] = [one for one in sandbox.mails(customer.manager.email) if one["subject"].startswith("Last")]
    assert "are blocked for unpaid invoices" in last["text"]
    [invoice] = await invoices_of(customer.manager)
    await pay(customer, invoice.id, invoice.open_cents - 1)
    await drain(database)
    assert [row["debt_block"] for row in await rows(system, flags, number)] == [True, True]
    await pay(customer, invoice.id, 1)
    await drain(database, twice=True)
    # The block of the carrier itself stays
    assert {
        row["id"]: row["debt_block"] for row in await rows(system, flags, number) if row["debt_block"]
    } == {own["id"]: True}
    await reminders.lift_blocks(system)
    codes = await rows(system, "SELECT code FROM timeline_entry WHERE code LIKE 'line.debt%'")
    assert {row["code"] for row in codes} == {"line.debt_blocked", "line.debt_lifted"}


async def test_reminders_off_send_nothing(customer: Customer) -> None:
    await issue(customer, "O-1", late=100)
    assert await reminders.remind(customer.system, (), block=True) == 0
