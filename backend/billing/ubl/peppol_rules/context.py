"""What rules of a line or an amount must know of the whole document, and how they read a value."""

import re
from datetime import date
from decimal import Decimal

import msgspec

from backend.billing.ubl.xml import INVOICE, WHITE, Element, cac, cbc

# Business processes that Peppol knows, by the number of their profile
PROFILES = {
    "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0": "01",
    "urn:peppol:france:billing:regulated": "01",
    "urn:peppol:france:billing:non-regulated": "01",
    "urn:peppol:bis:billing_with_response": "02",
}
GERMANY = "DE"
WHITES = re.compile(f"[{WHITE}]+")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
# More digits than any amount has: a longer one is no number that a rule counts with
LONGEST_NUMBER = 60
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
COUNTRY = f"{cac('Party')}/{cac('PostalAddress')}/{cac('Country')}/{cbc('IdentificationCode')}"


class DocumentContext(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the document once."""

    is_invoice: bool
    # "" where the business process is not one of Peppol
    profile: str
    currency: str | None
    german: bool
    period_start: date | None
    period_end: date | None

    @classmethod
    def of(cls, root: Element) -> "DocumentContext":
        parties = [root.find(cac(name)) for name in ("AccountingSupplierParty", "AccountingCustomerParty")]
        countries = [words(party.find(COUNTRY)).upper() if party is not None else "" for party in parties]
        period = f"{cac('InvoicePeriod')}/"
        return cls(
            is_invoice=root.tag == INVOICE,
            profile=PROFILES.get(words(root.find(cbc("ProfileID"))), ""),
            currency=string(root.find(cbc("DocumentCurrencyCode"))),
            german=countries == [GERMANY, GERMANY],
            period_start=day(root.find(period + cbc("StartDate"))),
            period_end=day(root.find(period + cbc("EndDate"))),
        )


def string(element: Element | None) -> str | None:
    """The text of an element as it is; None without the element."""
    return None if element is None else element.text or ""


def words(element: Element | None) -> str:
    """The text of an element with single spaces, as `normalize-space` gives it."""
    text = string(element) or ""
    if text.isascii():
        return " ".join(text.split())
    # A space that does not break is content
    return " ".join(part for part in WHITES.split(text) if part)


def number(element: Element | None) -> Decimal | None:
    """The number of an element; None where it has none."""
    text = (string(element) or "").strip(WHITE)
    return Decimal(text) if len(text) <= LONGEST_NUMBER and NUMBER.fullmatch(text) else None


def day(element: Element | None) -> date | None:
    """The day of an element; None where it is no day."""
    text = (string(element) or "").strip(WHITE)
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


def near(one: Decimal, other: Decimal) -> bool:
    """Whether two amounts differ by two cents or less."""
    return abs(one - other) <= Decimal("0.02")
