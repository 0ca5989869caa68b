"""What the operator's bank says of a transfer that somebody made in the sandbox.

The sandbox is reached by address only and knows nothing of the product: who starts it hands it these writers.
"""

from decimal import Decimal

from backend.billing.statements.coda_writing import write_coda
from backend.billing.statements.statement import (
    ReadStatement,
    StatementBalance,
    StatementEntry,
    StatementFormat,
    StatementPayment,
)
from backend.billing.statements.writing import write_camt
from backend.core import clock
from backend.sandbox.payments.transfers import BankFiles, BankTransfer

# CODA numbers the statements of a year with three digits
CODA_NUMBERS = 999


def coda_of(transfer: BankTransfer) -> bytes:
    """The statement of one transfer as CODA."""
    return write_coda(_statement(transfer, StatementFormat.CODA))


def camt_of(transfer: BankTransfer) -> bytes:
    """The statement of one transfer as CAMT.053."""
    statement = _statement(transfer, StatementFormat.CAMT_053)
    return write_camt([statement], message=statement.number, at=clock.now())


# By the end of a file's name
BANK_FILES: BankFiles = {"cod": coda_of, "xml": camt_of}


def _statement(transfer: BankTransfer, form: StatementFormat) -> ReadStatement:
    opening = Decimal(transfer.before_cents) / 100
    closing = opening + Decimal(transfer.cents) / 100
    sequence = (transfer.number - 1) % CODA_NUMBERS + 1
    payment = StatementPayment(
        amount=Decimal(transfer.cents) / 100,
        currency="EUR",
        booked_on=transfer.day,
        value_on=transfer.day,
        reference=transfer.structured,
        reference_kind="SCOR" if transfer.structured and form is StatementFormat.CAMT_053 else "",
        text=transfer.text,
        name=transfer.name,
        iban=transfer.from_iban,
        bank_reference=f"T{transfer.id.removeprefix('transfer_').replace('_', '')}"[:21],
    )
    return ReadStatement(
        format=form,
        number=transfer.id,
        account=transfer.to_iban,
        iban=transfer.to_iban,
        currency="EUR",
        opening=opening,
        closing=closing,
        opened_on=transfer.day,
        closed_on=transfer.day,
        balances=[
            StatementBalance(code="OPBD", amount=opening, currency="EUR", on=transfer.day),
            StatementBalance(code="CLBD", amount=closing, currency="EUR", on=transfer.day),
        ],
        entries=[
            StatementEntry(payment=payment, details=[payment] if form is StatementFormat.CAMT_053 else [])
        ],
        sequence=f"{sequence:03d}",
    )
