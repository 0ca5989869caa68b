"""Writes the parts of a document: parties, lines, VAT, allowances and charges, attached files."""

import base64
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from backend.billing.ubl.building import attach, group, plain, put, put_cents, put_day
from backend.billing.ubl.document import AllowanceCharge, Attachment, DocumentLine, Party, VatSubtotal
from backend.billing.ubl.reading_parts import (
    CHARGE_CODE,
    CHARGE_KIND,
    CREDITOR_SCHEME,
    ENTERPRISE_SCHEME,
    MSISDN,
)
from backend.billing.ubl.xml import Element
from backend.catalog.identifiers import enterprise_number

# One, where a line says no other unit (UN/ECE Recommendation 20)
UNIT = "C62"
ONE = Decimal(1)


def put_party(parent: Element, role: str, party: Party, creditor_id: str = "") -> None:
    """A seller or buyer; `creditor_id` of a seller who debits (BT-90)."""
    outer, inner = group(role), group("Party")
    put(inner, "EndpointID", party.endpoint, {"schemeID": party.endpoint_scheme})
    identifiers = [*party.identifiers, *([(creditor_id, CREDITOR_SCHEME)] if creditor_id else [])]
    for value, scheme in identifiers:
        one = group("PartyIdentification")
        put(one, "ID", value, {"schemeID": scheme})
        attach(inner, one)
    attach(inner, _address(party))
    if party.vat_number:
        vat = group("PartyTaxScheme")
        put(vat, "CompanyID", party.vat_number)
        _put_scheme(vat)
        attach(inner, vat)
    legal = group("PartyLegalEntity")
    put(legal, "RegistrationName", party.name)
    belgian = enterprise_number(party.company_id) == party.company_id
    put(legal, "CompanyID", party.company_id, {"schemeID": ENTERPRISE_SCHEME if belgian else ""})
    attach(inner, legal)
    attach(outer, inner)
    attach(parent, outer)


def _address(party: Party) -> Element:
    address = group("PostalAddress")
    put(address, "StreetName", party.street)
    put(address, "AdditionalStreetName", party.street_more)
    put(address, "CityName", party.city)
    put(address, "PostalZone", party.postal_zone)
    put(address, "CountrySubentity", party.region)
    line, country = group("AddressLine"), group("Country")
    put(line, "Line", party.address_line)
    attach(address, line)
    put(country, "IdentificationCode", party.country)
    attach(address, country)
    return address


def _put_scheme(parent: Element) -> None:
    scheme = group("TaxScheme")
    put(scheme, "ID", "VAT")
    attach(parent, scheme)


def put_category(
    parent: Element, name: str, category: str, percent: Decimal | None, exemption: tuple[str, str] = ("", "")
) -> None:
    """A category of VAT with its percentage, and the code and the words of an exemption."""
    if category:
        outer = group(name)
        put(outer, "ID", category)
        put(outer, "Percent", plain(percent))
        put(outer, "TaxExemptionReasonCode", exemption[0])
        put(outer, "TaxExemptionReason", exemption[1])
        _put_scheme(outer)
        attach(parent, outer)


def put_allowances(parent: Element, allowances: Sequence[AllowanceCharge], currency: str) -> None:
    """Allowances and charges, of the document or of a line."""
    for one in allowances:
        outer = group("AllowanceCharge")
        put(outer, "ChargeIndicator", "false" if one.cents < 0 else "true")
        put(outer, "AllowanceChargeReasonCode", one.reason_code)
        put(outer, "AllowanceChargeReason", one.reason)
        put_cents(outer, "Amount", abs(one.cents), currency)
        put_category(outer, "TaxCategory", one.category, one.percent)
        attach(parent, outer)


def put_vat(parent: Element, total: int | None, vat: Sequence[VatSubtotal], currency: str) -> None:
    """The VAT: its total, and one part for each category and rate."""
    outer = group("TaxTotal")
    put_cents(outer, "TaxAmount", total, currency)
    for one in vat:
        inner = group("TaxSubtotal")
        put_cents(inner, "TaxableAmount", one.taxable_cents, currency)
        put_cents(inner, "TaxAmount", one.tax_cents, currency)
        put_category(inner, "TaxCategory", one.category, one.percent, (one.exemption_code, one.exemption))
        attach(outer, inner)
    attach(parent, outer)


def put_period(parent: Element, start: date | None, end: date | None) -> None:
    """A period, where there is one."""
    outer = group("InvoicePeriod")
    put_day(outer, "StartDate", start)
    put_day(outer, "EndDate", end)
    attach(parent, outer)


def put_line(parent: Element, name: str, quantity: str, line: DocumentLine, currency: str) -> None:
    """One line; `name` and `quantity` are those of an invoice or of a credit note."""
    outer, item, price = group(name), group("Item"), group("Price")
    unit = {"unitCode": line.unit or UNIT}
    put(outer, "ID", line.id)
    put(outer, "Note", line.note)
    put(outer, quantity, plain(line.quantity), unit)
    put_cents(outer, "LineExtensionAmount", line.net_cents, currency)
    put(outer, "AccountingCost", line.cost_centre)
    put_period(outer, line.period_start, line.period_end)
    put_allowances(outer, line.allowances, currency)
    put(item, "Description", line.description)
    put(item, "Name", line.name)
    put_category(item, "ClassifiedTaxCategory", line.category, line.percent)
    properties = ((MSISDN, line.msisdn), (CHARGE_KIND, line.charge_kind), (CHARGE_CODE, line.charge_code))
    for key, value in properties:
        if value:
            one = group("AdditionalItemProperty")
            put(one, "Name", key)
            put(one, "Value", value)
            attach(item, one)
    attach(outer, item)
    put(price, "PriceAmount", plain(line.unit_price), {"currencyID": currency})
    if line.base_quantity != ONE:
        put(price, "BaseQuantity", plain(line.base_quantity), unit)
    attach(outer, price)
    attach(parent, outer)


def put_attachment(parent: Element, attachment: Attachment) -> None:
    """A file inside the document."""
    outer, inner = group("AdditionalDocumentReference"), group("Attachment")
    put(outer, "ID", attachment.name)
    put(outer, "DocumentDescription", attachment.description)
    named = {"mimeCode": attachment.media_type, "filename": attachment.name}
    put(inner, "EmbeddedDocumentBinaryObject", base64.b64encode(attachment.content).decode(), named)
    attach(outer, inner)
    attach(parent, outer)
