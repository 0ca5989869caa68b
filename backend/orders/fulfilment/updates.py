"""What a carrier says about items, from answers, callbacks and polls alike: applied once, in any order."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.facts import JobName, OrderEnded
from backend.core.messaging.jobs import job
from backend.core.outbox import dump
from backend.integrations.network import OrderUpdate, OrderUpdateState, parse_event
from backend.lines.line_writes import lock_lines, update_lines
from backend.orders.effects import effects_of
from backend.orders.effects.events import ClosedItem, ItemUpdate
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ENDED, ItemState, OrderState, derive_order_state, may_move_item
from backend.orders.transitions import record_transition
from tenants.scope import Scope

ENDED_ITEMS = frozenset({ItemState.DONE, ItemState.FAILED, ItemState.CANCELLED, ItemState.SKIPPED})
# Attention of an order that was held too long: the carrier is asked to take it back
HOLD_EXPIRED = "given_up"
HELD_TOO_LONG = "held_too_long"
# Open line pages wake one by one up to this many; beyond it the fleet's topic does
MAX_LINE_TOPICS = 50


# Of an item, when the carrier was asked about it
ItemVersion = tuple[Any, ...]


def item_version(row: Any) -> ItemVersion:
    return row["state"], row["reason"], row["reported"], row["reported_at"]


async def apply_updates(
    scope: Scope, updates: Sequence[OrderUpdate], *, request: Mapping[UUID, ItemVersion] | None = None
) -> None:
    """Move items as the carrier says, write what is done to the lines, and settle their orders.

    A final state is never left again; older news than what is known changes nothing; news for an item of
    another tenant finds none. `asked`: what was known of the items when the carrier was asked. Answers bear no date:
    one that was overtaken by other news tells nothing any more but the carrier's own id and an end.
    """
    request = request or {}
    by_item: dict[UUID, list[OrderUpdate]] = defaultdict(list)
    for one in updates:
        by_item[UUID(one.external_id)].append(one)
    orders = await scope.connection.fetch(
        "SELECT id, state, reference, flag FROM change_order WHERE id IN"
        " (SELECT order_id FROM change_order_item WHERE id = ANY($1)) ORDER BY id FOR NO KEY UPDATE",
        list(by_item),
    )
    rows = await scope.connection.fetch(
        "SELECT id, order_id, line_id, kind, state, reason, change, reported, carrier_order_id, accepted_at, reported_at"
        " FROM change_order_item WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        list(by_item),
    )
    references = {order["id"]: order["reference"] for order in orders}
    given_up = {order["id"] for order in orders if order["flag"] == HOLD_EXPIRED}
    moved = [
        change
        for row in rows
        if (
            change := _latest_update(
                row,
                by_item[row["id"]],
                given_up=row["order_id"] in given_up,
                overtaken=request.get(row["id"], item_version(row)) != item_version(row),
            )
        )
    ]
    await _write(scope, moved)
    await _carry_to_lines(scope, [one for one in moved if one.state is ItemState.DONE], references)
    await _follow(scope, moved)
    for order in orders:
        await settle_orders(scope, order["id"], OrderState(order["state"]), order["reference"])


def as_timed_out(one: OrderUpdate) -> OrderUpdate:
    """The same item, come to nothing because what was missing never came."""
    return msgspec.structs.replace(
        one, state=OrderUpdateState.FAILED, code=HELD_TOO_LONG, message="", reported={}
    )


def _latest_update(
    row: Any, updates: Sequence[OrderUpdate], *, given_up: bool, overtaken: bool
) -> ItemUpdate | None:
    """The last word on an item, or None where nothing changes. Finals win, then the carrier's clock.

    `given_up`: what the carrier took back because its time was up has failed, and was not cancelled by anybody.
    """
    update, changed, latest = ItemUpdate(row), False, row["reported_at"]
    for reported in sorted(updates, key=lambda said: (said.state.final, said.at or clock.EPOCH)):
        one = (
            as_timed_out(reported) if given_up and reported.state is OrderUpdateState.CANCELLED else reported
        )
        if one.carrier_order_id and not update.carrier_order_id:
            update.carrier_order_id, changed = one.carrier_order_id, True
        target = ItemState(one.state.value)
        older = overtaken if one.at is None else latest is not None and one.at < latest
        if (
            (older and not one.state.final)
            or not may_move_item(update.state, target)
            or update.state in ENDED_ITEMS
        ):
            continue
        said_more = bool(one.reported.keys() - update.reported.keys()) or any(
            update.reported[name] != value for name, value in one.reported.items()
        )
        held_otherwise = target is ItemState.HELD and one.code not in {"", row["reason"]}
        if target == update.state and not said_more and not held_otherwise:
            continue
        update.state, update.news, changed = target, one, True
        update.reported = {**update.reported, **one.reported}
        update.accepted = update.accepted or bool(one.carrier_order_id)
        latest = one.at or latest
        update.reason, update.detail = "", ""
        if one.state in {
            OrderUpdateState.FAILED,
            OrderUpdateState.HELD,
            # Why it is refused, or what is missing
        }:
            update.reason, update.detail = one.code or f"carrier_{one.state}", one.message
    return update if changed else None


async def _write(scope: Scope, moved: list[ItemUpdate]) -> None:
    now = clock.now()
    await scope.connection.executemany(
        "UPDATE change_order_item SET state = $2, reason = CASE WHEN $3 <> '' THEN $3 WHEN $2 = 'held' THEN reason ELSE '' END, detail = $4,"
        " carrier_order_id = $5, accepted_at = CASE WHEN $6 THEN COALESCE(accepted_at, $7) END,"
        " reported_at = GREATEST(reported_at, $8), last_contact_at = $7, ended_at = CASE WHEN $9 THEN $7::timestamptz END, reported = $10"
        " WHERE id = $1",
        [
            (
                update.row["id"],
                update.state,
                update.reason,
                update.detail,
                update.carrier_order_id,
                update.accepted,
                now,
                update.news.at if update.news else None,
                update.state in ENDED_ITEMS,
                dump(update.reported),
            )
            for update in moved
        ],
    )


async def _carry_to_lines(scope: Scope, done: list[ItemUpdate], references: dict[UUID, str]) -> None:
    """Completion writes the confirmed values to the line at once: those that the item's kind names."""
    if not done:
        return
    lines = await lock_lines(scope, [step.line_id for step in done])
    trail = defaultdict[str, list[tuple[UUID | None, dict[str, Any]]]](list)
    changes = []
    for update in done:
        kind = KINDS[update.row["kind"]]
        update.line = dict(lines[update.line_id])
        columns = kind.confirmed_columns(lines[update.line_id], update.change, update.reported)
        changes.append((lines[update.line_id], columns))
        reference = references[update.row["order_id"]]
        texts = kind.audit_detail(update.change)
        if kind.audit_action:
            trail[kind.audit_action].append(
                (update.line_id, {"reference": reference, "kind": kind.code, **texts})
            )
    await update_lines(scope, changes)
    for action, entries in trail.items():
        await audit.record_many(scope, action, "line", entries)
    for update in done[:MAX_LINE_TOPICS]:
        scope.invalidate(f"line:{update.row['line_id']}")
    scope.invalidate("fleet")


