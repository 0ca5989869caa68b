"""Each rule of Peppol is broken by one small change of a good invoice, and by nothing else."""

import pytest
from msgspec.structs import replace

from backend.billing.ubl.checking import fired_rules
from backend.billing.ubl.document import AllowanceCharge, Attachment, DocumentLine, InvoiceDocument
from backend.billing.ubl.fired import Severity
from backend.billing.ubl.peppol_rules import TABLE, fired_peppol
from backend.billing.ubl.writing import write_document
from backend.billing.ubl.xml import parse
from tests.support.billing_documents import BUYER, DEBIT, LINE, SELLER, a_document

PERIOD = {"period_start": a_document().issued_on, "period_end": a_document().due_on}
LINE_IN_PERIOD: DocumentLine = replace(LINE, **PERIOD)
CHARGE = AllowanceCharge(cents=100, reason="Paper", reason_code="FC", category="S", percent=LINE.percent)
ALLOWANCE = replace(CHARGE, cents=-100, reason_code="95")
PDF = Attachment(name="a.pdf", media_type="application/pdf", content=b"%PDF")
PLAIN = a_document()
RICH = a_document([LINE_IN_PERIOD], [CHARGE, ALLOWANCE], attachments=[PDF], **PERIOD)
CREDIT = a_document(is_credit_note=True, type_code="381", due_on=None)
EURO = 'currencyID="EUR"'
SUBTOTALS = "<cac:TaxSubtotal>"
INDICATOR = "<cbc:ChargeIndicator>{}</cbc:ChargeIndicator>"
PRICE = f"<cbc:PriceAmount {EURO}>24.79</cbc:PriceAmount>"
LINE_AMOUNT = f"<cbc:LineExtensionAmount {EURO}>24.79</cbc:LineExtensionAmount>"
QUANTITY = "</cbc:InvoicedQuantity>"
DISCOUNT = (
    f"{PRICE}<cac:AllowanceCharge>{{}}<cbc:Amount {EURO}>{{}}</cbc:Amount>"
    f"<cbc:BaseAmount {EURO}>30</cbc:BaseAmount></cac:AllowanceCharge>"
)
OBJECT = "<cac:DocumentReference><cbc:ID>1</cbc:ID>{}</cac:DocumentReference>"
TYPE_130 = "<cbc:DocumentTypeCode>130</cbc:DocumentTypeCode>"
PROJECT = (
    "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cbc:DocumentTypeCode>50</cbc:DocumentTypeCode>"
    "</cac:AdditionalDocumentReference>"
)
SUPPLIER = "<cac:AccountingSupplierParty>"
CODE = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
TAX_CODE = f"{CODE}<cbc:TaxCurrencyCode>{{}}</cbc:TaxCurrencyCode>"
AMOUNT = f"<cbc:Amount {EURO}>1.00</cbc:Amount>"
BASE, FACTOR = (
    f"<cbc:BaseAmount {EURO}>50</cbc:BaseAmount>",
    "<cbc:MultiplierFactorNumeric>{}</cbc:MultiplierFactorNumeric>",
)
TAX = f"<cbc:TaxAmount {EURO}>5.21</cbc:TaxAmount>"
TOTAL = f"<cac:TaxTotal>{TAX}</cac:TaxTotal>"
PROFILE = "<cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>"
EXEMPTION = "<cbc:TaxExemptionReasonCode>VATEX-EU-{}</cbc:TaxExemptionReasonCode>"
PERCENT = "<cbc:Percent>21</cbc:Percent>"
ENDPOINT = '<cbc:EndpointID schemeID="0208">0403170701</cbc:EndpointID>'

