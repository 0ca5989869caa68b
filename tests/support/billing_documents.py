"""Invoices and credit notes whose sums are right, whatever their lines."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from backend.billing.ubl.document import (
    AllowanceCharge,
    DebitNotice,
    DocumentLine,
    InvoiceDocument,
    Party,
    Totals,
    VatSubtotal,
)

STANDARD, REDUCED, EXEMPT = ("S", Decimal(21)), ("S", Decimal(6)), ("E", Decimal(0))
SELLER = Party(
    name="Omega Mobile NV",
    company_id="0202239951",
    vat_number="BE0202239951",
    endpoint="0202239951",
    endpoint_scheme="0208",
    street="Marktplein 1",
    postal_zone="1000",
    city="Brussel",
    country="BE",
)
BUYER = Party(
    name="Delta Bouw BV",
    company_id="0403170701",
    vat_number="BE0403170701",
    endpoint="0403170701",
    endpoint_scheme="0208",
    identifiers=[("60012345", "")],
    street="Rue de l'Été 4",
    street_more="Bus 12",
    address_line="t.a.v. boekhouding",
    postal_zone="9000",
    city="Gent",
    region="Oost-Vlaanderen",
    country="BE",
)
LINE = DocumentLine(
    id="1",
    name="Business Unlimited",
    quantity=Decimal(1),
    unit="C62",
    unit_price=Decimal("24.79"),
    net_cents=2479,
    category="S",
    percent=Decimal(21),
    msisdn="+32470100001",
    charge_kind="recurring",
    charge_code="unlimited",
)
DEBIT = DebitNotice(
    mandate_reference="MND-1", creditor_id="BE81ZZZ0202239951", debited_iban="BE71096123456769"
)
# Rules as an operator's own stylesheet gives them
OFFICIAL = """<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:svrl="http://purl.oclc.org/dsdl/svrl"><xsl:template match="/"><svrl:schematron-output>
  <svrl:failed-assert id="NO-R-001" flag="fatal"><svrl:text>Norway</svrl:text></svrl:failed-assert>
  <svrl:failed-assert id="PEPPOL-EN16931-R999" flag="FLAG"><svrl:text>[R999]-It is new</svrl:text></svrl:failed-assert>
  </svrl:schematron-output></xsl:template></xsl:stylesheet>"""


def to_cents(value: Decimal) -> int:
    return int((value * 100).quantize(Decimal(1), ROUND_HALF_UP))


def priced(line: DocumentLine, index: int = 0) -> DocumentLine:
    """The line with its number and the amount that follows from its price."""
    amount = to_cents(line.quantity * line.unit_price / line.base_quantity)
    net = amount + sum(one.cents for one in line.allowances)
    return msgspec.structs.replace(line, id=str(index + 1), net_cents=net)


def vat_of(lines: Sequence[DocumentLine], allowances: Sequence[AllowanceCharge]) -> list[VatSubtotal]:
    taxable: dict[tuple[str, Decimal | None], int] = {}
    for line in lines:
        key = (line.category, line.percent)
        taxable[key] = taxable.get(key, 0) + line.net_cents
    for one in allowances:
        key = (one.category, one.percent)
        taxable[key] = taxable.get(key, 0) + one.cents
    return [
        VatSubtotal(
            category=category,
            percent=percent,
            taxable_cents=cents,
            tax_cents=to_cents(Decimal(cents) / 100 * (percent or 0) / 100),
            exemption="Article 44" if category == "E" else "",
        )
        for (category, percent), cents in taxable.items()
    ]


def a_document(
    lines: Sequence[DocumentLine] = (LINE,),
    allowances: Sequence[AllowanceCharge] = (),
    prepaid: int | None = None,
    rounding: int | None = None,
    **changes: Any,
) -> InvoiceDocument:
    """An invoice, or with `is_credit_note=True, type_code="381"` a credit note."""
    numbered = [priced(line, index) for index, line in enumerate(lines)]
    vat = vat_of(numbered, allowances)
    total, tax = sum(line.net_cents for line in numbered), sum(one.tax_cents for one in vat)
    down, up = [-a.cents for a in allowances if a.cents < 0], [a.cents for a in allowances if a.cents >= 0]
    excl = total - sum(down) + sum(up)
    totals = Totals(
        lines=total,
        allowances=sum(down) if down else None,
        charges=sum(up) if up else None,
        excl_vat=excl,
        vat=tax,
        incl_vat=excl + tax,
        prepaid=prepaid,
        rounding=rounding,
        payable=excl + tax - (prepaid or 0) + (rounding or 0),
    )
    facts: dict[str, Any] = {
        "number": "2026-000123",
        "type_code": "380",
        "is_credit_note": False,
        "issued_on": date(2026, 10, 1),
        "due_on": date(2026, 10, 31),
        "buyer_reference": "60012345",
        "seller": SELLER,
        "buyer": BUYER,
        "payment_means": "30",
        "payment_reference": "+++010/8068/17183+++",
        "iban": "BE68539007547034",
        "account_name": "Omega Mobile",
        "totals": totals,
        "vat": vat,
        "allowances": list(allowances),
        "lines": numbered,
    }
    return InvoiceDocument(**facts | changes)
