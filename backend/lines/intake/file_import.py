"""Lines from a CSV file: every row is checked, with its errors by row and column, before anything is written."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.identifiers import normalise_msisdn, sim_number
from backend.catalog.schemas import CarrierProfile
from backend.core import audit
from backend.core.errors import ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.intake.inserts import NewLine, insert_lines
from backend.lines.lifecycle import IN_FLEET
from backend.lines.sims.codes import seal_context
from backend.lines.sims.stock import numbers_taken
from backend.lines.tables import INVOICE_ONLY, BillingAccount, CostCentre
from backend.runtime import secret_box
from tenants.scope import Scope

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
REQUIRED = ("msisdn", "customer_number", "plan", "sim_number")


class BillingAccountRow(msgspec.Struct, frozen=True):
    """A customer number of the tenant."""

    id: UUID
    number: str
    kind: str


class CentreRow(msgspec.Struct, frozen=True):
    """A cost centre of the tenant."""

    id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one row (counted as in a spreadsheet, the header being row 1)."""

    row: int
    column: str
    message: str


@dataclass(slots=True)
class ImportResult:
    """How many lines came in, and the rows that did not."""

    imported: int = 0
    errors: list[RowError] = field(default_factory=list)


@dataclass(slots=True)
class ImportedLine:
    """One checked row."""

    row: int
    msisdn: str
    account: str
    plan: str
    product_type: str
    family_name: str = ""
    given_name: str = ""
    email: str = ""
    language: str = "fr"
    cost_centre: str = ""
    sim_number: str = ""
    sim_kind: str = "physical"
    puk: str = ""
    options: list[str] = field(default_factory=list)
    status: str = "active"
    activated_on: date | None = None
    roaming_cap_cents: int | None = None
    id: UUID = field(default_factory=new_id)
    end_user_id: UUID = field(default_factory=new_id)

    @property
    def name(self) -> str:
        """Surname and first name with a comma between, or the one that is known."""
        return ", ".join(part for part in (self.family_name, self.given_name) if part)


