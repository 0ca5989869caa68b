"""Bank statements whose sums are right, in memory and as files."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from backend.billing.statements.statement import (
    ReadStatement,
    StatementBalance,
    StatementEntry,
    StatementFormat,
    StatementPayment,
)
from backend.billing.statements.writing import write_camt

OWN = "BE68539007547034"
OTHER = "BE71096123456769"
DAY = date(2026, 12, 1)
AT = datetime(2026, 12, 1, 18, tzinfo=UTC)


def payment(
    cents: int,
    reference: str = "",
    *,
    text: str = "",
    name: str = "Delta Logistics",
    iban: str = OTHER,
    bank_reference: str = "B1",
    end_to_end: str = "",
    reversal: bool = False,
    currency: str = "EUR",
) -> StatementPayment:
    return StatementPayment(
        amount=Decimal(cents) / 100,
        currency=currency,
        booked_on=DAY,
        value_on=DAY,
        reference=reference,
        reference_kind="SCOR" if reference else "",
        text=text,
        name=name,
        iban=iban,
        bank_reference=bank_reference,
        end_to_end=end_to_end,
        reversal=reversal,
    )


def single(one: StatementPayment) -> StatementEntry:
    """An entry as banks give it: the amount outside, who and why inside."""
    outside = StatementPayment(
        amount=one.amount,
        currency=one.currency,
        booked_on=one.booked_on,
        value_on=one.value_on,
        bank_reference=one.bank_reference,
        reversal=one.reversal,
    )
    return StatementEntry(payment=outside, details=[inside(one)])


def inside(one: StatementPayment) -> StatementPayment:
    """A payment of an entry: its days are those of the entry."""
    return msgspec.structs.replace(one, booked_on=None, value_on=None)


def statement(
    payments: Sequence[StatementPayment],
    *,
    number: str = "2026-001",
    iban: str = OWN,
    currency: str = "EUR",
    opening_cents: int = 0,
    entries: Sequence[StatementEntry] | None = None,
    wrong_cents: int = 0,
    closed_on: date = DAY,
) -> ReadStatement:
    """A statement of some payments. `wrong_cents` is what its closing balance is wrong by."""
    taken = list(entries) if entries is not None else [single(one) for one in payments]
    opening = Decimal(opening_cents) / 100
    total = sum((one.payment.amount or Decimal(0) for one in taken if one.booked), Decimal(0))
    closing = opening + total + Decimal(wrong_cents) / 100
    return ReadStatement(
        format=StatementFormat.CAMT_053,
        number=number,
        account=iban,
        iban=iban,
        currency=currency,
        opening=opening,
        closing=closing,
        opened_on=closed_on,
        closed_on=closed_on,
        balances=[
            StatementBalance(code=code, amount=amount, currency=currency, on=closed_on)
            for code, amount in (("OPBD", opening), ("CLBD", closing))
        ],
        entries=taken,
    )


def camt(*statements: ReadStatement, message: str = "M1") -> bytes:
    return write_camt(statements, message=message, at=AT)


def file_of(*payments: StatementPayment, number: str = "2026-001") -> bytes:
    """A file of one statement."""
    return camt(statement(payments, number=number))
