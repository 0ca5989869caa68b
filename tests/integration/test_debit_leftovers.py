"""What stays open of an invoice that was debited: it is its customer's to pay, and no page says that it will be debited."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from backend.billing.delivery.messages import what_of
from backend.billing.disputes import deciding, opening
from backend.billing.disputes import service as disputes
from backend.billing.disputes.schemas import NewDispute
from backend.billing.lifecycle import CollectionMode
from backend.billing.mandates.announcing import ANNOUNCED
from backend.billing.mandates.asking import end_debit
from backend.billing.mandates.mails import mail_debit
from backend.billing.payments import refunds
from backend.billing.payments.checking import settle
from backend.billing.payments.service import payable
from backend.billing.service import get_invoice
from backend.settings import Settings
from tenants.scope import Actor, TenantId
from tests.support.bank import Booked, make_invoice
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain
from tests.support.mandates import collect, debit_invoice, debit_row, owner_of, signed
from tests.support.payments import in_line, run_sql, with_payments
from tests.support.sandbox import Sandbox
from tests.support.stripe_calls import stripe_client


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


async def announced(database: TestDatabase, customer: Customer, sandbox: Sandbox) -> Booked:
    account = next(iter(customer.accounts.values()))
    mandate = await signed(database, sandbox, owner_of(customer), account)
    return await debit_invoice(database, customer, mandate)


async def settled(database: TestDatabase, sandbox: Sandbox) -> UUID:
    """The bank pays the newest debit, and the portal hears it; returns the attempt."""
    async with stripe_client(sandbox.stripe_address) as api:
        newest: Any = (await api.payment_intents.list_async({"limit": 1})).data[0]
    assert await asyncio.to_thread(sandbox.payment, "payment_intent", newest.id, "settle", "") == ""
    [(tenant, payment)] = await run_sql(
        database, "SELECT tenant_id, id FROM payment WHERE intent_id = $1", newest.id
    )
    await settle(Actor(TenantId(tenant)), payment)
    await drain(database)
    return payment  # type: ignore[no-any-return]


async def is_its_customers(database: TestDatabase, customer: Customer, invoice: Booked, cents: int) -> None:
    """The invoice is paid by hand, its customer was told so once, and nothing more is debited."""
    row = await debit_row(database, invoice.id)
    assert (row.collection, row.collect_on, row.open_cents) == (CollectionMode.MANUAL, None, cents)
    assert [one.cents for one in (await payable(customer.manager)).invoices] == [cents]
    await in_line(database)


async def test_what_was_disputed_and_refused_after_the_debit_is_paid_by_hand(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await announced(database, customer, sandbox)
    await opening.open_disputes(customer.manager, invoice.id, NewDispute(amount_cents=1500))
    await collect(database)
    await settled(database, sandbox)
    await collect(database)
    row = await debit_row(database, invoice.id)
    assert (row.collection, row.open_cents) == (CollectionMode.DIRECT_DEBIT, 1500), "it is disputed"
    [one] = (await disputes.disputes_of(customer.manager, invoice.id)).disputes
    staff = Actor(customer.tenant_id, name="Nadia Operator", operator="Nadia Operator")
    await deciding.decide_disputes(staff, [one.id], accepted=False, reason="It is right")
    await drain(database)
    await collect(database)
    await collect(database)
    await is_its_customers(database, customer, invoice, 1500)
    mails = [mail["subject"] for mail in sandbox.mails(customer.manager.email)]
    assert [subject for subject in mails if invoice.number in subject and "15,00" in subject], mails


async def test_what_the_operator_gives_back_of_a_debit_is_paid_by_hand(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await announced(database, customer, sandbox)
    await collect(database)
    payment_id = await settled(database, sandbox)
    staff = Actor(customer.tenant_id, name="Nadia Operator", operator="Nadia Operator")
    await refunds.ask_for_refund(staff, payment_id, cents=2000, reason="Taken twice", request_key="a")
    await drain(database)
    async with stripe_client(sandbox.stripe_address) as api:
        refund: Any = (await api.refunds.list_async({"limit": 1})).data[0]
    if refund.status == "pending":
        assert await asyncio.to_thread(sandbox.payment, "refund", refund.id, "done", "") == ""
    await settle(Actor(customer.tenant_id), payment_id)
    await drain(database)
    await collect(database)
    await is_its_customers(database, customer, invoice, 2000)


async def test_a_mail_that_is_late_asks_for_nothing_that_was_paid_and_announces_nothing_that_will_not_be_debited(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await announced(database, customer, sandbox)
    [(mandate_id,)] = await run_sql(database, "SELECT id FROM mandate")
    before = len(sandbox.mails(customer.manager.email))
    await end_debit(owner_of(customer), mandate_id)
    late = {"invoice_id": str(invoice.id), "mandate_id": str(mandate_id), "reason": "2026-12-24"}
    await mail_debit(customer.system, phase=ANNOUNCED, **late)
    assert len(sandbox.mails(customer.manager.email)) == before, "it will not be debited"
    await make_invoice(customer, 5000, credit=True, corrects=[invoice.number], account=invoice.account)
    await drain(database)
    asking = [mail["subject"] for mail in sandbox.mails(customer.manager.email)]
    assert not [subject for subject in asking if "please pay" in subject or "veuillez" in subject], asking


async def test_what_is_disputed_is_not_said_to_be_debited_or_asked_for(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await announced(database, customer, sandbox)
    assert (await get_invoice(customer.manager, invoice.id)).summary.will_be_debited
    await opening.open_disputes(customer.manager, invoice.id, NewDispute(amount_cents=5000))
    shown = (await get_invoice(customer.manager, invoice.id)).summary
    assert not shown.will_be_debited
    assert what_of(shown) == "nothing"
