"""Takes an order back before it reached the carrier: undone, cancelled, or with nothing left to do."""

from uuid import UUID

import orjson

from backend.core import audit, clock
from backend.core.facts import OrderEnded
from backend.core.ids import new_id
from backend.core.use_case import require_recent_sign_in
from backend.orders.effects import effects_of
from backend.orders.effects.events import ClosedItem
from backend.orders.kinds.base import OrderKind
from backend.orders.lifecycle import OrderState, check_move
from tenants.scope import Scope

TOUCHED = 200


async def cancel_items(
    scope: Scope, order_id: UUID, reference: str, before: OrderState, action: str, *, why: str
) -> None:
    """Cancel what still waits of an order whose row the caller has already set to cancelled; write the trail."""
    rows = await scope.connection.fetch(
        "UPDATE change_order_item SET state = 'cancelled', ended_at = $2"
        " WHERE order_id = $1 AND state = 'waiting' RETURNING id, line_id, kind, change",
        order_id,
        clock.now(),
    )
    closed = [ClosedItem(row["id"], row["line_id"], orjson.loads(row["change"]), why) for row in rows]
    if rows:
        await effects_of(rows[0]["kind"]).on_cancelled(scope, closed)
    await record_transition(scope, order_id, before, OrderState.CANCELLED, why=why)
    scope.emit(OrderEnded(order_id=order_id, state=OrderState.CANCELLED, why=why))
    await audit.record(scope, action, "order", order_id, reference=reference)
    detail = {"reference": reference, "kind": rows[0]["kind"]} if rows else {}
    await audit.record_many(scope, action, "line", [(row["line_id"], detail) for row in rows])
    for row in rows[:TOUCHED]:
        scope.invalidate(f"line:{row['line_id']}")
    for topic in (f"order:{order_id}", "orders", "fleet"):
        scope.invalidate(topic)


def check_recent_sign_in(scope: Scope, kind: OrderKind) -> None:
    """Raises SignInAgain where the kind asks for a recent sign-in and a person acts."""
    if kind.needs_recent_sign_in and scope.actor.token_id is None and not scope.actor.system:
        # A program signs nobody in: its token is the proof
        require_recent_sign_in(scope.actor)


async def record_transition(
    scope: Scope, order_id: UUID, before: OrderState, after: OrderState, *, why: str = ""
) -> None:
    """One row of an order's history: who, when, from, to, why. Raises Conflict for a move that is not listed."""
    check_move(before, after)
    await scope.connection.execute(
        "INSERT INTO order_event (id, tenant_id, order_id, at, from_state, to_state, actor_name, why)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new_id(),
        scope.tenant_id,
        order_id,
        clock.now(),
        before,
        after,
        scope.actor.name,
        why,
    )
