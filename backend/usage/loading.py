"""Writes usage of one tenant: new records, and in the same transaction the sums that pages read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.core import audit
from backend.core.errors import ValidationFailed
from backend.core.facts import UsageLoaded
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.queries import lines_with_numbers
from backend.tabular.batches import in_batches
from backend.tabular.problems import RowProblem, said
from backend.usage.records import ParsedRow, UsageFileKind, open_usage
from tenants.scope import Scope

BATCH = 20_000
UNKNOWN_NUMBER = "No line has this number."
OTHER_CONTENT = "A record with this id is there already with other content: it was not changed."
REJECTED_SHOWN = 1000
# A year and a half
KEPT = timedelta(days=550)

# The line, the number of the row, and the values of `records.ParsedRow`
UsageRow = tuple[UUID, int, tuple[Any, ...]]


@dataclass(slots=True)
class LoadResult:
    """The result of a file: rows read, taken, seen before (or older than what is known), and refused."""

    rows: int = 0
    taken: int = 0
    repeated: int = 0
    rejected: int = 0
    # The first of them
    errors: list[RowProblem] = field(default_factory=list)

    def count(self, written: "Upserted", rows: int) -> None:
        """Add what became of so many good rows. Those in conflict are refused by the caller."""
        self.taken += written.taken
        self.repeated += rows - written.taken - len(written.conflicts)

    def refuse(self, row: RowProblem) -> None:
        """Count a row that was not taken; the first thousand are kept."""
        self.rejected += 1
        if len(self.errors) < REJECTED_SHOWN:
            self.errors.append(row)


TEMPORARY = {
    UsageFileKind.RECORDS: """
CREATE TEMPORARY TABLE IF NOT EXISTS loaded_records (line_id uuid, number int, record_id text COLLATE "C", started_at timestamptz,
  service text, amount bigint, unit text, zone text, roaming boolean, bucket text, employer_cents int,
  employee_cents int, counterpart text) ON COMMIT DROP;
TRUNCATE loaded_records""",
    UsageFileKind.BUCKETS: """
CREATE TEMPORARY TABLE IF NOT EXISTS loaded_buckets (line_id uuid, number int, bucket text COLLATE "C", period date,
  allowance bigint, used bigint, unit text, measured_at timestamptz) ON COMMIT DROP;
