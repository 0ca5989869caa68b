"""Applies what a carrier reports of items (in answers, callbacks and polls): once, and in any order of arrival."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.outbox import dump
from backend.integrations.network import OrderUpdate, OrderUpdateState
from backend.orders.effects.events import ItemUpdate, KnownItem, OpenItem
from backend.orders.fulfilment.outcomes import announce_waits, run_effects, settle_order, write_to_lines
from backend.orders.lifecycle import ITEM_LIFECYCLE, ItemState, OrderFlag, OrderState
from tenants.scope import Scope

# Why an item failed whose order was held too long
HELD_TOO_LONG = "held_too_long"

LOCK_ORDERS = """
SELECT id, state, reference, flag FROM change_order
WHERE id IN (SELECT order_id FROM change_order_item WHERE id = ANY($1)) ORDER BY id FOR NO KEY UPDATE
"""
LOCK_ITEMS = """
SELECT id, state, reason, reported, reported_at, carrier_order_id, batch_id, order_id, line_id, kind, change, accepted_at
FROM change_order_item WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""
# A held item keeps its reason where the carrier gives none
WRITE_ITEMS = f"""
UPDATE change_order_item i SET state = v.state, detail = v.detail, carrier_order_id = v.carrier_order_id,
  reason = CASE WHEN v.reason <> '' THEN v.reason WHEN v.state = '{ItemState.HELD}' THEN i.reason ELSE '' END,
  accepted_at = CASE WHEN v.accepted THEN COALESCE(i.accepted_at, $1) END,
  reported_at = GREATEST(i.reported_at, v.reported_at), last_contact_at = $1,
  ended_at = CASE WHEN v.final THEN $1::timestamptz END, reported = v.reported::jsonb
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::timestamptz[], $9::boolean[],
  $10::text[]) AS v(id, state, reason, detail, carrier_order_id, accepted, reported_at, final, reported)
WHERE i.id = v.id
"""


class OpenOrder(msgspec.Struct, frozen=True):
    """An order as it is before updates are applied to its items."""

    id: UUID
    state: str
    reference: str
    flag: str


async def apply_updates(
    scope: Scope, updates: Sequence[OrderUpdate], *, known: Iterable[KnownItem] = ()
) -> None:
    """Write what a carrier reports to its items, their lines and their orders.

    An item in a final state stays in it. An update that is older than what is known changes nothing. An update for
    an item of another tenant finds none. Answers bear no date: give the items as they were when the carrier was asked
    as `known`. An answer that was overtaken by another update then counts only for the carrier's own id and for a
    final state.
    """
    versions = {item.id: item.version for item in known}
    by_item: dict[UUID, list[OrderUpdate]] = defaultdict(list)
    for one in updates:
        by_item[UUID(one.external_id)].append(one)
    orders = await scope.fetch_all(OpenOrder, LOCK_ORDERS, list(by_item))
    expired = {order.id for order in orders if order.flag == OrderFlag.HOLD_EXPIRED}
    items = await scope.fetch_all(OpenItem, LOCK_ITEMS, list(by_item))
    changed = [
        update
        for item in items
        if (
            update := _latest_update(
                item,
                by_item[item.id],
                hold_expired=item.order_id in expired,
                overtaken=versions.get(item.id, item.version) != item.version,
            )
        )
    ]
    await _write_items(scope, changed)
    await write_to_lines(
        scope,
        [update for update in changed if update.state is ItemState.DONE],
        {order.id: order.reference for order in orders},
    )
    await run_effects(scope, changed)
    await announce_waits(scope, changed)
    for order in orders:
        await settle_order(scope, order.id, OrderState(order.state), order.reference)


def as_timed_out(one: OrderUpdate) -> OrderUpdate:
    """The same item, failed because it was held too long."""
    return msgspec.structs.replace(
        one, state=OrderUpdateState.FAILED, code=HELD_TOO_LONG, message="", reported={}
    )


def _latest_update(
    item: OpenItem, updates: Sequence[OrderUpdate], *, hold_expired: bool, overtaken: bool
) -> ItemUpdate | None:
    """The item with every update that counts, or None where nothing changes.

    Updates with a final state are applied last, the others in the order of the carrier's clock. Of an order that was
    held too long an item that the carrier cancelled has failed.
    """
    update, changed, latest = ItemUpdate(item), False, item.reported_at
    for received in sorted(updates, key=lambda one: (one.state.final, one.at or clock.EPOCH)):
        timed_out = hold_expired and received.state is OrderUpdateState.CANCELLED
        one = as_timed_out(received) if timed_out else received
        if one.carrier_order_id and not update.carrier_order_id:
            update.carrier_order_id, changed = one.carrier_order_id, True
        older = overtaken if one.at is None else latest is not None and one.at < latest
        if (older and not one.state.final) or not _changes(update, one):
            continue
        _apply(update, one)
        changed, latest = True, one.at or latest
    return update if changed else None


def _changes(update: ItemUpdate, one: OrderUpdate) -> bool:
    """Whether the item may take this state, and the state, the reason or a reported value is another one."""
    target = ItemState(one.state.value)
    if update.state in ITEM_LIFECYCLE.final or not ITEM_LIFECYCLE.allows(update.state, target):
        return False
    reported_more = any(
        name not in update.reported or update.reported[name] != value for name, value in one.reported.items()
    )
    other_reason = target is ItemState.HELD and one.code not in {"", update.item.reason}
    return target != update.state or reported_more or other_reason


def _apply(update: ItemUpdate, one: OrderUpdate) -> None:
    update.state, update.applied = ItemState(one.state.value), one
    update.reported = {**update.reported, **one.reported}
    update.accepted = update.accepted or bool(one.carrier_order_id)
    update.reason, update.detail = "", ""
    # Why it was refused, or what is missing
    if one.state in {OrderUpdateState.FAILED, OrderUpdateState.HELD}:
        update.reason, update.detail = one.code or f"carrier_{one.state}", one.message


async def _write_items(scope: Scope, changed: Sequence[ItemUpdate]) -> None:
    if not changed:
        return
    rows = [
        (
            update.item_id,
            update.state,
            update.reason,
            update.detail,
            update.carrier_order_id,
            update.accepted,
            update.applied.at if update.applied else None,
            update.state in ITEM_LIFECYCLE.final,
            dump(update.reported),
        )
        for update in changed
    ]
    await scope.execute(WRITE_ITEMS, clock.now(), *(list(column) for column in zip(*rows, strict=True)))