CHANGES: list[tuple[str, InvoiceDocument, str, str]] = [
    ("R001", PLAIN, PROFILE, ""),
    ("R002", PLAIN, CODE, f"<cbc:Note>a</cbc:Note><cbc:Note>b</cbc:Note>{CODE}"),
    ("R003", PLAIN, "<cbc:BuyerReference>60012345</cbc:BuyerReference>", ""),
    ("R004", PLAIN, "billing:3.0<", "billing:3<"),
    ("R005", PLAIN, CODE, TAX_CODE.format("EUR")),
    ("R007", PLAIN, "billing:01:1.0", "billing:1:1.0"),
    ("R008", PLAIN, "<cbc:Name>Omega Mobile</cbc:Name>", "<cbc:Name> \n </cbc:Name>"),
    ("R010", PLAIN, ENDPOINT, ""),
    ("R020", PLAIN, '<cbc:EndpointID schemeID="0208">0202239951</cbc:EndpointID>', ""),
    ("R040", RICH, AMOUNT, f"{FACTOR.format('3')}{AMOUNT}{BASE}"),
    ("R041", RICH, AMOUNT, f"{FACTOR.format('2')}{AMOUNT}"),
    ("R042", RICH, AMOUNT, f"{AMOUNT}{BASE}"),
    ("R043", RICH, INDICATOR.format("true"), INDICATOR.format("1")),
    ("R044", PLAIN, PRICE, DISCOUNT.format(INDICATOR.format("true"), "5.21")),
    ("R046", PLAIN, PRICE, DISCOUNT.format(INDICATOR.format("false"), "5.20")),
    ("R051", PLAIN, PRICE, PRICE.replace("EUR", "USD")),
    ("R053", PLAIN, "</cac:TaxTotal>", f"</cac:TaxTotal><cac:TaxTotal>{SUBTOTALS}{TAX}</cac:TaxSubtotal></cac:TaxTotal>"),
    ("R054", PLAIN, "</cac:TaxTotal>", f"</cac:TaxTotal>{TOTAL}"),
    ("R055", PLAIN, CODE, TAX_CODE.format("USD")),
    ("R061", PLAIN, ">30<", ">59<"),
    ("R080", CREDIT, SUPPLIER, f"{PROJECT}{PROJECT}{SUPPLIER}"),
    ("R100", PLAIN, QUANTITY, QUANTITY + 2 * OBJECT.format(TYPE_130)),
    ("R101", PLAIN, QUANTITY, QUANTITY + OBJECT.format("")),
    ("R110", a_document([LINE_IN_PERIOD], **PERIOD), LINE_AMOUNT, "START"),
    ("R111", a_document([LINE_IN_PERIOD], **PERIOD), LINE_AMOUNT, "END"),
    ("R120", PLAIN, f">1{QUANTITY}", f">1.002{QUANTITY}"),
    ("R121", PLAIN, PRICE, f"{PRICE}<cbc:BaseQuantity>0</cbc:BaseQuantity>"),
    ("R130", PLAIN, PRICE, f'{PRICE}<cbc:BaseQuantity unitCode="MON">1</cbc:BaseQuantity>'),
    ("F001", PLAIN, "<cbc:IssueDate>2026-10-01<", "<cbc:IssueDate>2026-10-01Z<"),
    ("CL001", RICH, "application/pdf", "text/html"),
    ("CL002", RICH, ">95<", ">FC<"),
    ("CL003", RICH, ">FC<", ">95<"),
    ("CL006", RICH, "<cac:InvoicePeriod>", "<cac:InvoicePeriod><cbc:DescriptionCode>4</cbc:DescriptionCode>"),
    ("CL007", replace(PLAIN, currency="EUX"), "", ""),
    ("CL008", PLAIN, ENDPOINT, ENDPOINT.replace("0208", "9956")),
    ("P0100", PLAIN, ">380<", ">381<"),
    ("P0101", CREDIT, ">381<", ">380<"),
    ("P0112", PLAIN, ">380<", ">384<"),
    *(
        (number, PLAIN, SUBTOTALS, reason)
        for number, reason in (
            ("P0104", "G"), ("P0105", "O"), ("P0106", "IC"), ("P0107", "AE"),
            ("P0108", "D"), ("P0109", "F"), ("P0110", "I"), ("P0111", "J"),
        )
    ),
]  # fmt: skip


# Without its process a document has none that is known; a currency of the VAT asks for a second total
ALSO = {"R001": ["R007"], "R005": ["R054"], "R055": ["R054"]}


def changed(document: InvoiceDocument, rule: str, old: str, new: str) -> str:
    text = write_document(document).decode()
    if rule.startswith("P01") and old == SUBTOTALS:
        before, found, after = text.partition(old)
        return before + found + after.replace(PERCENT, PERCENT + EXEMPTION.format(new), 1)
    if new in {"START", "END"}:
        before, found, after = text.partition(old)
        was, now = ("2026-10-01", "2026-09-30") if new == "START" else ("2026-10-31", "2026-11-01")
        return before + found + after.replace(was, now, 1)
    assert old in text
    return text.replace(old, new, 1) if old else text


