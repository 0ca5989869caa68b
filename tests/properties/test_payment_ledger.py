"""Invoices, payments, refunds, returns, credits, write-offs, in any order and repeated: the balance is the ledger's sum."""

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator, Iterator

import pytest

from backend import runtime
from backend.billing.ledger import Movement, balances, enter
from backend.billing.lifecycle import LedgerKind
from backend.billing.payments import refunds, service
from backend.billing.payments.case_states import CaseChoice
from backend.billing.payments.cases import CaseDecision, decide_case, payment_cases
from backend.billing.payments.lifecycle import PaymentState
from backend.billing.payments.reconciling import reconcile_soon
from backend.billing.service import balance, get_invoice
from backend.core import clock
from backend.core.errors import AppError
from backend.settings import Settings
from tenants.scope import Actor
from tenants.transaction import open_scope
from tests.support.bank import Booked, make_invoice
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.invoices import NADIA
from tests.support.jobs import drain
from tests.support.payments import ACCOUNT, CARD, DISPUTED, JOBS, ask, in_line, listed, run_sql
from tests.support.sandbox import STRIPE_KEY, Sandbox, running_sandbox

BY_ACCOUNT = "SELECT billing_account_id, sum(cents)::bigint FROM ledger_entry WHERE tenant_id = $1 GROUP BY 1"
# What came and did not go back, by the payments and by the ledger
MONEY = "SELECT coalesce(sum(received_cents - refunded_cents - reversed_cents), 0)::bigint FROM payment"
BOOKED = """
SELECT -coalesce(sum(cents), 0)::bigint FROM ledger_entry WHERE kind IN ('payment', 'refund', 'reversal')
"""
# And by the service itself
TOO_MUCH = (
    "SELECT id FROM payment WHERE refunded_cents + reversed_cents > received_cents OR received_cents > cents"
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("payments")) as sandbox:
        yield sandbox


@pytest.fixture
async def sandbox(settings: Settings, running: Sandbox) -> AsyncIterator[Sandbox]:
    runtime.open_clients(
        dataclasses.replace(
            settings,
            stripe_key=STRIPE_KEY,
            stripe_address=running.stripe_address,
            smtp_url=running.smtp_url,
        )
    )
    running.behave_payments(debits_by_hand=True, drop_webhooks=True)
    yield running
    running.reset()
    await runtime.close_clients()


# Disputes that nothing can change any more
ENDED = {"won", "lost"}


