"""Use cases on requests: preview, place, follow, undo."""

from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.errors import Conflict, Invalid
from backend.core.ids import OrderId
from backend.core.permissions import Permission
from backend.core.use_case import allows, use_case
from backend.orders import queries
from backend.orders.placing import place, record_move
from backend.orders.preview import prepare, view
from backend.orders.schemas import (
    ChangeOptions,
    OrderDetail,
    OrderItemView,
    OrderPreview,
    OrderState,
    OrderSummary,
)
from tenants.scope import Scope

LISTED = 200  # rows of a preview or an order that a page shows at once


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def preview_order(scope: Scope, asked: ChangeOptions, *, listed: int | None = None) -> OrderPreview:
    """What the order would do and cost, line by line. Nothing is written."""
    return view(await prepare(scope, asked), listed=listed)


@use_case(Permission.ORDERS_PLACE)
async def place_order(scope: Scope, asked: ChangeOptions) -> OrderDetail:
    """Place the order; idempotent by its request key. See `placing.place` for the refusals."""
    order_id = await place(scope, asked)
    return await _detail(scope, order_id, items_limit=None)


@use_case(Permission.ORDERS_READ, read_only=True)
async def get_order(scope: Scope, reference: str, *, items_limit: int | None = LISTED) -> OrderDetail:
    """One request by its reference, with its first items and its history. Raises NotFound."""
    return await _detail(scope, await queries.find(scope, reference), items_limit=items_limit)


@use_case(Permission.ORDERS_READ, read_only=True)
async def order_items(scope: Scope, reference: str, *, page: int = 1) -> list[OrderItemView]:
    """One page of 200 items. Raises NotFound, and Invalid for a page below 1."""
    if page < 1:
        raise Invalid(page="Pages count from 1.")
    order_id = await queries.find(scope, reference)
    return await queries.items(scope, order_id, limit=LISTED, offset=(page - 1) * LISTED)


@use_case(Permission.ORDERS_READ, read_only=True)
async def list_orders(
    scope: Scope, *, open_only: bool = False, line_id: UUID | None = None, page: int = 1, limit: int = 50
) -> list[OrderSummary]:
    """Requests of the tenant within the actor's reach, newest first."""
    return await queries.summaries(
        scope, open_only=open_only, line_id=line_id, limit=limit, offset=(max(page, 1) - 1) * limit
    )


@use_case(Permission.ORDERS_READ, read_only=True)
async def counts_running(scope: Scope) -> int:
    """How many requests are under way, for the menu."""
    return await queries.count_open(scope)


@use_case(Permission.ORDERS_UNDO)
async def undo_order(scope: Scope, reference: str, *, items_limit: int | None = LISTED) -> OrderDetail:
    """Take an order back while nothing has reached the carrier. Undoing twice does nothing more.

    Raises NotFound, and Conflict (`undo_too_late`) when grace is over.
    """
    order_id = await queries.find(scope, reference)
    undone = await scope.connection.fetchval(
        "UPDATE change_order SET state = 'cancelled', ended_at = $2"
        " WHERE id = $1 AND state = 'grace' AND grace_until > $2 RETURNING id",
        order_id,
        clock.now(),
    )
    if undone is None:
        state = await scope.connection.fetchval("SELECT state FROM change_order WHERE id = $1", order_id)
        if state != OrderState.CANCELLED:
            raise Conflict("The time to undo is over: the request is with the carrier.", code="undo_too_late")
        return await _detail(scope, order_id, items_limit=items_limit)
    rows = await scope.connection.fetch(
        "UPDATE change_order_item SET state = 'cancelled', ended_at = $2"
        " WHERE order_id = $1 AND state = 'waiting' RETURNING line_id",
        order_id,
        clock.now(),
    )
    await record_move(scope, order_id, OrderState.GRACE, OrderState.CANCELLED, why="undone")
    await audit.record(scope, "order.undone", "order", order_id, reference=reference)
    await audit.record_many(
        scope, "order.undone", "line", [(row["line_id"], {"reference": reference}) for row in rows]
    )
    for row in rows[:LISTED]:
        scope.touch(f"line:{row['line_id']}")
    for topic in (f"order:{order_id}", "orders", "fleet"):
        scope.touch(topic)
    return await _detail(scope, order_id, items_limit=items_limit)


async def _detail(scope: Scope, order_id: UUID, *, items_limit: int | None) -> OrderDetail:
    detail = await queries.detail(scope, OrderId(order_id), items_limit=items_limit)
    may = (
        detail.state is OrderState.GRACE
        and detail.grace_until is not None
        and detail.grace_until > clock.now()
        and allows(scope.actor, Permission.ORDERS_UNDO)
    )
    return msgspec.structs.replace(detail, may_undo=may)
