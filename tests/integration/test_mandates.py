"""Direct debit: asked for, signed, announced, collected once, failed, tried again, given back, changed, ended, lapsed."""

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from backend import runtime
from backend.billing import service as billing
from backend.billing.lifecycle import CollectionMode, InvoiceState
from backend.billing.mandates import service
from backend.billing.mandates.asking import ask_for_debit, end_debit, resume_debit
from backend.billing.mandates.lapsing import expire_mandates
from backend.billing.mandates.lifecycle import Ending, MandateState, collected_on
from backend.billing.mandates.outcomes import follow_failed
from backend.billing.payments.checking import settle
from backend.billing.payments.reconciling import reconcile_soon
from backend.billing.payments.schemas import PaymentPart
from backend.billing.payments.starting import start_payment
from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ReauthenticationRequired, ValidationFailed
from backend.integrations.debits import DebitProvider, SigningFacts
from backend.settings import Settings
from tenants.scope import Actor, Reach, TenantId
from tests.support.bank import make_invoice
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.invoices import invoices_of
from tests.support.jobs import drain
from tests.support.mandates import (
    asked,
    collect,
    debit_invoice,
    debit_row,
    once,
    owner_of,
    plan_today,
    sign,
    signed,
)
from tests.support.payments import in_line, ledger, run_sql, with_payments
from tests.support.sandbox import Sandbox
from tests.support.stripe_calls import stripe_client

S = MandateState


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


def account_of(customer: Customer, place: int = 0) -> UUID:
    return list(customer.accounts.values())[place]


async def intents(sandbox: Sandbox) -> list[Any]:
    async with stripe_client(sandbox.stripe_address) as api:
        return list((await api.payment_intents.list_async({"limit": 100})).data)


async def bank(sandbox: Sandbox, action: str, reason: str = "") -> None:
    """What the bank does with the newest debit."""
    newest = (await intents(sandbox))[0]
    assert await asyncio.to_thread(sandbox.payment, "payment_intent", newest.id, action, reason) == ""


async def heard(database: TestDatabase) -> None:
    """The portal learns of it by reconciliation: no webhook comes in these tests."""
    payments = await run_sql(database, "SELECT tenant_id, id FROM payment WHERE channel = 'debit'")
    for tenant, payment in payments:
        await settle(Actor(TenantId(tenant)), payment)
    await drain(database)


def subjects(sandbox: Sandbox, customer: Customer) -> list[str]:
    return [mail["subject"] for mail in sandbox.mails(customer.manager.email)][::-1]


