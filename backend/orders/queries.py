"""Reads of requests, always within the actor's reach."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.lead_times import ExpectedCompletion, hold_deadline
from backend.catalog.pricing import Price
from backend.catalog.profiles import profile
from backend.core.errors import NotFound
from backend.core.ids import OrderId
from backend.lines.queries import SqlFilter, add_reach
from backend.lines.schemas import TimelineEntry
from backend.orders.kinds import KINDS, AnyOrderRequest
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.schemas import OrderDetail, OrderItemView, OrderRequest, OrderSummary
from backend.orders.texts import KindTexts, kind_title
from tenants.scope import Scope

OPEN = "('grace', 'submitted', 'in_progress', 'held', 'scheduled', 'awaiting_approval')"


def visible(scope: Scope) -> SqlFilter:
    """Orders that the actor may see: own ones, and those whose every line is within reach.

    A partly reachable order stays hidden: its price would tell of lines that the member may not see.
    """
    where = SqlFilter()
    where.add("o.state <> 'draft'")
    if not scope.actor.reach.everything or scope.actor.end_user_id:
        outside = SqlFilter(values=where.values)
        add_reach(scope.actor, outside)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which requests. `group` is running, attention (held, or a price to accept), ended, or "" for all."""

    group: str = ""
    kind: str = ""
    state: str = ""
    # Part of a reference, of a number, or of the requester's name
    search: str = ""
    line_id: UUID | None = None


GROUPS = {
    "running": f"o.state IN {OPEN}",
    "attention": f"(o.state = 'held' OR (o.flag <> '' AND o.state IN {OPEN}) OR (o.state IN {OPEN}"
    " AND EXISTS (SELECT FROM change_order_item i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id"
    " AND i.state = 'held')))",
    "ended": f"o.state NOT IN {OPEN}",
}


def _where(scope: Scope, wanted: OrderFilter) -> SqlFilter:
    where = visible(scope)
    if wanted.group in GROUPS:
        where.add(GROUPS[wanted.group])
    if wanted.kind:
        where.add("o.kind = {0}", wanted.kind)
    if wanted.state:
        where.add("o.state = {0}", wanted.state)
    if wanted.line_id:
        where.add(
            "o.id IN (SELECT i.order_id FROM change_order_item i WHERE i.line_id = {0})", wanted.line_id
        )
    if text := wanted.search.strip():
        digits = "".join(character for character in text if character.isdecimal()).lstrip("0")
        where.add(
            "(strpos(o.reference, {0}) > 0 OR strpos(lower(o.requester_name), {1}) > 0 OR ({2} <> '' AND EXISTS"
            " (SELECT FROM change_order_item i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id"
            " AND strpos(i.msisdn, {2}) > 0)))",
            text.upper(),
            text.lower(),
            digits if len(digits) >= 3 and not any(character.isalpha() for character in text) else "",
        )
    return where


async def count(scope: Scope, wanted: OrderFilter) -> int:
    where = _where(scope, wanted)
    return int(
        await scope.connection.fetchval(
            f"SELECT count(*) FROM change_order o WHERE {where.sql}", *where.values
        )
    )


async def summaries(scope: Scope, wanted: OrderFilter, *, limit: int, offset: int) -> list[OrderSummary]:
    where, catalogue = _where(scope, wanted), await catalogue_of(scope)
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
            title=kind_title(catalogue, row["kind"]),
            state=OrderState(row["state"]),
            requested_by=row["requester_name"],
            requested_at=row["requested_at"],
            lines=row["lines"],
            promise=ExpectedCompletion(code=row["promise_code"], due_at=row["promise_due_at"]),
            due_on=row["due_on"],
            attention=row["flag"],
            ended_at=row["ended_at"],
        )
        for row in rows
    ]


ITEMS = """
SELECT i.id, i.line_id, i.msisdn, i.name, i.state, i.reason, i.detail, i.change, i.reported, i.kind,
  CASE WHEN o.state = 'held' AND i.state = 'held' THEN (SELECT max(e.at) FROM order_event e
    WHERE e.tenant_id = o.tenant_id AND e.order_id = o.id AND e.to_state = 'held') END AS held_since
FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
WHERE i.order_id = $1 ORDER BY i.position LIMIT $2 OFFSET $3
"""


