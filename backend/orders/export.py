"""The items of a request as a CSV or XLSX file: what was asked for each line, and its result."""

from collections.abc import Iterator, Sequence
from typing import IO

from backend.catalog.catalogue import catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders import queries
from backend.orders.texts import KindTexts
from backend.orders.views import HELD, ITEMS, ItemRecord, item_views
from backend.tabular.exporting import BATCH, write_table
from backend.tabular.formats import FileFormat
from tenants.scope import Scope

COLUMNS = ("reference", "number", "name", "change", "status", "reason", "detail")


@use_case(Permission.ORDERS_READ, read_only=True)
async def export_items(
    scope: Scope,
    reference: str,
    *,
    format: FileFormat = "csv",  # noqa: A002 - the word people use
    headings: Sequence[str] = COLUMNS,
    worded: bool = False,
) -> IO[bytes]:
    """Write every item with its result; returns the open file, at its start, which the caller closes.

    `headings` are in the reader's language; `worded`: states are too, in place of their codes. Raises NotFound.
    """
    order_id, catalogue = await queries.find(scope, reference), await catalogue_of(scope)

    def cells(records: Sequence[ItemRecord]) -> Iterator[list[str]]:
        texts = KindTexts(catalogue, records[0].kind if records else "").outcome
        for item in item_views(catalogue, records):
            yield [
                reference,
                format_msisdn(item.msisdn),
                item.name,
                ", ".join(item.words),
                texts.item(
                    item.state,
                    item.reason,
                    item.waits_for,
                    left_out=bool(item.left_out),
                    undelivered=item.undelivered,
                )
                if worded
                else item.state,
                ", ".join([item.why, *item.noted] if item.why else item.noted),
                item.detail,
            ]

    batches = scope.fetch_batches(ItemRecord, ITEMS, order_id, None, 0, *HELD, size=BATCH)
    file, _ = await write_table(batches, cells, headings, format, sheet=reference)
    return file
