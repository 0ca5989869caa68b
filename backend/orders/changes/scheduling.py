"""Use cases on planned requests: another day, what they cost now, and the acceptance of that price."""

from datetime import date

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core import audit, clock
from backend.core.clock import midnight
from backend.core.errors import Conflict, ValidationFailed
from backend.core.facts import OrderMoved, TimerName
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders import queries
from backend.orders.changes.requote import costs_more, requote, rewrite_items
from backend.orders.effects import effects_of
from backend.orders.lifecycle import OrderFlag, OrderState
from backend.orders.placement.days import check_day
from backend.orders.placement.preview import preview_of
from backend.orders.queries import OrderHead, lock_order, order_head
from backend.orders.schemas import OrderDetail, OrderPreview
from backend.orders.service import LISTED, get_order
from backend.orders.tables import ChangeOrder
from backend.orders.texts import KindTexts
from backend.orders.topics import invalidate_order
from backend.orders.transitions import check_recent_sign_in, record_transition
from tenants.scope import Scope


@use_case(Permission.ORDERS_UNDO)
async def reschedule_order(scope: Scope, reference: str, *, on: date) -> OrderDetail:
    """Move a request that waits for its day to another one.

    Raises NotFound, Conflict (`not_scheduled`), ValidationFailed for a wrong day, ReauthenticationRequired.
    """
    order = await lock_order(scope, reference)
    if order.state != OrderState.SCHEDULED:
        raise Conflict("Only a planned request can be moved to another day.", code="not_scheduled")
    # The new day may be tomorrow: the same proof as for a new request
    check_recent_sign_in(scope, order.order_kind)
    await _check_day(scope, order, on)
    moved = msgspec.structs.replace(order.request, on=on)
    await ChangeOrder.update(
        {
            ChangeOrder.due_on: on,
            ChangeOrder.body: msgspec.json.encode(moved).decode(),
            ChangeOrder.flag: OrderFlag.NONE,
        }
    ).where(ChangeOrder.id == order.id)
    quote = await requote(scope, order.id)
    # What was promised counts from the new day
    await ChangeOrder.update(
        {
            ChangeOrder.promise_code: quote.expected_completion.code,
            ChangeOrder.promise_due_at: quote.expected_completion.due_at,
        }
    ).where(ChangeOrder.id == order.id)
    # A higher price is shown and accepted on the day
    if not await costs_more(scope, order.id, quote):
        await rewrite_items(scope, order.id, quote)
    await effects_of(order.kind).on_rescheduled(scope, order.id, on)
    await record_transition(scope, order.id, OrderState.SCHEDULED, OrderState.SCHEDULED, why=on.isoformat())
    await audit.record(scope, "order.moved", "order", order.id, reference=reference, on=on.isoformat())
    scope.emit(OrderMoved(order_id=order.id, at=clock.now()))
    scope.set_timer(TimerName.ORDER_DUE, midnight(on), order_id=order.id)
    invalidate_order(scope, order.id)
    return await get_order(scope, reference)


async def _check_day(scope: Scope, order: OrderHead, on: date) -> None:
    today = clock.today()
    texts = KindTexts(await catalogue_of(scope), order.kind)
    if on <= today:
        raise ValidationFailed(on=texts.text("bad_day_not_later"), code="date_in_the_past")
    check_day(order.order_kind, texts, order.request, on, today)


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def requote_order(scope: Scope, reference: str) -> OrderPreview:
    """The preview of a planned request as lines and prices are now. Raises NotFound, Conflict (`not_scheduled`)."""
    order = await order_head(scope, await queries.find(scope, reference))
    if order.state != OrderState.SCHEDULED:
        raise Conflict("Only a planned request can be checked again.", code="not_scheduled")
    return await preview_of(scope, await requote(scope, order.id), listed=LISTED)


@use_case(Permission.ORDERS_PLACE)
async def accept_price(scope: Scope, reference: str, *, fingerprint: str) -> OrderDetail:
    """Accept what a planned request costs now; `fingerprint` names the preview that was shown.

    Raises NotFound, Conflict (`not_scheduled`), Conflict (`price_changed`) where the preview is no longer true, and
    ReauthenticationRequired.
    """
    order = await lock_order(scope, reference)
    if order.state != OrderState.SCHEDULED:
        raise Conflict("Only a planned request has a price to accept.", code="not_scheduled")
    check_recent_sign_in(scope, order.order_kind)
    quote = await requote(scope, order.id)
    if quote.fingerprint != fingerprint:
        raise Conflict(
            "The price or the effect has changed since it was shown: check again.", code="price_changed"
        )
    await rewrite_items(scope, order.id, quote)
    await ChangeOrder.update({ChangeOrder.flag: OrderFlag.NONE}).where(ChangeOrder.id == order.id)
    await audit.record(scope, "order.price_accepted", "order", order.id, reference=reference)
    scope.set_timer(TimerName.ORDER_DUE, None, order_id=order.id)
    invalidate_order(scope, order.id)
    return await get_order(scope, reference)
