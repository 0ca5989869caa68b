"""Files that the operator handed in: kept, followed, and what became of each document, once."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.billing.intake.sources import LARGEST_FILE
from backend.billing.intake.taking import DocumentOutcome
from backend.billing.lifecycle import IMPORT_LIFECYCLE, ImportState
from backend.billing.tables import BillingImport, BillingImportItem
from backend.core import clock
from backend.core.errors import FileRejected, NotFound
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

LISTED = 1000

START = """
UPDATE billing_import SET state = $2 WHERE id = $1 AND state = ANY($3)
RETURNING file_name, content, check_only, created_by
"""
TOTAL = "UPDATE billing_import SET total = $2 WHERE id = $1"
NOTE = """
WITH written AS (
  INSERT INTO billing_import_item (id, tenant_id, import_id, position, name, outcome, issuer, type_code, number, rules, reason)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, import_id, position) DO NOTHING RETURNING 1)
UPDATE billing_import SET done = done + 1 WHERE id = $3 AND EXISTS (SELECT FROM written)
"""
END = """
UPDATE billing_import SET state = $2, problem = $3, ended_at = $4, content = NULL WHERE id = $1 AND state = ANY($5)
"""
POSITIONS = "SELECT position FROM billing_import_item WHERE import_id = $1"
COUNTS = """
SELECT outcome, count(*)::int AS count FROM billing_import_item WHERE import_id = $1 GROUP BY outcome ORDER BY outcome
"""


class ImportRow(msgspec.Struct, frozen=True):
    """A file whose reading begins, or goes on after a crash."""

    file_name: str
    content: bytes
    check_only: bool
    created_by: str


class Position(msgspec.Struct, frozen=True):
    """A document of the file that was dealt with."""

    position: int


class OutcomeCount(msgspec.Struct, frozen=True):
    """How many documents had an outcome."""

    outcome: str
    count: int


class ImportInfo(msgspec.Struct, frozen=True):
    """A file and how far it is."""

    id: UUID
    file_name: str
    check_only: bool
    state: str
    problem: str
    total: int
    done: int
    created_by: str
    created_at: datetime
    ended_at: datetime | None


class ImportItem(msgspec.Struct, frozen=True):
    """What became of one document."""

    position: int
    name: str
    outcome: str
    issuer: str
    type_code: str
    number: str
    rules: list[str]
    reason: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """A file, its counts, and what became of its documents from a position on."""

    file: ImportInfo
    counts: dict[str, int]
    items: list[ImportItem]


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def start_import(scope: Scope, *, file_name: str, content: bytes, check_only: bool) -> UUID:
    """Keep a file and have it read; returns the id by which it is followed. Raises FileRejected for its size."""
    if not 0 < len(content) <= LARGEST_FILE:
        raise FileRejected("file_too_large", f"A file holds 1 byte to {LARGEST_FILE // 1024 // 1024} MB.")
    import_id = new_id()
    await BillingImport.insert(
        BillingImport(
            id=import_id,
            tenant_id=scope.tenant_id,
            file_name=file_name,
            content=content,
            check_only=check_only,
            state=ImportState.WAITING,
            created_by=scope.actor.name,
            created_at=clock.now(),
        )
    )
    scope.enqueue(JobName.RUN_BILLING_IMPORT, import_id=import_id)
    return import_id


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def imports_under_way(scope: Scope) -> bool:
    """Whether a file has not been read to its end yet."""
    waiting = [ImportState.WAITING, ImportState.RUNNING]
    found = await scope.select_one(ImportInfo, BillingImport, BillingImport.state.is_in(waiting))
    return found is not None


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def import_report(
    scope: Scope, import_id: UUID, *, after: int = -1, limit: int = LISTED
) -> ImportReport:
    """How far a file is, and what became of the documents after a position. Raises NotFound."""
    info = await scope.select_one(ImportInfo, BillingImport, BillingImport.id == import_id)
    if info is None:
        raise NotFound
    items = await scope.select_all(
        ImportItem,
        BillingImportItem,
        (BillingImportItem.import_id == import_id) & (BillingImportItem.position > after),
        order_by=[BillingImportItem.position],
        limit=min(max(limit, 1), LISTED),
    )
    return ImportReport(file=info, counts=await _counts(scope, import_id), items=items)


async def _counts(scope: Scope, import_id: UUID) -> dict[str, int]:
    return {one.outcome: one.count for one in await scope.fetch_all(OutcomeCount, COUNTS, import_id)}


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def begin(scope: Scope, import_id: UUID) -> ImportRow | None:
    """The file, now being read; None where it was read to its end."""
    return await scope.fetch_one(
        ImportRow,
        START,
        import_id,
        ImportState.RUNNING,
        [*IMPORT_LIFECYCLE.sources(ImportState.RUNNING), ImportState.RUNNING],
    )


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def left_of(scope: Scope, import_id: UUID, total: int) -> list[int]:
    """Write how many documents the file has; returns the positions that were not dealt with."""
    await scope.execute(TOTAL, import_id, total)
    done = {one.position for one in await scope.fetch_all(Position, POSITIONS, import_id)}
    return [position for position in range(total) if position not in done]


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def note(scope: Scope, import_id: UUID, position: int, outcome: DocumentOutcome) -> None:
    """Write down what became of one document, once."""
    await scope.execute(
        NOTE,
        new_id(),
        scope.tenant_id,
        import_id,
        position,
        outcome.name,
        outcome.outcome,
        outcome.issuer,
        outcome.type_code,
        outcome.number,
        outcome.rules,
        outcome.reason,
    )


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def end(scope: Scope, import_id: UUID, state: ImportState, problem: str = "") -> None:
    """The file was read to its end, or cannot be read."""
    await scope.execute(END, import_id, state, problem, clock.now(), IMPORT_LIFECYCLE.sources(state))
