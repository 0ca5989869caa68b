"""Rules of allowances, charges, prices and currencies."""

from decimal import Decimal

from backend.billing.ubl.peppol_rules.code_lists import CURRENCIES
from backend.billing.ubl.peppol_rules.context import DocumentContext, near, number, string, words
from backend.billing.ubl.peppol_rules.table import RuleGroup
from backend.billing.ubl.xml import CREDIT_NOTE, INVOICE, Element, cac, cbc

RULES = RuleGroup()
ALLOWANCE, PRICE = cac("AllowanceCharge"), cac("Price")
# Where an allowance or charge of the document or of a line stands; others are those of a price
PLACES = {INVOICE, CREDIT_NOTE, cac("InvoiceLine"), cac("CreditNoteLine")}
PERCENT, BASE = cbc("MultiplierFactorNumeric"), cbc("BaseAmount")
AMOUNTS = tuple(
    cbc(name)
    for name in (
        *(
            "Amount",
            "BaseAmount",
            "PriceAmount",
            "TaxableAmount",
            "LineExtensionAmount",
            "TaxExclusiveAmount",
        ),
        *("TaxInclusiveAmount", "AllowanceTotalAmount", "ChargeTotalAmount", "PrepaidAmount"),
        *("PayableRoundingAmount", "PayableAmount"),
    )
)
TAX_AMOUNT = cbc("TaxAmount")
TAX_TOTAL, TAX_SUBTOTAL = cac("TaxTotal"), cac("TaxSubtotal")


def _placed(element: Element) -> bool:
    above = element.getparent()
    return above is not None and above.tag in PLACES


def _is_pair(element: Element) -> bool:
    """Both percentage and base amount, or neither."""
    return (element.find(PERCENT) is None) == (element.find(BASE) is None)


@RULES.rule(
    "PEPPOL-EN16931-R040",
    "An allowance or charge is its percentage of its base amount, to two cents.",
    ALLOWANCE,
)
def percentage_right(element: Element, _context: DocumentContext) -> bool:
    percent, base = element.find(PERCENT), element.find(BASE)
    if not _placed(element) or percent is None or base is None:
        return True
    amount = element.find(cbc("Amount"))
    given = Decimal(0) if amount is None else number(amount)
    factor, whole = number(percent), number(base)
    return (
        given is not None and factor is not None and whole is not None and near(given, whole * factor / 100)
    )


@RULES.rule("PEPPOL-EN16931-R041", "An allowance or charge with a percentage has a base amount.", ALLOWANCE)
def base_given(element: Element, _context: DocumentContext) -> bool:
    return not _placed(element) or element.find(PERCENT) is None or element.find(BASE) is not None


@RULES.rule("PEPPOL-EN16931-R042", "An allowance or charge with a base amount has a percentage.", ALLOWANCE)
def percentage_given(element: Element, _context: DocumentContext) -> bool:
    return not _placed(element) or element.find(BASE) is None or element.find(PERCENT) is not None


@RULES.rule("PEPPOL-EN16931-R043", "ChargeIndicator is 'true' or 'false'.", ALLOWANCE)
def indicator(element: Element, _context: DocumentContext) -> bool:
    # As published: not asked where R041 or R042 is broken
    if not _placed(element) or not _is_pair(element):
        return True
    return words(element.find(cbc("ChargeIndicator"))) in {"true", "false"}


@RULES.rule("PEPPOL-EN16931-R044", "A price has no charge.", ALLOWANCE)
def no_charge_on_price(element: Element, _context: DocumentContext) -> bool:
    return not _of_price(element) or words(element.find(cbc("ChargeIndicator"))) == "false"


@RULES.rule("PEPPOL-EN16931-R046", "The price is the price before discount less the discount.", ALLOWANCE)
def price_right(element: Element, _context: DocumentContext) -> bool:
    if not _of_price(element) or element.find(BASE) is None:
        return True
    net = number(element.getparent().find(cbc("PriceAmount")))
    gross, discount = number(element.find(BASE)), number(element.find(cbc("Amount")))
    return gross is not None and discount is not None and net == gross - discount


def _of_price(element: Element) -> bool:
    above = element.getparent()
    return above is not None and above.tag == PRICE


@RULES.rule(
    "PEPPOL-EN16931-R051", "Every amount is in the currency of the document (BT-5).", *AMOUNTS, TAX_AMOUNT
)
def same_currency(element: Element, context: DocumentContext) -> bool:
    if element.tag == TAX_AMOUNT and not _of_subtotals(element):
        return True
    return context.currency is not None and element.get("currencyID") == context.currency


def _of_subtotals(element: Element) -> bool:
    """Whether it is the VAT of a subtotal, or of a total that has subtotals: the other may have its own currency."""
    above = element.getparent()
    if above is None or above.tag == TAX_SUBTOTAL:
        return above is not None
    return bool(above.tag == TAX_TOTAL and above.find(TAX_SUBTOTAL) is not None)


@RULES.rule("PEPPOL-EN16931-CL007", "A currency is a code of ISO 4217.", *AMOUNTS, TAX_AMOUNT)
def known_currency(element: Element, _context: DocumentContext) -> bool:
    return element.get("currencyID") in CURRENCIES


@RULES.rule("PEPPOL-EN16931-R130", "The unit of a price is the unit of the quantity.", cbc("BaseQuantity"))
def same_unit(element: Element, context: DocumentContext) -> bool:
    unit, price = element.get("unitCode"), element.getparent()
    if unit is None or price is None or price.tag != PRICE or price.getparent() is None:
        return True
    line = price.getparent()
    quantities = [line.find(cbc(name)) for name in ("InvoicedQuantity", "CreditedQuantity")]
    if all(one is None for one in quantities):
        return True
    quantity = quantities[0 if context.is_invoice else 1]
    return quantity is not None and quantity.get("unitCode") == unit


@RULES.rule("PEPPOL-EN16931-P0112", "Types 326 and 384 are for German parties only.", cbc("InvoiceTypeCode"))
def german_type(element: Element, context: DocumentContext) -> bool:
    return words(element) not in {"326", "384"} or context.german


def is_indicator(element: Element, value: str) -> bool:
    """Whether an element stands in an allowance ("false") or a charge ("true")."""
    above = element.getparent()
    return (
        above is not None and above.tag == ALLOWANCE and string(above.find(cbc("ChargeIndicator"))) == value
    )
