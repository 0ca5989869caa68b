"""Lines from a CSV or XLSX file: every row is checked, with its problems by row and column, before anything is written."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.schemas import CarrierProfile
from backend.core import audit
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.intake.file_columns import line_columns
from backend.lines.intake.inserts import NewLine, insert_lines
from backend.lines.sims.codes import seal_context
from backend.lines.sims.stock import numbers_taken
from backend.lines.tables import BillingAccount, CostCentre
from backend.runtime import secret_box
from backend.tabular.columns import CheckedRow, FileColumn, read_checked
from backend.tabular.problems import SAID, RowProblem
from backend.tabular.reading import media_type_of_table, read_table
from tenants.scope import Scope

# With the header
MOST_ROWS = 200_001


class BillingAccountRow(msgspec.Struct, frozen=True):
    """A customer number of the tenant."""

    id: UUID
    number: str
    kind: str


class CentreRow(msgspec.Struct, frozen=True):
    """A cost centre of the tenant."""

    id: UUID
    code: str


@dataclass(slots=True)
class ImportResult:
    """How many lines came in, and what is wrong in the rows that did not, in the file's order."""

    imported: int = 0
    errors: list[RowProblem] = field(default_factory=list)


class KnownIds(msgspec.Struct, frozen=True):
    """The ids of what rows name: customer numbers and cost centres."""

    accounts: Mapping[str, UUID]
    centres: Mapping[str, UUID]


@use_case(Permission.LINES_IMPORT)
async def import_lines(scope: Scope, content: bytes, *, skip_bad_rows: bool = False) -> ImportResult:
    """Add the lines of a CSV or XLSX file. All or nothing, unless bad rows may be skipped.

    Returns the number imported and the problems by row and column. Raises FileRejected for a file that cannot be read
    or has other columns.
    """
    catalogue = await catalogue_of(scope)
    accounts = await scope.select_all(BillingAccountRow, BillingAccount)
    centres = await scope.select_all(CentreRow, CostCentre)
    known = KnownIds({one.number: one.id for one in accounts}, {one.code: one.id for one in centres})
    columns = line_columns(catalogue.profile, {one.number: one.kind for one in accounts}, known.centres)
    # It computes for seconds: not in the event loop
    rows = await asyncio.to_thread(_read, content, columns)
    _mark_repeats([row for row in rows if not row.bad])
    _mark_caps(catalogue.profile, [row for row in rows if not row.bad])
    await _mark_known(scope, [row for row in rows if not row.bad])
    errors = [problem for row in rows for problem in row.problems]
    if errors and not skip_bad_rows:
        return ImportResult(0, errors)
    good = [row for row in rows if not row.bad]
    await insert_lines(scope, [_new_line(scope, row, catalogue.profile, known) for row in good])
    await audit.record(scope, "fleet.imported", "fleet", None, lines=len(good))
    scope.invalidate("fleet")
    return ImportResult(len(good), errors)


def _read(content: bytes, columns: Sequence[FileColumn]) -> list[CheckedRow]:
    table = read_table(content, media_type_of_table(content), most_rows=MOST_ROWS)
    return read_checked(columns, table, "en")


def _mark_repeats(rows: Sequence[CheckedRow]) -> None:
    """Of rows with the same number or card none is taken: nobody can say which is right."""
    for column in ("msisdn", "sim_number"):
        counts = Counter(row.fields[column] for row in rows)
        for row in rows:
            if counts[row.fields[column]] > 1:
                row.wrong(column, SAID, values={"words": "This stands in the file more than once."})


def _mark_caps(profile: CarrierProfile, rows: Sequence[CheckedRow]) -> None:
    """A line has one cap: an amount beside an option that is another cap is refused."""
    for row in rows:
        option, amount = profile.cap_of(row.fields.get("options", [])), row.fields.get("roaming_cap")
        if option is not None and amount is not None and option != amount:
            row.wrong(
                "roaming_cap", SAID, values={"words": f"The option is a cap of {option} cents already."}
            )


async def _mark_known(scope: Scope, rows: Sequence[CheckedRow]) -> None:
    """Numbers live anywhere on the platform give one neutral answer, whoever holds them (domain 4.8)."""
    numbers = await numbers_taken(scope, [row.fields["msisdn"] for row in rows])
    for row in rows:
        if row.fields["msisdn"] in numbers:
            row.wrong("msisdn", SAID, values={"words": "This number is in use already."})


def _new_line(scope: Scope, row: CheckedRow, profile: CarrierProfile, known: KnownIds) -> NewLine:
    cells, line_id = row.fields, new_id()
    plan = profile.plan(cells["plan"])
    family, given = cells.get("family_name", ""), cells.get("given_name", "")
    return NewLine(
        id=line_id,
        end_user_id=new_id(),
        msisdn=cells["msisdn"],
        status=cells.get("status", "active"),
        product_type=plan.product_type if plan else "",
        plan=cells["plan"],
        options=cells.get("options", []),
        billing_account_id=known.accounts[cells["customer_number"]],
        account=cells["customer_number"],
        cost_centre_id=known.centres.get(cells.get("cost_centre", "")),
        # Surname and first name with a comma between, or the one that is known
        name=", ".join(part for part in (family, given) if part),
        given_name=given,
        family_name=family,
        email=cells.get("email", ""),
        language=cells.get("language", "fr"),
        sim_number=cells["sim_number"],
        sim_kind=cells.get("sim_kind", "physical"),
        puk_sealed=_sealed(scope, cells.get("puk", ""), line_id),
        roaming_cap_cents=profile.cap_in_force(cells.get("options", []), cells.get("roaming_cap")),
        activated_on=cells.get("activated_on"),
    )


def _sealed(scope: Scope, puk: str, line_id: UUID) -> bytes | None:
    return secret_box().seal(puk.encode(), seal_context(scope.tenant_id, "puk", line_id)) if puk else None
