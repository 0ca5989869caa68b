"""Bank statements on a real database: what is matched, held, proposed and decided, once whatever happens."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import msgspec
import pytest

from backend import runtime
from backend.billing.bank import matching
from backend.billing.bank.decisions import (
    MovementChoice,
    MovementDecision,
    bank_movements,
    bank_statements,
    decide_movement,
    dismiss_statement,
)
from backend.billing.bank.keeping import take_file
from backend.billing.bank.matching import match_movement, match_statement
from backend.billing.bank.movements import waiting_movements
from backend.billing.lifecycle import MovementState, StatementState
from backend.billing.service import balance
from backend.billing.statements.coda_writing import write_coda
from backend.billing.statements.statement import ReadStatement, StatementEntry, StatementFormat
from backend.core.errors import Conflict, FileRejected, NotFound, ValidationFailed
from backend.core.messaging.jobs import run_job
from backend.settings import Operator, Settings
from tests.support.bank import (
    JOB,
    OUT_OF_LINE,
    STAFF,
    communication,
    entries,
    hand_in,
    make_invoice,
    movements,
    open_of,
    rows,
)
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.statements import DAY, OTHER, OWN, camt, file_of, inside, payment, single, statement

M = MovementState
NEXT_DAY = date(2026, 12, 2)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, operator=Operator(ibans=(OWN,)))


@pytest.fixture
async def customer(settings: Settings) -> Customer:
    runtime.use_settings(settings)
    return await make_customer()


@pytest.fixture(autouse=True)
async def balanced(database: TestDatabase) -> AsyncIterator[None]:
    """After every test: what is open of an invoice is the sum of its entries."""
    yield
    assert await rows(database, OUT_OF_LINE) == []


def accept() -> MovementDecision:
    return MovementDecision(choice=MovementChoice.ACCEPT)


def ignore(reason: str = "Not a customer") -> MovementDecision:
    return MovementDecision(choice=MovementChoice.IGNORE, reason=reason)


def assign(customer: Customer, account: str, invoice: str = "") -> MovementDecision:
    return MovementDecision(
        choice=MovementChoice.ASSIGN, tenant=customer.slug, customer_number=account, invoice_number=invoice
    )


async def test_a_payment_with_its_communication_closes_its_invoice(
    customer: Customer, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 2500)
    (taken,) = await hand_in(database, file_of(payment(2500, invoice.structured)))
    assert (taken.state, taken.movements, taken.repeated) == (StatementState.IMPORTED, 1, False)
    assert await open_of(database, invoice) == [0]
    (movement,) = await movements(M.MATCHED)
    assert (movement.customer_number, movement.invoice_number, movement.cents) == (
        invoice.account,
        invoice.number,
        2500,
    )
    assert (movement.name, movement.iban, movement.booked_on) == ("Delta Logistics", OTHER, DAY)
    assert (await balance(customer.manager)).cents == 0
    audited = "SELECT count(*) FROM audit_event WHERE action = 'payment.booked' AND tenant_id = $1"
    assert await rows(database, audited, customer.tenant_id) == [(1,)]


async def test_written_as_people_write_it_and_in_coda(customer: Customer, database: TestDatabase) -> None:
    invoice = await make_invoice(customer, 2500)
    digits = invoice.structured
    shown = f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"
    await hand_in(database, file_of(payment(1000, shown)))
    one = StatementEntry(payment=payment(1500, digits))
    read = msgspec.structs.replace(
        statement((), entries=[one], opening_cents=1000, closed_on=NEXT_DAY),
        sequence="007",
        format=StatementFormat.CODA,
    )
    await hand_in(database, write_coda(read), "statement.cod")
    assert await open_of(database, invoice) == [0]


async def test_part_too_much_and_again(customer: Customer, database: TestDatabase) -> None:
    invoice = await make_invoice(customer, 2500)
    content = file_of(
        payment(1000, invoice.structured),
        payment(2000, invoice.structured),
        payment(300, invoice.structured),
    )
    await hand_in(database, content)
    assert await open_of(database, invoice) == [0]
    assert await entries(database) == [(invoice.id, -1500), (invoice.id, -1000), (None, -500), (None, -300)]
    shown = await balance(customer.manager)
    assert (shown.cents, shown.due_cents) == (-800, 0)
    assert [one.cents for one in shown.accounts if one.account == invoice.account] == [-800]
    (again,) = await hand_in(database, content)
    assert (again.state, again.repeated, again.movements) == (StatementState.IMPORTED, True, 3)
    assert len(await entries(database)) == 4


async def test_one_communication_on_several_invoices_pays_the_oldest_first(
    customer: Customer, database: TestDatabase
) -> None:
    digits = communication()
    newer = await make_invoice(customer, 1000, structured=digits, issued_on=date(2026, 11, 1))
    older = await make_invoice(customer, 2000, structured=digits, issued_on=date(2026, 10, 1))
    await hand_in(database, file_of(payment(2500, digits)))
    assert await open_of(database, older, newer) == [0, 500]


async def test_one_communication_of_two_customer_numbers_is_decided_by_staff(
    customer: Customer, database: TestDatabase
) -> None:
    digits, other = communication(), await make_customer()
    await make_invoice(customer, 1000, structured=digits)
    mine = await make_invoice(other, 1000, structured=digits)
    await hand_in(database, file_of(payment(1000, digits)))
    (movement,) = await movements(M.UNMATCHED)
    assert "several customer numbers" in movement.reason
    await decide_movement(STAFF, movement.id, assign(other, mine.account, mine.number))
    await drain(database, only=JOB)
    assert await entries(database) == [(mine.id, -1000)]


@pytest.mark.parametrize("kill", ["before booking", "before the mark"])
async def test_killed_between_the_two_scopes(
    customer: Customer, database: TestDatabase, monkeypatch: pytest.MonkeyPatch, kill: str
) -> None:
    invoice = await make_invoice(customer, 2500)
    step = "book_payment" if kill == "before booking" else "mark_matched"

    async def killed(*_: object) -> None:
        raise ConnectionResetError("killed")

    (taken,) = await take_file(STAFF, name="a.xml", content=file_of(payment(2500, invoice.structured)))
    with monkeypatch.context() as patch:
        patch.setattr(matching, step, killed)
        with pytest.raises(ConnectionResetError):
            await match_statement(STAFF, statement_id=str(taken.id))
    (left,) = await movements(M.CLAIMED)
    assert left.invoice_number == invoice.number
    assert await open_of(database, invoice) == [2500 if kill == "before booking" else 0]
    await drain(database, only=JOB)
    assert await movements(M.CLAIMED) == []
    assert await entries(database) == [(invoice.id, -2500)]


async def test_two_at_once_are_one_payment(customer: Customer, database: TestDatabase) -> None:
    invoice = await make_invoice(customer, 2500)
    content = file_of(*(payment(1000, invoice.structured, bank_reference=f"B{at}") for at in range(6)))
    taken = await asyncio.gather(*(take_file(STAFF, name="a.xml", content=content) for _ in range(4)))
    assert sorted(one.repeated for [one] in taken) == [False, True, True, True]
    (statement_id,) = {one.id for [one] in taken}
    await asyncio.gather(*(match_statement(STAFF, statement_id=str(statement_id)) for _ in range(4)))
    written = await entries(database)
    assert sum(cents for _, cents in written) == -6000
    assert sum(cents for key, cents in written if key == invoice.id) == -2500
    assert len(await movements(M.MATCHED)) == 6


async def test_two_at_once_close_each_invoice_once(customer: Customer, database: TestDatabase) -> None:
    """The second of two must not find the invoice closed, and take the payment for too much."""
    invoices = [await make_invoice(customer, 1000 + at) for at in range(12)]
    content = file_of(*(payment(1000 + at, one.structured) for at, one in enumerate(invoices)))
    (taken,) = await take_file(STAFF, name="a.xml", content=content)
    await asyncio.gather(*(match_statement(STAFF, statement_id=str(taken.id)) for _ in range(4)))
    assert {key for key, _ in await entries(database)} == {one.id for one in invoices}
    assert await open_of(database, *invoices) == [0] * 12


async def test_two_statements_that_pay_one_invoice_at_once(
    customer: Customer, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 2500)
    taken = []
    for at in range(4):
        one = statement([payment(2500, invoice.structured)], number=f"n{at}", opening_cents=at * 2500)
        taken += await take_file(STAFF, name="b.xml", content=camt(one))
    assert {one.state for one in taken} == {StatementState.IMPORTED}
    await asyncio.gather(*(match_statement(STAFF, statement_id=str(one.id)) for one in taken))
    assert await entries(database) == [(invoice.id, -2500), *[(None, -2500)] * 3]


async def test_a_payment_that_is_taken_back_is_open_again(customer: Customer, database: TestDatabase) -> None:
    invoice = await make_invoice(customer, 2500)
    await hand_in(database, file_of(payment(3000, invoice.structured, end_to_end="E1")))
    assert (await balance(customer.manager)).cents == -500
    back = payment(-3000, reversal=True, end_to_end="E1", iban="")
    (taken,) = await hand_in(database, camt(statement([back], number="2", opening_cents=3000)))
    assert taken.movements == 1
    assert await entries(database, "reversal") == [(invoice.id, 2500), (None, 500)]
    assert await open_of(database, invoice) == [2500]
    assert (await balance(customer.manager)).cents == 2500
    # A second time there is nothing left to take back
    again = camt(
        statement([payment(-3000, reversal=True, end_to_end="E1", iban="")], number="3", opening_cents=9000)
    )
    await hand_in(database, again)
    (left,) = await movements(M.UNMATCHED)
    assert "No payment is known" in left.reason
    assert len(await entries(database, "reversal")) == 2


async def test_of_two_equal_payments_staff_say_which_came_back(
    customer: Customer, database: TestDatabase
) -> None:
    first, second = await make_invoice(customer, 2500), await make_invoice(customer, 2500)
    content = file_of(payment(2500, first.structured), payment(2500, second.structured))
    await hand_in(database, content)
    back = camt(statement([payment(-2500, reversal=True)], number="2", opening_cents=5000))
    await hand_in(database, back)
    (left,) = await movements(M.UNMATCHED)
    assert "Several payments" in left.reason
    await decide_movement(STAFF, left.id, assign(customer, second.account, second.number))
    await drain(database, only=JOB)
    assert await open_of(database, first, second) == [0, 2500]


async def test_wrong_check_digits_are_never_matched(customer: Customer, database: TestDatabase) -> None:
    invoice = await make_invoice(customer, 2500, structured=communication(1234))
    wrong = f"{invoice.structured[:-1]}{(int(invoice.structured[-1]) + 1) % 10}"
    content = file_of(
        payment(2500, wrong, name="Nobody"),
        payment(2500, wrong, name="DELTA LOGISTICS"),
        payment(2500, communication(777)),
        payment(1700, "", text="hello"),
    )
    await hand_in(database, content)
    assert await entries(database) == []
    assert await open_of(database, invoice) == [2500]
    by_name, by_other = await movements(M.PROPOSED)
    assert (by_name.name, by_other.structured) == ("DELTA LOGISTICS", communication(777))
    assert by_name.invoice_number == by_other.invoice_number == invoice.number
    assert "communication is of no invoice" in by_name.reason
    assert [one.cents for one in await movements(M.UNMATCHED)] == [2500, 1700]


@pytest.mark.parametrize("hint", ["communication", "number", "account and amount", "name and amount"])
async def test_what_points_to_one_open_invoice_is_proposed_and_accepted(
    customer: Customer, database: TestDatabase, hint: str
) -> None:
    invoice = await make_invoice(customer, 2500, number="F2026-000777", buyer="Café de l'Été BV")
    digits = invoice.structured
    text, cents, name = {
        "communication": (f"Facture +++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++ merci", 700, ""),
        "number": ("invoice F2026-000777.", 700, "Somebody"),
        "account and amount": (f"klant {invoice.account}", 2500, ""),
        "name and amount": ("thanks", 2500, "CAFE DE L ETE BV"),
    }[hint]
    await hand_in(database, file_of(payment(cents, "", text=text, name=name)))
    assert await entries(database) == []
    (proposed,) = await movements(M.PROPOSED)
    assert (proposed.invoice_number, proposed.customer_number) == (invoice.number, invoice.account)
    assert invoice.number in proposed.reason
    await decide_movement(STAFF, proposed.id, accept())
    await drain(database, only=JOB)
    assert await open_of(database, invoice) == [2500 - cents]
    (done,) = await movements(M.MATCHED)
    assert (done.decided_by, done.id) == ("Nadia Operator", proposed.id)


async def test_more_than_one_open_invoice_is_none(customer: Customer, database: TestDatabase) -> None:
    for _ in range(3):
        await make_invoice(customer, 2500)
    await hand_in(database, file_of(payment(2500)))
    (left,) = await movements(M.UNMATCHED)
    assert "More than one open invoice" in left.reason
    assert left.invoice_number == ""


async def test_decisions_are_final_and_no_later_run_undoes_them(
    customer: Customer, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 2500)
    content = file_of(payment(2500), payment(900, text="x"), payment(400, text="y"))
    (taken,) = await hand_in(database, content)
    (proposed,) = await movements(M.PROPOSED)
    to_number, to_nobody = await movements(M.UNMATCHED)
    with pytest.raises(ValidationFailed):
        await decide_movement(STAFF, to_nobody.id, ignore(" "))
    for wrong in (assign(customer, "0"), assign(customer, invoice.account, "no such")):
        with pytest.raises(ValidationFailed):
            await decide_movement(STAFF, to_number.id, wrong)
    with pytest.raises(NotFound):
        await decide_movement(STAFF, uuid4(), ignore())
    with pytest.raises(NotFound):
        await decide_movement(
            STAFF, to_number.id, msgspec.structs.replace(assign(customer, "1"), tenant="nobody")
        )
    with pytest.raises(Conflict):
        await decide_movement(STAFF, to_number.id, accept())
    await decide_movement(STAFF, proposed.id, ignore("A gift"))
    await decide_movement(STAFF, to_number.id, assign(customer, invoice.account))
    await decide_movement(STAFF, to_nobody.id, ignore())
    for again in (proposed.id, to_nobody.id):
        with pytest.raises(Conflict):
            await decide_movement(STAFF, again, ignore())
    await drain(database, only=JOB)
    with pytest.raises(Conflict):
        await decide_movement(STAFF, to_number.id, assign(customer, invoice.account, invoice.number))
    await match_statement(STAFF, statement_id=str(taken.id))
    await hand_in(database, content)
    assert await entries(database) == [(None, -900)]
    assert [one.reason for one in await movements(M.IGNORED)] == ["A gift", "Not a customer"]
    assert (await balance(customer.manager)).cents == 1600


async def test_a_run_that_looked_before_a_decision_does_not_undo_it(
    customer: Customer, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 2500)
    (taken,) = await take_file(STAFF, name="a.xml", content=file_of(payment(2500), payment(2500, text="x")))
    stale = await waiting_movements(STAFF, taken.id, -1)
    await drain(database, only=JOB)
    ignored, assigned = await movements(M.PROPOSED)
    await decide_movement(STAFF, ignored.id, ignore())
    await decide_movement(STAFF, assigned.id, assign(customer, invoice.account))
    for row in stale:
        await match_movement(STAFF, row)
    assert [one.id for one in await movements(M.IGNORED)] == [ignored.id]
    assert await entries(database) == [(None, -2500)]
    assert [one.decided_by for one in await movements(M.MATCHED)] == [STAFF.name]


async def test_two_people_decide_at_once(customer: Customer, database: TestDatabase) -> None:
    other = await make_customer()
    ours, theirs = await make_invoice(customer, 700), await make_invoice(other, 700)
    await hand_in(database, file_of(payment(700)))
    (left,) = await movements(M.UNMATCHED)
    answers = await asyncio.gather(
        decide_movement(STAFF, left.id, assign(customer, ours.account, ours.number)),
        decide_movement(STAFF, left.id, assign(other, theirs.account, theirs.number)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Conflict) for one in answers) == 1
    assert sum(one is None for one in answers) == 1
    await drain(database, only=JOB)
    assert len(await entries(database)) == 1


async def test_what_went_out_is_no_payment(customer: Customer, database: TestDatabase) -> None:
    invoice = await make_invoice(customer, 2500)
    await hand_in(
        database,
        file_of(payment(-2500, invoice.structured), payment(100, invoice.structured, reversal=True)),
    )
    assert [one.reason for one in await movements(M.IGNORED)] == ["The operator paid it."]
    assert [one.reason for one in await movements(M.UNMATCHED)] == ["A payment of the operator came back."]
    assert await open_of(database, invoice) == [2500]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (
            statement([payment(100)], iban=OTHER),
            f"The account {OTHER} is not among those of the operator (FLEETLINE_OPERATOR_IBANS).",
        ),
        (
            statement([payment(100, currency="USD")], currency="USD"),
            "The account is in USD: only EUR is booked.",
        ),
        (statement([payment(100, currency="USD")]), "it has amounts in USD"),
        (statement([payment(100)], wrong_cents=1), "Its sums do not add up: 0.00 and movements of 1.00"),
    ],
    ids=["unknown account", "foreign account", "foreign currency", "wrong sum"],
)
async def test_what_cannot_be_booked_is_held_with_its_reason(
    customer: Customer, database: TestDatabase, made: ReadStatement, reason: str
) -> None:
    good = await make_invoice(customer, 2500)
    right = statement([payment(2500, good.structured)], number="right")
    held, taken = await hand_in(database, camt(made, right))
    assert (held.state, taken.state) == (StatementState.HELD, StatementState.IMPORTED)
    assert reason in held.reason
    (listed,) = await bank_statements(STAFF)
    assert (listed.id, listed.reason, listed.movements) == (held.id, held.reason, 0)
    assert await bank_movements(STAFF, state=M.RECEIVED) == []
    assert await open_of(database, good) == [0]
    again, _ = await hand_in(database, camt(made, right))
    assert (again.id, again.repeated, again.state) == (held.id, True, StatementState.HELD)
    assert len(await bank_statements(STAFF)) == 1
    await dismiss_statement(STAFF, held.id, reason="Not ours")
    with pytest.raises(Conflict):
        await dismiss_statement(STAFF, held.id, reason="Not ours")
    with pytest.raises(Conflict):
        await dismiss_statement(STAFF, taken.id, reason="Not ours")
    with pytest.raises(NotFound):
        await dismiss_statement(STAFF, uuid4(), reason="Not ours")
    assert await bank_statements(STAFF) == []
    left, _ = await hand_in(database, camt(made, right))
    assert (left.state, left.reason) == (StatementState.DISMISSED, "Not ours")


async def test_a_held_statement_is_imported_once_its_account_is_known(
    customer: Customer, database: TestDatabase, settings: Settings
) -> None:
    invoice = await make_invoice(customer, 2500)
    content = camt(statement([payment(2500, invoice.structured)], iban=OTHER))
    (held,) = await hand_in(database, content)
    assert held.state is StatementState.HELD
    runtime.use_settings(dataclasses.replace(settings, operator=Operator(ibans=(OWN, OTHER))))
    (taken,) = await hand_in(database, content)
    assert (taken.id, taken.state, taken.movements) == (held.id, StatementState.IMPORTED, 1)
    assert await open_of(database, invoice) == [0]


async def test_one_number_with_two_contents_and_one_day_under_two_numbers_are_held(
    customer: Customer, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 2500)
    one = payment(100, invoice.structured)
    await hand_in(database, file_of(one))
    (other,) = await hand_in(database, file_of(payment(200, invoice.structured)))
    (renamed,) = await hand_in(database, file_of(one, number="2026-002"))
    entry = StatementEntry(payment=one)
    read = msgspec.structs.replace(
        statement((), entries=[entry]), sequence="009", format=StatementFormat.CODA
    )
    (coda,) = await hand_in(database, write_coda(read))
    assert {each.state for each in (other, renamed, coda)} == {StatementState.HELD}
    assert "with other content" in other.reason
    assert "statement 2026-001, which is there already" in renamed.reason
    assert "statement 2026-001, which is there already" in coda.reason
    assert await open_of(database, invoice) == [2400]
    # What a bank sends twice says so, and is the same
    duplicate = msgspec.structs.replace(statement([one]), duplicate=True)
    (repeated,) = await hand_in(database, camt(duplicate))
    assert (repeated.state, repeated.repeated) == (StatementState.IMPORTED, True)


async def test_nothing_is_kept_of_what_is_no_statement(customer: Customer, database: TestDatabase) -> None:
    for content in (b"", b"\x00", file_of(payment(1)).replace(b"camt.053", b"camt.054")):
        with pytest.raises(FileRejected):
            await take_file(STAFF, name="a", content=content)
    assert await rows(database, "SELECT count(*) FROM bank_statement") == [(0,)]


async def test_a_batch_is_booked_by_its_payments_or_as_one(
    customer: Customer, database: TestDatabase
) -> None:
    first, second = await make_invoice(customer, 500), await make_invoice(customer, 200)
    details = [inside(payment(500, first.structured)), inside(payment(200, second.structured))]
    batch = StatementEntry(payment=payment(700, name="", iban=""), details=details)
    vague = StatementEntry(payment=payment(100, name="", iban=""), details=[details[0], details[1]])
    pending = msgspec.structs.replace(single(payment(999, first.structured)), booked=False)
    (taken,) = await hand_in(database, camt(statement((), entries=[batch, vague, pending])))
    assert taken.movements == 3
    assert await open_of(database, first, second) == [0, 0]
    assert [one.cents for one in await movements(M.UNMATCHED)] == [100]


async def test_one_bad_movement_does_not_stop_the_others(
    customer: Customer, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await make_invoice(customer, 500), await make_invoice(customer, 200)
    right = matching.find_communication

    async def odd(digits: str) -> object:
        if digits == first.structured:
            raise ValueError(digits)
        return await right(digits)

    with monkeypatch.context() as patch:
        patch.setattr(matching, "find_communication", odd)
        await take_file(
            STAFF, name="a", content=file_of(payment(500, first.structured), payment(200, second.structured))
        )
        jobs = await rows(database, "SELECT id, tenant_id FROM outbox WHERE job = $1", JOB)
        ((row_id, tenant_id),) = jobs
        await run_job(JOB, tenant_id, row_id)
    assert await open_of(database, first, second) == [500, 0]
    await make_jobs_due(database)
    await drain(database, only=JOB)
    assert await open_of(database, first, second) == [0, 0]


async def test_a_company_sees_nothing_of_statements(customer: Customer, database: TestDatabase) -> None:
    await hand_in(database, file_of(payment(2500)))
    staff_elsewhere = dataclasses.replace(STAFF, tenant_id=customer.tenant_id)
    assert await bank_movements(staff_elsewhere) == []
    (left,) = await bank_movements(STAFF)
    with pytest.raises(NotFound):
        await decide_movement(staff_elsewhere, left.id, ignore())
