"""Webhooks of payments: forged, replayed, repeated, reordered, late, lost; and what reconciliation finds."""

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import msgspec
import pytest

from backend import runtime
from backend.app import create_api
from backend.billing.payments import cases, service
from backend.billing.payments.case_states import CaseChoice, CaseKind, CaseState
from backend.billing.payments.cases import CaseDecision
from backend.billing.payments.checking import settle
from backend.billing.payments.events import purge_provider_events
from backend.billing.payments.lifecycle import Cause, PaymentState
from backend.billing.payments.reconciling import ask_for_reconciliation, reconcile_soon
from backend.billing.service import balance
from backend.core import clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.settings import Settings
from frontend.components.payments.outcome import outcome_of
from frontend.i18n import translator_for
from tests.support.bank import make_invoice
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.invoices import NADIA, invoices_of
from tests.support.jobs import drain
from tests.support.payments import (
    DISPUTED,
    JOBS,
    OPERATOR,
    ask,
    choose,
    events,
    in_line,
    ledger,
    look,
    opened,
    run_sql,
    signed,
)
from tests.support.sandbox import STRIPE_KEY, WEBHOOK_SECRET, Sandbox

DOOR = "/api/callbacks/stripe"
S = PaymentState


@pytest.fixture
def settings(settings: Settings, sandbox_server: Sandbox) -> Settings:
    return dataclasses.replace(
        settings,
        stripe_key=STRIPE_KEY,
        stripe_webhook_secret=("whsec_before", WEBHOOK_SECRET),
        stripe_address=sandbox_server.stripe_address,
    )


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    sandbox.behave_payments(debits_by_hand=True, drop_webhooks=True)
    yield sandbox
    sandbox.behave_payments(debits_by_hand=False, drop_webhooks=False, refuse_calls=0)


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer()


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app: Any = create_api(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


async def tell(http: httpx.AsyncClient, event: dict[str, Any]) -> int:
    body = msgspec.json.encode(event)
    return (await http.post(DOOR, content=body, headers=signed(body))).status_code


async def test_a_forged_old_or_unreadable_event_is_refused_and_nothing_is_stored(
    http: httpx.AsyncClient, customer: Customer, settings: Settings, database: TestDatabase
) -> None:
    about = {"object": "payment_intent", "id": "pi_1"}
    event = {"id": "evt_1", "type": "x", "created": 1, "livemode": False, "data": {"object": about}}
    body = msgspec.json.encode(event)
    now = int(clock.now().timestamp())
    forged = [
        {},
        {"stripe-signature": "nonsense"},
        {"stripe-signature": "t=,v1="},
        {"stripe-signature": f"t={now},v1=é"},
        signed(body, secret="whsec_other"),
        signed(body, secret=""),
        signed(body, at=now - 301),
        signed(body, at=now + 301),
        signed(body + b" "),
    ]
    for headers in forged:
        latin = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = await http.post(DOOR, content=body, headers=latin)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), headers
    for wrong in (b"", b"[]", b"{}", b"null", b'{"id": 1}', msgspec.json.encode(event | {"id": "x" * 256})):
        assert (await http.post(DOOR, content=wrong, headers=signed(wrong))).status_code == 400, wrong
    large = b" " * (512 * 1024 + 1)
    assert (await http.post(DOOR, content=large, headers=signed(large))).status_code == 413
    runtime.use_settings(dataclasses.replace(settings, stripe_webhook_secret=()))
    for secret in ("", WEBHOOK_SECRET):
        assert (await http.post(DOOR, content=body, headers=signed(body, secret=secret))).status_code == 401
    assert await run_sql(database, "SELECT 1 FROM provider_event") == []


async def test_the_signature_is_checked_as_the_official_sdk_does() -> None:
    import stripe

    from backend.integrations.payment_signatures import HEADER, verify_webhook

    body = b'{"a": 1}'
    for secret, at in ((WEBHOOK_SECRET, None), ("other", None), (WEBHOOK_SECRET, 1)):
        header = signed(body, secret=secret, at=at)[HEADER]
        ours = verify_webhook([WEBHOOK_SECRET], header, body, clock.now())
        try:
            stripe.WebhookSignature.verify_header(body.decode(), header, WEBHOOK_SECRET, 300)
        except stripe.SignatureVerificationError:
            assert not ours
        else:
            assert ours