class World:
    """One run: a company, its invoices, and a payment service that tells things in any order, twice, or not at all."""

    def __init__(self, customer: Customer, colleague: Actor, sandbox: Sandbox, chance: random.Random) -> None:
        self.customer, self.colleague, self.sandbox, self.chance = customer, colleague, sandbox, chance
        self.invoices: list[Booked] = []
        self.staff = Actor(customer.tenant_id, name="Nadia", operator="Nadia")

    @property
    def database(self) -> TestDatabase:
        return self._database

    async def run(self, database: TestDatabase, steps: int) -> None:
        """So many steps, then everything that is known is told."""
        self._database = database
        for _ in range(steps):
            step = self.chance.choice(
                (
                    self.issue,
                    self.issue,
                    self.bank,
                    self.pay,
                    self.pay,
                    self.pay,
                    self.bank,
                    self.give_back,
                    self.learn,
                    self.learn,
                    self.credit,
                    self.write_off,
                )
            )
            await step()
            await in_line(database)
        for _ in range(2):
            await reconcile_soon()
            await drain(database, twice=True)

    async def issue(self) -> None:
        account = self.chance.choice(list(self.customer.accounts))
        self.invoices.append(
            await make_invoice(self.customer, self.chance.randrange(50, 9999), account=account)
        )

    async def credit(self) -> None:
        if self.invoices:
            made = self.chance.choice(self.invoices)
            cents = self.chance.randrange(1, 5000)
            await make_invoice(
                self.customer, cents, account=made.account, credit=True, corrects=[made.number]
            )

    async def write_off(self) -> None:
        if self.invoices:
            made = self.chance.choice(self.invoices)
            opened = (await get_invoice(self.customer.manager, made.id)).summary.open_cents
            if opened > 0:
                cents = self.chance.randrange(1, opened + 1)
                async with open_scope(self.customer.system) as scope:
                    await enter(
                        scope,
                        Movement(
                            kind=LedgerKind.WRITE_OFF,
                            provider_id=str(made.id),
                            billing_account_id=made.account_id,
                            invoice_id=made.id,
                            cents=-cents,
                            value_on=clock.today(),
                        ),
                    )

    async def pay(self) -> None:
        """Somebody asks; the page is opened, and perhaps paid, refused or left; perhaps two at once."""
        chosen = self.chance.sample(self.invoices, min(len(self.invoices), self.chance.randrange(1, 4)))
        if not chosen:
            return
        for who in self.chance.choices(
            (self.customer.manager, self.colleague), k=self.chance.choice((1, 1, 2))
        ):
            try:
                payment_id = await ask(who, *(one.id for one in chosen))
            except AppError:
                return
            if self.chance.random() < 0.9:
                await drain(self.database, only="payments.open_checkout")
            payment = await service.get_payment(who, payment_id)
            roll = self.chance.random()
            if payment.address and roll < 0.75:
                how, fields = self.chance.choice(
                    (("card", CARD), ("card", CARD), ("card", DISPUTED), ("sepa_debit", ACCOUNT))
                )
                await asyncio.to_thread(self.sandbox.pay, payment.address, how=how, **fields)
            elif roll < 0.9:
                await service.ask_about_payment(who, payment_id, leave=True)

    async def bank(self) -> None:
        """What the banks do: debits are collected, fail or come back; disputes are won or lost."""
        rows = await run_sql(self.database, "SELECT intent_id, state FROM payment WHERE intent_id <> ''")
        if rows:
            intent, state = self.chance.choice(rows)
            if state == PaymentState.PROCESSING:
                action = self.chance.choice(("settle", "settle", "fail"))
                self.sandbox.payment("payment_intent", intent, action)
            elif self.chance.random() < 0.6:
                self.sandbox.payment("payment_intent", intent, "return")
        open_ones = [
            one["id"] for one in await listed(self.sandbox, "disputes") if one["status"] not in ENDED
        ]
        if open_ones:
            action = self.chance.choice(("lose", "lose", "win"))
            self.sandbox.payment("dispute", self.chance.choice(open_ones), action)

    async def give_back(self) -> None:
        """Two of the staff give money back, at the same moment."""
        rows = await run_sql(self.database, "SELECT id, received_cents FROM payment WHERE received_cents > 0")
        if rows:
            payment, received = self.chance.choice(rows)

            async def give(key: str) -> None:
                cents = self.chance.randrange(1, received + 1)
                await refunds.ask_for_refund(self.staff, payment, cents=cents, reason="Why", request_key=key)

            await asyncio.gather(
                *(give(str(self.chance.randrange(20))) for _ in range(2)), return_exceptions=True
            )

    async def learn(self) -> None:
        """Some of what happened is told: by its events, by asking, or by a decision; at the same moment by two workers."""
        if self.chance.random() < 0.5:
            await reconcile_soon()
        await asyncio.gather(
            drain(self.database, only=JOBS), drain(self.database, only=JOBS, twice=self.chance.random() < 0.5)
        )
        for case in await payment_cases(NADIA):
            choice = CaseDecision(choice=CaseChoice.DISMISS, reason="Seen")
            await decide_case(NADIA, case.id, choice)


@pytest.mark.parametrize("seed", range(8))
async def test_the_balance_is_the_sum_of_the_ledger_whatever_is_paid_and_given_back(
    database: TestDatabase, sandbox: Sandbox, seed: int
) -> None:
    customer = await make_customer()
    colleague = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}))
    world = World(customer, colleague, sandbox, random.Random(seed))
    await world.issue()
    await world.run(database, 40)
    await in_line(database)
    assert await run_sql(database, TOO_MUCH) == []
    [[money]], [[booked]] = await run_sql(database, MONEY), await run_sql(database, BOOKED)
    assert money == booked
    async with open_scope(customer.system) as scope:
        shown = {one.billing_account_id: one.cents for one in await balances(scope)}
    sums = dict(await run_sql(database, BY_ACCOUNT, customer.tenant_id))
    assert {key: cents for key, cents in shown.items() if key in sums} == sums
    assert (await balance(customer.manager)).cents == sum(sums.values())
    # Whoever paid was told once of each thing
    keys = await run_sql(
        database, "SELECT key, count(*) FROM notification GROUP BY 1, member_id, channel HAVING count(*) > 1"
    )
    assert keys == []
