"""`kill -9` of web and worker between every two steps of a payment and of a refund: paid once, booked once, none lost."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend.billing.payments import refunds, service
from backend.billing.payments.lifecycle import PaymentState
from backend.billing.payments.schemas import PaymentInfo
from backend.members.tokens import create_token
from tenants.scope import Actor
from tests.faults.orders import wait_until
from tests.support.bank import make_invoice
from tests.support.deployment import Deployment
from tests.support.factories import Customer, make_customer
from tests.support.payments import CARD, in_line, listed, run_sql

CENTS = 1678
# How long each call to the service takes: a payment needs about ten, and something is under way at any moment
SLOW_SECONDS = 0.15
ENTRIES = "SELECT kind, cents FROM ledger_entry WHERE tenant_id = $1 AND kind <> 'invoice' ORDER BY id"
NOTICES = "SELECT count(*)::int FROM notification WHERE tenant_id = $1 AND channel = 'mail'"
MOMENTS = (0.0, 0.2, 0.7)


@pytest.fixture(autouse=True)
async def slow(deployment: Deployment) -> AsyncIterator[None]:
    deployment.sandbox.behave_payments(answer_seconds=SLOW_SECONDS)
    yield
    deployment.sandbox.behave_payments(answer_seconds=0.0, drop_webhooks=False, duplicate_webhooks=False)


class Buyer:
    """A company with one invoice, and its way to the deployment."""

    def __init__(self, deployment: Deployment, customer: Customer, token: str, invoice: UUID) -> None:
        self.deployment, self.customer, self.token, self.invoice = deployment, customer, token, invoice
        self.key = secrets.token_hex(8)

    async def ask(self) -> str:
        """Ask to pay, again and again under one key, until the page is open; returns the payment's id."""
        body = {"request_key": self.key, "invoices": [{"invoice_id": str(self.invoice)}]}
        found: dict[str, Any] = {}

        async def opened() -> bool:
            async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
                try:
                    answer = await client.post(
                        f"{self.deployment.url}/api/v1/payments",
                        json=body,
                        headers={"authorization": f"Bearer {self.token}"},
                    )
                except httpx.HTTPError:
                    return False
            if answer.is_success:
                found.update(answer.json())
            return bool(found.get("address"))

        await wait_until(opened, "the page was opened")
        return str(found["id"])

    async def pay(self, payment_id: str) -> None:
        payment = await self.see(payment_id)
        answer = await asyncio.to_thread(self.deployment.sandbox.pay, payment.address, how="card", **CARD)
        assert answer.is_redirect, answer.text

    async def see(self, payment_id: str) -> PaymentInfo:
        return await service.get_payment(self.customer.manager, UUID(payment_id))

    async def ends(self, payment_id: str, state: PaymentState, entries: list[tuple[str, int]]) -> None:
        """The payment is in its state, the ledger has its entries once, and the service made one payment."""

        async def ended() -> bool:
            return (await self.see(payment_id)).state is state

        await wait_until(ended, f"the payment is {state}")
        database = self.deployment.database

        async def mailed() -> bool:
            [[count]] = await run_sql(database, NOTICES, self.customer.tenant_id)
            return bool(count == len(entries))

        await wait_until(mailed, "its payer was told")
        # Whatever was repeated is over
        await asyncio.sleep(1)
        rows = await run_sql(database, ENTRIES, self.customer.tenant_id)
        assert [tuple(row) for row in rows] == entries
        made = [
            one
            for one in await listed(self.deployment.sandbox, "payment_intents")
            if one["metadata"].get("payment") == payment_id
        ]
        assert [one["status"] for one in made] == ["succeeded"]
        mails = self.deployment.sandbox.mails(self.customer.manager.email)
        assert len({mail["message_id"] for mail in mails}) == len(entries)
        await in_line(database)


@pytest.fixture
async def buyer(deployment: Deployment) -> Buyer:
    customer = await make_customer()
    invoice = await make_invoice(customer, CENTS)
    assert customer.manager.member_id
    token = await create_token(customer.system, customer.manager.member_id)
    return Buyer(deployment, customer, token, invoice.id)


async def kill(deployment: Deployment, victim: str, after: float) -> None:
    await asyncio.sleep(after)
    deployment.kill(victim)
    await deployment.start(victim)


@pytest.mark.parametrize("after", MOMENTS)
@pytest.mark.parametrize("victim", ["worker", "web"])
async def test_killed_while_the_page_is_opened(
    deployment: Deployment, buyer: Buyer, victim: str, after: float
) -> None:
    asked, _ = await asyncio.gather(buyer.ask(), kill(deployment, victim, after))
    await buyer.pay(asked)
    await buyer.ends(asked, PaymentState.SUCCEEDED, [("payment", -CENTS)])


@pytest.mark.parametrize("after", MOMENTS)
@pytest.mark.parametrize("victim", ["worker", "web"])
async def test_killed_while_it_is_learned_that_somebody_paid(
    deployment: Deployment, buyer: Buyer, victim: str, after: float
) -> None:
    """Webhooks come twice, and are refused while the web process is away."""
    deployment.sandbox.behave_payments(duplicate_webhooks=True)
    asked = await buyer.ask()
    await asyncio.gather(buyer.pay(asked), kill(deployment, victim, after))
    await buyer.ends(asked, PaymentState.SUCCEEDED, [("payment", -CENTS)])


@pytest.mark.parametrize("after", MOMENTS)
async def test_killed_while_money_is_given_back(deployment: Deployment, buyer: Buyer, after: float) -> None:
    asked = await buyer.ask()
    await buyer.pay(asked)
    await buyer.ends(asked, PaymentState.SUCCEEDED, [("payment", -CENTS)])
    staff = Actor(buyer.customer.tenant_id, name="Nadia", operator="Nadia")
    await refunds.ask_for_refund(staff, UUID(asked), cents=CENTS, reason="Paid twice", request_key="a")
    await kill(deployment, "worker", after)
    await buyer.ends(asked, PaymentState.REFUNDED, [("payment", -CENTS), ("refund", CENTS)])
    made = [
        one for one in await listed(deployment.sandbox, "refunds") if one["metadata"].get("payment") == asked
    ]
    assert [one["amount"] for one in made] == [CENTS]


async def test_everything_killed_after_somebody_paid_and_no_webhook_ever_comes(
    deployment: Deployment, buyer: Buyer
) -> None:
    deployment.sandbox.behave_payments(drop_webhooks=True)
    asked = await buyer.ask()
    for victim in ("web", "worker", "schedule"):
        deployment.kill(victim)
    await buyer.pay(asked)
    await deployment.start("web", "worker", "schedule")
    # Its payer comes back from the page
    await service.ask_about_payment(buyer.customer.manager, UUID(asked))
    await buyer.ends(asked, PaymentState.SUCCEEDED, [("payment", -CENTS)])
