"""The filtered list as a CSV or XLSX file, written row by row so that memory stays flat."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Literal

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.core import audit
from backend.core.permissions import Permission
from backend.core.spreadsheets import CsvWriter, XlsxWriter, escape_formula
from backend.core.use_case import use_case
from backend.lines import queries
from backend.lines.queries import FleetRow
from backend.lines.schemas import LineFilter, Sort
from tenants.scope import Scope

ExportFormat = Literal["csv", "xlsx"]
BATCH = 1000
# Bytes before a file goes to disk
IN_MEMORY = 1024 * 1024
COLUMNS = ("name", "number", "customer_number", "product_type", "plan", "options", "status", "sim_number")


@use_case(Permission.LINES_EXPORT)
async def export_lines(
    scope: Scope,
    lines: LineFilter,
    *,
    format: ExportFormat = "csv",  # noqa: A002 - the word people use
    sort: Sort = Sort.NAME,
    descending: bool = False,
    headings: Sequence[str] = COLUMNS,
    statuses: dict[str, str] | None = None,
) -> IO[bytes]:
    """Write every line that matches, in the list's own order; returns the open file, at its start.

    `headings` and `statuses` are in the reader's language. The caller closes the file.
    """
    catalogue = await catalogue_of(scope)
    where = queries.line_filter(scope.actor, lines)
    cursor = await scope.connection.cursor(
        f"SELECT {queries.COLUMNS} FROM fleet l WHERE {where.sql}"
        f" ORDER BY {queries.order_by(sort, descending=descending)}",
        *where.values,
    )
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - handed to the caller
    write = CsvWriter(file, headings) if format == "csv" else XlsxWriter(file, headings)
    count = 0
    while records := await cursor.fetch(BATCH):
        rows = [FleetRow(*record) for record in records]
        count += len(rows)
        await asyncio.to_thread(write.rows, list(_cells(rows, catalogue, statuses or {})))
    await asyncio.to_thread(write.close)
    await audit.record(scope, "fleet.exported", "fleet", None, lines=count, format=format)
    file.seek(0)
    return file


def _cells(rows: Sequence[FleetRow], catalogue: Catalogue, statuses: dict[str, str]) -> Iterator[list[str]]:
    for row in rows:
        options = ", ".join(catalogue.name("option", code) for code in row.options)
        yield [
            escape_formula(row.name),
            format_msisdn(row.msisdn),
            escape_formula(row.account),
            statuses.get(row.product_type, row.product_type),
            escape_formula(catalogue.name("plan", row.plan)),
            escape_formula(options),
            statuses.get(row.status, row.status),
            row.sim_number,
        ]
