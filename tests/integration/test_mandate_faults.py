"""A collection run whose worker is killed between any two steps, events in any order, lost answers: one debit an invoice."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from backend.billing.mandates import collecting, following, outcomes, sending, service
from backend.billing.mandates.collecting import collect_invoice
from backend.billing.payments import applying, checking
from backend.billing.payments.events import store_event
from backend.billing.payments.reconciling import reconcile_soon
from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.messaging.jobs import job_scope
from backend.integrations.debits import DebitProvider
from backend.integrations.payment_facts import notice_of
from backend.settings import Settings
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor
from tests.integration.test_mandates import account_of, bank, heard, intents
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.mandates import asked, collect, debit_invoice, debit_row, once, owner_of, sign, signed
from tests.support.payments import events, in_line, ledger, run_sql, with_payments
from tests.support.sandbox import Sandbox


class Killed(BaseException):
    """The process is gone: nobody catches this."""


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


def killed(original: Callable[..., Awaitable[Any]], *, after: bool) -> Callable[..., Awaitable[Any]]:
    """The function, at whose first call the process is killed: before it, or when it is done."""
    calls = []

    async def dies_once(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) > 1:
            return await original(*args, **kwargs)
        if after:
            await original(*args, **kwargs)
        raise Killed

    return dies_once


# Every step of a run, from the look at what is due to the answer that is written
STEPS = (
    (collecting, "due_debits"),
    (collecting, "lock_debit_invoice"),
    (collecting, "write_debit"),
    (collecting, "write_attempt"),
    (sending, "unsent"),
    (DebitProvider, "debit"),
    (sending, "note_debit"),
    (sending, "settle"),
    (checking, "apply"),
    (applying, "move"),
)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "name"), STEPS, ids=[name for _, name in STEPS])
async def test_killed_at_any_step_it_collects_once(
    database: TestDatabase,
    customer: Customer,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    where: Any,
    name: str,
    after: bool,
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    with monkeypatch.context() as patched:
        patched.setattr(where, name, killed(getattr(where, name), after=after))
        with pytest.raises(Killed):
            await collect(database)
        # Another worker takes the job over, while the scheduler asks again
        await make_jobs_due(database)
        await collect(database)
        await make_jobs_due(database)
        await drain(database)
    (intent,) = await intents(sandbox)
    assert (intent.amount, intent.status) == (5000, "processing")
    await bank(sandbox, "settle")
    await heard(database)
    assert [entry[3] for entry in await ledger(database)] == [-5000]
    assert (await debit_row(database, invoice.id)).open_cents == 0
    await once(database)
    await in_line(database)


async def test_workers_that_collect_at_once_collect_once(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    actor = Actor(customer.tenant_id)
    await asyncio.gather(*(collect_invoice(actor, invoice.id) for _ in range(8)))
    await drain(database, twice=True)
    assert len(await intents(sandbox)) == 1
    await once(database)


async def test_a_lost_answer_is_unknown_until_it_is_known(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    # The service's library tries three times
    await asyncio.to_thread(sandbox.behave_payments, lose_answers=3)
    await collect(database)
    row = await debit_row(database, invoice.id)
    assert row.collecting_cents == 5000, "nobody is asked to pay it meanwhile"
    states = await run_sql(database, "SELECT state FROM payment WHERE channel = 'debit'")
    assert [one["state"] for one in states] == ["unknown"]
    assert len(await intents(sandbox)) == 1
    await make_jobs_due(database)
    await drain(database)
    states = await run_sql(database, "SELECT state, intent_id FROM payment WHERE channel = 'debit'")
    assert [one["state"] for one in states] == ["processing"]
    assert len(await intents(sandbox)) == 1


async def test_after_the_service_forgot_the_key_it_is_looked_for_first(
    database: TestDatabase, customer: Customer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    await debit_invoice(database, customer, mandate)
    with monkeypatch.context() as patched:
        patched.setattr(sending, "note_debit", killed(sending.note_debit, after=False))
        with pytest.raises(Killed):
            await collect(database)
    assert len(await intents(sandbox)) == 1
    early = clock.now() - timedelta(hours=30)
    await run_sql(database, "UPDATE payment SET created_at = $1 WHERE channel = 'debit'", early)

    async def no_key_is_known(*_: object) -> str:
        raise AssertionError("it was asked for a second debit")

    monkeypatch.setattr(DebitProvider, "debit", no_key_is_known)
    await make_jobs_due(database)
    await drain(database)
    assert len(await intents(sandbox)) == 1
    states = await run_sql(database, "SELECT state FROM payment WHERE channel = 'debit'")
    assert [one["state"] for one in states] == ["processing"]


async def test_a_service_that_is_away_stops_nobody_else(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    invoices = [await debit_invoice(database, customer, mandate) for _ in range(3)]
    await asyncio.to_thread(sandbox.behave_payments, refuse_calls=3)
    await collect(database)
    assert len(await intents(sandbox)) == 2
    await make_jobs_due(database)
    await drain(database)
    assert len(await intents(sandbox)) == 3
    assert {one.metadata["payment"] for one in await intents(sandbox)} == {
        str(row["id"]) for row in await run_sql(database, "SELECT id FROM payment WHERE channel = 'debit'")
    }
    for invoice in invoices:
        assert (await debit_row(database, invoice.id)).debit_attempts == 1


async def test_one_invoice_that_cannot_be_collected_stops_no_other(
    database: TestDatabase, customer: Customer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    bad, good = [await debit_invoice(database, customer, mandate) for _ in range(2)]
    original = collecting.collect_invoice

    async def fails_for_one(actor: Actor, invoice_id: Any) -> None:
        if invoice_id == bad.id:
            raise RuntimeError("this one is broken")
        await original(actor, invoice_id)

    monkeypatch.setattr(collecting, "collect_invoice", fails_for_one)
    monkeypatch.setattr(collecting, "BATCH", 1)
    await collect(database)
    assert (await debit_row(database, good.id)).debit_attempts == 1
    assert (await debit_row(database, bad.id)).debit_attempts == 0


@pytest.mark.parametrize("seed", range(6))
async def test_events_twice_and_in_any_order_say_the_same(
    database: TestDatabase, customer: Customer, sandbox: Sandbox, seed: int
) -> None:
    owner = owner_of(customer)
    mandate = await asked(database, owner, account_of(customer))
    await sign(sandbox, mandate)
    await reconcile_soon()
    await drain(database)
    found = await service.get_mandate(owner, mandate.id)
    invoice = await debit_invoice(database, customer, found)
    await collect(database)
    await bank(sandbox, "settle")
    await bank(sandbox, "return", "insufficient_funds")
    notices = [notice_of(one) for one in await events(sandbox)] * 2
    random.Random(seed).shuffle(notices)
    for notice in notices:
        async with job_scope(Actor(OPERATOR_SCOPE)) as scope:
            await store_event(scope, notice)
        await drain(database, twice=True)
    assert sorted(entry[3] for entry in await ledger(database)) == [-5000, 5000]
    row = await debit_row(database, invoice.id)
    assert (row.open_cents, row.collection, row.collecting_cents) == (5000, "manual", 0)
    assert len([one for one in sandbox.mails(customer.manager.email) if "came back" in one["subject"]]) == 1
    await once(database)
    await in_line(database)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("where", "name"),
    [
        (outcomes, "lock_debit_invoice"),
        (outcomes, "lock_mandate"),
        (outcomes, "to_manual"),
        (outcomes, "_count_failure"),
    ],
    ids=["invoice", "mandate", "manual", "count"],
)
async def test_killed_while_a_failure_is_followed_it_is_followed_once(
    database: TestDatabase,
    customer: Customer,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    where: Any,
    name: str,
    after: bool,
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    await collect(database)
    await bank(sandbox, "fail", "generic_could_not_process")
    with monkeypatch.context() as patched:
        patched.setattr(where, name, killed(getattr(where, name), after=after))
        with pytest.raises(Killed):
            await heard(database)
        await make_jobs_due(database)
        await heard(database)
    assert (await debit_row(database, invoice.id)).collection == "manual"
    rows = await run_sql(database, "SELECT failures FROM mandate WHERE id = $1", mandate.id)
    assert rows[0]["failures"] == 1
    assert (
        len([one for one in sandbox.mails(customer.manager.email) if "please pay it" in one["subject"]]) == 1
    )


async def test_killed_while_a_signature_is_followed_there_is_one_mandate(
    database: TestDatabase, customer: Customer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, account = owner_of(customer), account_of(customer)
    old = await signed(database, sandbox, owner, account)
    new = await asked(database, owner, account)
    await sign(sandbox, new, "DE89370400440532013000")
    for name in ("lock_mandate", "move_mandate"):
        with monkeypatch.context() as patched:
            patched.setattr(following, name, killed(getattr(following, name), after=True))
            await service.ask_about_mandate(owner, new.id)
            with pytest.raises(Killed):
                await drain(database, only="mandates.check")
        assert (await service.get_mandate(owner, old.id)).state == "signed", "all of it, or nothing"
        assert (await service.get_mandate(owner, new.id)).state == "draft"
    await make_jobs_due(database)
    await drain(database, twice=True)
    assert (await service.get_mandate(owner, old.id)).state == "revoked"
    assert (await service.get_mandate(owner, new.id)).state == "signed"
    await once(database)


async def test_an_unknown_page_is_asked_about_again(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner = owner_of(customer)
    mandate = await asked(database, owner, account_of(customer))
    await asyncio.to_thread(sandbox.behave_payments, refuse_calls=1000)
    with pytest.raises(Unavailable):
        await following.check_mandate(Actor(customer.tenant_id), mandate_id=str(mandate.id), close=True)
    await asyncio.to_thread(sandbox.behave_payments, refuse_calls=0)
    assert (await service.get_mandate(owner, mandate.id)).state == "draft", (
        "nothing is said before it is known"
    )
