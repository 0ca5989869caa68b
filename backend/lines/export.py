"""The filtered list as a CSV or XLSX file, written batch by batch so that memory stays flat."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from typing import IO

import msgspec

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.core import audit
from backend.core.formats import format_sim
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines import queries
from backend.lines.schemas import LineFilter, Sort
from backend.tabular.exporting import BATCH, write_table
from backend.tabular.formats import FileFormat
from tenants.scope import Scope

# Of a caller that gives none in the language of the reader; one for each cell of `_cells`
HEADINGS = ("name", "number", "customer_number", "product_type", "plan", "options", "status", "sim_number")


class ExportedLine(msgspec.Struct, frozen=True):
    """What a file says of one line. Without the columns that the list reads of other tables: each costs a look-up."""

    name: str
    msisdn: str
    account: str
    product_type: str
    plan: str
    options: list[str]
    status: str
    sim_number: str


LINES = f"SELECT {', '.join(f'l.{column}' for column in ExportedLine.__struct_fields__)} FROM fleet l"


@use_case(Permission.LINES_EXPORT)
async def export_lines(
    scope: Scope,
    lines: LineFilter,
    *,
    format: FileFormat = "csv",  # noqa: A002 - the word people use
    sort: Sort = Sort.NAME,
    descending: bool = False,
    headings: Sequence[str] = HEADINGS,
    statuses: Mapping[str, str] | None = None,
) -> IO[bytes]:
    """Write every line that matches, in the list's own order; returns the open file, at its start.

    `headings` and `statuses` are in the reader's language. The caller closes the file.
    """
    where = queries.line_filter(scope.actor, lines)
    order = queries.order_by(sort, descending=descending)
    batches = scope.fetch_batches(
        ExportedLine, f"{LINES} WHERE {where.sql} ORDER BY {order}", *where.values, size=BATCH
    )
    cells = partial(_cells, catalogue=await catalogue_of(scope), statuses=statuses or {})
    file, count = await write_table(batches, cells, headings, format, sheet="Fleet")
    await audit.record(scope, "fleet.exported", "fleet", None, lines=count, format=format)
    return file


def _cells(
    rows: Sequence[ExportedLine], catalogue: Catalogue, statuses: Mapping[str, str]
) -> Iterator[list[str]]:
    # Few plans and options in many lines
    name = cache(catalogue.name)
    for row in rows:
        yield [
            row.name,
            format_msisdn(row.msisdn),
            row.account,
            statuses.get(row.product_type, row.product_type),
            name("plan", row.plan),
            ", ".join([name("option", code) for code in row.options]),
            statuses.get(row.status, row.status),
            # In groups of four: a spreadsheet makes a number of bare digits and loses the last ones
            format_sim(row.sim_number),
        ]
