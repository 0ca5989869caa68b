"""Rules of code lists: kinds of document, reasons, schemes, types of attached files, exemptions from VAT."""

from backend.billing.ubl.peppol_rules import code_lists
from backend.billing.ubl.peppol_rules.amounts import is_indicator
from backend.billing.ubl.peppol_rules.context import DocumentContext, string, words
from backend.billing.ubl.peppol_rules.table import PeppolRule, RuleGroup, Test
from backend.billing.ubl.xml import Element, cac, cbc

RULES = RuleGroup()
REASON = cbc("AllowanceChargeReasonCode")


@RULES.rule(
    "PEPPOL-EN16931-CL001",
    "An attached file is of a type that Peppol takes.",
    cbc("EmbeddedDocumentBinaryObject"),
)
def media_type(element: Element, _context: DocumentContext) -> bool:
    return element.get("mimeCode") is None or element.get("mimeCode") in code_lists.MEDIA_TYPES


@RULES.rule("PEPPOL-EN16931-CL002", "The reason of an allowance is a code of UNCL 5189.", REASON)
def allowance_reason(element: Element, _context: DocumentContext) -> bool:
    return not is_indicator(element, "false") or words(element) in code_lists.ALLOWANCE_REASONS


@RULES.rule("PEPPOL-EN16931-CL003", "The reason of a charge is a code of UNCL 7161.", REASON)
def charge_reason(element: Element, _context: DocumentContext) -> bool:
    return not is_indicator(element, "true") or words(element) in code_lists.CHARGE_REASONS


@RULES.rule("PEPPOL-EN16931-CL006", "The code of a period is 3, 35 or 432.", cbc("DescriptionCode"))
def period_code(element: Element, _context: DocumentContext) -> bool:
    above = element.getparent()
    if above is None or above.tag != cac("InvoicePeriod"):
        return True
    return words(element) in code_lists.PERIOD_CODES


@RULES.rule(
    "PEPPOL-EN16931-CL008", "An electronic address is of a scheme that Peppol knows.", cbc("EndpointID")
)
def address_scheme(element: Element, _context: DocumentContext) -> bool:
    return element.get("schemeID") is None or element.get("schemeID") in code_lists.ADDRESS_SCHEMES


@RULES.rule(
    "PEPPOL-EN16931-P0100", "The type of an invoice is one that Peppol takes.", cbc("InvoiceTypeCode")
)
def invoice_type(element: Element, context: DocumentContext) -> bool:
    return not context.profile or words(element) in code_lists.INVOICE_TYPES


@RULES.rule(
    "PEPPOL-EN16931-P0101", "The type of a credit note is one that Peppol takes.", cbc("CreditNoteTypeCode")
)
def credit_note_type(element: Element, context: DocumentContext) -> bool:
    return not context.profile or words(element) in code_lists.CREDIT_NOTE_TYPES


def _exempt(reason: str, category: str) -> Test:
    """The test of a reason for exemption that belongs to one category of VAT."""

    def holds(element: Element, _context: DocumentContext) -> bool:
        code = string(element.find(cbc("TaxExemptionReasonCode"))) or ""
        return code.upper() != reason or words(element.find(cbc("ID"))) == category

    return holds


RULES.extend(
    PeppolRule(
        id=f"PEPPOL-EN16931-{number}",
        says=f"Exemption {reason} is for category {category}.",
        holds=_exempt(reason, category),
        tags=(cac("TaxCategory"),),
    )
    for number, reason, category in (
        ("P0104", "VATEX-EU-G", "G"),
        ("P0105", "VATEX-EU-O", "O"),
        ("P0106", "VATEX-EU-IC", "K"),
        ("P0107", "VATEX-EU-AE", "AE"),
        ("P0108", "VATEX-EU-D", "E"),
        ("P0109", "VATEX-EU-F", "E"),
        ("P0110", "VATEX-EU-I", "E"),
        ("P0111", "VATEX-EU-J", "E"),
    )
)
