"""The job that runs a planned order on its day."""

from datetime import date
from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.clock import midnight
from backend.core.facts import JobName, OrderPriceChanged, OrderSubmitted, TimerName
from backend.core.messaging.jobs import job
from backend.orders.changes.requote import costs_more, requote, rewrite_items, skip_items
from backend.orders.lifecycle import EndReason, OrderFlag, OrderState
from backend.orders.tables import ChangeOrder
from backend.orders.timeline_codes import OrderTimelineCode
from backend.orders.topics import invalidate_order
from backend.orders.transitions import cancel_items, record_transition
from tenants.scope import Scope

# The database's clock decides, which also says when a timer is due: a host that is behind would ask again at once.
TODAY = "SELECT (now() AT TIME ZONE 'Europe/Brussels')::date AS today"


class ScheduledOrder(msgspec.Struct, frozen=True):
    """An order that waits for its day."""

    id: UUID
    reference: str
    due_on: date


@job(JobName.RUN_SCHEDULED_ORDER)
async def run_scheduled_order(scope: Scope, *, order_id: str) -> None:
    """Submit a planned order on its day.

    It is cancelled where nothing is left to do, and flagged (`price_changed`) where its price is not the accepted one.
    """
    order = await scope.select_one(
        ScheduledOrder,
        ChangeOrder,
        (ChangeOrder.id == UUID(order_id)) & (ChangeOrder.state == OrderState.SCHEDULED),
        lock=True,
    )
    if order is None:
        return
    # It was moved
    if order.due_on > await _today(scope):
        scope.set_timer(TimerName.ORDER_DUE, midnight(order.due_on), order_id=order_id)
        return
    its_row = ChangeOrder.id == order.id
    quote = await requote(scope, order.id, lock=True)
    if not quote.changing:
        await ChangeOrder.update(
            {
                ChangeOrder.state: OrderState.CANCELLED,
                ChangeOrder.end_reason: EndReason.NOTHING_LEFT,
                ChangeOrder.ended_at: clock.now(),
            }
        ).where(its_row)
        await cancel_items(
            scope,
            order.id,
            order.reference,
            OrderState.SCHEDULED,
            OrderTimelineCode.CANCELLED,
            why=EndReason.NOTHING_LEFT,
        )
        await skip_items(scope, order.id, quote)
        return
    if await costs_more(scope, order.id, quote):
        await ChangeOrder.update({ChangeOrder.flag: OrderFlag.PRICE_CHANGED}).where(its_row)
        scope.emit(OrderPriceChanged(order_id=order.id))
    else:
        await rewrite_items(scope, order.id, quote)
        await ChangeOrder.update(
            {
                ChangeOrder.state: OrderState.SUBMITTED,
                ChangeOrder.submitted_at: clock.now(),
                ChangeOrder.promise_code: quote.expected_completion.code,
                ChangeOrder.promise_due_at: quote.expected_completion.due_at,
            }
        ).where(its_row)
        await record_transition(scope, order.id, OrderState.SCHEDULED, OrderState.SUBMITTED)
        scope.emit(OrderSubmitted(order_id=order.id))
    invalidate_order(scope, order.id)


async def _today(scope: Scope) -> date:
    return await scope.fetch_value(date, TODAY) or clock.today()
