"""Numbers that must be exact (domain reference 4.1): how they look, how they are checked, how they are shown."""

import re
import secrets
import unicodedata
from datetime import UTC, datetime

from stdnum import iban, luhn
from stdnum.be import ogm_vcs, vat

from backend.catalog.schemas import SimNumberRule
from backend.core.clock import BRUSSELS, local
from backend.core.visible import visible

# Belgian mobile ranges are 045x to 049x. Length decides: +32 4 and seven more digits is a landline of Liège.
MSISDN = re.compile(r"\+324[5-9][0-9]{7}")
# With the dashes and the minus sign that programs make of a hyphen
SEPARATORS = re.compile("[\\s./()\\-\u2010-\u2015\u2212]")
ICCID = re.compile(r"89[0-9]{17,18}")
ACTIVATION_CODE = re.compile(
    r"(?:LPA:)?1\$(?=.{1,255}?(?:\$|$))(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
    r"\$[A-Za-z0-9-]*(?:\$(?:[0-9]+(?:\.[0-9]+)*)?(?:\$1?)?)?",
)
# Of every reference that customers see: requests today; other features take the same with prefixes of their own
REFERENCE_PATTERN = r"[A-Z]{2,4}-[0-9]{10}-[A-Z]{4}"
REFERENCE = re.compile(REFERENCE_PATTERN)
PREFIX = re.compile(r"[A-Z]{2,4}")
# Without vowels no word can form, and without I, L, O, Q, S, U, V, Z no letter is taken for another sign.
REFERENCE_LETTERS = "BCDFGHJKMNPRTWX"


def normalise_msisdn(text: str) -> str | None:
    """A Belgian mobile number as +324XXXXXXXX, from any usual spelling; None for anything else.

    Spaces, dots, slashes, hyphens, parentheses, 0032, 32, "+32 (0)" and "tel:" are taken, and the nine digits that a
    spreadsheet leaves of a number. Other signs are not, so that two numbers in one field are never read as one.
    """
    plain = visible(unicodedata.normalize("NFKC", text)).strip()
    digits = SEPARATORS.sub("", plain.removeprefix("tel:").replace("(0)", ""))
    for prefix in ("+32", "0032", "32"):
        if digits.startswith(prefix):
            digits = digits.removeprefix(prefix)
            break
    # +32 0470… too: the zero of the country's own form
    number = f"+32{digits.removeprefix('0')}"
    return number if MSISDN.fullmatch(number) else None


def format_msisdn(number: str) -> str:
    """+32470123456 as people write it: 0470 12 34 56. Anything else is given back as it came."""
    if not MSISDN.fullmatch(number):
        return number
    digits = "0" + number[3:]
    return f"{digits[:4]} {digits[4:6]} {digits[6:8]} {digits[8:]}"


def luhn_valid(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of those before it (ISO/IEC 7812)."""
    return digits.isascii() and digits.isdecimal() and bool(luhn.is_valid(digits))


def with_luhn(digits: str) -> str:
    """The digits with their Luhn check digit at the end."""
    return digits + str(luhn.calc_check_digit(digits))


def sim_number(text: str, rule: SimNumberRule) -> str | None:
    """The SIM number without separators, where it follows the carrier's rule; None otherwise."""
    digits = re.sub(r"[\s.\-]", "", text)
    if not digits.isascii() or not digits.isdecimal() or not re.fullmatch(rule.pattern, digits):
        return None
    return digits if not rule.luhn or luhn_valid(digits) else None


def iccid_valid(digits: str) -> bool:
    """An ICCID of 19 or 20 digits: 89, then country, issuer and account, then a Luhn digit (ITU-T E.118).

    In the 18+1 and 19+1 forms the last digit checks those before it, so both lengths end the same way.
    """
    return bool(ICCID.fullmatch(digits)) and luhn_valid(digits)


def imei_valid(digits: str) -> bool:
    """An IMEI of 15 digits ending in its Luhn digit (3GPP TS 23.003 annex B)."""
    return len(digits) == 15 and luhn_valid(digits)


def imei(text: str) -> str | None:
    """The 15-digit IMEI; a 16-digit IMEISV loses its software version and gets its check digit back."""
    digits = re.sub(r"[\s\-/]", "", text)
    if len(digits) == 16 and digits.isascii() and digits.isdecimal():
        return with_luhn(digits[:14])
    return digits if imei_valid(digits) else None


def eid_valid(digits: str) -> bool:
    """An eUICC identifier: 32 digits starting with 89, equal to 1 modulo 97 (GSMA SGP.29)."""
    return bool(re.fullmatch(r"89[0-9]{30}", digits)) and int(digits) % 97 == 1


def activation_code_valid(text: str) -> bool:
    """An eSIM activation code, or the content of its QR code (GSMA SGP.22 section 4.1)."""
    return bool(ACTIVATION_CODE.fullmatch(text))


def enterprise_number(text: str) -> str | None:
    """The ten digits of a Belgian enterprise or VAT number; None where they fail their check."""
    digits = re.sub(r"^BE", "", re.sub(r"[\s.]", "", text).upper())
    return digits if re.fullmatch(r"[01][0-9]{9}", digits) and vat.is_valid(digits) else None


def belgian_iban_valid(text: str) -> bool:
    """A Belgian IBAN: its ISO 13616 check digits and the national ones, whichever bank it names."""
    digits = re.sub(r"\s", "", text).upper()
    # Stdnum's own Belgian check refuses account numbers of banks that it does not list.
    if not re.fullmatch(r"BE[0-9]{14}", digits) or not iban.is_valid(digits, check_country=False):
        return False
    return int(digits[-2:]) == (int(digits[4:14]) % 97 or 97)


def structured_communication(text: str) -> str | None:
    """The twelve digits of a Belgian structured communication; None where they fail their check."""
    digits = re.sub(r"[+*/\s]", "", text)
    return digits if re.fullmatch(r"[0-9]{12}", digits) and ogm_vcs.is_valid(digits) else None


def format_communication(digits: str) -> str:
    """Twelve digits of a structured communication as people write them: `+++010/8068/17183+++`."""
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


def new_reference(prefix: str, at: datetime) -> str:
    """A new reference (F-168): a prefix of two to four letters, the Belgian minute, four letters at random.

    The prefix of a request is that of its carrier. Two of the same minute differ by the letters only, so the caller
    tries again where one is taken. Raises ValueError for another prefix.
    """
    if not PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no prefix of a reference")
    letters = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(4))
    return f"{prefix}-{local(at):%y%m%d%H%M}-{letters}"


def reference_valid(text: str, *, prefix: str = "") -> bool:
    """Whether a reference follows the pattern, names a minute that existed in Belgium, and has the prefix asked for."""
    if not REFERENCE.fullmatch(text) or (prefix and not text.startswith(f"{prefix}-")):
        return False
    try:
        naive = datetime.strptime(text.split("-")[1], "%y%m%d%H%M")  # noqa: DTZ007 - the zone follows
    except ValueError:
        return False
    # The hour skipped in March does not come back from UTC as it went.
    return naive.replace(tzinfo=BRUSSELS).astimezone(UTC).astimezone(BRUSSELS).replace(tzinfo=None) == naive
