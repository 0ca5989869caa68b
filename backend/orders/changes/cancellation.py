"""Use cases that take an order back: undo it in its undo time, or have the carrier cancel it."""

from uuid import UUID

import msgspec
import orjson

from backend.core import audit, clock
from backend.core.errors import Conflict
from backend.core.facts import JobName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders import queries
from backend.orders.lifecycle import SENT_ITEMS, EndReason, OrderFlag, OrderState
from backend.orders.queries import OrderHead, lock_order, order_head
from backend.orders.schemas import OrderDetail
from backend.orders.service import LISTED, get_order, order_detail
from backend.orders.tables import ChangeOrder, ChangeOrderItem
from backend.orders.timeline_codes import OrderTimelineCode
from backend.orders.transitions import cancel_items
from tenants.scope import Scope

# By the database's clock, which also ends the undo time
UNDO = """
UPDATE change_order SET state = $3, end_reason = $4, ended_at = statement_timestamp()
WHERE id = $1 AND state = $2 AND grace_until > statement_timestamp() RETURNING id
"""


@use_case(Permission.ORDERS_UNDO)
async def undo_order(scope: Scope, reference: str, *, items_limit: int | None = LISTED) -> OrderDetail:
    """Cancel an order in its undo time, before anything was sent to the carrier. Undoing twice changes nothing more.

    Raises NotFound, and Conflict (`undo_too_late`) when the undo time is over.
    """
    order_id = await queries.find(scope, reference)
    undone = await scope.fetch_value(
        UUID, UNDO, order_id, OrderState.GRACE, OrderState.CANCELLED, EndReason.UNDONE
    )
    if undone:
        await cancel_items(
            scope, order_id, reference, OrderState.GRACE, OrderTimelineCode.UNDONE, why=EndReason.UNDONE
        )
    elif (await order_head(scope, order_id)).state != OrderState.CANCELLED:
        raise Conflict("The time to undo is over: the request is being carried out.", code="undo_too_late")
    return await order_detail(scope, order_id, items_limit=items_limit)


@use_case(Permission.ORDERS_UNDO)
async def cancel_order(scope: Scope, reference: str) -> OrderDetail:
    """Cancel an order that waits for its day, or ask the carrier to cancel one while it still may.

    Cancelling twice changes nothing more. Raises NotFound, and Conflict (`cancel_too_late`).
    """
    order = await lock_order(scope, reference)
    its_row = ChangeOrder.id == order.id
    if order.state == OrderState.SCHEDULED:
        await ChangeOrder.update(
            {
                ChangeOrder.state: OrderState.CANCELLED,
                ChangeOrder.end_reason: EndReason.CANCELLED,
                ChangeOrder.flag: OrderFlag.NONE,
                ChangeOrder.ended_at: clock.now(),
            }
        ).where(its_row)
        await cancel_items(
            scope,
            order.id,
            reference,
            OrderState.SCHEDULED,
            OrderTimelineCode.CANCELLED,
            why=EndReason.CANCELLED,
        )
    elif await _may_be_recalled(scope, order):
        await ChangeOrder.update({ChangeOrder.flag: OrderFlag.CANCELLING}).where(its_row)
        await audit.record(scope, "order.cancel_asked", "order", order.id, reference=reference)
        scope.enqueue(JobName.CANCEL_AT_CARRIER, order_id=order.id)
        scope.invalidate(f"order:{order.id}")
    elif order.state != OrderState.CANCELLED:
        raise Conflict("This request can no longer be cancelled.", code="cancel_too_late")
    return await get_order(scope, reference)


class ReportedItem(msgspec.Struct, frozen=True):
    """What the carrier reported of an item."""

    reported: str


async def _may_be_recalled(scope: Scope, order: OrderHead) -> bool:
    """Whether the carrier may still be asked: it has the order, and reported nothing after which it is too late."""
    if order.state not in {OrderState.IN_PROGRESS, OrderState.HELD}:
        return False
    items = await scope.select_all(
        ReportedItem,
        ChangeOrderItem,
        (ChangeOrderItem.order_id == order.id) & ChangeOrderItem.state.is_in(SENT_ITEMS),
    )
    return order.order_kind.may_be_recalled(orjson.loads(item.reported) for item in items)