async def test_the_next_invoice_is_collected_and_the_current_one_is_not(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner, account = owner_of(customer), account_of(customer)
    current = await make_invoice(customer, 1678)
    await drain(database)
    mandate = await signed(database, sandbox, owner, account)
    assert (mandate.state, mandate.last4, mandate.holder) == (S.SIGNED, "7061", "Delta Logistics")
    assert mandate.reference.startswith("SANDBOX")
    assert (await debit_row(database, current.id)).collection == CollectionMode.MANUAL
    invoice = await debit_invoice(database, customer, mandate)
    assert (await service.get_mandate(owner, mandate.id)).state is S.ACTIVE
    await collect(database)
    row = await debit_row(database, invoice.id)
    assert (row.collect_on, row.debit_attempts, row.collecting_cents) == (None, 1, 5000)
    (intent,) = await intents(sandbox)
    assert (intent.status, intent.amount, intent.payment_method) != ("succeeded", 5000, None)
    for _ in range(3):
        await collect(database)
    assert len(await intents(sandbox)) == 1
    await bank(sandbox, "settle")
    await heard(database)
    await drain(database, twice=True)
    assert [entry[3] for entry in await ledger(database)] == [-5000]
    assert (await debit_row(database, invoice.id)).open_cents == 0
    assert (await service.get_mandate(owner, mandate.id)).collected_on == clock.today()
    await once(database)
    await in_line(database)
    assert [one.split(" ", 1)[0] for one in subjects(sandbox, customer)] == [
        "Direct",
        "50,00\N{NO-BREAK SPACE}€",
        "Your",
    ]
    assert "certain only once an invoice says so" in sandbox.mails(customer.manager.email)[2]["text"]


async def test_a_debit_invoice_cannot_be_paid_by_hand(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    with pytest.raises(Conflict, match="Nothing is to be paid"):
        await start_payment(owner, [PaymentPart(invoice_id=invoice.id)], request_key="k")
    detail = await billing.get_invoice(owner, invoice.id)
    assert detail.summary.collection == CollectionMode.DIRECT_DEBIT
    announced = next(
        one for one in sandbox.mails(customer.manager.email) if "will be debited" in one["subject"]
    )
    assert "you need not do anything" in announced["text"]
    assert "transfer" not in announced["text"]


async def test_too_little_money_is_tried_once_more_then_the_customer_pays(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    await collect(database)
    await bank(sandbox, "fail", "insufficient_funds")
    await heard(database)
    row = await debit_row(database, invoice.id)
    assert row.collection == CollectionMode.DIRECT_DEBIT
    assert row.collect_on is not None
    assert timedelta(days=5) <= row.collect_on - clock.today() <= timedelta(days=11)
    await collect(database)
    assert len(await intents(sandbox)) == 1, "the second attempt waits for its day"
    await plan_today(database, invoice.id)
    await collect(database)
    assert len(await intents(sandbox)) == 2
    await bank(sandbox, "fail", "insufficient_funds")
    await heard(database)
    row = await debit_row(database, invoice.id)
    assert (row.collection, row.collect_on, row.debit_attempts, row.collecting_cents) == (
        "manual",
        None,
        2,
        0,
    )
    await plan_today(database, invoice.id)
    await collect(database)
    assert len(await intents(sandbox)) == 2, "there is no third attempt"
    mails = subjects(sandbox, customer)
    assert [mail for mail in mails if "tried again" in mail]
    assert len([mail for mail in mails if "please pay it" in mail]) == 1
    found = next(one for one in sandbox.mails(customer.manager.email) if "please pay it" in one["subject"])
    assert "Nothing was taken. There was not enough money on the account. The invoice" in found["text"]
    await start_payment(owner, [PaymentPart(invoice_id=invoice.id)], request_key="by hand")
    await once(database)


@pytest.mark.parametrize(
    ("reason", "state", "ending"),
    [
        ("account_closed", S.REVOKED, Ending.BANK),
        ("no_account", S.REVOKED, Ending.BANK),
        ("debit_not_authorized", S.REVOKED, Ending.BANK),
        ("refer_to_customer", S.SUSPENDED, Ending.PAYER),
        ("bank_account_restricted", S.SUSPENDED, Ending.PAYER),
        ("generic_could_not_process", S.ACTIVE, ""),
    ],
)
async def test_a_reason_decides_what_becomes_of_the_mandate(
    database: TestDatabase, customer: Customer, sandbox: Sandbox, reason: str, state: S, ending: str
) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    other = await debit_invoice(database, customer, mandate, 700)
    await run_sql(
        database, "UPDATE invoice SET collect_on = $2 WHERE id = $1", other.id, clock.today() + timedelta(9)
    )
    await collect(database)
    await bank(sandbox, "fail", reason)
    await heard(database)
    await drain(database, twice=True)
    found = await service.get_mandate(owner, mandate.id)
    assert (found.state, found.ending) == (state, ending)
    assert (await debit_row(database, invoice.id)).collection == CollectionMode.MANUAL
    collected = CollectionMode.DIRECT_DEBIT if state is S.ACTIVE else CollectionMode.MANUAL
    assert (await debit_row(database, other.id)).collection == collected


async def test_two_failed_invoices_suspend_until_their_owner_resumes(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, account_of(customer))
    for _ in range(2):
        await debit_invoice(database, customer, mandate)
        await collect(database)
        await bank(sandbox, "fail", "generic_could_not_process")
        await heard(database)
    found = await service.get_mandate(owner, mandate.id)
    assert (found.state, found.ending) == (S.SUSPENDED, Ending.FAILURES)
    third = await debit_invoice(database, customer, mandate)
    assert (await debit_row(database, third.id)).collection == CollectionMode.MANUAL
    await resume_debit(owner, mandate.id)
    with pytest.raises(Conflict):
        await resume_debit(owner, mandate.id)
    fourth = await debit_invoice(database, customer, mandate)
    assert (await debit_row(database, fourth.id)).collection == CollectionMode.DIRECT_DEBIT


async def test_a_debit_that_comes_back_is_owed_again(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    await collect(database)
    await bank(sandbox, "settle")
    await heard(database)
    await bank(sandbox, "return", "debit_not_authorized")
    for _ in range(2):
        await heard(database)
    row = await debit_row(database, invoice.id)
    assert (row.open_cents, row.collection) == (5000, CollectionMode.MANUAL)
    assert sorted(entry[3] for entry in await ledger(database)) == [-5000, 5000]
    assert (await service.get_mandate(owner, mandate.id)).state is S.REVOKED
    back = [one for one in sandbox.mails(customer.manager.email) if "came back" in one["subject"]]
    assert len(back) == 1
    assert "the debit was not allowed" in back[0]["text"]
    await in_line(database)


async def test_above_the_limit_the_customer_transfers(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    large = await debit_invoice(database, customer, mandate, 1_000_001)
    just = await debit_invoice(database, customer, mandate, 1_000_000)
    assert (await debit_row(database, large.id)).collection == CollectionMode.MANUAL
    assert (await debit_row(database, just.id)).collection == CollectionMode.DIRECT_DEBIT
    assert any("by transfer" in one["text"] for one in sandbox.mails(customer.manager.email))
    tiny = await debit_invoice(database, customer, mandate, 20)
    await collect(database)
    assert (await debit_row(database, tiny.id)).collection == CollectionMode.MANUAL


async def test_another_account_ends_the_old_mandate_when_it_is_signed(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner, account = owner_of(customer), account_of(customer)
    old = await signed(database, sandbox, owner, account)
    invoice = await debit_invoice(database, customer, old)
    new = await asked(database, owner, account)
    assert new.replaces_id == old.id
    assert (await service.get_mandate(owner, old.id)).state is S.ACTIVE
    await sign(sandbox, new, "DE89370400440532013000")
    await service.ask_about_mandate(owner, new.id)
    await drain(database, twice=True)
    ended = await service.get_mandate(owner, old.id)
    assert (ended.state, ended.ending) == (S.REVOKED, Ending.REPLACED)
    found = await service.get_mandate(owner, new.id)
    assert (found.state, found.country, found.last4) == (S.SIGNED, "DE", "3000")
    # It was announced for the old account
    assert (await debit_row(database, invoice.id)).collection == CollectionMode.MANUAL
    await collect(database)
    assert await intents(sandbox) == []
    async with stripe_client(sandbox.stripe_address) as api:
        setups = (await api.setup_intents.list_async()).data
        states = [(await api.mandates.retrieve_async(one.mandate)).status for one in setups]
    assert sorted(states) == ["active", "inactive"]
    await once(database)


async def test_a_page_that_is_left_or_replaced_is_closed(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner, account = owner_of(customer), account_of(customer)
    first = await asked(database, owner, account, key="one")
    assert await ask_for_debit(owner, account, request_key="one") == first.id
    second = await asked(database, owner, account)
    assert (await service.get_mandate(owner, first.id)).ending == Ending.NOT_SIGNED
    closed = await asyncio.to_thread(lambda: sandbox.pay(first.address, how="sepa_debit"))
    assert closed.status_code == 410
    await service.ask_about_mandate(owner, second.id, leave=True)
    await drain(database)
    assert (await service.get_mandate(owner, second.id)).state is S.REVOKED
    third = await asked(database, owner, account)
    await sign(sandbox, third)
    # Signed, and cancelled before anybody knew
    await end_debit(owner, third.id)
    await drain(database)
    assert (await service.get_mandate(owner, third.id)).state is S.SIGNED


async def test_its_owner_ends_it(database: TestDatabase, customer: Customer, sandbox: Sandbox) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    for _ in range(2):
        await end_debit(owner, mandate.id)
        await drain(database, twice=True)
    assert (await debit_row(database, invoice.id)).collection == CollectionMode.MANUAL
    async with stripe_client(sandbox.stripe_address) as api:
        setup = (await api.setup_intents.list_async()).data[0]
        assert (await api.mandates.retrieve_async(setup.mandate)).status == "inactive"
    states = {one.state(clock.today()) for one in await invoices_of(owner)}
    assert states == {InvoiceState.OVERDUE}


async def test_the_bank_ends_it(database: TestDatabase, customer: Customer, sandbox: Sandbox) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    async with stripe_client(sandbox.stripe_address) as api:
        setup = (await api.setup_intents.list_async()).data[0]
    await asyncio.to_thread(sandbox.payment, "mandate", setup.mandate, "revoke")
    # The run learns of it before the event does
    await collect(database)
    assert await intents(sandbox) == []
    assert (await debit_row(database, invoice.id)).collection == CollectionMode.MANUAL
    found = await service.get_mandate(owner, mandate.id)
    assert (found.state, found.ending) == (S.REVOKED, Ending.BANK)


async def test_events_bring_what_nobody_asked_about(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner = owner_of(customer)
    mandate = await asked(database, owner, account_of(customer))
    await sign(sandbox, mandate)
    for _ in range(2):
        await reconcile_soon()
        await drain(database, twice=True)
    assert (await service.get_mandate(owner, mandate.id)).state is S.SIGNED
    async with stripe_client(sandbox.stripe_address) as api:
        setup = (await api.setup_intents.list_async()).data[0]
    await asyncio.to_thread(sandbox.payment, "mandate", setup.mandate, "revoke")
    await reconcile_soon()
    await drain(database, twice=True)
    assert (await service.get_mandate(owner, mandate.id)).ending == Ending.BANK


async def test_after_36_months_without_a_debit_it_lapses(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    owner = owner_of(customer)
    mandate = await signed(database, sandbox, owner, account_of(customer))
    await run_sql(
        database, "UPDATE mandate SET signed_at = $2 WHERE id = $1", mandate.id, clock.now() - timedelta(1090)
    )
    await expire_mandates()
    assert (await service.get_mandate(owner, mandate.id)).state is S.SIGNED
    await run_sql(
        database, "UPDATE mandate SET signed_at = $2 WHERE id = $1", mandate.id, clock.now() - timedelta(1100)
    )
    for _ in range(2):
        await expire_mandates()
        await drain(database)
    found = await service.get_mandate(owner, mandate.id)
    assert (found.state, found.ending) == (S.EXPIRED, Ending.LAPSED)
    assert len([one for one in subjects(sandbox, customer) if "ended" in one]) == 1


async def test_a_mandate_that_is_not_ours_is_left_to_its_operator(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    foreign = msgspec.structs.replace(mandate, reference="MND-ELSEWHERE")
    invoice = await debit_invoice(database, customer, foreign)
    await collect(database)
    row = await debit_row(database, invoice.id)
    assert (row.collection, row.collect_on, row.debit_attempts) == ("direct_debit", None, 0)


async def test_who_may(database: TestDatabase, customer: Customer, sandbox: Sandbox) -> None:
    owner, account = owner_of(customer), account_of(customer)
    with pytest.raises(ReauthenticationRequired):
        await ask_for_debit(dataclasses.replace(owner, signed_in_at=None), account, request_key="k")
    old = dataclasses.replace(owner, signed_in_at=clock.now() - timedelta(minutes=6))
    with pytest.raises(ReauthenticationRequired):
        await ask_for_debit(old, account, request_key="k")
    page = (await asked(database, owner, account)).address
    reader = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}))
    assert page
    assert [one.address for one in await service.list_mandates(reader)] == [""]
    assert [one.draft.address for one in await service.debit_settings(reader) if one.draft] == [""]
    mandate = await signed(database, sandbox, owner, account)
    for role in ("invoice_reader", "fleet_manager", "auditor"):
        member = await make_member(customer.tenant_id, roles=frozenset({role}))
        with pytest.raises(Forbidden):
            await ask_for_debit(member, account, request_key="k")
        with pytest.raises(Forbidden):
            await end_debit(member, mandate.id)
    reach = Reach(billing_accounts=frozenset({account_of(customer, 1)}))
    narrow = dataclasses.replace(owner, reach=reach)
    for call in (
        ask_for_debit(narrow, account, request_key="k"),
        end_debit(narrow, mandate.id),
        resume_debit(narrow, mandate.id),
        service.get_mandate(narrow, mandate.id),
        service.ask_about_mandate(narrow, mandate.id),
    ):
        with pytest.raises(NotFound):
            await call
    assert await service.list_mandates(narrow) == []
    assert {one.billing_account_id for one in await service.debit_settings(narrow)} == {
        account_of(customer, 1)
    }
    with pytest.raises(ValidationFailed):
        await ask_for_debit(owner, account, request_key="")
    runtime.use_settings(dataclasses.replace(runtime.settings(), stripe_key=""))
    with pytest.raises(Conflict, match="not offered"):
        await ask_for_debit(owner, account, request_key="k")


def test_nobody_is_debited_on_the_day_on_which_they_are_told() -> None:
    today = clock.today()
    assert collected_on(today, today) == today + timedelta(days=1)
    assert collected_on(None, today) == today + timedelta(days=14)
    assert collected_on(today + timedelta(days=30), today) == today + timedelta(days=30)


async def test_a_mandate_that_names_another_is_not_taken(
    database: TestDatabase, customer: Customer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the service says was signed has to be what this company asked for."""
    owner = owner_of(customer)
    mandate = await asked(database, owner, account_of(customer))
    await sign(sandbox, mandate)
    original = DebitProvider.signing

    async def of_another(self: DebitProvider, session_id: str) -> SigningFacts:
        found = await original(self, session_id)
        return msgspec.structs.replace(found, metadata=found.metadata | {"mandate": str(uuid4())})

    monkeypatch.setattr(DebitProvider, "signing", of_another)
    await service.ask_about_mandate(owner, mandate.id)
    await drain(database)
    assert (await service.get_mandate(owner, mandate.id)).state is S.DRAFT


async def test_a_late_word_of_the_first_attempt_changes_nothing(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    mandate = await signed(database, sandbox, owner_of(customer), account_of(customer))
    invoice = await debit_invoice(database, customer, mandate)
    await collect(database)
    await bank(sandbox, "fail", "insufficient_funds")
    await heard(database)
    (first,) = await run_sql(database, "SELECT id FROM payment WHERE channel = 'debit'")
    await plan_today(database, invoice.id)
    await collect(database)
    before = await debit_row(database, invoice.id)
    await follow_failed(Actor(customer.tenant_id), payment_id=str(first["id"]))
    assert await debit_row(database, invoice.id) == before
    assert (before.collection, before.debit_attempts, before.collect_on) == ("direct_debit", 2, None)
