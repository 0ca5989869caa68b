"""States of invoices and of documents that came in (domain reference 3.11), and what follows from facts. Pure."""

from datetime import date
from enum import StrEnum

import msgspec

from backend.core.lifecycle import Lifecycle


class ImportState(StrEnum):
    """States of a file that the operator handed in."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    # The file as a whole could not be read
    FAILED = "failed"


F = ImportState
IMPORT_LIFECYCLE = Lifecycle(F, {F.WAITING: {F.RUNNING, F.FAILED}, F.RUNNING: {F.DONE, F.FAILED}})


class ImportOutcome(StrEnum):
    """What became of one document of a file, or of the charges of one invoice."""

    BOOKED = "booked"
    # The same bytes, or the same charges, are there already: nothing changed
    REPEATED = "repeated"
    UNASSIGNED = "unassigned"
    PERSONAL = "personal"
    CONFLICT = "conflict"
    REFUSED = "refused"
    # `--check`: it would be taken
    VALID = "valid"


class DocumentState(StrEnum):
    """What became of a document that came in.

    RECEIVED: its number is held, and its company is being given it. BOOKED: a company has it. UNASSIGNED: its buyer or
    customer number is not known; the operator assigns it. PERSONAL: it is addressed to a person, and never belongs to a
    company. CONFLICT: its number stands already with other content. DISMISSED: the operator decided that it stays out.
    """

    RECEIVED = "received"
    BOOKED = "booked"
    UNASSIGNED = "unassigned"
    PERSONAL = "personal"
    CONFLICT = "conflict"
    DISMISSED = "dismissed"


D = DocumentState
DOCUMENT_LIFECYCLE = Lifecycle(
    D, {D.RECEIVED: {D.BOOKED}, D.UNASSIGNED: {D.RECEIVED, D.DISMISSED}, D.CONFLICT: {D.DISMISSED}}
)
# One document of an issuer, type and number is in one of these
HOLDS_NUMBER = (D.RECEIVED, D.BOOKED, D.UNASSIGNED, D.PERSONAL)


class StatementState(StrEnum):
    """What became of a bank statement.

    IMPORTED: its movements are kept. HELD: nothing of it is booked; where it is handed in again and the reason is gone, it
    is imported. DISMISSED: the operator decided that it stays out.
    """

    IMPORTED = "imported"
    HELD = "held"
    DISMISSED = "dismissed"


STATEMENT_LIFECYCLE = Lifecycle(
    StatementState, {StatementState.HELD: {StatementState.IMPORTED, StatementState.DISMISSED}}
)


class MovementState(StrEnum):
    """What became of a movement of a bank statement.

    RECEIVED: nobody looked at it yet. CLAIMED: its customer number is known, and its company is being given it. MATCHED: it
    is in the ledger. PROPOSED: it points to one open invoice, and the operator decides. UNMATCHED: it points to none, and the
    operator decides. IGNORED: it is no payment of a customer.
    """

    RECEIVED = "received"
    CLAIMED = "claimed"
    MATCHED = "matched"
    PROPOSED = "proposed"
    UNMATCHED = "unmatched"
    IGNORED = "ignored"


M = MovementState
MOVEMENT_LIFECYCLE = Lifecycle(
    M,
    {
        M.RECEIVED: {M.CLAIMED, M.PROPOSED, M.UNMATCHED},
        M.CLAIMED: {M.MATCHED},
        M.PROPOSED: {M.CLAIMED, M.IGNORED},
        M.UNMATCHED: {M.CLAIMED, M.IGNORED},
        # What was left out by mistake
        M.IGNORED: {M.CLAIMED},
    },
)


class CollectionMode(StrEnum):
    """How an invoice is paid: by its customer, or by a debit that the invoice announces (4.4.5). Fixed at issue."""

    MANUAL = "manual"
    DIRECT_DEBIT = "direct_debit"


class DueBasis(StrEnum):
    """From what it follows when an invoice is due: its date, its words, or that it arrived."""

    DATE = "date"
    TERMS = "terms"
    RECEIPT = "receipt"


class InvoiceState(StrEnum):
    """The state of a demand, or of a credit. It follows from facts and the day (`state_of`) and is not stored."""

    ISSUED = "issued"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    COLLECTING = "collecting"
    DISPUTED = "disputed"
    WRITTEN_OFF = "written_off"
    CREDITED = "credited"
    # Of a credit: something is left of it, or nothing
    CREDIT_OPEN = "credit_open"
    CREDIT_USED = "credit_used"


class LedgerKind(StrEnum):
    """What an entry of the ledger stands for. Amounts are signed: positive is owed by the customer."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    # A payment that came back: a returned debit, a lost dispute of a card
    REVERSAL = "reversal"
    WRITE_OFF = "write_off"
    # What is left of a credit goes to an invoice: two entries whose sum is zero
    ALLOCATION = "allocation"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the state of an invoice follows from. Amounts in cents; `open_cents` of a credit is negative or zero."""

    is_credit: bool
    payable_cents: int
    open_cents: int
    # Part of what is open
    disputed_cents: int = 0
    collecting_cents: int = 0
    # Part of what is not open any more
    credited_cents: int = 0
    written_off_cents: int = 0
    due_on: date | None = None


def state_of(facts: Facts, today: date) -> InvoiceState:
    """The state of an invoice on a day of Europe/Brussels."""
    if facts.is_credit:
        return InvoiceState.CREDIT_OPEN if facts.open_cents < 0 else InvoiceState.CREDIT_USED
    return _closed(facts) if facts.open_cents <= 0 else _open(facts, today)


def _closed(facts: Facts) -> InvoiceState:
    if facts.written_off_cents:
        return InvoiceState.WRITTEN_OFF
    full = facts.credited_cents >= facts.payable_cents > 0
    return InvoiceState.CREDITED if full else InvoiceState.PAID


def _open(facts: Facts, today: date) -> InvoiceState:
    if facts.collecting_cents >= facts.open_cents:
        return InvoiceState.COLLECTING
    if facts.disputed_cents >= facts.open_cents:
        return InvoiceState.DISPUTED
    if facts.due_on is not None and facts.due_on < today:
        return InvoiceState.OVERDUE
    return InvoiceState.PARTIALLY_PAID if facts.open_cents < facts.payable_cents else InvoiceState.ISSUED


def payable_now(facts: Facts) -> int:
    """What may be paid now, in cents: what is open, without what is disputed or being collected."""
    if facts.is_credit:
        return 0
    return max(facts.open_cents - facts.disputed_cents - facts.collecting_cents, 0)
