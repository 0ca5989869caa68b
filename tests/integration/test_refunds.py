"""Money that goes back: never more than came, also with two of the staff at once, once whatever is lost or repeated."""

import asyncio
import dataclasses
from collections.abc import Iterator

import pytest

from backend.billing.payments import operator_views, refunds, service
from backend.billing.payments.lifecycle import PaymentState
from backend.billing.payments.reconciling import reconcile_soon
from backend.billing.service import balance
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.settings import Settings
from tenants.scope import Actor
from tests.support.bank import make_invoice
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain
from tests.support.payments import (
    JOBS,
    choose,
    in_line,
    ledger,
    look,
    opened,
    run_sql,
)
from tests.support.sandbox import STRIPE_KEY, Sandbox

S = PaymentState


@pytest.fixture
def settings(settings: Settings, sandbox_server: Sandbox) -> Settings:
    return dataclasses.replace(settings, stripe_key=STRIPE_KEY, stripe_address=sandbox_server.stripe_address)


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    yield sandbox
    sandbox.behave_payments(refuse_calls=0, lose_answers=0)


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer()


def staff_of(customer: Customer, name: str = "Nadia Operator") -> Actor:
    return Actor(customer.tenant_id, name=name, operator=name)


async def paid(
    database: TestDatabase, customer: Customer, sandbox: Sandbox, cents: int
) -> service.PaymentInfo:
    invoice = await make_invoice(customer, cents)
    payment = await opened(database, customer.manager, invoice.id)
    await choose(sandbox, payment)
    return await look(database, customer.manager, payment.id)


async def test_refunds_of_two_people_at_once_never_exceed_what_was_paid(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    payment = await paid(database, customer, sandbox, 1000)

    async def give(name: str, cents: int) -> bool:
        try:
            await refunds.ask_for_refund(
                staff_of(customer, name), payment.id, cents=cents, reason="Paid twice", request_key=name
            )
        except ValidationFailed:
            return False
        return True

    given = await asyncio.gather(*(give(f"Staff {at}", 600) for at in range(4)))
    assert given.count(True) == 1
    assert await give("Staff 9", 400)
    assert not await give("Staff 10", 1)
    await drain(database, only=JOBS, twice=True)
    back = await service.get_payment(customer.manager, payment.id)
    assert (back.state, back.refunded_cents) == (S.REFUNDED, 1000)
    assert sorted(row[3] for row in await ledger(database)) == [-1000, 400, 600]
    assert (await balance(customer.manager)).cents == 1000
    await drain(database, twice=True)
    assert len(sandbox.mails(customer.manager.email)) == 3
    await in_line(database)


async def test_a_refund_uses_up_the_credit_that_it_is_for(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    """Paid, credited, given back: the invoice stays paid and the credit note is used."""
    payment = await paid(database, customer, sandbox, 1000)
    [share] = payment.shares
    await make_invoice(customer, 400, credit=True, account=share.account)
    assert (await balance(customer.manager)).cents == -400
    await refunds.ask_for_refund(
        staff_of(customer), payment.id, cents=400, reason="Credit note", request_key="a"
    )
    await drain(database, only=JOBS)
    back = await service.get_payment(customer.manager, payment.id)
    assert (back.state, back.refunded_cents, back.refunds[0].state) == (S.PARTLY_REFUNDED, 400, "succeeded")
    found = await balance(customer.manager)
    assert (found.cents, found.due_cents) == (0, 0)
    await in_line(database)


async def test_a_refund_whose_answer_is_lost_is_given_once(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    payment = await paid(database, customer, sandbox, 1000)
    key = {"reason": "Paid twice", "request_key": "a"}
    asked = await asyncio.gather(
        *(refunds.ask_for_refund(staff_of(customer), payment.id, cents=300, **key) for _ in range(3))
    )
    assert len(set(asked)) == 1
    with pytest.raises(Conflict):
        await refunds.ask_for_refund(staff_of(customer), payment.id, cents=200, **key)
    sandbox.behave_payments(lose_answers=12)
    await drain(database, only="payments.send_refund")
    sandbox.behave_payments(lose_answers=0)
    [waiting] = await refunds.refunds_of(staff_of(customer), payment.id)
    assert (waiting.state, waiting.cents) == ("requested", 300)
    await run_sql(database, "UPDATE outbox SET not_before = now() - interval '1 second'")
    await drain(database, only=JOBS, twice=True)
    assert (await service.get_payment(customer.manager, payment.id)).refunded_cents == 300
    assert sorted(row[3] for row in await ledger(database)) == [-1000, 300]


async def test_a_refund_that_its_bank_sends_back_is_no_refund(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    payment = await paid(database, customer, sandbox, 1000)
    await refunds.ask_for_refund(
        staff_of(customer), payment.id, cents=1000, reason="Paid twice", request_key="a"
    )
    await drain(database, only=JOBS)
    [sent] = await run_sql(database, "SELECT provider_id FROM payment_refund")
    sandbox.payment("refund", sent[0], "fail")
    await reconcile_soon()
    await drain(database, only=JOBS, twice=True)
    back = await service.get_payment(customer.manager, payment.id)
    assert (back.state, back.refunded_cents, back.refunds[0].state) == (S.SUCCEEDED, 0, "failed")
    assert (await balance(customer.manager)).cents == 0
    # It can be given again
    await refunds.ask_for_refund(
        staff_of(customer), payment.id, cents=1000, reason="Once more", request_key="b"
    )
    await drain(database, only=JOBS)
    assert (await service.get_payment(customer.manager, payment.id)).state is S.REFUNDED
    await in_line(database)


async def test_only_what_came_is_given_back_and_only_by_the_staff_of_the_right_company(
    database: TestDatabase, customer: Customer, sandbox: Sandbox
) -> None:
    invoice = await make_invoice(customer, 1000)
    waiting = await opened(database, customer.manager, invoice.id)
    stranger = await make_customer()
    reason = {"reason": "Why", "request_key": "a"}
    with pytest.raises(Conflict):
        await refunds.ask_for_refund(staff_of(customer), waiting.id, cents=1, **reason)
    for call in (
        lambda who: refunds.ask_for_refund(who, waiting.id, cents=1, **reason),
        lambda who: refunds.refunds_of(who, waiting.id),
        lambda who: operator_views.payment_of_company(who, waiting.id),
    ):
        with pytest.raises(NotFound):
            await call(staff_of(stranger))
    assert await operator_views.payments_of_company(staff_of(stranger)) == []
    assert [one.id for one in await operator_views.payments_of_company(staff_of(customer))] == [waiting.id]
    payment = await paid(database, customer, sandbox, 700)
    for cents, words, key in (
        (0, "Why", "k"),
        (701, "Why", "k"),
        (1, " ", "k"),
        (1, "Why", ""),
        (1, "x" * 501, "k"),
    ):
        with pytest.raises(ValidationFailed):
            await refunds.ask_for_refund(
                staff_of(customer), payment.id, cents=cents, reason=words, request_key=key
            )
