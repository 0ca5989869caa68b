"""Rules of the document as a whole: its process, its references, its parties, its totals of VAT, its payment."""

from backend.billing.ubl.peppol_rules.context import DocumentContext, number, string, words
from backend.billing.ubl.peppol_rules.table import RuleGroup
from backend.billing.ubl.xml import CREDIT_NOTE, INVOICE, WHITE, Element, cac, cbc

RULES = RuleGroup()
BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
DOCUMENT = (INVOICE, CREDIT_NOTE)
CUSTOMER, SUPPLIER = cac("AccountingCustomerParty"), cac("AccountingSupplierParty")
DIRECT_DEBIT = {"49", "59"}
PROJECT = "50"


@RULES.rule("PEPPOL-EN16931-R001", "The document names its business process (BT-23).", *DOCUMENT)
def process_given(root: Element, _context: DocumentContext) -> bool:
    return root.find(cbc("ProfileID")) is not None


@RULES.rule("PEPPOL-EN16931-R002", "The document has one note at most (BT-22).", *DOCUMENT)
def one_note(root: Element, context: DocumentContext) -> bool:
    return len(root.findall(cbc("Note"))) <= 1 or context.german


@RULES.rule(
    "PEPPOL-EN16931-R003",
    "The document has a buyer reference or an order reference (BT-10, BT-13).",
    *DOCUMENT,
)
def reference_given(root: Element, _context: DocumentContext) -> bool:
    order = f"{cac('OrderReference')}/{cbc('ID')}"
    return root.find(cbc("BuyerReference")) is not None or root.find(order) is not None


@RULES.rule("PEPPOL-EN16931-R004", f"The specification identifier (BT-24) begins with {BILLING}.", *DOCUMENT)
def specification(root: Element, _context: DocumentContext) -> bool:
    text = words(root.find(cbc("CustomizationID")))
    return text.startswith(BILLING) and "::" not in text


@RULES.rule(
    "PEPPOL-EN16931-R005",
    "The currency of the VAT is another than that of the document.",
    cbc("TaxCurrencyCode"),
)
def other_currency(code: Element, _context: DocumentContext) -> bool:
    return words(code) != words(code.getparent().find(cbc("DocumentCurrencyCode")))


@RULES.rule("PEPPOL-EN16931-R007", "The business process (BT-23) is one that Peppol knows.", *DOCUMENT)
def process_known(_root: Element, context: DocumentContext) -> bool:
    return bool(context.profile)


@RULES.rule("PEPPOL-EN16931-R008", "No element is empty.")
def not_empty(element: Element, _context: DocumentContext) -> bool:
    return len(element) > 0 or bool((element.text or "").strip(WHITE))


@RULES.rule("PEPPOL-EN16931-R010", "The buyer has an electronic address (BT-49).", cac("Party"))
def buyer_address(party: Element, _context: DocumentContext) -> bool:
    return _tag_above(party) != CUSTOMER or party.find(cbc("EndpointID")) is not None


@RULES.rule("PEPPOL-EN16931-R020", "The seller has an electronic address (BT-34).", cac("Party"))
def seller_address(party: Element, _context: DocumentContext) -> bool:
    return _tag_above(party) != SUPPLIER or party.find(cbc("EndpointID")) is not None


@RULES.rule("PEPPOL-EN16931-R053", "One total of VAT has subtotals (BG-23).", *DOCUMENT)
def one_tax_total(root: Element, _context: DocumentContext) -> bool:
    return len([one for one in root.findall(cac("TaxTotal")) if _has_subtotals(one)]) == 1


@RULES.rule(
    "PEPPOL-EN16931-R054",
    "One more total of VAT, without subtotals, where the VAT has a currency of its own.",
    *DOCUMENT,
)
def other_tax_total(root: Element, _context: DocumentContext) -> bool:
    expected = 1 if root.find(cbc("TaxCurrencyCode")) is not None else 0
    return len([one for one in root.findall(cac("TaxTotal")) if not _has_subtotals(one)]) == expected


@RULES.rule("PEPPOL-EN16931-R055", "Both totals of VAT have the same sign (BT-110, BT-111).", *DOCUMENT)
def same_sign(root: Element, _context: DocumentContext) -> bool:
    if root.find(cbc("TaxCurrencyCode")) is None:
        return True
    of_currency: dict[str | None, list[int]] = {}
    for amount in root.findall(f"{cac('TaxTotal')}/{cbc('TaxAmount')}"):
        value = number(amount)
        if value is not None:
            of_currency.setdefault(amount.get("currencyID"), []).append((value > 0) - (value < 0))
    signs = [
        of_currency.get(words(root.find(cbc(name))), [])
        for name in ("TaxCurrencyCode", "DocumentCurrencyCode")
    ]
    low = all(any(sign <= 0 for sign in one) for one in signs)
    high = all(any(sign >= 0 for sign in one) for one in signs)
    return low or high


@RULES.rule("PEPPOL-EN16931-R061", "A direct debit names its mandate (BT-89).", cac("PaymentMeans"))
def mandate_given(means: Element, _context: DocumentContext) -> bool:
    mandate = f"{cac('PaymentMandate')}/{cbc('ID')}"
    return words(means.find(cbc("PaymentMeansCode"))) not in DIRECT_DEBIT or means.find(mandate) is not None


@RULES.rule("PEPPOL-EN16931-R080", "A credit note names one project at most (BT-11).", CREDIT_NOTE)
def one_project(root: Element, _context: DocumentContext) -> bool:
    references = root.findall(cac("AdditionalDocumentReference"))
    return len([one for one in references if string(one.find(cbc("DocumentTypeCode"))) == PROJECT]) <= 1


def _has_subtotals(total: Element) -> bool:
    return total.find(cac("TaxSubtotal")) is not None


def _tag_above(element: Element) -> str:
    above = element.getparent()
    return "" if above is None else str(above.tag)
