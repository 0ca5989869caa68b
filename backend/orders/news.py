"""What a carrier says about items, from answers, callbacks and polls alike: applied once, in any order."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.outbox import dump
from backend.integrations.network import NewsState, OrderNews
from backend.lines.changing import lock_lines, write_lines
from backend.orders.effects import effects_of
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ENDED, derive, may_move_item
from backend.orders.placing import record_move
from backend.orders.schemas import ItemState, OrderState
from backend.orders.steps import Ended, Step
from tenants.scope import Scope

ENDED_ITEMS = frozenset({ItemState.DONE, ItemState.FAILED, ItemState.CANCELLED, ItemState.SKIPPED})
GIVEN_UP = "given_up"  # flag of an order that was held too long: the carrier is asked to take it back
HELD_TOO_LONG = "held_too_long"
TOUCHED_LINES = 50  # open line pages wake one by one up to this many; beyond it the fleet's topic does


Known = tuple[Any, ...]  # of an item, when the carrier was asked about it


def known(row: Any) -> Known:
    return row["state"], row["reason"], row["reported"], row["reported_at"]


async def apply_news(
    scope: Scope, news: Sequence[OrderNews], *, asked: Mapping[UUID, Known] | None = None
) -> None:
    """Move items as the carrier says, write what is done to the lines, and settle their orders.

    A final state is never left again; older news than what is known changes nothing; news for an item of
    another tenant finds none. `asked`: what was known of the items when the carrier was asked. Answers bear no date:
    one that was overtaken by other news tells nothing any more but the carrier's own id and an end.
    """
    asked = asked or {}
    by_item: dict[UUID, list[OrderNews]] = defaultdict(list)
    for one in news:
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
    given_up = {order["id"] for order in orders if order["flag"] == GIVEN_UP}
    moved = [
        change
        for row in rows
        if (
            change := _step(
                row,
                by_item[row["id"]],
                given_up=row["order_id"] in given_up,
                overtaken=asked.get(row["id"], known(row)) != known(row),
            )
        )
    ]
    await _write(scope, moved)
    await _carry_to_lines(scope, [one for one in moved if one.state is ItemState.DONE], references)
    await _follow(scope, moved)
    for order in orders:
        await settle(scope, order["id"], OrderState(order["state"]), order["reference"])


def failed_in_time(one: OrderNews) -> OrderNews:
    """The same item, come to nothing because what was missing never came."""
    return msgspec.structs.replace(one, state=NewsState.FAILED, code=HELD_TOO_LONG, message="", told={})


def _step(row: Any, news: Sequence[OrderNews], *, given_up: bool, overtaken: bool) -> Step | None:
    """The last word on an item, or None where nothing changes. Finals win, then the carrier's clock.

    `given_up`: what the carrier took back because its time was up has failed, and was not cancelled by anybody.
    """
    step, changed, latest = Step(row), False, row["reported_at"]
    for told in sorted(news, key=lambda said: (said.state.final, said.at or clock.EPOCH)):
        one = failed_in_time(told) if given_up and told.state is NewsState.CANCELLED else told
        if one.carrier_order_id and not step.carrier_order_id:
            step.carrier_order_id, changed = one.carrier_order_id, True
        target = ItemState(one.state.value)
        older = overtaken if one.at is None else latest is not None and one.at < latest
        if (
            (older and not one.state.final)
            or not may_move_item(step.state, target)
            or step.state in ENDED_ITEMS
        ):
            continue
        said_more = bool(one.told.keys() - step.told.keys()) or any(
            step.told[name] != value for name, value in one.told.items()
        )
        held_otherwise = target is ItemState.HELD and one.code not in {"", row["reason"]}
        if target == step.state and not said_more and not held_otherwise:
            continue
        step.state, step.news, changed = target, one, True
        step.told = {**step.told, **one.told}
        step.accepted = step.accepted or bool(one.carrier_order_id)
        latest = one.at or latest
        step.reason, step.detail = "", ""
        if one.state in {NewsState.FAILED, NewsState.HELD}:  # why it is refused, or what is missing
            step.reason, step.detail = one.code or f"carrier_{one.state}", one.message
    return step if changed else None


async def _write(scope: Scope, moved: list[Step]) -> None:
    now = clock.now()
    await scope.connection.executemany(
        "UPDATE change_order_item SET state = $2, reason = CASE WHEN $3 <> '' THEN $3 WHEN $2 = 'held' THEN reason ELSE '' END, detail = $4,"
        " carrier_order_id = $5, accepted_at = CASE WHEN $6 THEN COALESCE(accepted_at, $7) END,"
        " reported_at = GREATEST(reported_at, $8), last_contact_at = $7, ended_at = CASE WHEN $9 THEN $7::timestamptz END, reported = $10"
        " WHERE id = $1",
        [
            (
                step.row["id"],
                step.state,
                step.reason,
                step.detail,
                step.carrier_order_id,
                step.accepted,
                now,
                step.news.at if step.news else None,
                step.state in ENDED_ITEMS,
                dump(step.told),
            )
            for step in moved
        ],
    )


async def _carry_to_lines(scope: Scope, done: list[Step], references: dict[UUID, str]) -> None:
    """Completion writes the confirmed values to the line at once: those that the item's kind names."""
    if not done:
        return
    lines = await lock_lines(scope, [step.line_id for step in done])
    trail = defaultdict[str, list[tuple[UUID | None, dict[str, Any]]]](list)
    changes = []
    for step in done:
        kind = KINDS[step.row["kind"]]
        step.line = dict(lines[step.line_id])
        columns = kind.confirm(lines[step.line_id], step.change, step.told)
        changes.append((lines[step.line_id], columns))
        reference = references[step.row["order_id"]]
        words = kind.audit_words(step.change)
        if kind.done:
            trail[kind.done].append((step.line_id, {"reference": reference, "kind": kind.code, **words}))
    await write_lines(scope, changes)
    for action, entries in trail.items():
        await audit.record_many(scope, action, "line", entries)
    for step in done[:TOUCHED_LINES]:
        scope.touch(f"line:{step.row['line_id']}")
    scope.touch("fleet")


