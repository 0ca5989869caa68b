"""Whose a document is, from what it says itself. Pure."""

from collections.abc import Iterable

import msgspec

from backend.billing.ubl.document import InvoiceDocument
from backend.catalog.identifiers import enterprise_number, normalise_msisdn
from backend.core.visible import visible

# BT-19 of a document for the employee of a shared bill (docs/billing.md)
EMPLOYEE_PART = "employee-part"
MOST_NUMBERS = 20
LONGEST_NUMBER = 40


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """Who a document is addressed to.

    `enterprise` has the ten digits of a Belgian enterprise, or "". `numbers` are the texts that may be a customer
    number, the most likely first. `msisdn` is of a person's document.
    """

    personal: bool
    enterprise: str
    numbers: list[str]
    name: str
    msisdn: str = ""


def addressee_of(document: InvoiceDocument) -> Addressee:
    """Who the document is addressed to: a person where it says so, or where the buyer has no number of a company."""
    buyer = document.buyer
    marked = document.accounting_cost.strip().casefold() == EMPLOYEE_PART
    identified = any(text.strip() for text in (buyer.company_id, buyer.vat_number))
    personal = marked or not identified
    return Addressee(
        personal=personal,
        enterprise=_enterprise(buyer.company_id, buyer.vat_number, _endpoint(document)),
        numbers=_numbers(document),
        name=buyer.name,
        msisdn=_msisdn(document) if personal else "",
    )


def issuer_of(document: InvoiceDocument) -> str:
    """What names the seller: its enterprise number, or else the first identifier that the document gives."""
    seller = document.seller
    texts = (seller.company_id, seller.vat_number, seller.endpoint, seller.name)
    return _enterprise(*texts[:2]) or next((text.strip() for text in texts if text.strip()), "")


def _endpoint(document: InvoiceDocument) -> str:
    """The enterprise number of the buyer's electronic address (scheme 0208)."""
    return document.buyer.endpoint if document.buyer.endpoint_scheme == "0208" else ""


def _enterprise(*texts: str) -> str:
    return next((found for text in texts if (found := enterprise_number(text))), "")


def _numbers(document: InvoiceDocument) -> list[str]:
    """BT-46, BT-10, BT-12: texts that may be a customer number, without repeats."""
    texts: Iterable[str] = (
        *(identifier for identifier, _ in document.buyer.identifiers),
        document.buyer_reference,
        document.contract_reference,
    )
    plain = (visible(text).strip() for text in texts)
    return list(dict.fromkeys(text for text in plain if 0 < len(text) <= LONGEST_NUMBER))[:MOST_NUMBERS]


def _msisdn(document: InvoiceDocument) -> str:
    """The one number that all lines of a person's document are for; "" where there is none, or several."""
    found = {line.msisdn for line in document.lines if line.msisdn}
    candidates = found or {number for text in _numbers(document) if (number := normalise_msisdn(text))}
    return candidates.pop() if len(candidates) == 1 else ""
