"""Disputes: opened line by line, decided by the operator, ended by a credit note; what they keep apart of an invoice."""

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest

from backend.billing.bank.payments import BankPayment, book_payment
from backend.billing.disputes import deciding, opening, service
from backend.billing.disputes.lifecycle import DisputeState
from backend.billing.disputes.schemas import ContestedCharge, NewDispute
from backend.billing.intake.runs import take_each
from backend.billing.intake.taking_charges import work_of
from backend.billing.lifecycle import InvoiceState
from backend.billing.schemas import InvoiceSummary
from backend.billing.service import balance, get_invoice
from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.members.operators import operator_actor
from backend.notifications.service import list_notifications
from tenants.scope import Actor, Reach
from tests.support.charges import CENTS, PLAN, by_number, charge_ids, charge_line, credited, invoiced
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.invoices import NADIA, check, credit_for, take
from tests.support.jobs import drain
from tests.support.sandbox import Sandbox

STATES = DisputeState


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    made = await make_customer()
    await make_lines(made, 3, plan=PLAN, account=next(iter(made.accounts)))
    return made


async def staff(customer: Customer) -> Actor:
    return await operator_actor("Nadia Operator", customer.slug)


async def three_charges(customer: Customer, number: str = "D-1") -> tuple[InvoiceSummary, list[UUID]]:
    """An invoice of three plans, 45.01 with VAT."""
    lines = await customer.lines()
    invoice = await invoiced(customer, [charge_line(line.msisdn) for line in lines], number)
    ids = await charge_ids(customer, invoice.id)
    return invoice, [ids[line.msisdn, PLAN] for line in lines]


async def dispute(who: Actor, invoice_id: UUID, charges: list[UUID], words: str = "") -> int:
    wanted = NewDispute(charges=[ContestedCharge(charge_id=one) for one in charges], words=words)
    return await opening.open_disputes(who, invoice_id, wanted)


async def pay(customer: Customer, invoice: InvoiceSummary, cents: int) -> None:
    await book_payment(
        await staff(customer),
        BankPayment(
            movement_id=new_id(),
            billing_account_id=customer.accounts[invoice.account],
            cents=cents,
            value_on=clock.today(),
            invoice_id=invoice.id,
        ),
    )


async def state_of(customer: Customer, invoice: InvoiceSummary) -> InvoiceSummary:
    return (await get_invoice(customer.manager, invoice.id)).summary


async def test_the_amount_is_kept_apart_with_vat_and_the_rest_stays_due(customer: Customer) -> None:
    invoice, charges = await three_charges(customer)
    assert await dispute(customer.manager, invoice.id, charges[:1], "Gone since May") == 1
    after = await state_of(customer, invoice)
    assert (after.disputed_cents, after.open_cents) == (1500, 4501), "12.40 and 21 %, rounded once"
    found = await service.disputes_of(customer.manager, invoice.id)
    assert (found.claimed_cents, found.kept_apart_cents, found.payable_cents) == (1500, 1500, 3001)
    [one] = found.disputes
    assert (one.net_cents, one.vat_percent, one.gross_cents, one.state) == (
        CENTS,
        Decimal(21),
        1500,
        STATES.OPEN,
    )
    # Rounded once on the sum: two of 15.00 are 30.01, and all three are the whole invoice
    await dispute(customer.manager, invoice.id, charges[1:2])
    assert (await state_of(customer, invoice)).disputed_cents == 3001
    await dispute(customer.manager, invoice.id, charges[2:])
    whole = await state_of(customer, invoice)
    assert (whole.disputed_cents, whole.state(clock.today())) == (4501, InvoiceState.DISPUTED)
    total = await balance(customer.manager)
    assert (total.cents, total.due_cents, total.disputed_cents) == (4501, 0, 4501)
    for at, each in enumerate((await service.disputes_of(customer.manager, invoice.id)).disputes):
        await deciding.withdraw_dispute(customer.manager, each.id)
        assert (await state_of(customer, invoice)).disputed_cents == (3001, 1500, 0)[at]
        with pytest.raises(Conflict):
            await deciding.withdraw_dispute(customer.manager, each.id)


