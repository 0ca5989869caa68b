"""What effects are called with: an order that was placed, an item that the carrier updated, an item that was closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.integrations.network import OrderUpdate
from backend.lines.schemas import LockedLine
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


class KnownItem(msgspec.Struct, frozen=True):
    """What is known of an item at one time. Two with the same `version` have seen the same updates."""

    id: UUID
    state: str
    reason: str
    reported: str
    reported_at: datetime | None
    carrier_order_id: str | None
    # The batch in which it was sent; None where it is an order by itself
    batch_id: UUID | None

    @property
    def item_of_batch(self) -> str:
        """Its id within the order of a batch; empty for an order by itself."""
        return str(self.id) if self.batch_id else ""

    @property
    def version(self) -> tuple[str, str, str, datetime | None]:
        return self.state, self.reason, self.reported, self.reported_at


class OpenItem(KnownItem, frozen=True):
    """An item as it is before an update is applied to it."""

    order_id: UUID
    line_id: UUID
    kind: str
    change: str
    accepted_at: datetime | None


class ItemUpdate:
    """One item: its row as it was, and the values that it gets."""

    __slots__ = (
        "accepted",
        "applied",
        "carrier_order_id",
        "change",
        "detail",
        "item",
        "line",
        "reason",
        "reported",
        "state",
    )

    def __init__(self, item: OpenItem) -> None:
        self.item = item
        self.state = ItemState(item.state)
        self.accepted = item.accepted_at is not None
        self.carrier_order_id = item.carrier_order_id
        self.reason, self.detail = "", ""
        # The last of the carrier's updates that was applied
        self.applied: OrderUpdate | None = None
        self.reported: dict[str, Any] = orjson.loads(item.reported)
        self.change: Mapping[str, Any] = orjson.loads(item.change)
        # The line before the update was written to it; None unless the item is done
        self.line: LockedLine | None = None

    @property
    def item_id(self) -> UUID:
        return self.item.id

    @property
    def line_id(self) -> UUID:
        return self.item.line_id

    @property
    def before(self) -> LockedLine:
        """The line before the update was written to it. Raises ValueError for an item that is not done."""
        if self.line is None:
            raise ValueError("the item is not done")
        return self.line


@dataclass(frozen=True, slots=True)
class ClosedItem:
    """An item that ended without being carried out: undone, cancelled, refused, failed or skipped."""

    item_id: UUID
    line_id: UUID
    change: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
