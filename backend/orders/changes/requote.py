"""A planned order worked out again against its lines as they are now, and its items rewritten."""

import dataclasses
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core import clock
from backend.core.computing import compute
from backend.core.outbox import dump
from backend.orders.effects import effects_of
from backend.orders.effects.events import ClosedItem
from backend.orders.fulfilment.outcomes import SHARED_BILLING
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import LineSnapshot, QuoteContext
from backend.orders.lifecycle import ItemState
from backend.orders.outcome import ALREADY_SO, NOT_ASKED
from backend.orders.placement.days import month_of
from backend.orders.placement.file_rows import file_rows
from backend.orders.placement.quote import Quote, build_quote
from backend.orders.placement.selection import OrderTarget, load_lines
from backend.orders.queries import order_head
from backend.orders.schemas import OrderRequest
from backend.orders.tables import ChangeOrder, ChangeOrderItem
from backend.orders.texts import KindTexts
from tenants.scope import Actor, Scope

SKIP_ITEMS = """
UPDATE change_order_item i SET state = $5, reason = s.reason, ended_at = $4
FROM unnest($2::uuid[], $3::text[]) AS s (line_id, reason)
WHERE i.order_id = $1 AND i.line_id = s.line_id AND i.state = ANY($6)
RETURNING i.id, i.line_id, i.reason
"""
# Lines of which nothing is done count once, others by their wishes
COUNT_MISSING = """
UPDATE change_order o SET missing = (SELECT coalesce(sum(CASE WHEN i.state = $2 THEN (i.reason <> ALL($3))::int
    ELSE (SELECT count(*) FROM jsonb_object_keys(i.left_out)) END), 0)
  FROM change_order_item i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id)
WHERE o.id = $1
"""
# A contract that came to nothing in the meantime stays left out
REWRITE_ITEM = """
UPDATE change_order_item SET change = $3, monthly_before = $4, monthly_after = $5, one_off = $6, pro_rata = $7,
  left_out = $9::jsonb || jsonb_strip_nulls(jsonb_build_object($10::text, left_out->$10))
WHERE order_id = $1 AND line_id = $2 AND state = $8
"""


class WaitingItem(msgspec.Struct, frozen=True):
    """An item that was not sent yet, with the price that was accepted."""

    id: UUID
    line_id: UUID
    position: int
    monthly_before: int
    monthly_after: int
    one_off: int


class SkippedItem(msgspec.Struct, frozen=True):
    """An item that was skipped, and why."""

    id: UUID
    line_id: UUID
    reason: str


async def waiting_items(scope: Scope, order_id: UUID) -> list[WaitingItem]:
    """The order's items that were not sent yet, by their position."""
    return await scope.select_all(
        WaitingItem,
        ChangeOrderItem,
        (ChangeOrderItem.order_id == order_id) & (ChangeOrderItem.state == ItemState.WAITING),
        order_by=(ChangeOrderItem.position,),
    )


async def requote(scope: Scope, order_id: UUID, *, lock: bool = False) -> Quote:
    """The order worked out against its own lines as they are now; `lock` locks them.

    The order itself does not count among the open orders of a line.
    """
    order, catalogue, now = await order_head(scope, order_id), await catalogue_of(scope), clock.now()
    kind, request = order.order_kind, order.request
    day = max(order.due_on or clock.today(), clock.today())
    waiting = await waiting_items(scope, order_id)
    by_line = await _file_requests(scope, request, order_id, waiting)
    ids = tuple(item.line_id for item in waiting)
    by_ids = msgspec.structs.replace(request, upload_id=None, filter=None, except_ids=(), line_ids=ids)
    lines = await load_lines(scope, by_ids, lock=lock, together=False, anywhere=True) if ids else []
    targets = [OrderTarget(by_line.get(line.id, request), _without_own(line, kind.code)) for line in lines]
    # The accounts and cost centres that it names were within the requester's reach when it was placed
    unlimited = Scope(Actor(scope.tenant_id, language=scope.actor.language), scope.connection)
    requests = [target.request for target in targets] or [request]
    loaded = await effects_of(kind.code).load_context(unlimited, requests, lines)
    texts = KindTexts(catalogue, kind.code)
    context = QuoteContext(catalogue.profile, now, day, month_of(kind, request, day), texts, loaded)
    return await compute(len(targets), build_quote, request, catalogue, context, targets, grace_seconds=0)


async def _file_requests(
    scope: Scope, request: OrderRequest, order_id: UUID, waiting: list[WaitingItem]
) -> dict[UUID, OrderRequest]:
    """What the order's file asks for each line; empty for an order without a file.

    Rows that make lines name none: an item's position in the order is its row's position in the file.
    """
    if request.upload_id is None:
        return {}
    rows = await file_rows(scope, request, order_id=order_id)
    if KINDS[request.kind].creates is None:
        return {row.line_id: row.request for row in rows if row.line_id is not None}
    return {item.line_id: rows[item.position].request for item in waiting if item.position < len(rows)}


def _without_own(line: LineSnapshot, kind: str) -> LineSnapshot:
    """The line without the order itself among what is open on it."""
    return dataclasses.replace(line, open_kinds=tuple(one for one in line.open_kinds if one != kind))


async def costs_more(scope: Scope, order_id: UUID, quote: Quote) -> bool:
    """Whether a line that still changes has another price than the one accepted."""
    now = {item.line.id: item for item in quote.changing}
    return any(
        (item.one_off, item.monthly_after - item.monthly_before)
        != (found.one_off, found.monthly_after - found.monthly_before)
        for item in await waiting_items(scope, order_id)
        if (found := now.get(item.line_id)) is not None
    )


async def rewrite_items(scope: Scope, order_id: UUID, quote: Quote) -> None:
    """Write the change and the price of each line as they are now; lines that no longer change are skipped."""
    await skip_items(scope, order_id, quote)
    await scope.execute_many(
        REWRITE_ITEM,
        [
            (
                order_id,
                item.line.id,
                dump(item.change),
                item.monthly_before,
                item.monthly_after,
                item.one_off,
                item.pro_rata,
                ItemState.WAITING,
                dump(item.left_out),
                SHARED_BILLING,
            )
            for item in quote.changing
        ],
    )
    await write_price(order_id, quote)
    await count_missing(scope, order_id)


async def write_price(order_id: UUID, quote: Quote) -> None:
    """Write the price of the whole order."""
    await ChangeOrder.update({ChangeOrder.price: msgspec.json.encode(quote.price).decode()}).where(
        ChangeOrder.id == order_id
    )


async def count_missing(scope: Scope, order_id: UUID) -> None:
    """Write how much of what was asked is left out, from the order's items."""
    await scope.execute(COUNT_MISSING, order_id, ItemState.SKIPPED, sorted(ALREADY_SO | NOT_ASKED))


async def skip_items(scope: Scope, order_id: UUID, quote: Quote) -> None:
    """Skip the lines on which nothing is left to do, with the reason; the kind's effects release what they held."""
    skipped = [item for item in quote.items if item.state is ItemState.SKIPPED]
    rows = await scope.fetch_all(
        SkippedItem,
        SKIP_ITEMS,
        order_id,
        [item.line.id for item in skipped],
        [item.reason for item in skipped],
        clock.now(),
        ItemState.SKIPPED,
        [ItemState.WAITING, ItemState.CANCELLED],
    )
    if rows:
        closed = [ClosedItem(row.id, row.line_id, {}, row.reason) for row in rows]
        await effects_of(quote.kind.code).on_cancelled(scope, closed)