async def _follow(scope: Scope, moved: list[Step]) -> None:
    """Let each kind write what follows from the news about its items."""
    by_kind = defaultdict[str, list[Step]](list)
    for step in moved:
        by_kind[step.row["kind"]].append(step)
    for kind, steps in by_kind.items():
        effects = effects_of(kind)
        if heard := [step for step in steps if step.news is not None]:
            await effects.heard(scope, heard)
        if done := [step for step in steps if step.state is ItemState.DONE]:
            await effects.done(scope, done)
        lost = [step for step in steps if step.state in {ItemState.FAILED, ItemState.CANCELLED}]
        if lost:
            ended = [Ended(step.item_id, step.line_id, step.change, step.reason) for step in lost]
            await effects.dropped(scope, ended)


async def settle(scope: Scope, order_id: UUID, current: OrderState, reference: str) -> None:
    """Derive the order's state from its items (its row is locked by the caller) and tell who waits for it."""
    rows = await scope.connection.fetch(
        "SELECT state, count(*) AS n, bool_or(accepted_at IS NOT NULL) AS accepted"
        " FROM change_order_item WHERE order_id = $1 GROUP BY state",
        order_id,
    )
    counts = {ItemState(row["state"]): row["n"] for row in rows}
    accepted = any(row["accepted"] for row in rows)
    scope.touch(f"order:{order_id}")
    for target in _path(current, derive(current, counts, accepted=accepted), accepted=accepted):
        ended = target in ENDED
        await scope.connection.execute(
            "UPDATE change_order SET state = $2, ended_at = CASE WHEN $3 THEN now() END,"
            " flag = CASE WHEN $3 OR flag = $4 THEN '' ELSE flag END WHERE id = $1",
            order_id,
            target,
            ended,
            GIVEN_UP,  # it goes on after all
        )
        await record_move(scope, order_id, current, target)
        current = target
        scope.touch("orders")
        if ended:
            await audit.record(scope, f"order.{target}", "order", order_id, reference=reference)
            scope.announce("order.ended", order_id=str(order_id))


def _path(current: OrderState, target: OrderState, *, accepted: bool) -> list[OrderState]:
    """The moves to get there: an order that ended in one batch was in progress in between."""
    if target == current:
        return []
    if current is OrderState.SUBMITTED and accepted and target is not OrderState.IN_PROGRESS:
        return [OrderState.IN_PROGRESS, target]
    return [target]
