"""Paying online: one payment whatever is repeated, two tabs, two people, lost answers, and words that follow the money."""

import asyncio
import dataclasses
import secrets
from collections.abc import Iterator

import pytest

from backend import runtime
from backend.billing import service as billing
from backend.billing.lifecycle import InvoiceState
from backend.billing.payments import service
from backend.billing.payments.debits import debit_key
from backend.billing.payments.lifecycle import PaymentState
from backend.billing.payments.schemas import PaymentPart
from backend.billing.payments.starting import start_payment
from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.settings import Settings
from tenants.scope import Reach
from tests.support.bank import make_invoice
from tests.support.billing_documents import DEBIT
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.invoices import invoice_for, invoices_of, take
from tests.support.jobs import drain
from tests.support.payments import (
    DECLINED,
    JOBS,
    NO_MONEY,
    ask,
    choose,
    in_line,
    ledger,
    look,
    opened,
    run_sql,
    with_payments,
)
from tests.support.sandbox import Sandbox

S = PaymentState


@pytest.fixture
def settings(settings: Settings, sandbox_server: Sandbox) -> Settings:
    return with_payments(settings, sandbox_server)


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    sandbox.behave_payments(debits_by_hand=True)
    yield sandbox
    sandbox.behave_payments(debits_by_hand=False, refuse_calls=0, lose_answers=0)


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer()


async def test_a_card_payment_is_booked_once_and_its_receipt_arrives_once(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    first = await make_invoice(customer, 1678)
    second = await make_invoice(customer, 5000, account=list(customer.accounts)[1])
    payment = await opened(database, customer.manager, first.id, second.id)
    assert (payment.state, payment.cents, [one.cents for one in payment.shares]) == (
        S.CREATED,
        6678,
        [1678, 5000],
    )
    assert payment.address.startswith(sandbox.url)
    await choose(sandbox, payment)
    # Paid at the service, and nobody told us: nothing is said before it is known
    assert (await service.get_payment(customer.manager, payment.id)).state is S.CREATED
    paid = await look(database, customer.manager, payment.id)
    assert (paid.state, paid.received_cents, paid.method, paid.address) == (S.SUCCEEDED, 6678, "card", "")
    for _ in range(2):
        await look(database, customer.manager, payment.id)
        await drain(database, twice=True)
    assert sorted(row[3] for row in await ledger(database)) == [-5000, -1678]
    mails = sandbox.mails(customer.manager.email)
    assert [mail["subject"] for mail in mails] == ["Your payment of 66,78\N{NO-BREAK SPACE}€ was received"]
    assert (await billing.balance(customer.manager)).cents == 0
    states = {one.state(clock.today()) for one in await invoices_of(customer.manager)}
    assert states == {InvoiceState.PAID}
    await in_line(database)


async def test_a_debit_is_in_progress_and_blocks_its_amount_until_the_bank_answers(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1678)
    colleague = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}))
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment, "sepa_debit")
    waiting = await look(database, customer.manager, payment.id)
    assert waiting.state is S.PROCESSING
    assert waiting.expected_on
    assert waiting.latest_on
    assert clock.today() < waiting.expected_on < waiting.latest_on
    [shown] = await invoices_of(colleague)
    assert (shown.state(clock.today()), shown.collecting_cents) == (InvoiceState.COLLECTING, 1678)
    for actor in (customer.manager, colleague):
        assert (await service.payable(actor)).invoices == []
        with pytest.raises(Conflict) as refusal:
            await ask(actor, invoice.id)
        assert refusal.value.code == "nothing_to_pay"
    assert await ledger(database) == []
    assert sandbox.mails(customer.manager.email) == []
    await drain(database, twice=True)
    [intent] = await run_sql(database, "SELECT intent_id FROM payment")
    assert sandbox.payment("payment_intent", intent[0], "settle") == ""
    assert (await look(database, customer.manager, payment.id)).state is S.SUCCEEDED
    await drain(database)
    assert [row[3] for row in await ledger(database)] == [-1678]
    assert len(sandbox.mails(customer.manager.email)) == 1
    await in_line(database)


async def test_a_debit_that_fails_says_so_once_and_is_to_be_paid_again(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment, "sepa_debit", **NO_MONEY)
    assert (await look(database, customer.manager, payment.id)).state is S.PROCESSING
    [intent] = await run_sql(database, "SELECT intent_id FROM payment")
    assert sandbox.payment("payment_intent", intent[0], "fail", "insufficient_funds") == ""
    failed = await look(database, customer.manager, payment.id)
    assert (failed.state, failed.failure) == (S.FAILED, "insufficient_funds")
    await drain(database, twice=True)
    [mail] = sandbox.mails(customer.manager.email)
    assert "came to nothing" in mail["subject"]
    assert (await service.payable(customer.manager)).cents == 1678
    assert await ledger(database) == []
    await in_line(database)


