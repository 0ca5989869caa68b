"""Reads the parts of a document: parties, lines, VAT, allowances and charges, attached files."""

import base64
import binascii
from decimal import Decimal

from backend.billing.ubl.document import AllowanceCharge, Attachment, DocumentLine, Party, VatSubtotal
from backend.billing.ubl.refusals import Because, DocumentRefused
from backend.billing.ubl.values import cents_of, day_at, decimal, every, first, identifier, short, text
from backend.billing.ubl.xml import WHITE, Element
from backend.catalog.identifiers import enterprise_number, normalise_msisdn
from backend.documents.file_checks import clean_name

# Scheme of Belgian enterprises (EAS, ISO 6523)
ENTERPRISE_SCHEME = "0208"
# Scheme of BT-90, the identifier of a creditor: it is no identifier of the party (BT-29)
CREDITOR_SCHEME = "SEPA"
MOST_ATTACHMENTS = 100
# Names of item properties in our profile (docs/billing.md)
MSISDN, CHARGE_KIND, CHARGE_CODE = "MSISDN", "ChargeKind", "ChargeCode"


def party_of(element: Element | None) -> Party:
    """A seller or buyer, from its Party element."""
    address = first(element, "a:PostalAddress")
    endpoint = first(element, "b:EndpointID")
    country = identifier(address, "a:Country/b:IdentificationCode").upper()
    return Party(
        name=text(element, "a:PartyLegalEntity/b:RegistrationName") or text(element, "a:PartyName/b:Name"),
        company_id=_company_id(first(element, "a:PartyLegalEntity/b:CompanyID"), country),
        vat_number=_vat_number(element),
        endpoint=identifier(element, "b:EndpointID"),
        endpoint_scheme="" if endpoint is None else short(endpoint.get("schemeID", "")),
        identifiers=_identifiers(element),
        street=text(address, "b:StreetName"),
        street_more=text(address, "b:AdditionalStreetName"),
        address_line=text(address, "a:AddressLine/b:Line"),
        postal_zone=text(address, "b:PostalZone"),
        city=text(address, "b:CityName"),
        region=text(address, "b:CountrySubentity"),
        country=country,
    )


def _company_id(element: Element | None, country: str) -> str:
    """The ten digits of a Belgian enterprise; any other number as it stands."""
    if element is None:
        return ""
    found = short((element.text or "").strip(WHITE))
    belgian = element.get("schemeID") == ENTERPRISE_SCHEME or country == "BE"
    return (enterprise_number(found) if belgian else None) or found


def _vat_number(element: Element | None) -> str:
    for scheme in every(element, "a:PartyTaxScheme"):
        if text(scheme, "a:TaxScheme/b:ID").upper() == "VAT":
            return identifier(scheme, "b:CompanyID")
    return ""


def _identifiers(element: Element | None) -> list[tuple[str, str]]:
    found = []
    for one in every(element, "a:PartyIdentification/b:ID"):
        scheme = short(one.get("schemeID", ""))
        if scheme != CREDITOR_SCHEME:
            found.append((short((one.text or "").strip(WHITE)), scheme))
    return found


def creditor_id_of(element: Element | None) -> str:
    """BT-90, of a seller or payee."""
    for one in every(element, "a:PartyIdentification/b:ID"):
        if one.get("schemeID") == CREDITOR_SCHEME:
            return short((one.text or "").strip(WHITE))
    return ""


def line_of(element: Element, quantity: str) -> DocumentLine:
    """One line; `quantity` is the name of its quantity, which an invoice and a credit note call differently."""
    item, count = first(element, "a:Item"), first(element, f"b:{quantity}")
    properties = _properties(item)
    return DocumentLine(
        id=identifier(element, "b:ID"),
        name=text(item, "b:Name"),
        description=text(item, "b:Description"),
        note=text(element, "b:Note"),
        quantity=decimal(element, f"b:{quantity}") or Decimal(0),
        unit="" if count is None else count.get("unitCode", ""),
        unit_price=decimal(element, "a:Price/b:PriceAmount") or Decimal(0),
        base_quantity=decimal(element, "a:Price/b:BaseQuantity") or Decimal(1),
        net_cents=cents_of(element, "b:LineExtensionAmount"),
        allowances=[allowance_of(one) for one in every(element, "a:AllowanceCharge")],
        category=identifier(item, "a:ClassifiedTaxCategory/b:ID"),
        percent=decimal(item, "a:ClassifiedTaxCategory/b:Percent"),
        period_start=day_at(element, "a:InvoicePeriod/b:StartDate"),
        period_end=day_at(element, "a:InvoicePeriod/b:EndDate"),
        cost_centre=text(element, "b:AccountingCost"),
        msisdn=normalise_msisdn(properties.get(MSISDN, "")) or "",
        charge_kind=properties.get(CHARGE_KIND, ""),
        charge_code=properties.get(CHARGE_CODE, ""),
    )


def _properties(item: Element | None) -> dict[str, str]:
    """The properties of an item by name; of two with one name, the first."""
    found: dict[str, str] = {}
    for one in every(item, "a:AdditionalItemProperty"):
        name = text(one, "b:Name")
        if name in {MSISDN, CHARGE_KIND, CHARGE_CODE}:
            found.setdefault(name, identifier(one, "b:Value"))
    return found


def allowance_of(element: Element) -> AllowanceCharge:
    """An allowance (negative) or a charge."""
    amount = cents_of(element, "b:Amount")
    return AllowanceCharge(
        cents=amount if text(element, "b:ChargeIndicator") == "true" else -amount,
        reason=text(element, "b:AllowanceChargeReason"),
        reason_code=identifier(element, "b:AllowanceChargeReasonCode"),
        category=identifier(element, "a:TaxCategory/b:ID"),
        percent=decimal(element, "a:TaxCategory/b:Percent"),
    )


def vat_of(element: Element) -> VatSubtotal:
    """The VAT of one category and rate."""
    return VatSubtotal(
        category=identifier(element, "a:TaxCategory/b:ID"),
        percent=decimal(element, "a:TaxCategory/b:Percent"),
        taxable_cents=cents_of(element, "b:TaxableAmount"),
        tax_cents=cents_of(element, "b:TaxAmount"),
        exemption=text(element, "a:TaxCategory/b:TaxExemptionReason"),
        exemption_code=identifier(element, "a:TaxCategory/b:TaxExemptionReasonCode"),
    )


def attachments_of(root: Element) -> list[Attachment]:
    """The files inside the document; the rules fix their types, and the size of the document bounds theirs."""
    found = [
        _attachment(reference, content)
        for reference in every(root, "a:AdditionalDocumentReference")
        for content in every(reference, "a:Attachment/b:EmbeddedDocumentBinaryObject")
    ]
    if len(found) > MOST_ATTACHMENTS:
        raise DocumentRefused(Because.RULES, f"The document has more than {MOST_ATTACHMENTS} attached files.")
    return found


def _attachment(reference: Element, content: Element) -> Attachment:
    media_type = content.get("mimeCode", "")
    try:
        decoded = base64.b64decode("".join((content.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise DocumentRefused(Because.RULES, "An attached file cannot be decoded.") from None
    return Attachment(
        name=clean_name(content.get("filename", ""), media_type),
        media_type=media_type,
        content=decoded,
        description=text(reference, "b:DocumentDescription"),
    )
