"""Gives orders the rows of an uploaded file, and marks the file as ordered (`orders/placement/file_rows.py`)."""

from uuid import UUID

import msgspec

from backend.bulk.lifecycle import GOOD_ROWS, UploadState
from backend.bulk.tables import BulkRow, BulkUpload
from backend.core.errors import Conflict, NotFound
from backend.orders.lifecycle import ItemState
from backend.orders.placement.file_rows import BULK, ROW_SOURCES, FileRow
from tenants.scope import Scope

# An order's items have the places of the good rows
NAME_LINES = """
UPDATE bulk_row r SET line_id = i.line_id
FROM (SELECT number, row_number() OVER (ORDER BY number) - 1 AS position FROM bulk_row
      WHERE upload_id = $1 AND status = ANY($3)) n
JOIN change_order_item i ON i.order_id = $2 AND i.position = n.position AND i.state <> $4
WHERE r.upload_id = $1 AND r.number = n.number
"""


class OrderableUpload(msgspec.Struct, frozen=True):
    """A file, as far as an order asks for it."""

    state: str
    requester_id: UUID
    order_id: UUID | None


class BulkRowSource:
    """The rows of bulk files."""

    async def load(
        self, scope: Scope, upload_id: UUID, kind: str, *, lock: bool, order_id: UUID | None
    ) -> list[FileRow]:
        """The good rows of a file of this kind, in its order.

        Raises NotFound for another member's file, or one that did not become `order_id` where that is given;
        Conflict (`bulk_ordered`, `bulk_not_ready`) for one that cannot be ordered now.
        """
        upload = await scope.select_one(
            OrderableUpload, BulkUpload, (BulkUpload.id == upload_id) & (BulkUpload.kind == kind), lock=lock
        )
        if upload is None:
            raise NotFound
        if order_id is not None and upload.order_id != order_id:
            raise NotFound
        if order_id is None and upload.requester_id != scope.actor.member_id:
            raise NotFound
        if order_id is None and upload.state == UploadState.ORDERED:
            raise Conflict("This file was ordered already.", code="bulk_ordered")
        if order_id is None and upload.state != UploadState.READY:
            raise Conflict("The file is not ready to be ordered.", code="bulk_not_ready")
        return await scope.select_all(
            FileRow,
            BulkRow,
            (BulkRow.upload_id == upload_id) & BulkRow.status.is_in(GOOD_ROWS),
            order_by=(BulkRow.number,),
        )

    async def mark_ordered(self, scope: Scope, upload_id: UUID, order_id: UUID, *, creates: bool) -> None:
        """Write down that the file became this order; `creates`: its rows get the lines that the order makes."""
        await BulkUpload.update({BulkUpload.state: UploadState.ORDERED, BulkUpload.order_id: order_id}).where(
            (BulkUpload.id == upload_id) & (BulkUpload.state == UploadState.READY)
        )
        if creates:
            await _name_lines(scope, upload_id, order_id)
        scope.invalidate(f"bulk:{upload_id}")
        scope.invalidate("bulk")


async def _name_lines(scope: Scope, upload_id: UUID, order_id: UUID) -> None:
    await scope.execute(NAME_LINES, upload_id, order_id, GOOD_ROWS, ItemState.SKIPPED)


ROW_SOURCES[BULK] = BulkRowSource()