TRUNCATE loaded_buckets""",
}

# The conditions are those of `lifecycle.employer_share` and `is_employer_paid`; a test compares them.
INSERT_RECORDS = """
WITH fresh AS (
  INSERT INTO usage_record (tenant_id, record_id, line_id, period, started_at, service, amount, unit, zone, roaming,
    bucket, employer_amount, employer_cents, employee_cents, counterpart)
  SELECT $1, r.record_id, l.id, date_trunc('month', r.started_at AT TIME ZONE 'Europe/Brussels')::date, r.started_at,
    r.service, r.amount, r.unit, r.zone, r.roaming, r.bucket,
    CASE WHEN r.bucket <> '' OR (r.employer_cents <> 0 AND l.split_profile = '') THEN r.amount ELSE 0 END,
    r.employer_cents, r.employee_cents, r.counterpart
  FROM loaded_records r JOIN line l ON l.id = r.line_id
  ORDER BY r.record_id
  ON CONFLICT (tenant_id, record_id) DO NOTHING
  RETURNING line_id, period, service, unit, roaming, bucket, amount, employer_amount, employer_cents, employee_cents,
    started_at
), summed AS (
  INSERT INTO usage_month (id, tenant_id, line_id, period, service, unit, roaming, bundled, employer_amount,
    employer_cents, employer_until, amount, employee_cents, until)
  SELECT gen_random_uuid(), $1, line_id, period, service, unit, roaming, bucket <> '', sum(employer_amount),
    sum(employer_cents), max(started_at) FILTER (WHERE bucket <> '' OR employer_cents <> 0), sum(amount),
    sum(employee_cents), max(started_at)
  FROM fresh GROUP BY line_id, period, service, unit, roaming, bucket <> ''
  ON CONFLICT (tenant_id, line_id, period, service, unit, roaming, bundled) DO UPDATE SET
    employer_amount = usage_month.employer_amount + EXCLUDED.employer_amount,
    employer_cents = usage_month.employer_cents + EXCLUDED.employer_cents,
    employer_until = greatest(usage_month.employer_until, EXCLUDED.employer_until),
    amount = usage_month.amount + EXCLUDED.amount,
    employee_cents = usage_month.employee_cents + EXCLUDED.employee_cents,
    until = greatest(usage_month.until, EXCLUDED.until)
), unchecked AS (
  INSERT INTO alert_check_queue (id, tenant_id, line_id)
  SELECT gen_random_uuid(), $1, line_id FROM (SELECT DISTINCT line_id FROM fresh) f
  ON CONFLICT (tenant_id, line_id) DO NOTHING
)
SELECT count(*) AS taken, coalesce(array_agg(DISTINCT line_id), '{}') AS lines FROM fresh
"""

# Files may come in any order: the later measurement stays.
UPSERT_BUCKETS = """
WITH latest AS (
  SELECT DISTINCT ON (line_id, period, bucket) * FROM loaded_buckets
  ORDER BY line_id, period, bucket, measured_at DESC, used DESC
), written AS (
  INSERT INTO usage_bucket (id, tenant_id, line_id, bucket, period, allowance, used, unit, measured_at)
  SELECT gen_random_uuid(), $1, l.id, b.bucket, b.period, b.allowance, b.used, b.unit, b.measured_at
  FROM latest b JOIN line l ON l.id = b.line_id
  ON CONFLICT (tenant_id, line_id, period, bucket) DO UPDATE SET allowance = EXCLUDED.allowance, used = EXCLUDED.used,
    unit = EXCLUDED.unit, measured_at = EXCLUDED.measured_at
  WHERE usage_bucket.measured_at < EXCLUDED.measured_at
  RETURNING line_id
), unchecked AS (
  INSERT INTO alert_check_queue (id, tenant_id, line_id)
  SELECT gen_random_uuid(), $1, line_id FROM (SELECT DISTINCT line_id FROM written) w
  ON CONFLICT (tenant_id, line_id) DO NOTHING
)
SELECT count(*) AS taken, coalesce(array_agg(DISTINCT line_id), '{}') AS lines FROM written
"""

# Rows whose record is there already with other content: of another number, at another moment or of another amount.
# A number may have another line by now.
CONFLICTS = """
SELECT r.number FROM loaded_records r
JOIN usage_record u ON u.tenant_id = $1 AND u.record_id = r.record_id
JOIN line l ON l.id = r.line_id JOIN line k ON k.id = u.line_id
WHERE (l.msisdn, r.started_at, r.service, r.amount, r.unit, r.zone, r.roaming, r.bucket, r.employer_cents,
  r.employee_cents, r.counterpart)
  IS DISTINCT FROM (k.msisdn, u.started_at, u.service, u.amount, u.unit, u.zone, u.roaming, u.bucket, u.employer_cents,
  u.employee_cents, u.counterpart)
