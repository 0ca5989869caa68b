"""Documents that come in: to whom they go, once, whatever is repeated, contradicted, killed or unreadable."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.billing import charge_views
from backend.billing import service as billing
from backend.billing.intake import cases, taking
from backend.billing.intake.import_log import import_report
from backend.billing.intake.rules_process import RulesProcess
from backend.billing.lifecycle import DocumentState, DueBasis, ImportOutcome, ImportState, InvoiceState
from backend.billing.ubl.refusals import DocumentRefused
from backend.billing.ubl.writing import write_document
from backend.core import clock
from backend.core.errors import Conflict, FileRejected, Forbidden, NotFound, ValidationFailed
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor, Reach
from tenants.transaction import open_scope
from tests.support.billing_documents import LINE, OFFICIAL, SELLER, a_document
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_account, make_customer, make_lines, make_member
from tests.support.invoices import (
    NADIA,
    archive,
    buyer_of,
    credit_for,
    hand_in,
    invoice_for,
    invoices_of,
    outcomes,
    take,
)
from tests.support.jobs import drain

PDF = b"%PDF-1.7\nnot much\nstartxref\n1\n%%EOF\n"


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer()


async def rows(actor: Actor, query: str, *values: object) -> list[Any]:
    async with open_scope(actor) as scope:
        return list(await scope.connection.fetch(query, *values))


async def test_an_invoice_goes_to_its_customer_number_as_the_document_says_it(customer: Customer) -> None:
    await make_lines(customer, 1, account=next(iter(customer.accounts)))
    [line] = await customer.lines()
    document = invoice_for(
        customer,
        lines=[msgspec.structs.replace(LINE, msisdn=line.msisdn), msgspec.structs.replace(LINE, msisdn="")],
    )
    content = write_document(document)
    taken = await take(content, pdf=PDF)
    assert (taken.outcome, taken.number, taken.reason) == (ImportOutcome.BOOKED, "2026-1", "")
    [summary] = await invoices_of(customer.manager)
    assert summary.booked_cents == summary.open_cents == document.totals.payable
    assert summary.account == next(iter(customer.accounts))
    assert (summary.issued_on, summary.due_on) == (date(2026, 10, 1), date(2026, 10, 31))
    detail = await billing.get_invoice(customer.manager, summary.id)
    totals = document.totals
    assert (detail.lines_cents, detail.excl_vat_cents, detail.vat_cents, detail.incl_vat_cents) == (
        totals.lines,
        totals.excl_vat,
        totals.vat,
        totals.incl_vat,
    )
    assert detail.structured == "010806817183"
    assert [(one.category, one.percent, one.tax_cents) for one in detail.vat] == [("S", 21, totals.vat)]
    files = {
        one.kind: await billing.read_invoice_file(customer.manager, summary.id, one.id)
        for one in detail.files
    }
    assert files["original"].content == content, "given back byte for byte"
    assert files["pdf"].content == PDF
    [balance] = (await billing.balance(customer.manager)).accounts
    assert (balance.cents, balance.due_cents, balance.due_invoices) == (totals.payable, totals.payable, 1)
    [charge] = await rows(customer.system, "SELECT line_id FROM invoice_charge WHERE msisdn <> ''")
    assert charge["line_id"] == line.id
    # Nothing of it stays in the operator's scope
    [received] = await rows(NADIA, "SELECT state, content, pdf FROM received_document")
    assert tuple(received) == (DocumentState.BOOKED, None, None)


async def test_the_same_again_changes_nothing_and_other_content_is_a_case(customer: Customer) -> None:
    first = invoice_for(customer)
    assert (await take(first)).outcome is ImportOutcome.BOOKED
    for _ in range(2):
        assert (await take(first)).outcome is ImportOutcome.REPEATED
    other = invoice_for(customer, note="Other words")
    assert (await take(other)).outcome is ImportOutcome.CONFLICT
    assert (await take(other)).outcome is ImportOutcome.REPEATED
    assert len(await invoices_of(customer.manager)) == 1
    [case] = await cases.document_cases(NADIA)
    assert (case.state, case.number) == (DocumentState.CONFLICT, "2026-1")
    assert (await cases.case_content(NADIA, case.id)).content == write_document(other)
    with pytest.raises(Conflict):
        account = next(iter(customer.accounts))
        await cases.assign_document(NADIA, case.id, slug=customer.slug, customer_number=account)
    with pytest.raises(ValidationFailed):
        await cases.dismiss_document(NADIA, case.id, reason=" ")
    await cases.dismiss_document(NADIA, case.id, reason="Sent twice by mistake")
    assert await cases.document_cases(NADIA) == []
    # The same number of another issuer, or of another type, is another document
    assert (await take(credit_for(customer, "2026-1"))).outcome is ImportOutcome.BOOKED


async def test_two_workers_and_one_archive_book_a_document_once(
    customer: Customer, database: TestDatabase
) -> None:
    content = write_document(invoice_for(customer))
    taken = await asyncio.gather(*(take(content) for _ in range(6)))
    assert sorted(one.outcome for one in taken).count(ImportOutcome.BOOKED) >= 1
    assert {one.outcome for one in taken} <= {ImportOutcome.BOOKED, ImportOutcome.REPEATED}
    second = write_document(invoice_for(customer, "2026-2"))
    import_id = await hand_in(
        database, "two.zip", archive([("a.xml", second), ("b/a.xml", second), ("c.xml", second)])
    )
    assert sorted(await outcomes(import_id)).count("booked") >= 1
    assert len(await invoices_of(customer.manager)) == 2
    ledger = await rows(customer.system, "SELECT kind FROM ledger_entry")
    assert [one["kind"] for one in ledger] == ["invoice"] * 2
    assert len(await rows(customer.system, "SELECT 1 FROM invoice_file")) == 2


@pytest.mark.parametrize("step", ["claim", "book", "mark_booked"])
async def test_killed_between_any_two_steps_it_is_booked_once(
    customer: Customer, database: TestDatabase, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real = getattr(taking, step)
    calls = 0

    async def killed(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            if step == "mark_booked":
                raise RuntimeError("killed before the mark")
            result = await real(*args, **kwargs)
            assert result is not None
            raise RuntimeError("killed after the step")
        return await real(*args, **kwargs)

    monkeypatch.setattr(taking, step, killed)
    content = write_document(invoice_for(customer))
    with pytest.raises(RuntimeError):
        await take(content)
    assert (await take(content)).outcome is ImportOutcome.BOOKED
    assert (await take(content)).outcome is ImportOutcome.REPEATED
    assert len(await invoices_of(customer.manager)) == 1
    assert len(await rows(customer.system, "SELECT 1 FROM ledger_entry")) == 1
    assert len(await rows(customer.system, "SELECT 1 FROM invoice_file")) == 1


async def test_a_run_that_was_cut_off_goes_on_where_it_was(
    customer: Customer, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.billing.intake import runs

    files = {f"{n}.xml": write_document(invoice_for(customer, f"2026-{n}")) for n in range(6)}
    real, seen = runs.note, 0

    async def cut_off(*args: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise RuntimeError("killed")
        await real(*args)

    monkeypatch.setattr(runs, "note", cut_off)
    import_id = await hand_in(database, "six.zip", archive(files))
    report = await import_report(NADIA, import_id)
    assert (report.file.state, report.file.total, report.file.done) == (ImportState.RUNNING, 6, 2)
    monkeypatch.setattr(runs, "note", real)
    async with open_scope(Actor(OPERATOR_SCOPE)) as scope:
        await scope.connection.execute("UPDATE outbox SET not_before = now()")
    await drain(database, only="billing.run_import")
    report = await import_report(NADIA, import_id)
    assert (report.file.state, report.file.done) == (ImportState.DONE, 6)
    assert sum(report.counts.values()) == 6
    assert len(await invoices_of(customer.manager)) == 6


async def test_one_bad_document_never_stops_the_good_ones(customer: Customer, database: TestDatabase) -> None:
    files = {
        "good.xml": write_document(invoice_for(customer, "2026-1")),
        "bad.xml": b"<Invoice/>",
        "broken.xml": b"not xml",
        "empty.xml": b"",
        "entity.xml": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Invoice>&a;</Invoice>',
        "lonely.pdf": PDF,
        "__MACOSX/good.xml": b"clutter",
        "good2.xml": write_document(invoice_for(customer, "2026-2")),
    }
    import_id = await hand_in(database, "some.zip", archive(files))
    report = await import_report(NADIA, import_id)
    assert report.file.state == ImportState.DONE
    found = {one.name: one for one in report.items}
    assert {name for name, one in found.items() if one.outcome == "booked"} == {"good.xml", "good2.xml"}
    assert all(one.reason for one in report.items if one.outcome == "refused")
    assert report.counts == {"booked": 2, "refused": 5}
    assert "passwd" not in str(report)


async def test_to_check_keeps_nothing(customer: Customer, database: TestDatabase) -> None:
    import_id = await hand_in(database, "a.xml", write_document(invoice_for(customer)), check_only=True)
    assert await outcomes(import_id) == ["valid"]
    assert await invoices_of(customer.manager) == []
    assert await rows(NADIA, "SELECT 1 FROM received_document") == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive"])
async def test_a_file_that_cannot_be_read_says_so(database: TestDatabase, content: bytes) -> None:
    if not content:
        with pytest.raises(FileRejected):
            await hand_in(database, "a.zip", content)
        return
    report = await import_report(NADIA, await hand_in(database, "a.zip", content))
    assert report.file.state == ImportState.FAILED
    assert report.file.problem


async def test_what_belongs_to_nobody_is_assigned_by_the_operator(
    customer: Customer, database: TestDatabase
) -> None:
    account = next(iter(customer.accounts))
    other = await make_customer()
    unknown = {
        "number": invoice_for(customer, "U-1", buyer=buyer_of("60-unknown")),
        "enterprise": invoice_for(customer, "U-2", buyer=buyer_of(account, enterprise="0403170701")),
        "none": invoice_for(customer, "U-3", buyer=buyer_of("")),
    }
    for document in unknown.values():
        assert (await take(document)).outcome is ImportOutcome.UNASSIGNED
    waiting = await cases.document_cases(NADIA)
    assert {one.number for one in waiting} == {"U-1", "U-2", "U-3"}
    assert all(one.reason for one in waiting)
    assert await invoices_of(customer.manager) == []
    case = next(one for one in waiting if one.number == "U-1")
    for slug, number, error in (
        ("nobody-here", account, NotFound),
        (other.slug, account, ValidationFailed),
        (customer.slug, "nope", ValidationFailed),
    ):
        with pytest.raises(error):
            await cases.assign_document(NADIA, case.id, slug=slug, customer_number=number)
    await cases.assign_document(NADIA, case.id, slug=customer.slug, customer_number=account)
    with pytest.raises(Conflict):
        await cases.assign_document(NADIA, case.id, slug=customer.slug, customer_number=account)
    await drain(database, only="billing.book_document", twice=True)
    [summary] = await invoices_of(customer.manager)
    assert (summary.number, summary.account) == ("U-1", account)
    assert (await take(unknown["number"])).outcome is ImportOutcome.REPEATED
    assert len(await rows(customer.system, "SELECT 1 FROM ledger_entry")) == 1


async def test_a_persons_document_never_belongs_to_a_company(
    customer: Customer, database: TestDatabase
) -> None:
    account = next(iter(customer.accounts))
    marked = invoice_for(customer, "P-1", accounting_cost="employee-part")
    person = msgspec.structs.replace(buyer_of(account), company_id="", vat_number="")
    for document in (marked, invoice_for(customer, "P-2", buyer=person)):
        assert (await take(document)).outcome is ImportOutcome.PERSONAL
    assert await invoices_of(customer.manager) == []
    assert await cases.document_cases(NADIA) == []
    for case in await cases.document_cases(NADIA, state=DocumentState.PERSONAL):
        with pytest.raises(Conflict):
            await cases.assign_document(NADIA, case.id, slug=customer.slug, customer_number=account)
        with pytest.raises(Conflict):
            await cases.dismiss_document(NADIA, case.id, reason="no")
        with pytest.raises(NotFound):
            await cases.case_content(NADIA, case.id)
    # Neither scope sees a row of the other
    assert await rows(customer.system, "SELECT 1 FROM received_document") == []
    assert len(await rows(NADIA, "SELECT msisdn FROM received_document")) == 2
    assert await rows(NADIA, "SELECT 1 FROM invoice") == []


async def test_a_credit_is_used_for_the_invoice_that_it_names_in_either_order(customer: Customer) -> None:
    today = clock.today()
    cents = invoice_for(customer).totals.payable
    for first_credit in (False, True):
        number = f"2026-{first_credit}"
        documents = [
            invoice_for(customer, number),
            credit_for(customer, f"NC-{first_credit}", corrects=[number]),
        ]
        for document in reversed(documents) if first_credit else documents:
            assert (await take(document)).outcome is ImportOutcome.BOOKED
        states = {one.number: one.state(today) for one in await invoices_of(customer.manager)}
        assert states[number] is InvoiceState.CREDITED
        assert states[f"NC-{first_credit}"] is InvoiceState.CREDIT_USED
    assert (await take(credit_for(customer, "NC-9"))).outcome is ImportOutcome.BOOKED
    balance = await billing.balance(customer.manager)
    assert (balance.cents, balance.due_cents) == (-cents, 0)
    [open_credit] = await invoices_of(customer.manager, group="credits", search="NC-9")
    assert open_credit.state(today) is InvoiceState.CREDIT_OPEN


async def test_a_negative_invoice_is_a_credit_and_one_without_a_date_says_when_it_is_due(
    customer: Customer,
) -> None:
    back = [msgspec.structs.replace(LINE, quantity=-LINE.quantity)]
    assert (await take(invoice_for(customer, "N-1", lines=back))).outcome is ImportOutcome.BOOKED
    for number, terms, basis in (("N-2", "30 days net", DueBasis.TERMS), ("N-3", "", DueBasis.RECEIPT)):
        assert (await take(invoice_for(customer, number, due_on=None, terms=terms))).outcome is (
            ImportOutcome.BOOKED
        )
        [found] = await invoices_of(customer.manager, search=number)
        assert (found.due_on, found.due_basis) == (None, basis)
    [negative] = await invoices_of(customer.manager, search="N-1")
    assert negative.booked_cents < 0
    assert negative.state(clock.today()) is InvoiceState.CREDIT_OPEN


async def test_a_member_sees_the_invoices_of_the_own_reach_and_no_others(customer: Customer) -> None:
    first, second = customer.accounts
    assert (await take(invoice_for(customer, "R-1", account=first))).outcome is ImportOutcome.BOOKED
    assert (await take(invoice_for(customer, "R-2", account=second))).outcome is ImportOutcome.BOOKED
    stranger = await make_customer()
    reader = frozenset({"invoice_reader"})
    one = await make_member(
        customer.tenant_id, roles=reader, reach=Reach(billing_accounts=frozenset({customer.accounts[first]}))
    )
    by_centre = await make_member(customer.tenant_id, roles=reader, reach=Reach(cost_centres=frozenset()))
    assert [each.number for each in await invoices_of(one)] == ["R-1"]
    assert [each.account for each in (await billing.balance(one)).accounts] == [first]
    assert await invoices_of(by_centre) == []
    assert (await billing.balance(by_centre)).accounts == []
    [hidden] = await invoices_of(customer.manager, search="R-2")
    file = (await billing.get_invoice(customer.manager, hidden.id)).files[0]
    for actor in (one, by_centre, stranger.manager):
        with pytest.raises(NotFound):
            await billing.get_invoice(actor, hidden.id)
        with pytest.raises(NotFound):
            await billing.read_invoice_file(actor, hidden.id, file.id)
    # A fleet manager is no invoice reader by that role
    with pytest.raises(Forbidden):
        await invoices_of(await make_member(customer.tenant_id, roles=frozenset({"fleet_manager"})))


async def test_invoices_are_found_by_number_amount_and_communication(customer: Customer) -> None:
    await take(invoice_for(customer, "F-2026/001"))
    await take(
        invoice_for(
            customer, "F-2026/002", lines=[msgspec.structs.replace(LINE, unit_price=LINE.unit_price * 10)]
        )
    )
    cents = invoice_for(customer).totals.payable
    said = f"{cents // 100},{cents % 100:02d}"
    for words, numbers in (
        ("2026 001", ["F-2026/001"]),
        ("f2026001", ["F-2026/001"]),
        (said, ["F-2026/001"]),
        (f"{said} €", ["F-2026/001"]),
        ("+++010/8068/17183+++", ["F-2026/002", "F-2026/001"]),
        ("---", []),
        ("nothing", []),
    ):
        assert [one.number for one in await invoices_of(customer.manager, search=words)] == numbers, words
    with pytest.raises(ValidationFailed):
        await invoices_of(customer.manager, search="x" * 61)


async def test_the_rules_run_in_another_process_and_survive_its_end() -> None:
    async with RulesProcess() as rules:
        content = write_document(a_document())
        checked = await rules.check(content)
        assert checked.document == a_document()
        assert "EN 16931" in checked.rules
        assert rules._pool
        for process in list(rules._pool._processes.values()):
            process.kill()
        assert (await rules.check(content)).document == a_document()
        with pytest.raises(DocumentRefused):
            await rules.check(b"<Invoice/>")


async def test_the_operators_own_rules_run_beside_ours_and_their_name_is_kept(tmp_path: Path) -> None:
    own = tmp_path / "PEPPOL-own.xslt"
    own.write_text(OFFICIAL.replace("FLAG", "warning"))
    async with RulesProcess(own) as rules:
        assert (await rules.check(write_document(a_document()))).rules.endswith(", PEPPOL-own.xslt")
    own.write_text(OFFICIAL.replace("FLAG", "fatal"))
    async with RulesProcess(own) as rules:
        with pytest.raises(DocumentRefused, match="R999"):
            await rules.check(write_document(a_document()))


async def test_accounts_without_lines_get_invoices_too(customer: Customer) -> None:
    await make_account(customer, "60-FACT", kind="invoice_only")
    assert (await take(invoice_for(customer, account="60-FACT"))).outcome is ImportOutcome.BOOKED


def charges_csv(*rows: tuple[str, str, str, str, str]) -> bytes:
    return "\n".join(["invoice;msisdn;kind;name;net", *(";".join(row) for row in rows)]).encode()


async def test_charges_of_a_file_take_the_place_of_totals_where_they_add_up(
    customer: Customer, database: TestDatabase
) -> None:
    await make_lines(customer, 2)
    first, second = [line.msisdn for line in await customer.lines()]
    total = msgspec.structs.replace(LINE, name="Monthly charges", msisdn="", unit_price=LINE.unit_price * 2)
    content = write_document(invoice_for(customer, "C-1", lines=[total]))
    half = LINE.unit_price
    good = [("C-1", first, "recurring", "Pro Flex", f"{half}"), ("C-1", second, "usage", "Abroad", f"{half}")]
    files = {
        "a.csv": charges_csv(
            *good, ("C-9", first, "usage", "Nothing", "1.00"), ("C-8", "nope", "usage", "x", "1")
        ),
        "a.xml": content,
    }
    import_id = await hand_in(database, "with-charges.zip", archive(files))
    report = await import_report(NADIA, import_id)
    assert [(one.name, one.number, one.outcome) for one in report.items] == [
        ("a.xml", "C-1", "booked"),
        ("a.csv", "C-1", "booked"),
        ("a.csv", "C-9", "refused"),
        ("a.csv", "C-8", "refused"),
    ]
    [summary] = await invoices_of(customer.manager)
    by_number = await charge_views.charges_by_number(customer.manager, summary.id)
    assert {one.msisdn: (one.recurring_cents, one.usage_cents) for one in by_number} == {
        first: (int(half * 100), 0),
        second: (0, int(half * 100)),
    }
    assert {one.line_id for one in by_number} == {line.id for line in await customer.lines()}
    [[again]] = [await outcomes(await hand_in(database, "a.csv", charges_csv(*good)))]
    assert again == "repeated"
    wrong = charges_csv((*good[0][:4], "0.01"), good[1])
    report = await import_report(NADIA, await hand_in(database, "b.csv", wrong))
    assert report.counts == {"refused": 1}
    assert "add up" in report.items[0].reason
    assert await charge_views.charges_by_number(customer.manager, summary.id) == by_number


async def test_a_credit_note_of_another_seller_is_not_used_for_an_invoice_of_the_same_number(
    customer: Customer,
) -> None:
    other = msgspec.structs.replace(
        SELLER, name="Other NV", company_id="0403170701", vat_number="BE0403170701", endpoint="0403170701"
    )
    await take(credit_for(customer, "NC-9", corrects=["SAME"], seller=other))
    await take(invoice_for(customer, "SAME"))
    [invoice] = await invoices_of(customer.manager, search="SAME")
    assert (invoice.credited_cents, invoice.open_cents) == (0, invoice.booked_cents)
