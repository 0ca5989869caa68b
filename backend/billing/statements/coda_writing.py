"""Writes a statement as CODA, as a Belgian bank would: one record of 128 signs a line. Pure."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from backend.billing.statements.coda_records import NO_DAY
from backend.billing.statements.statement import ReadStatement, StatementEntry, StatementPayment

# An IBAN of a Belgian account
BELGIAN_IBAN = "2"
TRANSFER, TAKEN_BACK = "0150000", "0149000"
STRUCTURED = "101"


def write_coda(statement: ReadStatement) -> bytes:
    """The file of one statement. Its entries are single payments: what is inside a batch is not written.

    Raises ValueError for a statement without balances and days.
    """
    opening, closing = statement.opening, statement.closing
    if opening is None or closing is None or statement.opened_on is None or statement.closed_on is None:
        raise ValueError("a statement in CODA has two balances with their days")
    account = f"{statement.iban:<34}{statement.currency}"
    head = f"{'00000' + _day(statement.closed_on) + '00005':<127}2"
    if statement.duplicate:
        head = f"{head[:16]}D{head[17:]}"
    old = f"1{BELGIAN_IBAN}{statement.sequence}{account}{_amount(opening)}{_day(statement.opened_on)}"
    new = f"8{statement.sequence}{account}{_amount(closing)}{_day(statement.closed_on)}"
    movements = [
        record
        for index, entry in enumerate(statement.entries, 1)
        for record in _movement(index, entry, statement)
    ]
    amounts = [one.payment.amount or Decimal(0) for one in statement.entries]
    credit = sum((one for one in amounts if one > 0), Decimal(0))
    debit = -sum((one for one in amounts if one < 0), Decimal(0))
    last = f"9{'':15}{len(movements) + 2:06d}{_amount(debit)[1:]}{_amount(credit)[1:]}"
    lines = [head, old, *movements, new, f"{last:<127}2"]
    return "".join(f"{line[:128]:<128}\r\n" for line in lines).encode("cp1252", errors="replace")


def _movement(index: int, entry: StatementEntry, statement: ReadStatement) -> Iterator[str]:
    payment = entry.payment
    number = f"{index:04d}0000"
    words = f"1{STRUCTURED}{payment.reference}" if payment.reference else f"0{payment.text}"
    first, second, third = (words + " " * 150)[:53], words[53:106], words[106:149]
    code = TAKEN_BACK if payment.reversal else TRANSFER
    booked_on = payment.booked_on or statement.closed_on
    yield (
        f"21{number}{payment.bank_reference[:21]:<21}{_amount(payment.amount or Decimal(0))}"
        f"{_day(payment.value_on)}0{code}{first:<54}{_day(booked_on)}{statement.sequence}01 1 0"
    )
    yield f"22{number}{second:<53}{payment.end_to_end[:35]:<35}"
    yield _other_side(number, payment, third)


def _other_side(number: str, payment: StatementPayment, words: str) -> str:
    return f"23{number}{payment.iban[:34]:<34}{payment.currency:<3}{payment.name[:35]:<35}{words:<43}"


def _amount(amount: Decimal) -> str:
    """A sign and fifteen digits, three of them decimals."""
    return f"{int(amount < 0)}{abs(int(amount * 1000)):015d}"


def _day(value: date | None) -> str:
    return NO_DAY if value is None else f"{value:%d%m%y}"