ORDER BY r.number
"""

PURGE = "DELETE FROM usage_record WHERE period < (date_trunc('month', now()) - $1::interval)::date"

# The first key is any constant; the second is the tenant. Imports and checks of one tenant come one after the other.
LOCK = "SELECT pg_advisory_xact_lock(7141, hashtext($1::uuid::text))"


class Written(msgspec.Struct, frozen=True):
    """How many rows were new, and the lines that they are of."""

    taken: int
    lines: list[UUID]


class Upserted(msgspec.Struct, frozen=True):
    """How many rows were new, and the numbers of those whose record is there already with other content."""

    taken: int
    conflicts: list[int] = []


async def upsert_rows(scope: Scope, kind: UsageFileKind, rows: Sequence[UsageRow]) -> Upserted:
    """Write checked rows of this tenant's lines. A repeat changes nothing, and neither does a conflict."""
    await scope.execute(TEMPORARY[kind])
    table = "loaded_records" if kind is UsageFileKind.RECORDS else "loaded_buckets"
    await scope.copy_rows(table, [(line, number, *values) for line, number, values in rows])
    statement = INSERT_RECORDS if kind is UsageFileKind.RECORDS else UPSERT_BUCKETS
    written = await scope.fetch_one(Written, statement, scope.tenant_id) or Written(0, [])
    conflicts: list[int] = []
    if kind is UsageFileKind.RECORDS and written.taken < len(rows):
        conflicts = await scope.fetch_all(int, CONFLICTS, scope.tenant_id)
    if written.taken:
        for line_id in written.lines[:REJECTED_SHOWN]:
            scope.invalidate(f"usage:{line_id}")
        scope.invalidate("usage")
    return Upserted(written.taken, conflicts)


@use_case(Permission.OPERATOR_USAGE_LOAD)
async def load_rows(scope: Scope, kind: UsageFileKind, rows: Sequence[UsageRow]) -> Upserted:
    """Part of a file of many tenants: rows whose lines are known."""
    await scope.execute(LOCK, scope.tenant_id)
    written = await upsert_rows(scope, kind, rows)
    if written.taken:
        await _record_load(scope, kind)
    return written


@use_case(Permission.OPERATOR_USAGE_LOAD)
async def load_file(scope: Scope, lines: Iterable[str], *, kind: UsageFileKind) -> LoadResult:
    """A whole file of this tenant, in one transaction. Bad rows are left out and named.

    Raises ValidationFailed where the header is not that of `kind`.
    """
    await scope.execute(LOCK, scope.tenant_id)
    found, rows = open_usage(lines)
    if found is not kind:
        raise ValidationFailed(file=f"This is a file of {found}, not of {kind}.")
    result, known = LoadResult(), dict[str, UUID | None]()
    async for batch in in_batches(rows, BATCH):
        result.rows += len(batch)
        await _find(scope, batch, known)
        good = list(_of_lines(batch, known, result))
        if good:
            written = await upsert_rows(scope, kind, good)
            result.count(written, len(good))
            for number in written.conflicts:
                result.refuse(said(number, "record_id", OTHER_CONTENT))
    if result.taken:
        await _record_load(scope, kind)
    return result


async def _find(scope: Scope, batch: Sequence[ParsedRow | RowProblem], known: dict[str, UUID | None]) -> None:
    """Look up the numbers that were not met before: the live line, or else the one that had the number last."""
    numbers = {row.msisdn for row in batch if isinstance(row, ParsedRow)} - known.keys()
    known.update(dict.fromkeys(numbers))
    known.update(await lines_with_numbers(scope, list(numbers)))


def _of_lines(
    batch: Sequence[ParsedRow | RowProblem], known: dict[str, UUID | None], result: LoadResult
) -> Iterator[UsageRow]:
    for row in batch:
        if isinstance(row, RowProblem):
            result.refuse(row)
        elif line_id := known[row.msisdn]:
            yield line_id, row.row, row.values
        else:
            result.refuse(said(row.row, "msisdn", UNKNOWN_NUMBER))


async def _record_load(scope: Scope, kind: UsageFileKind) -> None:
    """The audit shows who loaded what, without numbers: how many records there are is not only the employer's."""
    load_id = new_id()
    await audit.record(scope, "usage.loaded", "usage", load_id, kind=str(kind))
    scope.emit(UsageLoaded(load_id=load_id))


@use_case(Permission.SYSTEM)
async def purge_records(scope: Scope) -> None:
    """Delete single records when the bill can no longer be disputed (domain 4.7); the sums stay."""
    await scope.execute(PURGE, KEPT)
