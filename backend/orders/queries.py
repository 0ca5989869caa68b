"""Reads of requests, always within the actor's reach."""

from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.catalog.profiles import profile
from backend.core.errors import NotFound
from backend.core.ids import OrderId
from backend.lines.queries import Where, reach_of
from backend.lines.schemas import HistoryEntry
from backend.orders.schemas import (
    ItemState,
    OrderDetail,
    OrderItemView,
    OrderState,
    OrderSummary,
    Price,
    Promise,
)
from tenants.scope import Scope

OPEN = "('grace', 'submitted', 'in_progress', 'held', 'scheduled', 'awaiting_approval')"


def visible(scope: Scope) -> Where:
    """Orders that the actor may see: own ones, and those whose every line is within reach.

    A partly reachable order stays hidden: its price would tell of lines that the member may not see.
    """
    where = Where()
    where.add("o.state <> 'draft'")
    if not scope.actor.reach.everything or scope.actor.end_user_id:
        outside = Where(values=where.values)
        reach_of(scope.actor, outside)
        where.add(
            "(o.requester_id = {0} OR NOT EXISTS (SELECT FROM change_order_item i JOIN line l"
            " ON l.tenant_id = i.tenant_id AND l.id = i.line_id WHERE i.order_id = o.id"
            f" AND NOT COALESCE({outside.sql or 'true'}, false)))",
            scope.actor.member_id,
        )
    return where


async def find(scope: Scope, reference: str) -> UUID:
    """The id behind a reference. Raises NotFound where it is missing, foreign or out of reach."""
    where = visible(scope)
    where.add("o.reference = {0}", reference)
    found: UUID | None = await scope.connection.fetchval(
        f"SELECT o.id FROM change_order o WHERE {where.sql}", *where.values
    )
    if found is None:
        raise NotFound
    return found


async def count_open(scope: Scope) -> int:
    where = visible(scope)
    return int(
        await scope.connection.fetchval(
            f"SELECT count(*) FROM change_order o WHERE {where.sql} AND o.state IN {OPEN}", *where.values
        )
    )


async def summaries(
    scope: Scope, *, open_only: bool, line_id: UUID | None, limit: int, offset: int
) -> list[OrderSummary]:
    where = visible(scope)
    if open_only:
        where.add(f"o.state IN {OPEN}")
    if line_id:
        where.add("o.id IN (SELECT i.order_id FROM change_order_item i WHERE i.line_id = {0})", line_id)
    rows = await scope.connection.fetch(
        f"SELECT o.* FROM change_order o WHERE {where.sql}"
        f" ORDER BY o.created_at DESC, o.id DESC LIMIT {limit:d} OFFSET {offset:d}",
        *where.values,
    )
    return [
        OrderSummary(
            id=row["id"],
            reference=row["reference"],
            kind=row["kind"],
            state=OrderState(row["state"]),
            requested_by=row["requester_name"],
            requested_at=row["requested_at"],
            lines=row["lines"],
            promise=Promise(code=row["promise_code"], due_at=row["promise_due_at"]),
            ended_at=row["ended_at"],
        )
        for row in rows
    ]


async def items(scope: Scope, order_id: UUID, *, limit: int | None, offset: int = 0) -> list[OrderItemView]:
    rows = await scope.connection.fetch(
        "SELECT id, line_id, msisdn, name, state, reason, detail, change FROM change_order_item"
        " WHERE order_id = $1 ORDER BY position LIMIT $2 OFFSET $3",
        order_id,
        limit,
        offset,
    )
    return [_item(row) for row in rows]


def _item(row: Any) -> OrderItemView:
    change = orjson.loads(row["change"])
    return OrderItemView(
        id=row["id"],
        line_id=row["line_id"],
        msisdn=row["msisdn"],
        name=row["name"],
        state=ItemState(row["state"]),
        reason=row["reason"],
        detail=row["detail"],
        add=change.get("add", []),
        remove=change.get("remove", []),
    )


async def counts(scope: Scope, order_id: UUID) -> dict[str, int]:
    rows = await scope.connection.fetch(
        "SELECT state, count(*) AS n FROM change_order_item WHERE order_id = $1 GROUP BY state", order_id
    )
    return {row["state"]: row["n"] for row in rows}


async def detail(scope: Scope, order_id: OrderId, *, items_limit: int | None) -> OrderDetail:
    row = await scope.connection.fetchrow(
        "SELECT o.*, t.carrier FROM change_order o, tenant t WHERE o.id = $1", order_id
    )
    found = await counts(scope, order_id)
    events = await scope.connection.fetch(
        "SELECT at, actor_name, from_state, to_state, why FROM order_event WHERE order_id = $1 ORDER BY at, id",
        order_id,
    )
    body = orjson.loads(row["body"])
    return OrderDetail(
        id=row["id"],
        reference=row["reference"],
        kind=row["kind"],
        state=OrderState(row["state"]),
        requested_by=row["requester_name"],
        requested_by_email=row["requester_email"],
        requested_at=row["requested_at"],
        grace_until=row["grace_until"],
        may_undo=False,
        submitted_at=row["submitted_at"],
        ended_at=row["ended_at"],
        mailed_at=row["mailed_at"],
        promise=Promise(code=row["promise_code"], due_at=row["promise_due_at"]),
        price=msgspec.json.decode(row["price"], type=Price),
        add=body.get("add", []),
        remove=body.get("remove", []),
        counts=found,
        items=await items(scope, order_id, limit=items_limit),
        items_total=sum(found.values()),
        history=[
            HistoryEntry(
                at=event["at"],
                actor=event["actor_name"],
                action=event["to_state"],
                detail={"from": event["from_state"], "why": event["why"]},
                reference=row["reference"],
            )
            for event in events
        ],
        carrier=profile(row["carrier"]).name,
    )