async def items(
    scope: Scope, order_id: UUID, *, limit: int | None, offset: int = 0, catalogue: Catalogue | None = None
) -> list[OrderItemView]:
    """A part of the items with their words; all of them at once (no limit) without, for programs that read codes."""
    catalogue = catalogue or await catalogue_of(scope)
    rows = await scope.connection.fetch(ITEMS, order_id, limit, offset)
    texts = KindTexts(catalogue, rows[0]["kind"]) if rows else None
    return [_item(texts, row, described=limit is not None) for row in rows] if texts else []


def _item(texts: KindTexts, row: Any, *, described: bool) -> OrderItemView:
    kind, change, reported = KINDS[row["kind"]], orjson.loads(row["change"]), orjson.loads(row["reported"])
    said = (
        [*kind.describe(texts, change), *kind.outcome_texts(texts, change, reported)]
        if change and described
        else []
    )
    if row["held_since"] and described:
        said.append(texts.waits_until(row["held_since"]))
    return OrderItemView(
        id=row["id"],
        line_id=row["line_id"],
        msisdn=row["msisdn"],
        name=row["name"],
        state=ItemState(row["state"]),
        reason=row["reason"],
        why=texts.why(row["reason"], row["detail"]) if described else "",
        detail=row["detail"],
        change=change,
        words=said,
        told=reported,
    )


def request_of(row: Any) -> OrderRequest:
    """What an order's row says was asked."""
    request: OrderRequest = msgspec.json.decode(row["body"], type=AnyOrderRequest)
    return request


async def counts(scope: Scope, order_id: UUID) -> dict[str, int]:
    rows = await scope.connection.fetch(
        "SELECT state, count(*) AS n FROM change_order_item WHERE order_id = $1 GROUP BY state", order_id
    )
    return {row["state"]: row["n"] for row in rows}


async def detail(
    scope: Scope, order_id: OrderId, *, items_limit: int | None, language: str = ""
) -> OrderDetail:
    """Everything of one request, in the actor's language or another."""
    row = await scope.connection.fetchrow(
        "SELECT o.*, t.carrier FROM change_order o, tenant t WHERE o.id = $1", order_id
    )
    found = await counts(scope, order_id)
    events = await scope.connection.fetch(
        "SELECT at, actor_name, from_state, to_state, why FROM order_event WHERE order_id = $1 ORDER BY at, id",
        order_id,
    )
    catalogue = Catalogue(profile(row["carrier"]), language or scope.actor.language)
    texts, request = KindTexts(catalogue, row["kind"]), request_of(row)
    held = [event["at"] for event in events if event["to_state"] == OrderState.HELD]
    return OrderDetail(
        id=row["id"],
        reference=row["reference"],
        kind=row["kind"],
        title=texts.title,
        state=OrderState(row["state"]),
        requested_by=row["requester_name"],
        requested_by_email=row["requester_email"],
        requested_at=row["requested_at"],
        grace_until=row["grace_until"],
        may_undo=False,
        submitted_at=row["submitted_at"],
        ended_at=row["ended_at"],
        mailed_at=row["mailed_at"],
        promise=ExpectedCompletion(code=row["promise_code"], due_at=row["promise_due_at"]),
        price=msgspec.json.decode(row["price"], type=Price),
        asked=[] if request.upload_id else KINDS[row["kind"]].summary(texts, request),
        counts=found,
        items=await items(scope, order_id, limit=items_limit, catalogue=catalogue),
        items_total=sum(found.values()),
        history=[
            TimelineEntry(
                at=event["at"],
                actor=event["actor_name"],
                action=event["to_state"],
                detail={"from": event["from_state"], "why": event["why"]},
                reference=row["reference"],
            )
            for event in events
        ],
        carrier=catalogue.profile.name,
        upload_id=request.upload_id,
        own=row["requester_id"] == scope.actor.member_id,
        due_on=row["due_on"],
        attention=row["flag"],
        held_until=hold_deadline(catalogue.profile, held[-1]) if row["state"] == OrderState.HELD else None,
    )


async def lock_order(scope: Scope, reference: str) -> Any:
    """The order's row, locked. Raises NotFound where it is missing, foreign or out of reach."""
    order_id = await find(scope, reference)
    return await scope.connection.fetchrow(
        "SELECT * FROM change_order WHERE id = $1 FOR NO KEY UPDATE", order_id
    )