async def test_a_refused_card_leaves_the_page_open_and_leaving_it_takes_nothing(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment, "card", refused=True, **DECLINED)
    assert (await look(database, customer.manager, payment.id)).state is S.CREATED
    left = await look(database, customer.manager, payment.id, leave=True)
    assert (left.state, left.failure, left.address) == (S.CANCELLED, "left", "")
    again = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, again, "bancontact", answer="yes")
    assert (await look(database, customer.manager, again.id)).state is S.SUCCEEDED
    assert [row[3] for row in await ledger(database)] == [-1678]
    await in_line(database)


async def test_two_tabs_end_with_one_payment(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    """Whoever asks last pays; the first page is closed before the second opens."""
    invoice = await make_invoice(customer, 1678)
    colleague = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}))
    first = await opened(database, customer.manager, invoice.id)
    second = await opened(database, colleague, invoice.id)
    replaced = await service.get_payment(customer.manager, first.id)
    assert (replaced.state, replaced.failure) == (S.CANCELLED, "replaced")
    answer = await asyncio.to_thread(sandbox.pay, first.address, how="card", number="4242424242424242")
    assert "location" not in answer.headers
    await choose(sandbox, second)
    await look(database, colleague, second.id)
    await look(database, customer.manager, first.id)
    assert [row[3] for row in await ledger(database)] == [-1678]
    await in_line(database)


async def test_a_page_that_was_paid_in_the_other_tab_leaves_nothing_to_pay_in_this_one(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1678)
    first = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, first)
    # Paid, and not known here yet
    second = await opened(database, customer.manager, invoice.id)
    assert (second.state, second.failure, second.address) == (S.CANCELLED, "overtaken", "")
    assert (await service.get_payment(customer.manager, first.id)).state is S.SUCCEEDED
    assert [row[3] for row in await ledger(database)] == [-1678]


async def test_pressed_at_the_same_moment_by_two_people_one_page_is_given_out(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1678)
    colleague = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}))
    asked = await asyncio.gather(*(ask(who, invoice.id) for who in (customer.manager, colleague) * 3))
    await asyncio.gather(*(drain(database, only="payments.open_checkout") for _ in range(3)))
    states = [await service.get_payment(customer.manager, one) for one in asked]
    assert len([one for one in states if one.address]) == 1
    assert sorted(one.state for one in states) == [S.CANCELLED] * 5 + [S.CREATED]
    await in_line(database)


async def test_a_transfer_that_came_meanwhile_makes_a_visible_credit(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment, "sepa_debit")
    await look(database, customer.manager, payment.id)
    await make_invoice(customer, 1000, credit=True, corrects=[invoice.number], account=invoice.account)
    [intent] = await run_sql(database, "SELECT intent_id FROM payment")
    sandbox.payment("payment_intent", intent[0], "settle")
    await look(database, customer.manager, payment.id)
    assert sorted(row[3] for row in await ledger(database)) == [-1000, -678]
    balance = await billing.balance(customer.manager)
    assert (balance.cents, balance.due_cents) == (-1000, 0)
    await in_line(database)


