"""Bank transfers that a person makes here: what the bank of the operator tells of them in a statement."""

from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from backend.sandbox.payments.book import PaymentBook
from backend.sandbox.payments.documents import StripeDocument

TRANSFER = "bank_transfer"
# What was on the operator's account before the first transfer
OPENING_CENTS = 1_000_000


class BankTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer, as the operator's bank has it. Amounts in cents; `structured`: twelve digits, or empty."""

    id: str
    # Of the statement that tells of it, from 1
    number: int
    day: date
    cents: int
    # On the operator's account before it
    before_cents: int
    # The operator's account
    to_iban: str
    from_iban: str
    name: str
    structured: str = ""
    text: str = ""


# Writes the statement that tells of one transfer; by the end of the file's name
BankFiles = Mapping[str, Callable[[BankTransfer], bytes]]


def make_transfer(book: PaymentBook, *, to_iban: str, day: date, cents: int, **said: str) -> BankTransfer:
    """Keep a transfer. Each has a statement of its own, with the balance that the one before it left."""
    known = book.of(TRANSFER)
    last = read_transfer(known[next(reversed(known))]) if known else None
    number = last.number + 1 if last else 1
    made = BankTransfer(
        id=f"transfer_{book.now()}_{number}",
        number=number,
        day=day,
        cents=cents,
        before_cents=last.before_cents + last.cents if last else OPENING_CENTS,
        to_iban=to_iban,
        **said,
    )
    document: StripeDocument = {"object": TRANSFER, **msgspec.to_builtins(made)}
    book.put(document)
    return made


def read_transfer(document: StripeDocument) -> BankTransfer:
    """The transfer that a document of the book is."""
    return msgspec.convert(document, BankTransfer)