async def _follow(scope: Scope, moved: list[ItemUpdate]) -> None:
    """Let each kind write what follows from the news about its items."""
    by_kind = defaultdict[str, list[ItemUpdate]](list)
    for update in moved:
        by_kind[update.row["kind"]].append(update)
    for kind, updates in by_kind.items():
        effects = effects_of(kind)
        if heard := [step for step in updates if step.news is not None]:
            await effects.on_update(scope, heard)
        if done := [step for step in updates if step.state is ItemState.DONE]:
            await effects.on_completed(scope, done)
        lost = [step for step in updates if step.state in {ItemState.FAILED, ItemState.CANCELLED}]
        if lost:
            closed = [ClosedItem(step.item_id, step.line_id, step.change, step.reason) for step in lost]
            await effects.on_cancelled(scope, closed)


async def settle_orders(scope: Scope, order_id: UUID, current: OrderState, reference: str) -> None:
    """Derive the order's state from its items (its row is locked by the caller) and tell who waits for it."""
    rows = await scope.connection.fetch(
        "SELECT state, count(*) AS n, bool_or(accepted_at IS NOT NULL) AS accepted"
        " FROM change_order_item WHERE order_id = $1 GROUP BY state",
        order_id,
    )
    counts = {ItemState(row["state"]): row["n"] for row in rows}
    accepted = any(row["accepted"] for row in rows)
    scope.invalidate(f"order:{order_id}")
    for target in _path(current, derive_order_state(current, counts, accepted=accepted), accepted=accepted):
        closed = target in ENDED
        await scope.connection.execute(
            "UPDATE change_order SET state = $2, ended_at = CASE WHEN $3 THEN now() END,"
            " flag = CASE WHEN $3 OR flag = $4 THEN '' ELSE flag END WHERE id = $1",
            order_id,
            target,
            closed,
            # It goes on after all
            HOLD_EXPIRED,
        )
        await record_transition(scope, order_id, current, target)
        current = target
        scope.invalidate("orders")
        if closed:
            await audit.record(scope, f"order.{target}", "order", order_id, reference=reference)
            scope.emit(OrderEnded(order_id=order_id, state=target))


def _path(current: OrderState, target: OrderState, *, accepted: bool) -> list[OrderState]:
    """The moves to get there: an order that ended in one batch was in progress in between."""
    if target == current:
        return []
    if current is OrderState.SUBMITTED and accepted and target is not OrderState.IN_PROGRESS:
        return [OrderState.IN_PROGRESS, target]
    return [target]


# Callbacks that one transaction handles
MAX_CALLBACKS = 500


@job(JobName.HANDLE_CALLBACKS)
async def handle_callbacks(scope: Scope, *, source: str) -> None:
    """Handle the callbacks that were stored and not handled yet, in one transaction with their marks."""
    rows = await scope.connection.fetch(
        "SELECT id, body FROM inbox WHERE source = $1 AND handled_at IS NULL ORDER BY id LIMIT $2"
        " FOR UPDATE SKIP LOCKED",
        source,
        MAX_CALLBACKS,
    )
    if not rows:
        return
    await apply_updates(scope, [parse_event(row["body"].encode()).update for row in rows])
    await scope.connection.execute(
        "UPDATE inbox SET handled_at = now() WHERE id = ANY($1)", [row["id"] for row in rows]
    )
    if len(rows) == MAX_CALLBACKS:
        scope.enqueue(JobName.HANDLE_CALLBACKS, source=source)
