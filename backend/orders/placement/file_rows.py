"""The rows of an uploaded file as order requests. The folder `bulk`, which keeps the files, registers here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from uuid import UUID

import msgspec
import orjson

from backend.core.computing import compute
from backend.core.errors import Conflict, NotFound
from backend.core.outbox import dump
from backend.orders.kinds import KINDS
from backend.orders.schemas import COMMON, OrderRequest
from tenants.scope import Scope


class FileRow(msgspec.Struct, frozen=True):
    """One good row of a checked file. `line_id` is set where it names a line; `fields` is JSON."""

    number: int
    line_id: UUID | None
    fields: str


@dataclass(frozen=True, slots=True)
class RowRequest:
    """What one row asks. `line_id` is None while the row makes a line."""

    line_id: UUID | None
    request: OrderRequest


class RowSource(Protocol):
    """What an order needs from whoever keeps the files."""

    async def load(
        self, scope: Scope, upload_id: UUID, kind: str, *, lock: bool, order_id: UUID | None
    ) -> list[FileRow]:
        """The good rows of a file of this kind, in its order. Raises NotFound and Conflict, see `file_rows`."""

    async def mark_ordered(self, scope: Scope, upload_id: UUID, order_id: UUID, *, creates: bool) -> None:
        """Write down that the file became this order; `creates`: its rows get the lines that the order makes."""


# By the name of the folder that keeps the files
ROW_SOURCES: dict[str, RowSource] = {}
BULK = "bulk"


def stale_file() -> Conflict:
    """The Conflict (`bulk_stale`) for a file whose rows were possible when it was checked, and no longer are."""
    return Conflict(
        "What the file asks is no longer possible on every line: hand it in again.", code="bulk_stale"
    )


def row_request(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row that belong to the kind's request; the others only name the line."""
    own = _own_fields(kind)
    return {name: value for name, value in fields.items() if name in own}


@cache
def _own_fields(kind: str) -> frozenset[str]:
    return frozenset(KINDS[kind].request.__struct_fields__) - COMMON


async def file_rows(
    scope: Scope, request: OrderRequest, *, lock: bool = False, order_id: UUID | None = None
) -> list[RowRequest]:
    """What a checked file's good rows ask, in its order.

    A file becomes one order of the member who handed it in. `lock` keeps the file until the order is written.
    `order_id` is the order that it became, which reads its own rows again. Raises NotFound for another member's file,
    and Conflict for one that is not ready (`bulk_not_ready`) or was ordered already (`bulk_ordered`).
    """
    source = ROW_SOURCES.get(BULK)
    if source is None or request.upload_id is None:
        raise NotFound
    rows = await source.load(scope, request.upload_id, request.kind, lock=lock, order_id=order_id)
    return await compute(len(rows), _row_requests, request, rows)


def _row_requests(request: OrderRequest, rows: Sequence[FileRow]) -> list[RowRequest]:
    kind, shared = KINDS[request.kind].request, {"on": request.on, "confirmed": request.confirmed}
    # Rows with the same fields share one request
    same: dict[str, OrderRequest] = {}
    found: list[RowRequest] = []
    for row in rows:
        own = row_request(request.kind, orjson.loads(row.fields))
        key = dump(own)
        if key not in same:
            same[key] = msgspec.structs.replace(
                msgspec.convert({"kind": request.kind, **own}, kind), **shared
            )
        found.append(RowRequest(row.line_id, same[key]))
    return found


async def mark_ordered(scope: Scope, request: OrderRequest, order_id: UUID) -> None:
    """Write down, in the transaction that places the order, that the request's file, if any, became it."""
    if request.upload_id is not None:
        creates = KINDS[request.kind].creates is not None
        await ROW_SOURCES[BULK].mark_ordered(scope, request.upload_id, order_id, creates=creates)
