"""The items of a request as a CSV or XLSX file: what was asked for each line, and its result."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

from backend.catalog.identifiers import format_msisdn
from backend.core.permissions import Permission
from backend.core.spreadsheets import CsvWriter, XlsxWriter, escape_formula
from backend.core.use_case import use_case
from backend.lines.export import BATCH, IN_MEMORY, ExportFormat
from backend.orders import queries, views
from tenants.scope import Scope

COLUMNS = ("reference", "number", "name", "change", "status", "reason", "detail")


@use_case(Permission.ORDERS_READ, read_only=True)
async def export_items(
    scope: Scope,
    reference: str,
    *,
    format: ExportFormat = "csv",  # noqa: A002 - the word people use
    headings: Sequence[str] = COLUMNS,
    states: Mapping[str, str] | None = None,
) -> IO[bytes]:
    """Write every item with its result; returns the open file, at its start, which the caller closes.

    `headings` and `states` are in the reader's language. Raises NotFound.
    """
    order_id = await queries.find(scope, reference)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - handed to the caller
    write = CsvWriter(file, headings) if format == "csv" else XlsxWriter(file, headings, sheet=reference)
    offset = 0
    while items := await views.items(scope, order_id, limit=BATCH, offset=offset):
        offset += len(items)
        rows = [
            [
                reference,
                format_msisdn(item.msisdn),
                escape_formula(item.name),
                escape_formula(", ".join(item.words)),
                (states or {}).get(item.state, item.state),
                escape_formula(item.why),
                escape_formula(item.detail),
            ]
            for item in items
        ]
        await asyncio.to_thread(write.rows, rows)
    await asyncio.to_thread(write.close)
    file.seek(0)
    return file
