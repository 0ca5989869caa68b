"""The proof of an invoice in the database: verdicts by the company's own lines, requests and usage; again, twice, late."""

from datetime import timedelta

import pytest

from backend.billing.intake.runs import take_each
from backend.billing.intake.taking_charges import work_of
from backend.billing.proof import service as proof
from backend.billing.proof.schemas import ProofReason, Verdict
from backend.core import clock
from backend.core.errors import Forbidden, NotFound
from backend.usage.lifecycle import period_of
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.scope import Reach
from tests.support.charges import (
    CENTS,
    PLAN,
    by_number,
    charge_line,
    credited,
    invoiced,
    last_day,
    next_month,
)
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.invoices import NADIA, check
from tests.support.jobs import drain
from tests.support.order_steps import carry_out, load_lines_at_carrier, place
from tests.support.sandbox import Sandbox
from tests.support.usage import abroad, file_of

JOB = "billing.prove"


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    made = await make_customer()
    await make_lines(made, 3, plan=PLAN, account=next(iter(made.accounts)))
    return made


async def test_what_follows_is_proven_what_does_not_differs_and_what_nobody_knows_says_why(
    customer: Customer, database: TestDatabase
) -> None:
    one, two, three = await customer.lines()
    charges = [
        charge_line(one.msisdn),
        charge_line(two.msisdn),
        charge_line(two.msisdn),
        charge_line(three.msisdn, 2066, code="pro-flex-20"),
        charge_line("+32499999999"),
        charge_line("", 500, code="", kind="other"),
    ]
    invoice = await invoiced(customer, charges, "P-1")
    assert (await proof.proof_of(customer.manager, invoice.id)).proved_at is None, (
        "said to be unknown until then"
    )
    await drain(database, only=JOB, twice=True)
    found = await proof.proof_of(customer.manager, invoice.id)
    assert (found.proven, found.different, found.unchecked, found.charges) == (2, 2, 2, 6)
    assert (found.proven_cents, found.difference_cents) == (2 * CENTS, CENTS + 2066)
    wrong = await proof.proven_charges(customer.manager, invoice.id, Verdict.DIFFERENT)
    assert [(each.reason, each.too_much_cents) for each in wrong] == [
        (ProofReason.NOT_ON_LINE, 2066),
        (ProofReason.TWICE, CENTS),
    ]
    assert wrong[0].params["plan"] == PLAN, "with what the line has instead"
    unknown = await proof.proven_charges(customer.manager, invoice.id, Verdict.UNCHECKED)
    assert {each.reason for each in unknown} == {ProofReason.UNKNOWN_NUMBER, ProofReason.WHOLE_ACCOUNT}
    [right] = await proof.number_charges(customer.manager, invoice.id, one.msisdn)
    assert (right.verdict, right.reason) == (Verdict.PROVEN, ProofReason.WHOLE_PERIOD)