@pytest.mark.parametrize("seed", range(4))
async def test_events_in_any_order_and_twice_make_one_entry_one_receipt_and_one_state(
    http: httpx.AsyncClient, customer: Customer, sandbox: Sandbox, database: TestDatabase, seed: int
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment, "sepa_debit")
    [intent] = [
        one["data"]["object"]["id"] for one in await events(sandbox) if one["type"].endswith("processing")
    ]
    sandbox.payment("payment_intent", intent, "settle")
    told = await events(sandbox)
    assert len(told) >= 5
    random.Random(seed).shuffle(told)
    for event in told:
        assert await asyncio.gather(tell(http, event), tell(http, event)) == [200, 200]
        if random.Random(seed + len(event["id"])).random() < 0.5:
            await drain(database, only=JOBS)
    assert await tell(http, told[0]) == 200
    assert [row[0] for row in await run_sql(database, "SELECT count(*)::int FROM provider_event")] == [
        len(told)
    ]
    # Two workers take the same jobs
    await asyncio.gather(drain(database, twice=True), drain(database, twice=True))
    assert (await service.get_payment(customer.manager, payment.id)).state is S.SUCCEEDED
    assert [row[3] for row in await ledger(database)] == [-1678]
    assert len(sandbox.mails(customer.manager.email)) == 1
    assert await run_sql(database, "SELECT 1 FROM provider_event WHERE handled_at IS NULL") == []
    await in_line(database)


async def test_a_replayed_event_of_long_ago_changes_nothing(
    http: httpx.AsyncClient, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment)
    told = await events(sandbox)
    await look(database, customer.manager, payment.id)
    for event in told:
        # What it says of its object is not believed
        event["data"]["object"] |= {"amount": 1, "status": "requires_payment_method"}
        assert await tell(http, event) == 200
    await drain(database)
    assert (await service.get_payment(customer.manager, payment.id)).received_cents == 1678
    assert [row[3] for row in await ledger(database)] == [-1678]


