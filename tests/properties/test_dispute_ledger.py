"""Whatever the order of disputes, decisions, payments and credit notes: what is kept apart is open, and no cent is lost."""

import contextlib
import random

import pytest

from backend.billing.bank.payments import BankPayment, book_payment
from backend.billing.disputes import deciding, opening, service
from backend.billing.disputes.lifecycle import DisputeState
from backend.billing.disputes.schemas import ContestedCharge, NewDispute
from backend.billing.schemas import InvoiceSummary
from backend.billing.service import balance
from backend.core import clock
from backend.core.errors import Conflict
from backend.core.ids import new_id
from backend.members.operators import operator_actor
from tenants.scope import Actor
from tests.support.bank import OUT_OF_LINE, rows
from tests.support.charges import charge_ids, charge_line, credited, invoiced
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer

# Kept apart: what the disputes that are not over come to, VAT rounded once a rate, and never more than is open
WRONG = """
SELECT i.number FROM invoice i WHERE i.disputed_cents <> greatest(least(i.claimed_cents, i.open_cents), 0)
  OR i.claimed_cents <> coalesce((SELECT sum(round(d.net * (100 + coalesce(d.vat_percent, 0)) / 100)) FROM (
    SELECT vat_percent, sum(net_cents) AS net FROM invoice_dispute
    WHERE invoice_id = i.id AND state IN ('open', 'accepted') GROUP BY vat_percent) d), 0)
"""
TWICE = """
SELECT charge_id FROM invoice_dispute WHERE state IN ('open', 'accepted', 'credited') AND charge_id IS NOT NULL
GROUP BY charge_id HAVING count(*) > 1
"""
OVER = """
SELECT n.number FROM invoice n JOIN invoice_dispute d ON d.credit_note_id = n.id
GROUP BY n.id, n.number, n.booked_cents HAVING count(*) > 1 AND sum(d.gross_cents) > -n.booked_cents + count(*)
"""


class World:
    """One customer number, its invoices with their charges, and the payments that may come back."""

    def __init__(self, customer: Customer, nadia: Actor, chance: random.Random) -> None:
        self.customer, self.nadia, self.chance = customer, nadia, chance
        self.invoices: list[tuple[InvoiceSummary, dict]] = []
        self.paid: list[BankPayment] = []
        self.count = 0

    def _number(self, letter: str) -> str:
        self.count += 1
        return f"{letter}-{self.count}"

    async def issue(self) -> None:
        charges = [
            charge_line(f"+3247999000{at}", self.chance.randrange(1, 5000))
            for at in range(self.chance.randrange(1, 5))
        ]
        invoice = await invoiced(self.customer, charges, self._number("F"))
        self.invoices.append((invoice, await charge_ids(self.customer, invoice.id)))

    async def dispute(self) -> None:
        if not self.invoices:
            return
        invoice, charges = self.chance.choice(self.invoices)
        chosen = self.chance.sample(list(charges.values()), self.chance.randrange(1, len(charges) + 1))
        wanted = NewDispute(charges=[ContestedCharge(charge_id=one) for one in chosen])
        with contextlib.suppress(Conflict):
            await opening.open_disputes(self.customer.manager, invoice.id, wanted)

    async def decide(self) -> None:
        waiting = await service.waiting_disputes(self.nadia, state=DisputeState.OPEN)
        if waiting:
            some = self.chance.sample(waiting, self.chance.randrange(1, len(waiting) + 1))
            await deciding.decide_disputes(
                self.nadia, [one.id for one in some], accepted=self.chance.random() < 0.6, reason="So it is"
            )

    async def withdraw(self) -> None:
        waiting = await service.waiting_disputes(self.nadia)
        if waiting:
            with contextlib.suppress(Conflict):
                await deciding.withdraw_dispute(self.customer.manager, self.chance.choice(waiting).id)

    async def credit(self) -> None:
        if self.invoices:
            invoice, _ = self.chance.choice(self.invoices)
            cents = self.chance.randrange(1, max(invoice.booked_cents, 2))
            await credited(
                self.customer,
                invoice.number,
                [charge_line("", cents, code="", kind="other", name="Back")],
                self._number("N"),
            )

    async def pay(self) -> None:
        if not self.invoices:
            return
        invoice, _ = self.chance.choice(self.invoices)
        if self.paid and self.chance.random() < 0.3:
            earlier = self.paid.pop()
            back = BankPayment(
                movement_id=new_id(),
                billing_account_id=earlier.billing_account_id,
                cents=-earlier.cents,
                value_on=clock.today(),
                reverses=earlier.movement_id,
            )
            await book_payment(self.nadia, back)
            return
        payment = BankPayment(
            movement_id=new_id(),
            billing_account_id=self.customer.accounts[invoice.account],
            cents=self.chance.randrange(1, 9000),
            value_on=clock.today(),
            invoice_id=invoice.id,
        )
        await book_payment(self.nadia, payment)
        self.paid.append(payment)


@pytest.mark.parametrize("seed", range(4))
async def test_disputes_in_any_order_keep_ledger_and_balance_right(database: TestDatabase, seed: int) -> None:
    customer = await make_customer()
    nadia = await operator_actor("Nadia Operator", customer.slug)
    world = World(customer, nadia, random.Random(seed))
    steps = (
        world.issue,
        world.dispute,
        world.dispute,
        world.decide,
        world.withdraw,
        world.credit,
        world.pay,
        world.pay,
    )
    for _ in range(45):
        await world.chance.choice(steps)()
        for wrong in (WRONG, OUT_OF_LINE, TWICE, OVER):
            assert await rows(database, wrong) == []
        shown = await balance(customer.manager)
        ((owed,),) = await rows(database, "SELECT coalesce(sum(cents), 0)::bigint FROM ledger_entry")
        assert shown.cents == owed
        assert shown.due_cents >= 0
