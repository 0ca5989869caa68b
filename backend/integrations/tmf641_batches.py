"""Several items in one TMF641 service order, for carriers that take them (decision record 0005). Pure.

The id of each item is our item's id, and each has a state of its own, in the order and in its events.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.integrations.tmf630 import MalformedError, decode, object_of, objects_of, plain_word, word_of
from backend.integrations.tmf641 import OrderUpdate, ServiceOrder, envelope, item_body, read_update
from backend.integrations.tmf_secrets import without_secrets

# Stands before the batch's id in `externalId`: an order of one item has that item's id there
PREFIX = "batch-"
# A word for several items that says nothing of a single one
OF_SOME = "partial"


class ServiceOrderBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one category that are sent as one order. `id` is the batch's own, `external_id` of each its item's."""

    id: str
    orders: Sequence[ServiceOrder]


class UnreadItem(msgspec.Struct, frozen=True):
    """An item of a batch that cannot be read: why, and its text without secrets."""

    why: str
    text: str = ""


class BatchUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """How the items of a batch stand; `unread` has those that cannot be read, by the item's id."""

    carrier_order_id: str
    updates: Sequence[OrderUpdate]
    unread: Mapping[str, UnreadItem] = {}


# Of an item that a batch does not name
NOT_TOLD = UnreadItem("the carrier's order does not tell of this item")


def batch_body(batch: ServiceOrderBatch) -> dict[str, Any]:
    """The TMF641 service order for a batch."""
    items = [item_body(order.external_id, order) for order in batch.orders]
    return envelope(PREFIX + batch.id, batch.orders[0]) | {"serviceOrderItem": items}


def batch_of(external_id: str) -> str:
    """The id of the batch that an order's `externalId` names; empty for an order of one item."""
    return external_id.removeprefix(PREFIX) if external_id.startswith(PREFIX) else ""


def parse_batch(body: bytes) -> BatchUpdate:
    """A batch as the carrier tells it. Raises MalformedError where not even its items can be told apart."""
    return read_batch(object_of(decode(body), "the carrier's order"))


def parse_found_batch(body: bytes, batch_id: str) -> BatchUpdate | None:
    """The batch of this id in a list of service orders; the others need not be readable. Raises MalformedError."""
    found = decode(body)
    if not isinstance(found, list):
        raise MalformedError("the carrier's orders are not a list")
    for order in found:
        if isinstance(order, dict) and str(order.get("externalId")) == PREFIX + batch_id:
            return read_batch(order)
    return None


def item_of(batch: BatchUpdate, item_id: str) -> OrderUpdate:
    """One item of a batch. Raises MalformedError where it cannot be read, or is not told."""
    for update in batch.updates:
        if update.external_id == item_id:
            return update
    raise MalformedError(
        batch.unread.get(item_id, f"the carrier's order does not tell of the item {item_id!r}")
    )


def read_batch(order: dict[str, Any]) -> BatchUpdate:
    """The items of a service order, each by itself: one that cannot be read leaves the others alone.

    The state and the errors of the order stand for items that say none. Raises MalformedError.
    """
    order_id = word_of(order.get("id"), "the order's id")
    if not order_id:
        raise MalformedError("the carrier's order has no id")
    updates: list[OrderUpdate] = []
    unread: dict[str, UnreadItem] = {}
    for item in objects_of(order.get("serviceOrderItem"), "the items of the order"):
        item_id = _item_id(item)
        try:
            updates.append(_read_item(order, order_id, item_id, item))
        except MalformedError as error:
            unread[item_id] = UnreadItem(str(error), without_secrets(msgspec.json.encode(item)))
    return BatchUpdate(carrier_order_id=order_id, updates=updates, unread=unread)


def _item_id(item: Mapping[str, Any]) -> str:
    """The id of an item as far as it can be read: one without an id of ours leaves the others alone."""
    try:
        return word_of(item.get("id"), "the item's id")
    except MalformedError:
        return ""


def _read_item(order: dict[str, Any], order_id: str, item_id: str, item: dict[str, Any]) -> OrderUpdate:
    try:
        UUID(item_id)
    except ValueError:
        raise MalformedError("an item has no id of ours") from None
    of_all = plain_word(word_of(order.get("state"), "the state")) != OF_SOME
    said = word_of(item.get("state"), "the state")
    return read_update(
        item_id,
        order_id,
        states=[one for one, counts in ((item, True), (order, of_all)) if counts],
        # The order's error may be another item's
        errors=[item] if said else [item, order],
        items=[item],
    )
