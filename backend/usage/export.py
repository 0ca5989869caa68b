"""Usage of every line within reach in a month as a CSV or XLSX file: the employer's part, written batch by batch."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache, partial
from typing import IO
from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.core import audit
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.queries import SqlFilter, add_reach
from backend.tabular.exporting import BATCH, write_table
from backend.tabular.formats import FileFormat
from backend.usage import queries
from tenants.scope import Scope

COLUMNS = (
    "name", "number", "customer_number", "cost_centre", "plan", "month", "data_bytes", "voice_seconds", "messages",
    "charged_excl_vat",
)  # fmt: skip


class LineMonth(msgspec.Struct, frozen=True):
    """One line and the employer's part of its month; the first columns are those that it is sorted by."""

    name: str
    name_key: str
    id: UUID
    msisdn: str
    account: str
    plan: str
    centre: str | None
    data_bytes: int
    voice_seconds: int
    messages: int
    cents: int


@use_case(Permission.USAGE_EXPORT)
async def export_usage(
    scope: Scope,
    *,
    period: date | None = None,
    format: FileFormat = "csv",  # noqa: A002 - the word people use
    headings: Sequence[str] = COLUMNS,
    sheet: str = "Usage",
) -> IO[bytes]:
    """One row a line; returns the open file, at its start. The caller closes it."""
    month = queries.month_asked(period)
    catalogue = await catalogue_of(scope)
    where = SqlFilter()
    where.add("m.period = {0}", month)
    where.add(queries.EMPLOYERS.rows)
    add_reach(scope.actor, where)
    batches = scope.fetch_batches(
        LineMonth,
        "SELECT l.name, l.name_key, l.id, l.msisdn, l.account, l.plan, max(c.code) AS centre,"
        f" {queries.sums(queries.EMPLOYERS)} FROM usage_month m"
        " JOIN line l ON l.tenant_id = m.tenant_id AND l.id = m.line_id"
        " LEFT JOIN cost_centre c ON c.tenant_id = l.tenant_id AND c.id = l.cost_centre_id"
        f" WHERE {where.sql} GROUP BY l.name, l.name_key, l.id, l.msisdn, l.account, l.plan ORDER BY l.name_key, l.id",
        *where.values,
        size=BATCH,
    )
    cells = partial(_cells, catalogue=catalogue, month=month)
    file, count = await write_table(batches, cells, headings, format, sheet=sheet)
    await audit.record(
        scope, "usage.exported", "usage", None, lines=count, format=format, period=f"{month:%Y-%m}"
    )
    return file


def _cells(rows: Sequence[LineMonth], catalogue: Catalogue, month: date) -> Iterator[list[str]]:
    # Few plans in many lines
    name = cache(catalogue.name)
    for row in rows:
        yield [
            row.name,
            format_msisdn(row.msisdn),
            row.account,
            row.centre or "",
            name("plan", row.plan),
            f"{month:%Y-%m}",
            str(row.data_bytes),
            str(row.voice_seconds),
            str(row.messages),
            f"{row.cents // 100}.{row.cents % 100:02d}",
        ]
