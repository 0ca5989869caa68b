"""What becomes of one item when the carrier, or the product itself, has spoken; and an order that has just been placed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from backend.integrations.network import OrderUpdate
from backend.orders.kinds.base import QuoteItem
from backend.orders.lifecycle import ItemState
from backend.orders.schemas import OrderRequest


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order in the transaction that places it. `items` are those that change something, with their ids."""

    order_id: UUID
    reference: str
    request: OrderRequest
    items: Sequence[tuple[UUID, QuoteItem]]


class ItemUpdate:
    """One item: its row as it was, and what it is from now on."""

    __slots__ = (
        "accepted",
        "carrier_order_id",
        "change",
        "detail",
        "line",
        "news",
        "reason",
        "reported",
        "row",
        "state",
    )

    def __init__(self, row: Any) -> None:
        self.row = row
        self.state = ItemState(row["state"])
        self.accepted = row["accepted_at"] is not None
        self.carrier_order_id: str | None = row["carrier_order_id"]
        self.reason, self.detail = "", ""
        self.news: OrderUpdate | None = None
        self.reported: dict[str, Any] = orjson.loads(row["reported"])
        self.change: Mapping[str, Any] = orjson.loads(row["change"])
        self.line: dict[
            str, Any
            # The line's columns as they now are, once the update was carried to it
        ] = {}

    @property
    def item_id(self) -> UUID:
        found: UUID = self.row["id"]
        return found

    @property
    def line_id(self) -> UUID:
        found: UUID = self.row["line_id"]
        return found


@dataclass(frozen=True, slots=True)
class ClosedItem:
    """An item that comes to nothing: undone, cancelled, refused or failed."""

    item_id: UUID
    line_id: UUID
    change: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
