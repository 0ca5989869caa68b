"""Rules of identifiers whose form their scheme fixes (PEPPOL-COMMON)."""

import re
from collections.abc import Callable

from backend.billing.ubl.fired import Severity
from backend.billing.ubl.peppol_rules.context import DocumentContext, string, words
from backend.billing.ubl.peppol_rules.table import PeppolRule, RuleGroup
from backend.billing.ubl.xml import Element, cac, cbc

RULES = RuleGroup()
ENDPOINT, COMPANY, IDENTIFIER = cbc("EndpointID"), cbc("CompanyID"), cbc("ID")
IDENTIFICATION, TAX_SCHEME = cac("PartyIdentification"), cac("PartyTaxScheme")
DUTCH_VAT = "NL[0-9]{9}B[0-9]{2}"
# Tax code of a person in Italy: letters, year, letter, day, town, check letter; or the eleven digits of a company
ITALIAN_PERSON = "[A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}.{3}[0-9][A-Za-z]"
ITALIAN_DOUBLED = "0246813579"
HasForm = Callable[[str], bool]


def gln(text: str) -> bool:
    """A number of GS1: its last digit is made of the others, weighted 3 and 1 from the right."""
    if not re.fullmatch("[0-9]+", text):
        return False
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(text[:-1])))
    return (10 - total % 10) % 10 == int(text[-1])


def norwegian(text: str) -> bool:
    """Nine digits, the last by modulo 11."""
    if not re.fullmatch("[0-9]{9}", text) or int(text) == 0:
        return False
    total = sum(int(digit) * (place % 6 + 2) for place, digit in enumerate(reversed(text[:-1])))
    return (11 - total % 11) % 11 == int(text[-1])


def belgian(text: str) -> bool:
    """Ten digits, the last two by modulo 97."""
    return bool(re.fullmatch("[0-9]{10}", text)) and 97 - int(text[:8]) % 97 == int(text[8:])


def swedish(text: str) -> bool:
    """Ten digits, the last by Luhn."""
    if not re.fullmatch("[0-9]{10}", text):
        return False
    doubled = (int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(text[:-1])))
    return (10 - sum(value % 10 + value // 10 for value in doubled) % 10) % 10 == int(text[-1])


def australian(text: str) -> bool:
    """Eleven digits by modulo 89."""
    if not re.fullmatch("[0-9]{11}", text):
        return False
    weights = (1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
    rest = sum(int(digit) * weight for digit, weight in zip(text[1:], weights, strict=True))
    return ((int(text[0]) - 1) * 10 + rest) % 89 == 0


def italian_tax_code(text: str) -> bool:
    """The tax code of a person or a company in Italy."""
    return bool(re.fullmatch(f"{ITALIAN_PERSON}|[0-9]{{11}}", text, re.DOTALL))


def italian_vat(text: str) -> bool:
    """An Italian VAT number has eleven digits by Luhn; others are not asked."""
    country, digits = text[:2], text[2:]
    if country.lower() != "it":
        return True
    if not re.fullmatch("[0-9]{11}", digits):
        return False
    doubled = (int(ITALIAN_DOUBLED[int(digit)]) for digit in digits[1::2])
    return (sum(map(int, digits[::2])) + sum(doubled)) % 10 == 0


def _form(pattern: str) -> HasForm:
    return lambda text: bool(re.fullmatch(pattern, text))


def _scheme(
    id_: str, scheme: str, says: str, form: HasForm, severity: Severity = Severity.FATAL
) -> PeppolRule:
    """The rule of one scheme, for electronic addresses, identifiers of parties and numbers of companies."""

    def holds(element: Element, _context: DocumentContext) -> bool:
        if element.tag == IDENTIFIER and element.getparent().tag != IDENTIFICATION:
            return True
        return form((string(element) or "") if scheme in AS_WRITTEN else words(element))

    tags = (ENDPOINT,) if scheme == "9907" else (ENDPOINT, COMPANY, IDENTIFIER)
    return PeppolRule(
        id=f"PEPPOL-COMMON-{id_}", says=says, holds=holds, severity=severity, tags=tags, scheme=scheme
    )


# Spaces around these are errors too
AS_WRITTEN = {"0184", "0096", "0198"}
WARN = Severity.WARNING
RULES += [
    _scheme("R040", "0088", "A number of GS1 (GLN) has the right check digit.", gln),
    _scheme("R041", "0192", "A Norwegian organisation number has the right check digit.", norwegian),
    _scheme("R042", "0184", "A Danish CVR number has eight digits.", _form("(DK)?[0-9]{8}")),
    _scheme("R043", "0208", "A Belgian enterprise number has the right check digits.", belgian),
    _scheme("R044", "0201", "An Italian IPA code has six signs.", _form("[A-Za-z0-9]{6}"), WARN),
    _scheme("R045", "0210", "An Italian tax code has its form.", italian_tax_code, WARN),
    _scheme("R046", "9907", "An Italian tax code has its form.", italian_tax_code, WARN),
    _scheme("R047", "0211", "An Italian VAT number has the right check digit.", italian_vat, WARN),
    _scheme("R049", "0007", "A Swedish organisation number has the right check digit.", swedish),
    _scheme("R050", "0151", "An Australian business number has the right check digits.", australian),
    _scheme("R052", "0096", "A Danish P number has ten digits.", _form("[0-9]{10}")),
    _scheme("R053", "0198", "A Danish SE number is DK with eight digits.", _form("DK[0-9]{8}")),
    _scheme("R054", "0106", "A Dutch KVK number has eight digits.", _form("[0-9]{8}"), WARN),
    _scheme("R055", "0190", "A Dutch OIN number has twenty digits.", _form("[0-9]{20}"), WARN),
    _scheme("R056-1", "9944", "A Dutch VAT number is NL123456789B12.", _form(DUTCH_VAT), WARN),
    _scheme("R057", "0217", "A Dutch establishment number has twelve digits.", _form("[0-9]{12}"), WARN),
]


def dutch_vat(element: Element, _context: DocumentContext) -> bool:
    """A VAT number of the Netherlands, where it is not given as an identifier of another scheme above."""
    scheme, above = element.get("schemeID"), element.getparent()
    if above is None or above.tag != TAX_SCHEME or scheme in SCHEMES:
        return True
    is_vat = words(above.find(f"{cac('TaxScheme')}/{cbc('ID')}")) == "VAT"
    text = words(element)
    return not is_vat or not text.startswith("NL") or bool(re.fullmatch(DUTCH_VAT, text))


SCHEMES = {rule.scheme for rule in RULES}
RULES.append(
    PeppolRule(
        id="PEPPOL-COMMON-R056-2",
        says="A Dutch VAT number is NL123456789B12.",
        holds=dutch_vat,
        severity=Severity.WARNING,
        tags=(COMPANY,),
    )
)
