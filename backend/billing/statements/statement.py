"""What a bank says of an account: statements, their entries and the payments inside them. Pure.

Amounts are decimals as the bank gives them, positive where the account receives. A reader gives every statement of a
file; what is wrong with one stands in its `problems`, and such a statement is held as a whole.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from backend.catalog.identifiers import structured_communication

# Ten million million euros
MOST = Decimal(10**13)
LONGEST_NUMBER, LONGEST_TEXT = 200, 500


class StatementFormat(StrEnum):
    """What a bank writes statements in."""

    CODA = "coda"
    CAMT_053 = "camt.053"


class StatementRefused(Exception):
    """The file holds no statement. `sentence` says why to the operator's staff."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class StatementBalance(msgspec.Struct, frozen=True, kw_only=True):
    """A balance that a statement gives. `code`: OPBD and CLBD are the booked ones (ISO 20022)."""

    code: str
    amount: Decimal
    currency: str
    on: date | None = None


class StatementPayment(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of money. `amount` is None where the bank gives none for a payment inside a batch."""

    amount: Decimal | None
    currency: str
    booked_on: date | None = None
    value_on: date | None = None
    # As the bank gives it, with its kind: 101 or 102 in CODA, SCOR and the like in CAMT
    reference: str = ""
    reference_kind: str = ""
    text: str = ""
    # Of the other side
    name: str = ""
    iban: str = ""
    bank_reference: str = ""
    # Of who ordered it; the same where it comes back
    end_to_end: str = ""
    # It takes back an earlier movement
    reversal: bool = False
    # It says what an amount is made of (costs, VAT), and is no payment of its own
    part: bool = False

    @property
    def communication(self) -> str:
        """The twelve digits of a right structured communication, or ""."""
        return structured_communication(self.reference) or ""


class StatementEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a statement. `details`: the payments of a batch, or what the bank says more of the only one."""

    payment: StatementPayment
    details: list[StatementPayment] = []
    # Pending and informative entries move nothing
    booked: bool = True

    def payments(self) -> list[StatementPayment]:
        """What this entry is booked as: its payments where they add up to it, or else the entry itself. Never both."""
        if not self.booked:
            return []
        inside = [one for one in self.details if not one.part]
        if len(inside) == 1:
            return [_completed(self.payment, inside[0])]
        amounts = [one.amount for one in inside if one.amount is not None]
        if amounts and len(amounts) == len(inside) and sum(amounts) == self.payment.amount:
            return [msgspec.structs.replace(one, **_from(self.payment, one)) for one in inside]
        return [self.payment]


class StatementTrailer(msgspec.Struct, frozen=True, kw_only=True):
    """What the last record of a statement in CODA says, and what was counted."""

    records: int
    counted: int
    credit: Decimal
    debit: Decimal


class ReadStatement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of one account, as a file gives it."""

    format: StatementFormat
    # Its id, or year and sequence in CODA; unique for an account
    number: str
    # As the bank writes it, and the IBAN that it is
    account: str
    iban: str
    currency: str
    opening: Decimal | None = None
    closing: Decimal | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    balances: list[StatementBalance] = []
    entries: list[StatementEntry] = []
    # Of CODA only
    trailer: StatementTrailer | None = None
    sequence: str = ""
    # The bank sends it a second time
    duplicate: bool = False
    problems: list[str] = []

    @property
    def total(self) -> Decimal:
        """The sum of what is booked."""
        return sum((one.payment.amount or Decimal(0) for one in self.entries if one.booked), Decimal(0))

    def payments(self) -> list[StatementPayment]:
        """Every movement that the statement books, in its order."""
        return [payment for entry in self.entries for payment in entry.payments()]


def checked(statement: ReadStatement) -> ReadStatement:
    """The statement with what is wrong with its sums among its problems."""
    problems = [*statement.problems, *_wrong(statement)]
    return msgspec.structs.replace(statement, problems=list(dict.fromkeys(problems)))


def _wrong(statement: ReadStatement) -> list[str]:
    found = []
    if not statement.account:
        found.append("It names no account.")
    if not statement.number:
        found.append("It has no number.")
    if statement.opening is None or statement.closing is None:
        found.append("It has no opening balance, or no closing balance.")
    elif statement.opening + statement.total != statement.closing:
        found.append(
            f"Its sums do not add up: {_shown(statement.opening)} and movements of {_shown(statement.total)}"
            f" are not {_shown(statement.closing)}."
        )
    return [*found, *_wrong_amounts(statement)]


def _wrong_amounts(statement: ReadStatement) -> list[str]:
    """Amounts that cannot be booked to the cent, or in another currency than the account's."""
    amounts = [one.amount for one in statement.payments() if one.amount is not None]
    amounts += [one for one in (statement.opening, statement.closing) if one is not None]
    found = []
    if any(abs(one) >= MOST for one in amounts):
        found.append("An amount is too large.")
    elif (odd := next((one for one in amounts if one * 100 % 1), None)) is not None:
        found.append(f"An amount is no whole number of cents: {_shown(odd)}.")
    balances = [one.currency for one in statement.balances if one.code in {"OPBD", "CLBD"}]
    entries = [one.payment.currency for one in statement.entries if one.booked]
    others = {one for one in (*balances, *entries) if one} - {statement.currency}
    if others:
        found.append(f"The account is in {statement.currency}, and it has amounts in {min(others)}.")
    return found


def _shown(amount: Decimal) -> str:
    """An amount without zeros at its end, but with both digits of cents."""
    plain = f"{amount.normalize():f}"
    whole, _, part = plain.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def _completed(entry: StatementPayment, detail: StatementPayment) -> StatementPayment:
    """The entry with what its only detail says of it; the amount is the entry's."""
    kept = {"amount", "currency", "booked_on", "value_on"}
    fields = {
        name: value
        for name in entry.__struct_fields__
        if name not in kept and (value := getattr(detail, name) or getattr(entry, name))
    }
    return msgspec.structs.replace(entry, **fields)


def _from(entry: StatementPayment, detail: StatementPayment) -> dict[str, object]:
    """What a payment of a batch has from the batch."""
    return {
        "currency": entry.currency,
        "booked_on": detail.booked_on or entry.booked_on,
        "value_on": detail.value_on or entry.value_on,
        "bank_reference": detail.bank_reference or entry.bank_reference,
        "reversal": detail.reversal or entry.reversal,
    }
