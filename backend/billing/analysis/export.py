"""What each number costs in a month as a CSV or XLSX file, written batch by batch."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache, partial
from typing import IO

from backend.billing.analysis import queries
from backend.billing.analysis.schemas import NumberSpend, SpendBy
from backend.billing.analysis.service import number_statement
from backend.billing.export import plain_amount
from backend.catalog.catalogue import Catalogue
from backend.core import audit
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.tabular.exporting import BATCH, write_table
from backend.tabular.formats import FileFormat
from tenants.scope import Scope

COLUMNS = (
    "number", "name", "customer_number", "cost_centre", "plan", "month", "excl_vat", "month_before_excl_vat",
    "difference",
)  # fmt: skip


@use_case(Permission.INVOICES_READ)
async def export_spend(
    scope: Scope,
    month: date,
    *,
    grouping: SpendBy | None = None,
    group: str = "",
    format: FileFormat = "csv",  # noqa: A002 - the word people use
    headings: Sequence[str] = COLUMNS,
    sheet: str = "Analysis",
) -> IO[bytes]:
    """Every number of a month within reach, of all or of one group; returns the open file. The caller closes it."""
    month = month.replace(day=1)
    query, where, catalogue = await number_statement(scope, month, grouping, group)
    batches = scope.fetch_batches(NumberSpend, f"{query} {queries.HIGHEST}", *where.values, size=BATCH)
    cells = partial(_cells, month=month, catalogue=catalogue)
    file, count = await write_table(batches, cells, headings, format, sheet=sheet)
    await audit.record(
        scope, "spend.exported", "invoice", None, numbers=count, format=format, month=f"{month:%Y-%m}"
    )
    return file


def _cells(rows: Sequence[NumberSpend], month: date, catalogue: Catalogue) -> Iterator[list[str]]:
    # Few plans on many numbers
    name = cache(lambda code: catalogue.name("plan", code) if code else "")
    for one in rows:
        yield [
            one.msisdn,
            one.name,
            one.account,
            one.cost_centre,
            name(one.plan),
            f"{month:%Y-%m}",
            plain_amount(one.cents),
            plain_amount(one.before_cents),
            plain_amount(one.cents - one.before_cents),
        ]
