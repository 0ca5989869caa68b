"""Rules of lines: their amount, their price, their period, what they refer to."""

from decimal import ROUND_FLOOR, Decimal, localcontext

from backend.billing.ubl.peppol_rules.context import DocumentContext, day, near, number, string, words
from backend.billing.ubl.peppol_rules.table import RuleGroup
from backend.billing.ubl.xml import Element, cac, cbc

RULES = RuleGroup()
LINE = (cac("InvoiceLine"), cac("CreditNoteLine"))
PRICE_AMOUNT = f"{cac('Price')}/{cbc('PriceAmount')}"
BASE_QUANTITY = f"{cac('Price')}/{cbc('BaseQuantity')}"
# UNTDID 1001: the object that a line invoices (BT-128)
INVOICED_OBJECT = "130"


@RULES.rule("PEPPOL-EN16931-R100", "A line names one object at most (BT-128).", *LINE)
def one_object(line: Element, _context: DocumentContext) -> bool:
    return len(line.findall(cac("DocumentReference"))) <= 1


@RULES.rule("PEPPOL-EN16931-R101", "What a line refers to is the object that it invoices (type 130).", *LINE)
def object_type(line: Element, _context: DocumentContext) -> bool:
    references = line.findall(cac("DocumentReference"))
    types = [code.text for one in references for code in one.findall(cbc("DocumentTypeCode"))]
    return not references or INVOICED_OBJECT in types


@RULES.rule(
    "PEPPOL-EN16931-R110", "The period of a line begins within the period of the document.", cbc("StartDate")
)
def starts_within(element: Element, context: DocumentContext) -> bool:
    start = day(element)
    if start is None or context.period_start is None or not _of_line(element):
        return True
    return start >= context.period_start


@RULES.rule(
    "PEPPOL-EN16931-R111", "The period of a line ends within the period of the document.", cbc("EndDate")
)
def ends_within(element: Element, context: DocumentContext) -> bool:
    end = day(element)
    if end is None or context.period_end is None or not _of_line(element):
        return True
    return end <= context.period_end


def _of_line(element: Element) -> bool:
    period = element.getparent()
    line = None if period is None else period.getparent()
    return line is not None and period.tag == cac("InvoicePeriod") and line.tag in LINE


@RULES.rule(
    "PEPPOL-EN16931-R120",
    "The amount of a line (BT-131) is quantity by price, with its charges and allowances, to two cents.",
    *LINE,
)
def amount_right(line: Element, context: DocumentContext) -> bool:
    quantity = cbc("InvoicedQuantity" if context.is_invoice else "CreditedQuantity")
    amount, count = _or(line.find(cbc("LineExtensionAmount")), 0), _or(line.find(quantity), 1)
    price, base = _or(line.find(PRICE_AMOUNT), 0), _or(line.find(BASE_QUANTITY), 1)
    charges, allowances = _sum(line, "true"), _sum(line, "false")
    if amount is None or count is None or price is None or base is None:
        return False
    if charges is None or allowances is None:
        return False
    with localcontext(prec=60):
        return near(amount, count * (price / (base or 1)) + charges - allowances)


@RULES.rule("PEPPOL-EN16931-R121", "The quantity that a price is for (BT-149) is more than zero.", *LINE)
def base_positive(line: Element, _context: DocumentContext) -> bool:
    base = line.find(BASE_QUANTITY)
    value = number(base)
    return base is None or (value is not None and value > 0)


def _or(element: Element | None, otherwise: int) -> Decimal | None:
    """The number of an element, or another where there is no element; None where it is no number."""
    return Decimal(otherwise) if element is None else number(element)


def _sum(line: Element, indicator: str) -> Decimal | None:
    """The charges or allowances of a line, rounded half up; None where one is no number."""
    total = Decimal(0)
    for one in line.findall(cac("AllowanceCharge")):
        if words(one.find(cbc("ChargeIndicator"))) != indicator:
            continue
        for amount in one.findall(cbc("Amount")):
            value = number(amount)
            if value is None:
                return None
            total += value
    return (total * 100 + Decimal("0.5")).to_integral_value(ROUND_FLOOR) / 100


@RULES.rule(
    "PEPPOL-EN16931-F001",
    "A date is YYYY-MM-DD.",
    *(cbc(f"{name}Date") for name in ("Issue", "Due", "TaxPoint", "Start", "End", "ActualDelivery")),
)
def date_format(element: Element, _context: DocumentContext) -> bool:
    return len(string(element) or "") == 10 and day(element) is not None
