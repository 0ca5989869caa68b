"""Takes an order back before it reached the carrier: undone, cancelled, or with nothing left to do."""

from uuid import UUID

import orjson

from backend.core import audit, clock
from backend.orders.effects import effects_of
from backend.orders.placing import record_move
from backend.orders.schemas import OrderState
from backend.orders.steps import Ended
from tenants.scope import Scope

TOUCHED = 200


async def drop(
    scope: Scope, order_id: UUID, reference: str, before: OrderState, action: str, *, why: str
) -> None:
    """Cancel what still waits of an order whose row the caller has already set to cancelled; write the trail."""
    rows = await scope.connection.fetch(
        "UPDATE change_order_item SET state = 'cancelled', ended_at = $2"
        " WHERE order_id = $1 AND state = 'waiting' RETURNING id, line_id, kind, change",
        order_id,
        clock.now(),
    )
    ended = [Ended(row["id"], row["line_id"], orjson.loads(row["change"]), why) for row in rows]
    if rows:
        await effects_of(rows[0]["kind"]).dropped(scope, ended)
    await record_move(scope, order_id, before, OrderState.CANCELLED, why=why)
    await audit.record(scope, action, "order", order_id, reference=reference)
    detail = {"reference": reference, "kind": rows[0]["kind"]} if rows else {}
    await audit.record_many(scope, action, "line", [(row["line_id"], detail) for row in rows])
    for row in rows[:TOUCHED]:
        scope.touch(f"line:{row['line_id']}")
    for topic in (f"order:{order_id}", "orders", "fleet"):
        scope.touch(topic)
