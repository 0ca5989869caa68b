"""A file of charges per number, for invoices whose document has totals only. Pure; refusals are in English."""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from backend.billing.intake.charges import Charge
from backend.billing.schemas import ChargeKind
from backend.catalog.identifiers import normalise_msisdn
from backend.tabular.columns import CheckedRow, FileColumn, read_checked
from backend.tabular.formats import CSV
from backend.tabular.problems import CellError
from backend.tabular.reading import read_table

MOST_ROWS = 300_001
LONGEST_NUMBER, LONGEST_NAME, LONGEST_CODE = 200, 300, 100
AMOUNT = re.compile(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{1,2})?")
PRICE = re.compile(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{1,6})?")


class InvoiceCharges(msgspec.Struct, frozen=True, kw_only=True):
    """The charges of one invoice. `problems` say why they cannot be taken; they are few."""

    number: str
    charges: list[Charge]
    problems: list[str]


def _said(words: str) -> CellError:
    return CellError.said(words)


def _text(most: int) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        if len(cell) > most:
            raise _said(f"This has more than {most} characters.")
        return cell

    return parse


def _number(pattern: re.Pattern[str], words: str) -> Callable[[str], Decimal]:
    def parse(cell: str) -> Decimal:
        plain = cell.replace("\u2212", "-")
        if not pattern.fullmatch(plain):
            raise _said(words)
        return Decimal(plain.replace(",", "."))

    return parse


def _msisdn(cell: str) -> str:
    found = normalise_msisdn(cell)
    if found is None:
        raise _said("This is not a Belgian mobile number.")
    return found


def _kind(cell: str) -> ChargeKind:
    if cell.casefold() not in set(ChargeKind):
        raise _said(f"Choose one of: {', '.join(ChargeKind)}.")
    return ChargeKind(cell.casefold())


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise _said("Write the day as yyyy-mm-dd.") from None


COLUMNS = [
    FileColumn(code="invoice", parse=_text(LONGEST_NUMBER)),
    FileColumn(code="msisdn", parse=_msisdn, required=False),
    FileColumn(code="kind", parse=_kind),
    FileColumn(code="code", parse=_text(LONGEST_CODE), required=False),
    FileColumn(code="name", parse=_text(LONGEST_NAME)),
    FileColumn(code="quantity", parse=_number(PRICE, "This is no quantity."), required=False),
    FileColumn(code="unit_price", parse=_number(PRICE, "This is no price."), required=False),
    FileColumn(code="net", parse=_number(AMOUNT, "Write an amount with two decimals at most.")),
    FileColumn(code="from", parse=_day, required=False),
    FileColumn(code="until", parse=_day, required=False),
    FileColumn(code="cost_centre", parse=_text(LONGEST_CODE), required=False),
]


def read_charges(content: bytes) -> list[InvoiceCharges]:
    """The charges of each invoice that a file names. Raises FileRejected where it cannot be read as a whole.

    A bad row makes the charges of its invoice bad, and of no other.
    """
    rows = read_checked(COLUMNS, read_table(content, CSV, most_rows=MOST_ROWS), "en")
    by_number: dict[str, list[CheckedRow]] = defaultdict(list)
    for row in rows:
        by_number[str(row.fields.get("invoice", ""))].append(row)
    return [_of_invoice(number, found) for number, found in by_number.items()]


def _of_invoice(number: str, rows: list[CheckedRow]) -> InvoiceCharges:
    bad = [row for row in rows if row.bad]
    problems = [
        f"row {row.row}, {problem.column}: {problem.message()}" for row in bad[:5] for problem in row.problems
    ]
    return InvoiceCharges(
        number=number,
        charges=[] if bad else [_charge(row.fields) for row in rows],
        problems=problems,
    )


def _charge(fields: dict[str, Any]) -> Charge:
    net: Decimal = fields["net"]
    return Charge(
        name=fields["name"],
        net_cents=int(net * 100),
        kind=fields["kind"],
        msisdn=fields.get("msisdn", ""),
        code=fields.get("code", ""),
        quantity=fields.get("quantity", Decimal(1)),
        unit_price=fields.get("unit_price", net),
        period_start=fields.get("from"),
        period_end=fields.get("until"),
        cost_centre=fields.get("cost_centre", ""),
    )
