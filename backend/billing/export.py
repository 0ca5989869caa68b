"""Invoices within reach as a CSV or XLSX file, written batch by batch."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import IO

from backend.billing import queries
from backend.billing.schemas import InvoiceFilter, InvoiceSummary
from backend.core import audit, clock
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.tabular.exporting import BATCH, write_table
from backend.tabular.formats import FileFormat
from tenants.scope import Scope

COLUMNS = (
    "number", "customer_number", "label", "issued_on", "due_on", "period_start", "period_end", "amount_incl_vat",
    "open_incl_vat", "state",
)  # fmt: skip
StateWords = Callable[[InvoiceSummary, date], str]


def state_code(invoice: InvoiceSummary, today: date) -> str:
    """The code of its state."""
    return invoice.state(today)


@use_case(Permission.INVOICES_READ)
async def export_invoices(
    scope: Scope,
    wanted: InvoiceFilter,
    *,
    format: FileFormat = "csv",  # noqa: A002 - the word people use
    headings: Sequence[str] = COLUMNS,
    sheet: str = "Invoices",
    states: StateWords = state_code,
) -> IO[bytes]:
    """Every invoice that matches, one a row; returns the open file, at its start. The caller closes it."""
    where = queries.invoice_filter(scope.actor, wanted)
    query = queries.SUMMARY.format(where=where.sql) + queries.ORDER
    batches = scope.fetch_batches(InvoiceSummary, query, *where.values, size=BATCH)
    cells = partial(_cells, today=clock.today(), states=states)
    file, count = await write_table(batches, cells, headings, format, sheet=sheet)
    await audit.record(scope, "invoices.exported", "invoice", None, invoices=count, format=format)
    return file


def _cells(rows: Sequence[InvoiceSummary], today: date, states: StateWords) -> Iterator[list[str]]:
    for one in rows:
        yield [
            one.number,
            one.account,
            one.account_label,
            one.issued_on.isoformat(),
            one.due_on.isoformat() if one.due_on else "",
            one.period_start.isoformat() if one.period_start else "",
            one.period_end.isoformat() if one.period_end else "",
            plain_amount(one.booked_cents),
            plain_amount(one.open_cents),
            states(one, today),
        ]


def plain_amount(cents: int) -> str:
    """An amount with a point, for programs."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