async def test_a_request_is_the_reason_and_its_days_are_counted(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer()
    await make_lines(customer, 1, plan=PLAN, account=next(iter(customer.accounts)))
    [line] = await load_lines_at_carrier(customer, sandbox)
    placed = await place(customer, [line.id], add=("sms-unlimited", "world-3gb"))
    await carry_out(customer, database, placed.reference)
    month = next_month()
    charges = [
        charge_line(line.msisdn, 207, code="sms-unlimited"),
        charge_line(line.msisdn, 9500, code="world-3gb", kind="one_off"),
        charge_line(line.msisdn, 124, code="voicemail-text"),
    ]
    invoice = await invoiced(customer, charges, "P-2")
    await drain(database, only=JOB)
    found = {one.code: one for one in await proof.number_charges(customer.manager, invoice.id, line.msisdn)}
    assert found["sms-unlimited"].verdict == Verdict.PROVEN
    assert (found["world-3gb"].verdict, found["world-3gb"].params["reference"]) == (
        Verdict.PROVEN,
        placed.reference,
    )
    assert found["voicemail-text"].reason == ProofReason.NOT_ON_LINE
    # The same month on the next invoice: it was charged already
    again = await invoiced(customer, charges[:2], "P-3", issued_on=last_day(month) + timedelta(days=9))
    await drain(database, only=JOB)
    later = {one.code: one for one in await proof.number_charges(customer.manager, again.id, line.msisdn)}
    assert (later["sms-unlimited"].reason, later["sms-unlimited"].params["by"]) == (ProofReason.TWICE, "P-2")
    assert later["world-3gb"].reason == ProofReason.NO_REQUEST
    # Credited first, the same charges may come again
    await credited(customer, "P-3", charges[:2], "C-3", issued_on=last_day(month) + timedelta(days=10))
    await credited(customer, "P-2", charges[:1], "C-2", issued_on=last_day(month) + timedelta(days=11))
    third = await invoiced(customer, charges[:1], "P-4", issued_on=last_day(month) + timedelta(days=12))
    await drain(database, only=JOB)
    [right] = await proof.number_charges(customer.manager, third.id, line.msisdn)
    assert right.verdict == Verdict.PROVEN
    note = await proof.proof_of(customer.manager, (await by_number(customer, "C-3")).id)
    assert (note.unchecked, note.different) == (2, 0), "a credit note accuses nobody"


async def test_use_that_comes_in_later_proves_a_charge_by_itself(
    customer: Customer, database: TestDatabase
) -> None:
    one, two, _ = await customer.lines()
    month = period_of(clock.now())
    use = [charge_line(line.msisdn, 450, code="", kind="usage", month=month) for line in (one, two)]
    invoice = await invoiced(customer, use, "P-5", month=month)
    await drain(database, only=JOB)
    unknown = await proof.proven_charges(customer.manager, invoice.id, Verdict.UNCHECKED)
    assert {each.reason for each in unknown} == {ProofReason.NO_USE_KNOWN}
    rows = file_of([abroad("r1", one.msisdn, 450, employee_cents=100)])
    await load_file(customer.system, rows, kind=UsageFileKind.RECORDS)
    await drain(database, only=JOB)
    [right] = await proof.number_charges(customer.manager, invoice.id, one.msisdn)
    assert (right.verdict, right.reason) == (Verdict.PROVEN, ProofReason.USE)
    [wrong] = await proof.number_charges(customer.manager, invoice.id, two.msisdn)
    assert (wrong.reason, wrong.too_much_cents) == (ProofReason.OTHER_USE, 450)


async def test_other_charges_are_proven_anew_and_somebody_may_ask_for_it(
    customer: Customer, database: TestDatabase
) -> None:
    one, two, _ = await customer.lines()
    whole = charge_line("", 2 * CENTS, code="", kind="recurring", name="Subscriptions")
    invoice = await invoiced(customer, [whole], "P-6")
    await drain(database, only=JOB)
    assert (await proof.proof_of(customer.manager, invoice.id)).unchecked == 1
    rows = ["invoice;msisdn;kind;code;name;net;from;until"] + [
        f"P-6;{line.msisdn};recurring;{PLAN};Plan;12.40;{next_month()};{last_day(next_month())}"
        for line in (one, two)
    ]
    works = work_of("c.csv", "\n".join(rows).encode())
    outcomes = [each async for _, each in take_each(NADIA, works, range(1), check, check_only=False)]
    assert outcomes[0].outcome == "booked", outcomes
    await drain(database, only=JOB)
    found = await proof.proof_of(customer.manager, invoice.id)
    assert (found.proven, found.charges) == (2, 2)
    await proof.check_again(customer.manager, invoice.id)
    await drain(database, only=JOB, twice=True)
    assert (await proof.proof_of(customer.manager, invoice.id)).proven == 2


async def test_who_may_not_read_the_invoice_reads_no_proof(
    customer: Customer, database: TestDatabase
) -> None:
    invoice = await invoiced(customer, [charge_line((await customer.lines())[0].msisdn)], "P-7")
    await drain(database, only=JOB)
    other = list(customer.accounts.values())[1]
    narrow = await make_member(
        customer.tenant_id, roles=frozenset({"invoice_reader"}), reach=Reach(frozenset({other}))
    )
    with pytest.raises(NotFound):
        await proof.proof_of(narrow, invoice.id)
    manager = await make_member(customer.tenant_id, roles=frozenset({"fleet_manager"}))
    with pytest.raises(Forbidden):
        await proof.proof_of(manager, invoice.id)