@pytest.mark.parametrize(("rule", "document", "old", "new"), CHANGES, ids=[one[0] for one in CHANGES])
def test_one_change_breaks_one_rule(rule: str, document: InvoiceDocument, old: str, new: str) -> None:
    fired = fired_peppol(parse(changed(document, rule, old, new).encode()))
    assert set(fired) == {f"PEPPOL-EN16931-{one}" for one in (rule, *ALSO.get(rule, ()))}
    assert fired[f"PEPPOL-EN16931-{rule}"].severity is Severity.FATAL


# A right and a wrong identifier of each scheme
SCHEMES = [
    ("R040", "0088", "7300010000001", "7300010000002"),
    ("R041", "0192", "991825827", "991825828"),
    ("R042", "0184", "DK12345678", "DK1234567"),
    ("R043", "0208", "0403170701", "0403170702"),
    ("R044", "0201", "UFAB12", "UFAB1"),
    ("R045", "0210", "RSSMRA85T10A562S", "RSSMRA85T10A562"),
    ("R047", "0211", "IT00743110157", "IT00743110158"),
    ("R049", "0007", "5567321707", "5567321708"),
    ("R050", "0151", "51824753556", "51824753557"),
    ("R052", "0096", "1234567890", "123456789"),
    ("R053", "0198", "DK12345678", "12345678"),
    ("R054", "0106", "12345678", "1234567"),
    ("R055", "0190", "12345678901234567890", "1234567890"),
    ("R056-1", "9944", "NL123456789B12", "NL123456789"),
    ("R057", "0217", "123456789012", "12345678"),
]
WARNINGS = {"R044", "R045", "R046", "R047", "R054", "R055", "R056-1", "R056-2", "R057"}


@pytest.mark.parametrize(("rule", "scheme", "right", "wrong"), SCHEMES)
def test_an_identifier_has_the_form_of_its_scheme(rule: str, scheme: str, right: str, wrong: str) -> None:
    for value, expected in ((right, set()), (wrong, {f"PEPPOL-COMMON-{rule}"})):
        document = a_document(buyer=replace(BUYER, identifiers=[(value, scheme)]))
        fired = fired_peppol(parse(write_document(document)))
        assert set(fired) == expected
        for one in fired.values():
            assert one.severity is (Severity.WARNING if rule in WARNINGS else Severity.FATAL)


@pytest.mark.parametrize(("number", "broken"), [("NL123456789B12", False), ("NL123456789", True)])
def test_a_dutch_vat_number(number: str, broken: bool) -> None:
    document = a_document(seller=replace(SELLER, vat_number=number))
    fired = fired_peppol(parse(write_document(document)))
    assert set(fired) == ({"PEPPOL-COMMON-R056-2"} if broken else set())


def test_an_italian_address() -> None:
    for value, broken in (("RSSMRA85T10A562S", set()), ("00743110157", set()), ("1", {"PEPPOL-COMMON-R046"})):
        document = a_document(buyer=replace(BUYER, endpoint=value, endpoint_scheme="9907"))
        fired = set(fired_peppol(parse(write_document(document))))
        # The scheme itself is not taken any more
        assert fired - {"PEPPOL-EN16931-CL008"} == broken


def test_every_rule_has_an_example_and_a_sentence() -> None:
    shown = {f"PEPPOL-EN16931-{one[0]}" for one in CHANGES} | {f"PEPPOL-COMMON-{one[0]}" for one in SCHEMES}
    shown |= {"PEPPOL-COMMON-R046", "PEPPOL-COMMON-R056-2"}
    ids = [rule.id for rule in TABLE.rules]
    assert sorted(ids) == sorted(shown)
    assert all(rule.says.endswith(".") and rule.says[0].isupper() for rule in TABLE.rules)


def test_good_documents_break_nothing() -> None:
    direct_debit = a_document(payment_means="59", debit=DEBIT)
    for document in (PLAIN, RICH, CREDIT, direct_debit):
        assert fired_rules(parse(write_document(document))) == {}
