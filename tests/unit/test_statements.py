"""Readers and writers of bank statements: what banks send, what nobody should send, and what is read back."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from backend.billing.statements.coda_writing import write_coda
from backend.billing.statements.reading import read_statements
from backend.billing.statements.statement import (
    ReadStatement,
    StatementEntry,
    StatementFormat,
    StatementPayment,
    StatementRefused,
)
from tests.support.statements import DAY, OTHER, OWN, camt, inside, payment, single, statement

OGM = "090933755493"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."


def coda_statement(*payments: StatementPayment) -> ReadStatement:
    entries = [StatementEntry(payment=msgspec.structs.replace(one, reference_kind="")) for one in payments]
    return msgspec.structs.replace(
        statement((), entries=entries), sequence="001", format=StatementFormat.CODA
    )


CODA = write_coda(coda_statement(payment(2500, OGM), payment(-300, text="Rent café")))


def one(content: bytes) -> ReadStatement:
    (found,) = read_statements(content)
    return found


def test_coda_is_read_back() -> None:
    found = one(CODA)
    assert found.problems == []
    assert (found.iban, found.currency, found.number) == (OWN, "EUR", "2026-001")
    assert (found.opening, found.closing, found.closed_on) == (0, Decimal(22), DAY)
    first, second = found.payments()
    assert (first.amount, first.communication, first.iban, first.name) == (25, OGM, OTHER, "Delta Logistics")
    assert (second.amount, second.communication, second.text) == (-3, "", "Rent café")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + CODA.decode("cp1252").encode(),
        CODA.decode("cp1252").encode(),
        CODA.replace(b"\r\n", b"\n"),
        CODA + b"\x1a",
        b"\n".join(line.rstrip() for line in CODA.splitlines()[1:]).join([CODA.splitlines()[0] + b"\n", b""]),
    ],
    ids=["mark of the byte order", "UTF-8", "line ends", "end of file", "without spaces at the end"],
)
def test_what_programs_do_to_a_file_changes_nothing(content: bytes) -> None:
    assert one(content) == one(CODA)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"\x00\x01\x02" * 50, "signs that no text has"),
        (b"%PDF-1.4 hello", "neither CODA nor CAMT.053"),
        (b":20:MT940\n:25:BE68539007547034\n", "neither CODA nor CAMT.053"),
        (b"<html><p>Hello</p></html>", "no CAMT.053"),
        (b"<Document", "not XML"),
        (b"<Document><a></Document>", "not well-formed"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE"),
        (camt(statement([])).replace(b"001.08", b"001.14"), "version 14"),
        (camt(statement([])).replace(b"001.08", b"001.01"), "version 01"),
        (camt(statement([])).replace(b"camt.053", b"camt.052"), "intraday report"),
        (camt(statement([])).replace(b"camt.053", b"camt.054"), "notification"),
        (camt(), "no statement"),
        (b" " * (20 * 1024 * 1024) + b"<a/>", "larger than 20 MB"),
        (CODA * 1001, "at most 1,000 statements"),
        (CODA * (21 * 1024 * 1024 // len(CODA)), "larger than 20 MB"),
    ],
)
def test_what_is_no_statement_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(StatementRefused, match=sentence):
        read_statements(content)


def lines() -> list[str]:
    return CODA.decode("cp1252").splitlines()


def changed(index: int, start: int, words: str) -> bytes:
    found = lines()
    found[index] = found[index][:start] + words + found[index][start + len(words) :]
    return "\r\n".join(found).encode("cp1252")


def without(*indexes: int) -> bytes:
    return "\r\n".join(line for at, line in enumerate(lines()) if at not in indexes).encode("cp1252")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (without(9), "the file ends in the middle"),
        (without(8, 9), "the file ends in the middle"),
        (without(3), "counts 8 records"),
        (without(1), "do not follow each other"),
        (without(8), "no closing balance"),
        (changed(0, 127, "1"), "version 1"),
        (changed(2, 32, "x"), "no amount"),
        (changed(2, 47, "310226"), "no value date"),
        (changed(2, 115, "999999"), "no date"),
        (changed(2, 53, "4"), "no kind of movement"),
        (changed(3, 2, "0009"), "continues no movement"),
        (changed(5, 2, "0009"), "continues no movement"),
        (changed(5, 53, "5"), "detail of none"),
        (changed(8, 5, "BE00"), "of two accounts"),
        (changed(9, 22, "9"), "sums of its trailer"),
        (changed(8, 45, "9"), "do not add up"),
        (changed(2, 46, "5"), "no whole number of cents"),
        (CODA.replace(b"Rent", b"Rental" * 20), "longer than 128 signs"),
    ],
)
def test_what_contradicts_itself_is_held(content: bytes, problem: str) -> None:
    found = one(content)
    assert any(problem in text for text in found.problems), found.problems


def test_a_wrong_statement_leaves_the_others_of_its_file_alone() -> None:
    good, cut, last = read_statements(CODA + without(9) + b"\r\n" + CODA)
    assert (good.problems, last.problems) == ([], [])
    assert cut.problems
    right, wrong = read_statements(camt(statement([payment(5)]), statement([payment(5)], wrong_cents=1)))
    assert right.problems == []
    assert "do not add up" in wrong.problems[0]


def test_an_unknown_value_date_is_none() -> None:
    found = one(changed(2, 47, "000000")).payments()[0]
    assert (found.value_on, found.booked_on) == (None, DAY)


def test_a_batch_in_coda_is_its_payments_where_they_add_up() -> None:
    found = lines()
    found[2] = found[2][:53] + "1" + found[2][54:]
    detail = [found[2][:6] + f"{at:04d}" + found[2][10:] for at in (1, 2)]
    amounts = ["0000000000010000", "0000000000015000"]
    inside = [
        line[:31] + amount + line[47:53] + "5" + line[54:]
        for line, amount in zip(detail, amounts, strict=True)
    ]
    trailer = found[9][:16] + "000010" + found[9][22:]
    content = [*found[:5], *inside, *found[5:9], trailer]
    read = one("\n".join(content).encode("cp1252"))
    assert read.problems == []
    assert [each.amount for each in read.payments()] == [10, 15, -3]
    content[5] = content[5].replace(amounts[0], "0000000000010010")
    assert [each.amount for each in one("\n".join(content).encode("cp1252")).payments()] == [25, -3]
    costs = [*found[:5], *(line[:53] + "8" + line[54:] for line in inside), *found[5:9], trailer]
    costs[2] = costs[2][:53] + "3" + costs[2][54:]
    assert [each.amount for each in one("\n".join(costs).encode("cp1252")).payments()] == [25, -3]


def test_camt_is_read_back() -> None:
    batch = StatementEntry(
        payment=payment(700, name="", iban=""),
        details=[inside(payment(500, OGM)), inside(payment(200, name="Lumen", text="Two"))],
    )
    pending = msgspec.structs.replace(single(payment(99_00)), booked=False)
    entries = [single(payment(2500, OGM)), batch, single(payment(-100, reversal=True)), pending]
    wanted = [
        statement((), entries=entries, opening_cents=-5000),
        statement([payment(1, currency="USD")], currency="USD", number="2026-002"),
    ]
    assert read_statements(camt(*wanted)) == wanted
    assert [each.amount for each in wanted[0].payments()] == [25, 5, 2, -1]


@pytest.mark.parametrize("version", [*range(2, 14)])
def test_every_version_is_read(version: int) -> None:
    content = camt(statement([payment(2500, OGM)]))
    if version < 8:
        content = content.replace(b"<Pty>", b"").replace(b"</Pty>", b"")
    content = content.replace(NAMESPACE.encode() + b"08", f"{NAMESPACE}{version:02d}".encode())
    assert one(content).payments()[0].name == "Delta Logistics"


def test_a_batch_is_never_booked_beside_its_payments() -> None:
    half = StatementEntry(payment=payment(700), details=[payment(500, OGM), payment(100)])
    silent = StatementEntry(
        payment=payment(700), details=[payment(500, OGM), msgspec.structs.replace(payment(0), amount=None)]
    )
    for entry in (half, silent):
        found = one(camt(statement((), entries=[entry])))
        assert [(each.amount, each.reference) for each in found.payments()] == [(7, "")]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"<CdtDbtInd>CRDT</CdtDbtInd>", b"<CdtDbtInd>OTHER</CdtDbtInd>", "credit or a debit"),
        (b'<Amt Ccy="EUR">25.00</Amt>', b"", "no amount that can be read"),
        (b">25.00<", b">25.000000001<", "no amount that can be read"),
        (b">25.00<", b">1e5<", "no amount that can be read"),
        (b">25.00<", b">25.00001<", "no whole number of cents: 25.00001"),
        (b">25.00<", b">25000000000000.00<", "too large"),
        (b">CLBD<", b">CLAV<", "no closing balance"),
        (b">CLBD<", b">OPBD<", "several balances OPBD"),
        (b"<Id>2026-001</Id>", b"", "no number"),
        (b"<IBAN>BE68539007547034</IBAN>", b"", "no account"),
        (b"<Ccy>EUR</Ccy>", b"<Ccy>USD</Ccy>", "amounts in EUR"),
    ],
)
def test_camt_that_cannot_be_booked_is_held(old: bytes, new: bytes, problem: str) -> None:
    content = camt(statement([payment(2500, OGM)]))
    assert old in content
    found = one(content.replace(old, new))
    assert any(problem in text for text in found.problems), found.problems


def test_small_differences_between_banks() -> None:
    content = camt(statement([payment(2500, OGM)]))
    alike = [
        content.replace(b"<Cd>BOOK</Cd>", b"BOOK"),
        content.replace(b"<Sts>\n          <Cd>BOOK</Cd>\n        </Sts>", b""),
        content.replace(b">25.00<", b">25.00000<"),
        content.replace(b"<Dt>2026-12-01</Dt>", b"<DtTm>2026-12-01T10:00:00+01:00</DtTm>"),
        b"\xef\xbb\xbf" + content,
        content.decode().replace("encoding='UTF-8'", "").encode("utf-16"),
    ]
    for other in alike:
        assert other != content
        assert one(other).payments() == one(content).payments()
        assert one(other).problems == []


@pytest.mark.parametrize("status", [b"<Cd>INFO</Cd>", b"<Cd>PDNG</Cd>", b"PDNG", b"<Prtry>X</Prtry>"])
def test_what_is_not_booked_moves_nothing(status: bytes) -> None:
    content = camt(statement([payment(2500, OGM)])).replace(b"<Cd>BOOK</Cd>", status)
    found = one(content)
    assert found.payments() == []
    assert any("do not add up" in text for text in found.problems)


def test_several_references_of_one_payment_are_none() -> None:
    content = camt(statement([payment(2500, OGM)]))
    block = content[content.index(b"<Strd>") : content.index(b"</Strd>") + 7]
    twice = content.replace(block, block + block)
    assert one(twice).payments()[0].communication == OGM
    other = content.replace(block, block + block.replace(OGM.encode(), b"000000000196"))
    assert one(other).payments()[0].reference == ""


@pytest.mark.parametrize(
    "reference", ["010806817184", "01080681718", "0108068171830", "RF18539007547034", ""]
)
def test_a_reference_without_right_check_digits_is_no_communication(reference: str) -> None:
    assert payment(2500, OGM).communication == OGM
    assert payment(2500, reference).communication == ""


def test_a_returned_payment_is_a_reversal() -> None:
    content = camt(statement([payment(-2500, reversal=True)])).replace(b"<RvslInd>true</RvslInd>", b"")
    assert one(content).payments()[0].reversal


def test_days_of_the_last_century_do_not_stop_anything() -> None:
    assert one(changed(1, 58, "010169")).opened_on == date(1969, 1, 1)