async def test_two_people_dispute_a_charge_once(customer: Customer) -> None:
    invoice, charges = await three_charges(customer)
    reader = await make_member(customer.tenant_id, roles=frozenset({"invoice_reader"}), name="Lou Maes")
    made = await asyncio.gather(
        *(
            dispute(who, invoice.id, charges[:2])
            for who in (customer.manager, reader, reader, customer.manager)
        )
    )
    assert sorted(made) == [0, 0, 0, 2]
    found = await service.disputes_of(customer.manager, invoice.id)
    assert (found.total, found.claimed_cents) == (2, 3001)


async def test_the_operator_refuses_with_a_reason_and_who_disputed_hears_it(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    invoice, charges = await three_charges(customer)
    await dispute(customer.manager, invoice.id, charges[:2])
    nadia = await staff(customer)
    waiting = await service.waiting_disputes(nadia)
    assert [one.invoice_number for one in waiting] == ["D-1", "D-1"]
    ids = [one.id for one in waiting]
    with pytest.raises(ValidationFailed):
        await deciding.decide_disputes(nadia, ids, accepted=False, reason="  ")
    await deciding.decide_disputes(nadia, ids, accepted=False, reason="The contract says so.")
    with pytest.raises(Conflict):
        await deciding.decide_disputes(nadia, ids, accepted=True, reason="")
    assert (await state_of(customer, invoice)).disputed_cents == 0
    await drain(database, twice=True)
    [mail] = sandbox.mails(customer.manager.email)
    assert mail["subject"] == "Dispute refused: invoice D-1"
    assert "The contract says so." in mail["text"]
    [shown] = (await list_notifications(customer.manager)).items
    assert shown.title == "Dispute refused: invoice D-1"
    # What was refused may be disputed again, with other words
    assert await dispute(customer.manager, invoice.id, charges[:1], "See the mail of 3 May") == 1


@pytest.mark.parametrize("note_first", [False, True])
async def test_what_is_accepted_waits_for_the_credit_note_that_names_the_invoice(
    customer: Customer, database: TestDatabase, *, note_first: bool
) -> None:
    invoice, charges = await three_charges(customer)
    await dispute(customer.manager, invoice.id, charges[:1])
    nadia = await staff(customer)
    [waiting] = await service.waiting_disputes(nadia)
    line = charge_line((await customer.lines())[0].msisdn)
    if note_first:
        await credited(customer, "D-1", [line], "NC-1")
        assert (await state_of(customer, invoice)).disputed_cents == 1500, "nobody has decided"
    await deciding.decide_disputes(nadia, [waiting.id], accepted=True, reason="")
    if not note_first:
        [one] = (await service.disputes_of(customer.manager, invoice.id)).disputes
        assert (one.state, (await state_of(customer, invoice)).disputed_cents) == (STATES.ACCEPTED, 1500)
        await credited(customer, "another", [line], "NC-0")
        assert (await state_of(customer, invoice)).disputed_cents == 1500, "that note names another invoice"
        await credited(customer, "D-1", [line], "NC-1")
    found = await service.disputes_of(customer.manager, invoice.id)
    [one] = found.disputes
    assert (one.state, one.credit_note) == (STATES.CREDITED, "NC-1")
    after = await state_of(customer, invoice)
    assert (after.open_cents, after.disputed_cents, found.payable_cents) == (3001, 0, 3001)
    # What was credited is not disputed again
    assert await dispute(customer.manager, invoice.id, charges[:1]) == 0


async def test_one_note_ends_those_of_several_that_it_covers(customer: Customer) -> None:
    invoice, charges = await three_charges(customer)
    await dispute(customer.manager, invoice.id, charges)
    nadia = await staff(customer)
    ids = [one.id for one in await service.waiting_disputes(nadia)]
    await deciding.decide_disputes(nadia, ids, accepted=True, reason="")
    lines = [charge_line(line.msisdn) for line in (await customer.lines())[:2]]
    await credited(customer, "D-1", lines, "NC-1")
    states = sorted(one.state for one in (await service.disputes_of(customer.manager, invoice.id)).disputes)
    assert states == ["accepted", "credited", "credited"]
    after = await state_of(customer, invoice)
    assert (after.open_cents, after.disputed_cents) == (1500, 1500)


async def test_what_is_paid_is_disputed_without_anything_kept_apart(customer: Customer) -> None:
    invoice, charges = await three_charges(customer)
    await pay(customer, invoice, 4501)
    await dispute(customer.manager, invoice.id, charges[:1])
    found = await service.disputes_of(customer.manager, invoice.id)
    assert (found.disputes[0].was_paid, found.claimed_cents, found.kept_apart_cents) == (True, 1500, 0)
    assert (await state_of(customer, invoice)).state(clock.today()) is InvoiceState.PAID
    [waiting] = await service.waiting_disputes(await staff(customer))
    await deciding.decide_disputes(await staff(customer), [waiting.id], accepted=True, reason="")
    await credited(customer, "D-1", [charge_line((await customer.lines())[0].msisdn)], "NC-1")
    assert (await balance(customer.manager)).cents == -1500, "the credit is in the customer's favour"
    assert (await by_number(customer, "NC-1")).open_cents == -1500


async def test_an_amount_is_disputed_where_there_are_no_charges_per_number(customer: Customer) -> None:
    invoice = await invoiced(customer, [charge_line("", 1000, code="", kind="other", name="All")], "D-2")
    who = customer.manager
    assert await opening.open_disputes(who, invoice.id, NewDispute(amount_cents=500)) == 1
    assert await opening.open_disputes(who, invoice.id, NewDispute(amount_cents=700)) == 0, "one at a time"
    assert (await state_of(customer, invoice)).disputed_cents == 500, "VAT is in it"
    for wrong in (NewDispute(), NewDispute(amount_cents=999999)):
        with pytest.raises(ValidationFailed):
            await opening.open_disputes(who, invoice.id, wrong)
    per_number, charges = await three_charges(customer)
    with pytest.raises(ValidationFailed):
        await opening.open_disputes(who, per_number.id, NewDispute(amount_cents=500))
    too_much = NewDispute(charges=[ContestedCharge(charge_id=charges[0], cents=CENTS + 1)])
    with pytest.raises(ValidationFailed):
        await opening.open_disputes(who, per_number.id, too_much)
    with pytest.raises(NotFound):
        await dispute(who, per_number.id, [new_id()])
    taken = await take(credit_for(customer, "NC-9", lines=[charge_line("", 100, code="", kind="other")]))
    assert taken.outcome == "booked"
    with pytest.raises(Conflict):
        await opening.open_disputes(who, (await by_number(customer, "NC-9")).id, NewDispute(amount_cents=100))


async def test_only_within_reach_and_with_the_right(customer: Customer) -> None:
    invoice, charges = await three_charges(customer)
    other = list(customer.accounts.values())[1]
    reader = frozenset({"invoice_reader"})
    narrow = await make_member(customer.tenant_id, roles=reader, reach=Reach(frozenset({other})))
    with pytest.raises(NotFound):
        await dispute(narrow, invoice.id, charges)
    await dispute(customer.manager, invoice.id, charges[:1])
    [one] = (await service.disputes_of(customer.manager, invoice.id)).disputes
    with pytest.raises(NotFound):
        await deciding.withdraw_dispute(narrow, one.id)
    auditor = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    assert (await service.disputes_of(auditor, invoice.id)).total == 1
    with pytest.raises(Forbidden):
        await dispute(auditor, invoice.id, charges)


async def test_charges_that_are_disputed_are_not_replaced(customer: Customer) -> None:
    invoice, charges = await three_charges(customer)
    await dispute(customer.manager, invoice.id, charges[:1])
    [line, *_] = await customer.lines()
    works = work_of("c.csv", f"invoice;msisdn;kind;name;net\nD-1;{line.msisdn};recurring;All;37.20".encode())

    async def taken() -> str:
        [outcome] = [
            each.outcome async for _, each in take_each(NADIA, works, range(1), check, check_only=False)
        ]
        return outcome

    assert await taken() == "refused"
    [one] = (await service.disputes_of(customer.manager, invoice.id)).disputes
    await deciding.withdraw_dispute(customer.manager, one.id)
    assert await taken() == "booked"
