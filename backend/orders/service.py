"""Use cases on requests: preview, place, follow, undo."""

from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.errors import Conflict, Invalid
from backend.core.ids import OrderId
from backend.core.permissions import Permission
from backend.core.use_case import allows, use_case
from backend.orders import queries
from backend.orders.ending import drop
from backend.orders.kinds import KINDS
from backend.orders.kinds.plan import Kind
from backend.orders.lifecycle import ENDED
from backend.orders.placing import place
from backend.orders.preview import prepare, view
from backend.orders.queries import OrderFilter
from backend.orders.schemas import (
    Asked,
    ItemState,
    OrderDetail,
    OrderItemView,
    OrderPreview,
    OrderState,
    OrderSummary,
)
from tenants.scope import Scope

LISTED = 200  # rows of a preview or an order that a page shows at once


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def preview_order(scope: Scope, asked: Asked, *, listed: int | None = None) -> OrderPreview:
    """What the order would do and cost, line by line. Nothing is written."""
    return view(await prepare(scope, asked), listed=listed)


@use_case(Permission.ORDERS_PLACE)
async def place_order(scope: Scope, asked: Asked) -> OrderDetail:
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


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of requests and their exact number."""

    items: list[OrderSummary]
    total: int


@use_case(Permission.ORDERS_READ, read_only=True)
async def list_orders(
    scope: Scope,
    wanted: OrderFilter | None = None,
    *,
    open_only: bool = False,
    line_id: UUID | None = None,
    page: int = 1,
    limit: int = 50,
) -> list[OrderSummary]:
    """Requests of the tenant within the actor's reach, newest first."""
    wanted = wanted or OrderFilter(group="running" if open_only else "", line_id=line_id)
    return await queries.summaries(scope, wanted, limit=limit, offset=(max(page, 1) - 1) * limit)


@use_case(Permission.ORDERS_READ, read_only=True)
async def page_of_orders(scope: Scope, wanted: OrderFilter, *, page: int = 1, limit: int = 50) -> OrderPage:
    """One page of the requests that match, newest first, with their number."""
    found = await queries.summaries(scope, wanted, limit=limit, offset=(max(page, 1) - 1) * limit)
    return OrderPage(items=found, total=await queries.count(scope, wanted))


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
    await drop(scope, order_id, reference, OrderState.GRACE, "order.undone", why="undone")
    return await _detail(scope, order_id, items_limit=items_limit)


def _cancellable(kind: Kind, detail: OrderDetail) -> bool:
    """Whether the carrier may still be asked to call it back."""
    return kind.cancellable and not all(kind.too_late(item.told) for item in detail.items)


async def _detail(scope: Scope, order_id: UUID, *, items_limit: int | None) -> OrderDetail:
    detail = await queries.detail(scope, OrderId(order_id), items_limit=items_limit)
    now, may = clock.now(), allows(scope.actor, Permission.ORDERS_UNDO)
    in_grace = (
        detail.state is OrderState.GRACE and detail.grace_until is not None and detail.grace_until > now
    )
    kind = KINDS[detail.kind]
    under_way = detail.state in {OrderState.IN_PROGRESS, OrderState.HELD}
    return msgspec.structs.replace(
        detail,
        may_undo=in_grace and may,
        may_cancel=may
        and (detail.state is OrderState.SCHEDULED or (under_way and _cancellable(kind, detail))),
        may_reschedule=may and detail.state is OrderState.SCHEDULED,
        may_retry=allows(scope.actor, Permission.ORDERS_PLACE)
        and detail.state in ENDED
        and detail.upload_id is None  # its rows are corrected in a file
        and bool(detail.counts.get(ItemState.FAILED)),
    )