async def test_an_event_about_what_is_not_there_yet_is_tried_again(
    http: httpx.AsyncClient, customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    about = {"object": "payment_intent", "id": "pi_not_there"}
    event = {"id": "evt_1", "type": "x", "created": 1, "livemode": False, "data": {"object": about}}
    assert await tell(http, event) == 200
    await drain(database, only="payments.handle_event")
    [waiting] = await run_sql(database, "SELECT attempts, failed_at FROM outbox")
    assert (waiting[0] > 0, waiting[1]) == (True, None)
    assert await run_sql(database, "SELECT handled_at FROM provider_event") == [(None,)]
    await run_sql(database, "UPDATE provider_event SET received_at = now() - interval '2 hours'")
    await run_sql(database, "UPDATE outbox SET not_before = now() - interval '1 second'")
    await drain(database, only="payments.handle_event")
    assert await run_sql(database, "SELECT 1 FROM outbox") == []


async def test_reconciliation_finds_a_payment_whose_webhook_never_came(
    customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment)
    for _ in range(2):
        await reconcile_soon()
        await ask_for_reconciliation(OPERATOR)
        assert (await drain(database, only="payments.reconcile")).count("payments.reconcile") == 1
        await drain(database, only=JOBS)
    assert (await service.get_payment(customer.manager, payment.id)).state is S.SUCCEEDED
    assert [row[3] for row in await ledger(database)] == [-1678]
    assert await run_sql(database, "SELECT count(*)::int FROM provider_cursor") == [(1,)]


async def test_a_payment_that_waits_too_long_is_asked_about(
    customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    """Its events are lost for good: only the attempt is known."""
    paid, left = await make_invoice(customer, 1678), await make_invoice(customer, 200)
    first = await opened(database, customer.manager, paid.id)
    second = await opened(database, customer.manager, left.id)
    await choose(sandbox, first)
    old = "UPDATE payment SET created_at = now() - interval '3 hours', expires_at = now() - interval '2 hours', checked_at = NULL"
    await run_sql(database, old)
    await run_sql(
        database,
        "INSERT INTO provider_cursor SELECT gen_random_uuid(), $1, false, extract(epoch FROM now())::bigint + 60",
        OPERATOR.tenant_id,
    )
    await reconcile_soon()
    await drain(database, only=JOBS)
    assert (await service.get_payment(customer.manager, first.id)).state is S.SUCCEEDED
    ended = await service.get_payment(customer.manager, second.id)
    assert (ended.state, ended.failure) == (S.CANCELLED, "expired")


async def test_a_payment_that_nobody_asked_for_waits_for_the_operator(
    customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment)
    # As if this deployment had never heard of it
    await run_sql(database, "DELETE FROM payment_share")
    await run_sql(database, "DELETE FROM payment")
    await reconcile_soon()
    await drain(database, only=JOBS)
    [case] = await cases.payment_cases(NADIA)
    assert (case.kind, case.cents, case.currency) == (CaseKind.UNASKED, 1678, "eur")
    assert await ledger(database) == []
    where = {"tenant": customer.slug, "customer_number": invoice.account, "invoice_number": invoice.number}
    book = CaseDecision(choice=CaseChoice.BOOK, **where)
    for wrong, error in (
        (CaseDecision(choice=CaseChoice.BOOK, **where | {"tenant": "nobody"}), NotFound),
        (CaseDecision(choice=CaseChoice.BOOK, **where | {"customer_number": "0"}), ValidationFailed),
        (CaseDecision(choice=CaseChoice.BOOK, **where | {"invoice_number": "0"}), ValidationFailed),
        (CaseDecision(choice=CaseChoice.DISMISS), ValidationFailed),
    ):
        with pytest.raises(error):
            await cases.decide_case(NADIA, case.id, wrong)
    await cases.decide_case(NADIA, case.id, book)
    with pytest.raises(Conflict):
        await cases.decide_case(NADIA, case.id, book)
    await drain(database, only=JOBS, twice=True)
    assert [row[2:] for row in await ledger(database)] == [(invoice.id, -1678)]
    assert [one.state for one in await cases.payment_cases(NADIA, state=CaseState.CLOSED)] == ["closed"]
    assert await cases.payment_cases(NADIA) == []
    await reconcile_soon()
    await drain(database, only=JOBS)
    assert len(await ledger(database)) == 1
    await in_line(database)


@pytest.mark.parametrize("what", ["cents", "customer", "livemode", "currency"])
@pytest.mark.parametrize("choice", list(CaseChoice))
async def test_a_difference_books_nothing_until_the_operator_decides(
    customer: Customer, sandbox: Sandbox, database: TestDatabase, what: str, choice: CaseChoice
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment)
    other = {"cents": "1500", "customer": "'cus_other'", "livemode": "true", "currency": "'usd'"}[what]
    await run_sql(database, f"UPDATE payment SET {what} = {other}")
    held = await look(database, customer.manager, payment.id)
    assert (held.state, held.failure) == (S.UNKNOWN, "difference")
    await look(database, customer.manager, payment.id)
    assert await ledger(database) == []
    with pytest.raises(Conflict):
        await ask(customer.manager, invoice.id)
    [case] = await cases.payment_cases(NADIA)
    assert (case.kind, {"cents": "amount"}.get(what, what) in case.detail) == (CaseKind.DIFFERENCE, True)
    await cases.decide_case(NADIA, case.id, CaseDecision(choice=choice, reason="As agreed"))
    await drain(database, only=JOBS, twice=True)
    ended = await service.get_payment(customer.manager, payment.id)
    if choice is CaseChoice.BOOK:
        assert (ended.state, [row[3] for row in await ledger(database)]) == (S.SUCCEEDED, [-1678])
    else:
        assert (ended.state, ended.failure, await ledger(database)) == (S.FAILED, "dismissed", [])
        await look(database, customer.manager, payment.id)
        await reconcile_soon()
        await drain(database, only=JOBS)
        assert await cases.payment_cases(NADIA) == []
        assert (await service.payable(customer.manager)).cents == 1678
    await in_line(database)


@pytest.mark.parametrize("choice", list(CaseChoice))
async def test_money_that_comes_after_the_end_is_said_and_waits_for_the_operator(
    customer: Customer, sandbox: Sandbox, database: TestDatabase, choice: CaseChoice
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment)
    await run_sql(database, "UPDATE payment SET state = 'cancelled', failure = 'expired'")
    await settle(customer.system, payment.id)
    held = await service.get_payment(customer.manager, payment.id)
    assert (held.state, held.failure, await ledger(database)) == (S.CANCELLED, Cause.LATE, [])
    said = outcome_of(translator_for("en"), held, returned=False)
    assert said.title == "Your operator is looking at this payment"
    [case] = await cases.payment_cases(NADIA)
    assert case.kind == CaseKind.LATE
    await cases.decide_case(NADIA, case.id, CaseDecision(choice=choice, reason="As agreed"))
    await drain(database, only=JOBS, twice=True)
    ended = await service.get_payment(customer.manager, payment.id)
    if choice is CaseChoice.BOOK:
        assert (ended.state, [row[3] for row in await ledger(database)]) == (S.SUCCEEDED, [-1678])
    else:
        assert (ended.state, ended.failure, await ledger(database)) == (S.CANCELLED, Cause.DISMISSED, [])
        said = outcome_of(translator_for("en"), ended, returned=False)
        assert said.title == "Money came and was not booked"
    await in_line(database)


async def test_what_its_bank_takes_back_is_open_again(
    customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 1678)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment, "sepa_debit")
    await look(database, customer.manager, payment.id)
    [intent] = await run_sql(database, "SELECT intent_id FROM payment")
    sandbox.payment("payment_intent", intent[0], "settle")
    await look(database, customer.manager, payment.id)
    sandbox.payment("payment_intent", intent[0], "return", "debit_not_authorized")
    for _ in range(2):
        await reconcile_soon()
        await drain(database, twice=True)
    back = await service.get_payment(customer.manager, payment.id)
    assert (back.state, back.reversed_cents) == (S.REVERSED, 1678)
    assert sorted(row[3] for row in await ledger(database)) == [-1678, 1678]
    assert (await balance(customer.manager)).cents == 1678
    assert (await service.payable(customer.manager)).cents == 1678
    subjects = [mail["subject"] for mail in sandbox.mails(customer.manager.email)]
    assert len(subjects) == 2
    assert "took" in subjects[0]
    await in_line(database)


async def test_a_dispute_of_a_card_counts_once_it_is_lost(
    customer: Customer, sandbox: Sandbox, database: TestDatabase
) -> None:
    invoices = [await make_invoice(customer, 1000), await make_invoice(customer, 2000)]
    payments = []
    for one in invoices:
        payment = await opened(database, customer.manager, one.id)
        await choose(sandbox, payment, "card", **DISPUTED)
        payments.append(await look(database, customer.manager, payment.id))
    for _ in range(100):
        disputes = {
            one["data"]["object"]["payment_intent"]: one["data"]["object"]["id"]
            for one in await events(sandbox)
            if one["type"] == "charge.dispute.created"
        }
        if len(disputes) == 2:
            break
        await asyncio.sleep(0.05)
    await reconcile_soon()
    await drain(database, only=JOBS)
    assert sorted(row[3] for row in await ledger(database)) == [-2000, -1000]
    intents = dict(await run_sql(database, "SELECT id, intent_id FROM payment"))
    sandbox.payment("dispute", disputes[intents[payments[0].id]], "win")
    sandbox.payment("dispute", disputes[intents[payments[1].id]], "lose")
    await reconcile_soon()
    await drain(database, only=JOBS)
    states = [(await service.get_payment(customer.manager, one.id)).state for one in payments]
    assert states == [S.SUCCEEDED, S.REVERSED]
    assert (await balance(customer.manager)).cents == 2000
    assert [one.open_cents for one in await invoices_of(customer.manager)].count(0) == 1
    await in_line(database)


async def test_old_events_are_forgotten(customer: Customer, database: TestDatabase) -> None:
    await run_sql(
        database,
        "INSERT INTO provider_event SELECT gen_random_uuid(), $1, n::text, 't', 'k', 'i', false, 1, now(),"
        " now() - make_interval(days => n) FROM generate_series(39, 41) n",
        OPERATOR.tenant_id,
    )
    await purge_provider_events(OPERATOR)
    assert await run_sql(database, "SELECT event_id FROM provider_event") == [("39",)]
