"""What an invoice or credit note in UBL says, as facts: read by `reading.py`, written by `writing.py`.

Amounts of the document are integer cents and stand as the document gives them; nothing here is recomputed. Names of
business terms (BT, BG) are those of EN 16931-1.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec


class BooksAs(StrEnum):
    """What a document does to the balance of a customer number."""

    DEMAND = "demand"
    CREDIT = "credit"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A seller, buyer or payee."""

    name: str = ""
    # BT-30, BT-47: the ten digits of a Belgian enterprise where there are such, otherwise as in the document
    company_id: str = ""
    # BT-31, BT-48
    vat_number: str = ""
    # BT-34, BT-49 with their scheme of the EAS list
    endpoint: str = ""
    endpoint_scheme: str = ""
    # BT-29, BT-46: further identifiers, each with its scheme ("" where there is none)
    identifiers: list[tuple[str, str]] = []
    # BT-35 to BT-39 and BT-162, BT-50 to BT-54 and BT-163
    street: str = ""
    street_more: str = ""
    address_line: str = ""
    postal_zone: str = ""
    city: str = ""
    region: str = ""
    # BT-40, BT-55 (ISO 3166-1)
    country: str = ""

    @property
    def address(self) -> list[str]:
        """The address in lines, without the country."""
        town = f"{self.postal_zone} {self.city}".strip()
        lines = (self.street, self.street_more, self.address_line, town, self.region)
        return [line for line in lines if line]


class VatSubtotal(msgspec.Struct, frozen=True, kw_only=True):
    """BG-23: the VAT of one category and rate."""

    # UNTDID 5305
    category: str
    percent: Decimal | None = None
    taxable_cents: int
    tax_cents: int
    # BT-120 in words, BT-121 as a code (VATEX)
    exemption: str = ""
    exemption_code: str = ""


class AllowanceCharge(msgspec.Struct, frozen=True, kw_only=True):
    """BG-20, BG-21: an allowance (negative) or a charge on the whole document; BG-27, BG-28: on a line.

    The category and the percentage are those of its VAT. On a line it has the VAT of the line, and both are empty.
    """

    # Negative: an allowance
    cents: int
    reason: str = ""
    # UNTDID 5189 of an allowance, UNTDID 7161 of a charge
    reason_code: str = ""
    category: str = ""
    percent: Decimal | None = None


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """BG-25: one line. `msisdn`, `charge_kind` and `charge_code` come from the item's properties (docs/billing.md)."""

    # BT-126
    id: str
    # BT-153, BT-154, BT-127
    name: str
    description: str = ""
    note: str = ""
    quantity: Decimal
    unit: str = ""
    # BT-146, up to four decimals and more, and BT-149: the quantity that it is the price of
    unit_price: Decimal
    base_quantity: Decimal = Decimal(1)
    # BT-131: quantity by price, with what is put on and taken off below
    net_cents: int
    allowances: list[AllowanceCharge] = []
    category: str = ""
    percent: Decimal | None = None
    period_start: date | None = None
    period_end: date | None = None
    # BT-133
    cost_centre: str = ""
    # E.164
    msisdn: str = ""
    charge_kind: str = ""
    charge_code: str = ""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """BG-24: a file inside the document. The name is a base name."""

    name: str
    media_type: str
    content: bytes
    description: str = ""


class DebitNotice(msgspec.Struct, frozen=True, kw_only=True):
    """BG-19: the document says that it will be debited."""

    # BT-89, BT-90, BT-91
    mandate_reference: str = ""
    creditor_id: str = ""
    debited_iban: str = ""


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """BG-22, in cents, as the document says them; None where it says nothing."""

    # BT-106
    lines: int
    # BT-107, BT-108
    allowances: int | None = None
    charges: int | None = None
    # BT-109, BT-110, BT-112
    excl_vat: int
    vat: int | None = None
    incl_vat: int
    # BT-113, BT-114, BT-115
    prepaid: int | None = None
    rounding: int | None = None
    payable: int


class InvoiceDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One invoice or credit note."""

    # BT-1, BT-3 (UNTDID 1001), BT-2, BT-9
    number: str
    type_code: str
    is_credit_note: bool
    issued_on: date
    due_on: date | None = None
    # BT-20, BT-22: several notes stand in lines
    terms: str = ""
    note: str = ""
    # BT-5
    currency: str = "EUR"
    # BG-14
    period_start: date | None = None
    period_end: date | None = None
    # BT-10, BT-13, BT-12, BT-19
    buyer_reference: str = ""
    order_reference: str = ""
    contract_reference: str = ""
    accounting_cost: str = ""
    # BG-3: numbers of the invoices that it corrects
    corrects: list[str] = []
    seller: Party
    buyer: Party
    payee: str = ""
    # BT-81 (UNTDID 4461), BT-83, BT-84
    payment_means: str = ""
    payment_reference: str = ""
    iban: str = ""
    account_name: str = ""
    debit: DebitNotice | None = None
    totals: Totals
    vat: list[VatSubtotal] = []
    allowances: list[AllowanceCharge] = []
    lines: list[DocumentLine] = []
    attachments: list[Attachment] = []

    @property
    def books_as(self) -> BooksAs:
        """A credit note is a credit, and so is an invoice over a negative amount."""
        negative = self.totals.payable < 0
        return BooksAs.CREDIT if self.is_credit_note is not negative else BooksAs.DEMAND