def read_rows(text: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV with our header, comma or semicolon. Raises ValidationFailed for a header that is not ours."""
    lines = iter(text)
    first = next(lines, "").lstrip("﻿")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
    if missing := [name for name in REQUIRED if name not in header]:
        raise ValidationFailed(
            file=f"The header lacks {', '.join(missing)}: see `fleetline fleet import --template`."
        )
    if unknown := [name for name in header if name not in COLUMNS]:
        raise ValidationFailed(file=f"The header has unknown columns: {', '.join(unknown)}.")
    for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=2):
        if any(cell.strip() for cell in cells):
            yield number, {name: cell.strip() for name, cell in zip(header, cells, strict=False)}


class RowChecker:
    """Checks rows against the carrier's profile, the tenant's customer numbers and its cost centres."""

    def __init__(
        self, profile: CarrierProfile, accounts: Sequence[BillingAccountRow], centres: Sequence[CentreRow]
    ) -> None:
        self.profile = profile
        self.accounts = {account.number: account for account in accounts}
        self.centres = {centre.code: centre.id for centre in centres}
        self.errors: list[RowError] = []

    def check(self, number: int, cells: dict[str, str]) -> ImportedLine | None:
        """The line, or None with its errors noted."""
        before = len(self.errors)

        def wrong(column: str, message: str) -> None:
            self.errors.append(RowError(number, column, message))

        phone = normalise_msisdn(cells.get("msisdn", ""))
        if phone is None:
            wrong("msisdn", "This is not a Belgian mobile number.")
        account = self.accounts.get(cells.get("customer_number", ""))
        if account is None:
            wrong("customer_number", "This customer number does not exist.")
        elif account.kind == INVOICE_ONLY:
            wrong("customer_number", "This customer number serves invoicing only.")
        plan = self.profile.plan(cells.get("plan", ""))
        if plan is None:
            wrong("plan", f"{self.profile.name} has no such plan.")
        card = sim_number(cells.get("sim_number", ""), self.profile.sim_number)
        if card is None:
            wrong(
                "sim_number",
                f"This is not a SIM number of {self.profile.name}: length or check digit is wrong.",
            )
        options = [code for code in cells.get("options", "").split("|") if code]
        for code in options:
            if self.profile.option(code) is None:
                wrong("options", f"The option {code} does not exist.")
        values = self._values(cells, wrong)
        if len(self.errors) > before or phone is None or plan is None or card is None:
            return None
        return ImportedLine(
            row=number,
            msisdn=phone,
            account=cells["customer_number"],
            plan=plan.code,
            product_type=plan.product_type,
            sim_number=card,
            options=options,
            **values,
        )

    def _values(self, cells: dict[str, str], wrong: Callable[[str, str], None]) -> dict[str, Any]:
        values: dict[str, Any] = {
            name: cells[name] for name in ("family_name", "given_name", "email", "puk") if cells.get(name)
        }
        choices = {
            "language": ("fr", "nl", "de", "en"),
            "sim_kind": ("physical", "esim"),
            "status": IN_FLEET,
            "cost_centre": tuple(self.centres),
        }
        for name, allowed in choices.items():
            if text := cells.get(name):
                if text not in allowed:
                    wrong(name, f"{text!r} is not one of {', '.join(sorted(allowed))}.")
                values[name] = text
        if (puk := cells.get("puk")) and not (puk.isdecimal() and len(puk) == 8):
            wrong("puk", "A PUK has eight digits.")
        try:
            if day := cells.get("activated_on"):
                values["activated_on"] = date.fromisoformat(day)
        except ValueError:
            wrong("activated_on", "Write the date as yyyy-mm-dd.")
        if cap := cells.get("roaming_cap"):
            if cap.isdecimal():
                values["roaming_cap_cents"] = int(cap)
            else:
                wrong("roaming_cap", "Write the cap in whole cents.")
        return values


@use_case(Permission.LINES_IMPORT)
async def import_lines(scope: Scope, text: Iterable[str], *, skip_bad_rows: bool = False) -> ImportResult:
    """Add the lines of a CSV. All or nothing, unless bad rows may be skipped.

    Returns the number imported and the errors by row and column. Raises ValidationFailed for a wrong header.
    """
    catalogue = await catalogue_of(scope)
    accounts = await scope.select_all(BillingAccountRow, BillingAccount)
    centres = await scope.select_all(CentreRow, CostCentre)
    checker = RowChecker(catalogue.profile, accounts, centres)
    lines = [line for number, cells in read_rows(text) if (line := checker.check(number, cells))]
    lines = _without_repeats(lines, checker.errors)
    lines = await _without_known(scope, lines, checker.errors)
    checker.errors.sort(key=lambda error: error.row)
    if checker.errors and not skip_bad_rows:
        return ImportResult(0, checker.errors)
    await insert_lines(scope, [_new_line(scope, line, checker) for line in lines])
    await audit.record(scope, "fleet.imported", "fleet", None, lines=len(lines))
    scope.invalidate("fleet")
    return ImportResult(len(lines), checker.errors)


def _without_repeats(lines: Sequence[ImportedLine], errors: list[RowError]) -> list[ImportedLine]:
    counts = {name: Counter(getattr(line, name) for line in lines) for name in ("msisdn", "sim_number")}
    good = []
    for line in lines:
        repeated = [name for name, count in counts.items() if count[getattr(line, name)] > 1]
        errors += [RowError(line.row, name, "This stands in the file more than once.") for name in repeated]
        if not repeated:
            good.append(line)
    return good


async def _without_known(
    scope: Scope, lines: list[ImportedLine], errors: list[RowError]
) -> list[ImportedLine]:
    """Numbers live anywhere on the platform give one neutral answer, whoever holds them (domain 4.8)."""
    numbers = await numbers_taken(scope, [line.msisdn for line in lines])
    errors += [
        RowError(line.row, "msisdn", "This number is in use already.")
        for line in lines
        if line.msisdn in numbers
    ]
    return [line for line in lines if line.msisdn not in numbers]


def _new_line(scope: Scope, line: ImportedLine, checker: RowChecker) -> NewLine:
    return NewLine(
        id=line.id,
        end_user_id=line.end_user_id,
        msisdn=line.msisdn,
        status=line.status,
        product_type=line.product_type,
        plan=line.plan,
        options=line.options,
        billing_account_id=checker.accounts[line.account].id,
        account=line.account,
        cost_centre_id=checker.centres.get(line.cost_centre),
        name=line.name,
        given_name=line.given_name,
        family_name=line.family_name,
        email=line.email,
        language=line.language,
        sim_number=line.sim_number,
        sim_kind=line.sim_kind,
        puk_sealed=_sealed(scope, line),
        roaming_cap_cents=line.roaming_cap_cents,
        activated_on=line.activated_on,
    )


def _sealed(scope: Scope, line: ImportedLine) -> bytes | None:
    return (
        secret_box().seal(line.puk.encode(), seal_context(scope.tenant_id, "puk", line.id))
        if line.puk
        else None
    )
