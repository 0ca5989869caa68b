"""What every move of an order needs: its timeline, and cancelling its items before they are sent."""

from uuid import UUID

import msgspec
import orjson

from backend.core import audit, clock
from backend.core.computing import compute
from backend.core.facts import OrderEnded
from backend.core.use_case import require_recent_sign_in
from backend.orders.effects import effects_of
from backend.orders.effects.events import ClosedItem
from backend.orders.kinds.base import OrderKind
from backend.orders.lifecycle import ORDER_LIFECYCLE, ItemState, OrderState
from backend.orders.timeline_codes import OrderTimelineCode
from backend.orders.topics import invalidate_lines, invalidate_order
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope

# Pages of more lines than that are woken by the fleet's topic
MAX_LINE_TOPICS = 200

CANCEL_WAITING = """
UPDATE change_order_item SET state = $2, ended_at = $3 WHERE order_id = $1 AND state = $4
RETURNING id, line_id, kind, change
"""


class CancelledItem(msgspec.Struct, frozen=True):
    """One item that was cancelled before it was sent."""

    id: UUID
    line_id: UUID
    kind: str
    change: str


async def cancel_items(
    scope: Scope, order_id: UUID, reference: str, before: OrderState, code: OrderTimelineCode, *, why: str
) -> None:
    """Cancel the waiting items of an order whose row the caller has set to cancelled, and write timelines and audit.

    `code`: what is written to its lines, and to the audit trail.
    """
    rows = await scope.fetch_all(
        CancelledItem, CANCEL_WAITING, order_id, ItemState.CANCELLED, clock.now(), ItemState.WAITING
    )
    closed = await compute(
        len(rows), lambda: [ClosedItem(row.id, row.line_id, orjson.loads(row.change), why) for row in rows]
    )
    if rows:
        await effects_of(rows[0].kind).on_cancelled(scope, closed)
    await record_transition(scope, order_id, before, OrderState.CANCELLED, why=why)
    scope.emit(OrderEnded(order_id=order_id, state=OrderState.CANCELLED, why=why))
    await audit.record(scope, code, "order", order_id, reference=reference)
    params = {"reference": reference, "kind": rows[0].kind} if rows else {}
    await timeline.record_many(scope, TimelineSubject.LINE, code, [(row.line_id, params) for row in rows])
    invalidate_order(scope, order_id)
    invalidate_lines(scope, (row.line_id for row in rows[:MAX_LINE_TOPICS]))


def check_recent_sign_in(scope: Scope, kind: OrderKind) -> None:
    """Raise ReauthenticationRequired where the kind asks for a recent sign-in and a person acts in a session."""
    if kind.needs_recent_sign_in and scope.actor.token_id is None and not scope.actor.system:
        require_recent_sign_in(scope.actor)


async def record_transition(
    scope: Scope, order_id: UUID, before: OrderState, after: OrderState, *, why: str = ""
) -> None:
    """Write a move to the order's timeline. Raises Conflict (`not_in_this_state`) for a move that is not listed."""
    ORDER_LIFECYCLE.check(before, after)
    await timeline.record(
        scope,
        TimelineSubject.ORDER,
        order_id,
        OrderTimelineCode.STATE_CHANGED,
        from_state=before,
        to_state=after,
        why=why,
    )
