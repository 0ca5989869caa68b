"""A usage file of many tenants: read once as a stream, each row to the tenant of its number, bad rows to a file."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from backend.core.errors import ValidationFailed
from backend.tabular.batches import in_batches
from backend.tabular.problems import RowProblem, said
from backend.tabular.text import text_lines
from backend.usage.loading import BATCH, OTHER_CONTENT, UNKNOWN_NUMBER, LoadResult, UsageRow, load_rows
from backend.usage.records import ParsedRow, UsageFileKind, open_usage
from tenants.directory import DirectoryEntry, find_lines
from tenants.scope import Actor, TenantId

# Rows in memory at once, whatever the file's size
HELD = 200_000
HEADER = ("row", "column", "reason")


class RejectionReport:
    """FILE.rejected.csv, made with its first row; one of an earlier run goes away."""

    def __init__(self, path: Path) -> None:
        self.path, self._stack = path, ExitStack()
        self._writer: Any = None
        path.unlink(missing_ok=True)

    def write(self, row: RowProblem) -> None:
        """Add one row."""
        if self._writer is None:
            file: IO[str] = self._stack.enter_context(self.path.open("w", encoding="utf-8", newline=""))
            self._writer = csv.writer(file)
            self._writer.writerow(HEADER)
        self._writer.writerow((row.row, row.column, row.message()))

    def close(self) -> None:
        """Close the file, where there is one."""
        self._stack.close()


def rejected_path(file: Path) -> Path:
    """Where the rows go that were not taken."""
    return file.with_name(f"{file.name}.rejected.csv")


async def import_file(file: Path, *, only: Sequence[TenantId] = ()) -> LoadResult:
    """Load a file of records or buckets. Rows that are refused stand in FILE.rejected.csv.

    Each part of a tenant is one transaction with its sums; after an interruption the file is loaded again, and what
    was in it before changes nothing.
    """
    refused = RejectionReport(rejected_path(file))
    try:
        with file.open("rb") as content, text_lines(content) as text:
            return await _Import(refused, frozenset(only)).run(text)
    finally:
        refused.close()


class _Import:
    def __init__(self, refused: RejectionReport, only: frozenset[TenantId]) -> None:
        self.refused, self.only = refused, only
        self.result = LoadResult()
        self.known: dict[str, DirectoryEntry | None] = {}
        self.waiting: dict[TenantId, list[UsageRow]] = defaultdict(list)
        self.held = 0

    async def run(self, text: Iterator[str]) -> LoadResult:
        try:
            kind, rows = open_usage(text)
        except ValidationFailed as wrong:
            self._refuse(said(1, "", wrong.message))
            return self.result
        async for batch in in_batches(rows, BATCH):
            self.result.rows += len(batch)
            await self._find(batch)
            for row in batch:
                self._take(row)
            while self.held > HELD:
                await self._write(kind, max(self.waiting, key=lambda tenant: len(self.waiting[tenant])))
        for tenant in list(self.waiting):
            await self._write(kind, tenant)
        return self.result

    async def _find(self, batch: Sequence[ParsedRow | RowProblem]) -> None:
        numbers = {row.msisdn for row in batch if isinstance(row, ParsedRow)} - self.known.keys()
        if not numbers:
            return
        found = await find_lines(list(numbers))
        self.known.update({number: found.get(number) for number in numbers})

    def _take(self, row: ParsedRow | RowProblem) -> None:
        if isinstance(row, RowProblem):
            self._refuse(row)
            return
        line = self.known[row.msisdn]
        if line is None or (self.only and line.tenant_id not in self.only):
            self._refuse(said(row.row, "msisdn", UNKNOWN_NUMBER))
            return
        line_id: UUID = line.id
        self.waiting[line.tenant_id].append((line_id, row.row, row.values))
        self.held += 1

    def _refuse(self, row: RowProblem) -> None:
        self.result.refuse(row)
        self.refused.write(row)

    async def _write(self, kind: UsageFileKind, tenant_id: TenantId) -> None:
        rows = self.waiting.pop(tenant_id)
        self.held -= len(rows)
        written = await load_rows(Actor(tenant_id), kind, rows)
        self.result.count(written, len(rows))
        for number in written.conflicts:
            self._refuse(said(number, "record_id", OTHER_CONTENT))
