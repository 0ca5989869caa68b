"""Whatever comes in, in any order and several at once: balances are the sums of their entries, and no cent is lost."""

import asyncio
import dataclasses
import random
from typing import Any

import pytest

from backend import runtime
from backend.billing.bank.decisions import MovementChoice, MovementDecision, bank_movements, decide_movement
from backend.billing.bank.keeping import take_file
from backend.billing.bank.matching import match_statement
from backend.billing.ledger import balances
from backend.billing.lifecycle import MovementState
from backend.billing.service import balance, get_invoice
from backend.settings import Operator, Settings
from tenants.transaction import open_scope
from tests.support.bank import JOB, OUT_OF_LINE, STAFF, Booked, communication, make_invoice, rows
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain
from tests.support.statements import OWN, camt, payment, statement

BY_ACCOUNT = "SELECT billing_account_id, sum(cents)::bigint FROM ledger_entry WHERE tenant_id = $1 GROUP BY 1"
TWICE = "SELECT kind, provider_id, invoice_id FROM ledger_entry GROUP BY 1, 2, 3 HAVING count(*) > 1"
# Every cent that came in or went back for a customer is in the ledger once
MONEY = "SELECT coalesce(sum(cents), 0)::bigint FROM ledger_entry WHERE kind IN ('payment', 'reversal')"
MATCHED = "SELECT coalesce(sum(cents), 0)::bigint FROM bank_movement WHERE state = 'matched'"
OWED = "SELECT coalesce(sum(booked_cents), 0)::bigint FROM invoice"


class World:
    """One run: what was issued and paid, and the money on the operator's account."""

    def __init__(self, customers: list[Customer], chance: random.Random) -> None:
        self.customers, self.chance = customers, chance
        self.invoices: list[tuple[Customer, Booked, int]] = []
        self.paid: list[Any] = []
        self.statements: list[str] = []
        self.files: list[bytes] = []
        self.opening = 0

    async def issue(self) -> None:
        """An invoice, sometimes with the communication of an earlier one."""
        customer, cents = self.chance.choice(self.customers), self.chance.randrange(1, 9999)
        account = self.chance.choice(list(customer.accounts))
        again = [
            one.structured for owner, one, _ in self.invoices if owner is customer and one.account == account
        ]
        digits = self.chance.choice(again) if again and self.chance.random() < 0.3 else communication()
        made = await make_invoice(customer, cents, account=account, structured=digits)
        self.invoices.append((customer, made, cents))

    async def credit(self) -> None:
        """A credit note for a part of an invoice, for all of it, or for more than is open."""
        if self.invoices:
            customer, made, cents = self.chance.choice(self.invoices)
            part = self.chance.choice((cents, max(cents // 2, 1)))
            await make_invoice(
                customer, part, account=made.account, structured="", credit=True, corrects=[made.number]
            )

    async def pay(self) -> None:
        """A statement of a few movements: payments of part, all and too much, text only, reversals, outgoing ones."""
        moves = []
        for _ in range(self.chance.randrange(1, 5)):
            name = f"E{self.chance.randrange(10**12)}"
            roll = self.chance.random()
            if roll < 0.2 and self.paid:
                earlier = self.paid.pop(self.chance.randrange(len(self.paid)))
                cents = -int(earlier.amount * 100)
                moves.append(
                    payment(cents, earlier.reference, end_to_end=earlier.end_to_end, iban="", reversal=True)
                )
            elif roll < 0.3:
                moves.append(payment(-self.chance.randrange(1, 500)))
            elif roll < 0.45 or not self.invoices:
                moves.append(payment(self.chance.randrange(1, 9999), text="no idea", name="Nobody", iban=""))
            else:
                _, made, cents = self.chance.choice(self.invoices)
                share = self.chance.choice((cents, max(cents // 3, 1), cents + 100))
                moves.append(payment(share, made.structured, end_to_end=name, iban=""))
                self.paid.append(moves[-1])
        content = camt(statement(moves, number=f"S{len(self.files)}", opening_cents=self.opening))
        self.opening += sum(int((one.amount or 0) * 100) for one in moves)
        self.files.append(content)
        await self._hand_in(content)

    async def _hand_in(self, content: bytes) -> None:
        (taken,) = await take_file(STAFF, name="a.xml", content=content)
        self.statements.append(str(taken.id))
        await match_statement(STAFF, statement_id=str(taken.id))

    async def repeat(self) -> None:
        """A file once more, and a job once more, at the same moment."""
        if self.files:
            await asyncio.gather(
                self._hand_in(self.chance.choice(self.files)),
                match_statement(STAFF, statement_id=self.chance.choice(self.statements)),
            )

    async def decide(self) -> None:
        """Staff assign what matches nothing, to an invoice, to a customer number, or to nobody."""
        waiting = await bank_movements(STAFF)
        if not waiting or not self.invoices:
            return
        customer, made, _ = self.chance.choice(self.invoices)
        one, roll = self.chance.choice(waiting), self.chance.random()
        if one.state == MovementState.PROPOSED and roll < 0.5:
            decision = MovementDecision(choice=MovementChoice.ACCEPT)
        elif roll < 0.3:
            decision = MovementDecision(choice=MovementChoice.IGNORE, reason="Not a customer")
        else:
            decision = MovementDecision(
                choice=MovementChoice.ASSIGN,
                tenant=customer.slug,
                customer_number=made.account,
                invoice_number=made.number if roll < 0.7 else "",
            )
        await decide_movement(STAFF, one.id, decision)
        await match_statement(STAFF, statement_id=str(one.statement_id))


@pytest.mark.parametrize("seed", range(6))
async def test_the_balance_is_the_sum_of_the_ledger(
    settings: Settings, database: TestDatabase, seed: int
) -> None:
    runtime.use_settings(dataclasses.replace(settings, operator=Operator(ibans=(OWN,))))
    customers = [await make_customer(), await make_customer()]
    world = World(customers, random.Random(seed))
    steps = (
        world.issue,
        world.issue,
        world.credit,
        world.pay,
        world.pay,
        world.pay,
        world.repeat,
        world.decide,
    )
    for step in range(40):
        await world.chance.choice(steps)()
        if step % 8 == 7:
            await agrees(database, customers)
    await asyncio.gather(*(match_statement(STAFF, statement_id=one) for one in set(world.statements)))
    await drain(database, only=JOB)
    await agrees(database, customers)
    for customer, made, _ in world.invoices:
        shown = await get_invoice(customer.manager, made.id)
        assert shown.summary.open_cents == sum(one.cents for one in shown.entries)
    assert await bank_movements(STAFF, state=MovementState.CLAIMED) == []


async def agrees(database: TestDatabase, customers: list[Customer]) -> None:
    """What is shown, what is kept and what is written are one and the same."""
    assert await rows(database, OUT_OF_LINE) == []
    assert await rows(database, TWICE) == []
    ((booked,),) = await rows(database, MONEY)
    ((matched,),) = await rows(database, MATCHED)
    assert booked == -matched
    owed = 0
    for customer in customers:
        summed = dict(await rows(database, BY_ACCOUNT, customer.tenant_id))
        async with open_scope(customer.system) as scope:
            kept = {one.billing_account_id: one.cents for one in await balances(scope) if one.cents}
        assert kept == {key: cents for key, cents in summed.items() if cents}
        shown = await balance(customer.manager)
        assert {customer.accounts[one.account]: one.cents for one in shown.accounts} == summed
        assert shown.cents == sum(summed.values())
        owed += shown.cents
    ((issued,),) = await rows(database, OWED)
    assert owed == issued - matched
