"""What goes in and out of the use cases on invoices. Amounts are integer cents."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

from backend.billing.lifecycle import CollectionMode, DueBasis, Facts, InvoiceState, state_of
from backend.billing.ubl.document import BooksAs
from backend.core.bounds import bound_fields


class ChargeKind(StrEnum):
    """What a charge is for."""

    # A monthly charge of a plan or an option, whole or for some days
    RECURRING = "recurring"
    ONE_OFF = "one_off"
    USAGE = "usage"
    DISCOUNT = "discount"
    CREDIT = "credit"
    OTHER = "other"

    @classmethod
    def of(cls, text: str) -> "ChargeKind":
        """The kind that an issuer's text names; OTHER for any text that is none."""
        plain = text.strip().casefold().replace("-", "_")
        return cls(plain) if plain in set(cls) else cls.OTHER


class InvoiceGroup(StrEnum):
    """What a list shows: everything, or what stands in one way."""

    ALL = ""
    TO_PAY = "to_pay"
    COLLECTING = "collecting"
    PAID = "paid"
    CREDITS = "credits"


class InvoiceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which invoices: by group, customer number, month of issue, and a search for number, communication or amount."""

    group: InvoiceGroup = InvoiceGroup.ALL
    account: str = ""
    month: date | None = None
    search: str = ""

    def __post_init__(self) -> None:
        bound_fields(self)


class InvoiceSummary(msgspec.Struct, frozen=True):
    """An invoice or credit note in a list. Amounts include VAT; `booked_cents` of a credit is negative."""

    id: UUID
    number: str
    account: str
    account_label: str
    books_as: BooksAs
    issued_on: date
    due_on: date | None
    due_basis: DueBasis
    period_start: date | None
    period_end: date | None
    booked_cents: int
    open_cents: int
    disputed_cents: int
    collecting_cents: int
    credited_cents: int
    written_off_cents: int
    collection: CollectionMode
    # Of its last payment or credit, where nothing is open
    closed_on: date | None
    # When it is debited, where that is planned
    collect_on: date | None = None

    @property
    def facts(self) -> Facts:
        """What its state follows from."""
        return Facts(
            is_credit=self.books_as == BooksAs.CREDIT,
            payable_cents=self.booked_cents,
            open_cents=self.open_cents,
            disputed_cents=self.disputed_cents,
            collecting_cents=self.collecting_cents,
            credited_cents=self.credited_cents,
            written_off_cents=self.written_off_cents,
            due_on=self.due_on,
        )

    @property
    def will_be_debited(self) -> bool:
        """Whether its debit is announced, and something is open that is not disputed."""
        announced = self.collection == CollectionMode.DIRECT_DEBIT and self.books_as != BooksAs.CREDIT
        return announced and self.open_cents > self.disputed_cents

    def state(self, today: date) -> InvoiceState:
        """Its state on a day."""
        return state_of(self.facts, today)


class InvoiceList(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the invoices that match, the newest first, and how many there are."""

    items: list[InvoiceSummary]
    total: int


class AccountBalance(msgspec.Struct, frozen=True):
    """What one customer number owes: the sum of its ledger; negative is in its favour."""

    account: str
    label: str
    cents: int
    # Of it: what may be paid now, how many invoices that is, and when the first is due
    due_cents: int
    due_invoices: int
    due_on: date | None
    overdue_cents: int
    collecting_cents: int
    disputed_cents: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed, per customer number with an invoice and in total."""

    accounts: list[AccountBalance]
    cents: int
    due_cents: int
    due_invoices: int
    due_on: date | None
    overdue_cents: int
    collecting_cents: int
    disputed_cents: int


class VatRow(msgspec.Struct, frozen=True):
    """The VAT of one category (UNTDID 5305) and rate."""

    category: str
    percent: Decimal | None
    taxable_cents: int
    tax_cents: int
    exemption: str


class FileInfo(msgspec.Struct, frozen=True):
    """A file of an invoice: the document itself (`original`), the operator's PDF, an attachment."""

    id: UUID
    kind: str
    name: str
    media_type: str


class Entry(msgspec.Struct, frozen=True):
    """One movement of an invoice, in cents: positive is owed."""

    kind: str
    cents: int
    value_on: date
    detail: str


class InvoiceContent(msgspec.Struct, frozen=True):
    """What the document of an invoice says of the whole, in cents."""

    issuer: str
    type_code: str
    terms: str
    currency: str
    lines_cents: int
    allowance_cents: int
    charge_cents: int
    excl_vat_cents: int
    vat_cents: int
    incl_vat_cents: int
    prepaid_cents: int
    rounding_cents: int
    payment_reference: str
    structured: str
    iban: str
    payee: str
    mandate_reference: str
    creditor_id: str
    debited_iban: str
    seller_name: str
    buyer_name: str
    buyer_number: str
    buyer_address: str
    note: str
    corrects: list[str]
    received_at: datetime
    charges: int
    # Why it is not debited, where it announced that
    not_debited: str


class InvoiceDetail(InvoiceContent, frozen=True, kw_only=True):
    """One invoice, as its document says it and as it stands."""

    summary: InvoiceSummary
    vat: list[VatRow]
    files: list[FileInfo]
    entries: list[Entry]
    by_kind: list["KindTotal"]
    reminders: list["ReminderInfo"]


class ReminderInfo(msgspec.Struct, frozen=True):
    """One step of the reminders that named the invoice."""

    step: int
    reminded_on: date


class KindTotal(msgspec.Struct, frozen=True):
    """The charges of one kind, excluding VAT."""

    kind: str
    charges: int
    cents: int


class NumberTotal(msgspec.Struct, frozen=True):
    """The charges of one number, excluding VAT; "" is of the customer number as a whole."""

    msisdn: str
    name: str
    line_id: UUID | None
    recurring_cents: int
    usage_cents: int
    other_cents: int
    cents: int
    total_numbers: int


class CentreTotal(msgspec.Struct, frozen=True):
    """The charges of one cost centre, excluding VAT; "" is of none."""

    code: str
    name: str
    charges: int
    cents: int


class ChargeRow(msgspec.Struct, frozen=True):
    """One charge, excluding VAT."""

    id: UUID
    msisdn: str
    kind: str
    code: str
    name: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    net_cents: int
    period_start: date | None
    period_end: date | None
    cost_centre: str


class InvoiceFileContent(msgspec.Struct, frozen=True):
    """A file with its bytes, as it came."""

    name: str
    media_type: str
    content: bytes
