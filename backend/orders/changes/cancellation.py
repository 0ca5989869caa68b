"""Take an order back: undo it in its grace period, or call it back at the carrier."""

from typing import Any

import orjson

from backend.core import audit, clock
from backend.core.errors import Conflict
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders import queries
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import OrderState
from backend.orders.queries import lock_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import LISTED, get_order, order_detail
from backend.orders.transitions import cancel_items
from tenants.scope import Scope


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
        return await order_detail(scope, order_id, items_limit=items_limit)
    await cancel_items(scope, order_id, reference, OrderState.GRACE, "order.undone", why="undone")
    return await order_detail(scope, order_id, items_limit=items_limit)


@use_case(Permission.ORDERS_UNDO)
async def cancel_order(scope: Scope, reference: str) -> OrderDetail:
    """Cancel a request that waits for its day; or ask the carrier to call one back while it still may.

    Cancelling twice does nothing more. Raises NotFound, and Conflict (`cancel_too_late`).
    """
    row = await lock_order(scope, reference)
    state = OrderState(row["state"])
    if state is OrderState.SCHEDULED:
        await scope.connection.execute(
            "UPDATE change_order SET state = 'cancelled', flag = '', ended_at = $2 WHERE id = $1",
            row["id"],
            clock.now(),
        )
        await cancel_items(scope, row["id"], reference, state, "order.cancelled", why="cancelled")
    elif await _may_call_back(scope, row, state):
        await scope.connection.execute("UPDATE change_order SET flag = 'cancelling' WHERE id = $1", row["id"])
        await audit.record(scope, "order.cancel_asked", "order", row["id"], reference=reference)
        scope.enqueue(JobName.CANCEL_AT_CARRIER, order_id=row["id"])
        scope.invalidate(f"order:{row['id']}")
    elif state is not OrderState.CANCELLED:
        raise Conflict("This request can no longer be cancelled.", code="cancel_too_late")
    return await get_order(scope, reference)


async def _may_call_back(scope: Scope, order: Any, state: OrderState) -> bool:
    """Whether the carrier may still be asked: it has the order, and has said nothing after which there is no way back."""
    kind = KINDS[order["kind"]]
    if state not in {OrderState.IN_PROGRESS, OrderState.HELD}:
        return False
    reported = await scope.connection.fetch(
        "SELECT reported FROM change_order_item WHERE order_id = $1 AND state IN ('sent', 'in_progress', 'held')",
        order["id"],
    )
    return kind.may_be_recalled(orjson.loads(item["reported"]) for item in reported)