async def test_an_answer_that_is_lost_is_not_known_and_is_settled_when_the_service_speaks_again(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    paid, unpaid = await make_invoice(customer, 1678), await make_invoice(customer, 500)
    payments = [await opened(database, customer.manager, one.id) for one in (paid, unpaid)]
    await choose(sandbox, payments[0])
    sandbox.behave_payments(refuse_calls=1000)
    for one in payments:
        assert (await look(database, customer.manager, one.id)).state is S.UNKNOWN
        with pytest.raises(Conflict) as refusal:
            await ask(customer.manager, *[share.invoice_id for share in one.shares if share.invoice_id])
        assert refusal.value.code == "nothing_to_pay"
    assert (await service.payable(customer.manager)).invoices == []
    sandbox.behave_payments(refuse_calls=0, lose_answers=0)
    await run_sql(database, "UPDATE outbox SET not_before = now() - interval '1 second'")
    await drain(database, only=JOBS)
    states = [(await service.get_payment(customer.manager, one.id)).state for one in payments]
    assert states == [S.SUCCEEDED, S.CANCELLED]
    assert [row[3] for row in await ledger(database)] == [-1678]
    assert (await service.payable(customer.manager)).cents == 500
    await in_line(database)


async def test_a_page_that_cannot_be_opened_now_is_opened_later_once(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1678)
    # The page is made, and its answer is lost; the SDK itself tries three times
    await drain(database, only=JOBS)
    sandbox.behave_payments(lose_answers=3)
    payment = await opened(database, customer.manager, invoice.id)
    assert (payment.state, payment.address) == (S.CREATED, "")
    sandbox.behave_payments(refuse_calls=0, lose_answers=0)
    await run_sql(database, "UPDATE outbox SET not_before = now() - interval '1 second'")
    await drain(database, only=JOBS)
    assert (await service.get_payment(customer.manager, payment.id)).address
    assert await run_sql(database, "SELECT count(*)::int FROM payment") == [(1,)]


async def test_a_request_that_is_repeated_is_the_same_payment(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice, other = await make_invoice(customer, 1678), await make_invoice(customer, 99)
    asked = await asyncio.gather(*(ask(customer.manager, invoice.id, key="mine") for _ in range(4)))
    assert len(set(asked)) == 1
    for parts in ([other.id], [invoice.id, other.id]):
        with pytest.raises(Conflict) as refusal:
            await ask(customer.manager, *parts, key="mine")
        assert refusal.value.code == "request_key_used"
    with pytest.raises(Conflict):
        await ask(customer.manager, invoice.id, cents=5, key="mine")
    # Nobody takes away the key under which an invoice is debited
    with pytest.raises(ValidationFailed):
        await ask(customer.manager, other.id, key=debit_key(other.id, 1))


async def test_what_cannot_be_paid_is_refused_with_its_reason(
    database: TestDatabase, customer: Customer, sandbox: Sandbox, settings: Settings
) -> None:
    first, second = customer.accounts
    invoice = await make_invoice(customer, 1678, account=first)
    hidden = await make_invoice(customer, 1678, account=second)
    small = await make_invoice(customer, 49, account=first)
    await take(invoice_for(customer, "DEBIT-1", account=first, payment_means="59", debit=DEBIT))
    [debited] = await invoices_of(customer.manager, search="DEBIT-1")
    reach = Reach(billing_accounts=frozenset({customer.accounts[first]}))
    reader = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}), reach=reach)
    stranger = await make_customer()
    for actor, target in ((reader, hidden.id), (stranger.manager, invoice.id)):
        with pytest.raises(NotFound):
            await ask(actor, target)
    with pytest.raises(NotFound):
        await ask(reader, invoice.id, hidden.id)
    for role in ("fleet_manager", "auditor", "approver"):
        member = await make_member(customer.tenant_id, roles=frozenset({role}))
        with pytest.raises(Forbidden):
            await ask(member, invoice.id)
    with pytest.raises(Conflict):
        await ask(reader, debited.id)
    for cents in (0, -1, 1679, 10**12):
        with pytest.raises(ValidationFailed):
            await ask(reader, invoice.id, cents=cents)
    with pytest.raises(ValidationFailed):
        await ask(reader, small.id)
    part = PaymentPart(invoice_id=invoice.id)
    for parts, key in (
        ((), "k"),
        ((part, part), "k"),
        ((part,) * 101, "k"),
        ((part,), ""),
        ((part,), "x" * 101),
    ):
        with pytest.raises(ValidationFailed):
            await start_payment(reader, parts, request_key=key)
    runtime.use_settings(dataclasses.replace(settings, stripe_key=""))
    with pytest.raises(Conflict) as refusal:
        await ask(reader, invoice.id)
    assert refusal.value.code == "payment_not_offered"
    assert await run_sql(database, "SELECT count(*)::int FROM payment") == [(0,)]


async def test_a_part_is_paid_and_the_rest_stays_due(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id, cents=1000)
    await choose(sandbox, payment)
    await look(database, customer.manager, payment.id)
    [shown] = await invoices_of(customer.manager)
    assert (shown.open_cents, shown.facts.payable_cents) == (678, 1678)
    assert (await service.payable(customer.manager)).cents == 678
    [listed] = await service.payments_of_invoice(customer.manager, invoice.id)
    assert (listed.id, listed.cents, listed.state) == (payment.id, 1000, S.SUCCEEDED)


async def test_a_payment_of_two_customer_numbers_is_shown_to_whoever_sees_both(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    first, second = customer.accounts
    one, two = (
        await make_invoice(customer, 100, account=first),
        await make_invoice(customer, 100, account=second),
    )
    payment_id = await ask(customer.manager, one.id, two.id, key=secrets.token_hex(4))
    reach = Reach(billing_accounts=frozenset({customer.accounts[first]}))
    reader = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}), reach=reach)
    assert [row.id for row in await service.list_payments(customer.manager)] == [payment_id]
    assert await service.list_payments(reader) == []
    with pytest.raises(NotFound):
        await service.get_payment(reader, payment_id)
    with pytest.raises(NotFound):
        await service.ask_about_payment(reader, payment_id)
    [listed] = await service.payments_of_invoice(reader, one.id)
    assert listed.cents == 100
    # Who sees everything and pays of one customer number leaves the pages of the others alone
    both = await make_member(customer.tenant_id, roles=frozenset({"auditor", "invoice_reader"}))
    both = dataclasses.replace(both, invoice_accounts=frozenset({customer.accounts[first]}))
    assert (await service.get_payment(both, payment_id)).id == payment_id
    with pytest.raises(NotFound):
        await service.ask_about_payment(both, payment_id, leave=True)
    await drain(database, only=JOBS)
