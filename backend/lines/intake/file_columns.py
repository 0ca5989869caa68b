"""The columns of a file of lines, as the tenant and its carrier allow them. Pure; problems are in English."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from backend.catalog.identifiers import normalise_msisdn, sim_number
from backend.catalog.schemas import CarrierProfile
from backend.core.addresses import email_valid
from backend.core.i18n import LANGUAGES
from backend.lines.lifecycle import IN_FLEET
from backend.lines.tables import INVOICE_ONLY
from backend.tabular.cells import SHORTENED, list_of, short
from backend.tabular.columns import FileColumn
from backend.tabular.problems import CellError

REQUIRED = ("msisdn", "customer_number", "plan", "sim_number")
COLUMNS = (
    "msisdn",
    "customer_number",
    "plan",
    "family_name",
    "given_name",
    "email",
    "language",
    "cost_centre",
    "sim_number",
    "sim_kind",
    "puk",
    # Codes with a vertical bar between them
    "options",
    "status",
    # Yyyy-mm-dd
    "activated_on",
    # Cents excluding VAT a month
    "roaming_cap",
)
LONGEST_NAME = 80
LARGEST_CAP = 10**8


def line_columns(
    profile: CarrierProfile, account_kinds: Mapping[str, str], centres: Iterable[str]
) -> list[FileColumn]:
    """The columns in their order. `account_kinds`: the kind of each customer number; `centres`: codes."""
    parsers = {
        "msisdn": _msisdn,
        "customer_number": _account(account_kinds),
        "plan": _plan(profile),
        "family_name": short(LONGEST_NAME),
        "given_name": short(LONGEST_NAME),
        "email": _email,
        "language": _among(LANGUAGES),
        "cost_centre": _among(centres),
        "sim_number": _card(profile),
        "sim_kind": _among(("physical", "esim")),
        "puk": _puk,
        "options": _options(profile),
        "status": _among(IN_FLEET),
        "activated_on": _day,
        "roaming_cap": _cap,
    }
    return [FileColumn(code=code, parse=parsers[code], required=code in REQUIRED) for code in COLUMNS]


def _email(cell: str) -> str:
    if not email_valid(cell):
        raise CellError.said("No mail can be sent to this address.")
    return cell


def _msisdn(cell: str) -> str:
    found = normalise_msisdn(cell)
    if found is None and SHORTENED.fullmatch(cell):
        raise CellError.said(
            "The spreadsheet has shortened this number: make the column text, and type it again."
        )
    if found is None:
        raise CellError.said("This is not a Belgian mobile number.")
    return found


def _account(kinds: Mapping[str, str]) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        if cell not in kinds:
            raise CellError.said("This customer number does not exist.")
        if kinds[cell] == INVOICE_ONLY:
            raise CellError.said("This customer number serves invoicing only.")
        return cell

    return parse


def _plan(profile: CarrierProfile) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        if profile.plan(cell) is None:
            raise CellError.said(f"{profile.name} has no such plan.")
        return cell

    return parse


def _card(profile: CarrierProfile) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        found = sim_number(cell, profile.sim_number)
        if found is None:
            raise CellError.said(
                f"This is not a SIM number of {profile.name}: length or check digit is wrong."
            )
        return found

    return parse


def _options(profile: CarrierProfile) -> Callable[[str], list[str]]:
    def parse(cell: str) -> list[str]:
        codes = list_of(cell)
        for code in codes:
            option = profile.option(code)
            if option is None:
                raise CellError.said(f"The option {code} does not exist.")
            if others := set(option.conflicts) & set(codes):
                raise CellError.said(f"The options {code} and {min(others)} exclude each other.")
        return codes

    return parse


def _among(allowed: Iterable[str]) -> Callable[[str], str]:
    known = frozenset(allowed)

    def parse(cell: str) -> str:
        if cell not in known:
            raise CellError.said(f"{cell!r} is not one of {', '.join(sorted(known))}.")
        return cell

    return parse


def _puk(cell: str) -> str:
    if not (cell.isascii() and cell.isdecimal() and len(cell) == 8):
        raise CellError.said("A PUK has eight digits.")
    return cell


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise CellError.said("Write the date as yyyy-mm-dd.") from None


def _cap(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and len(cell) <= 9 and int(cell) <= LARGEST_CAP):
        raise CellError.said(f"Write the cap in whole cents, at most {LARGEST_CAP}.")
    return int(cell)
