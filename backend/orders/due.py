"""A planned request comes due: worked out again on its day, and sent where its price is still the accepted one."""

import dataclasses
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.names import catalogue_of
from backend.core import clock
from backend.core.jobs import job
from backend.core.outbox import dump
from backend.orders import queries
from backend.orders.effects import effects_of
from backend.orders.ending import drop
from backend.orders.kinds import KINDS
from backend.orders.kinds.plan import Ground, LineNow, price_of
from backend.orders.placing import record_move
from backend.orders.preview import Prepared, midnight, month_of, promise_of
from backend.orders.schemas import Asked, ItemState, OrderState
from backend.orders.selection import file_rows, lines_of
from backend.orders.steps import Ended
from backend.orders.words import KindWords
from tenants.scope import Actor, Scope


@job("orders.come_due")
async def come_due(scope: Scope, *, order_id: str) -> None:
    """Send it, or stop it with what has to be decided: a new price, or nothing left to do."""
    row = await scope.connection.fetchrow(
        "SELECT * FROM change_order WHERE id = $1 AND state = 'scheduled' FOR NO KEY UPDATE", UUID(order_id)
    )
    if row is None:
        return
    if row["due_on"] > clock.today():  # moved, or this host's clock is behind
        scope.announce("order.due", order_id=order_id, not_before=midnight(row["due_on"]))
        return
    prepared = await prepare_again(scope, row["id"], lock=True)
    if not prepared.changing:
        await scope.connection.execute(
            "UPDATE change_order SET state = 'cancelled', ended_at = now() WHERE id = $1", row["id"]
        )
        await drop(
            scope, row["id"], row["reference"], OrderState.SCHEDULED, "order.cancelled", why="nothing_left"
        )
        await skip(scope, row["id"], prepared)
        scope.announce("order.ended", order_id=order_id)
        return
    if await costs_more(scope, row["id"], prepared):
        await scope.connection.execute(
            "UPDATE change_order SET flag = 'price_changed' WHERE id = $1", row["id"]
        )
        scope.announce("order.price_changed", order_id=order_id)
    else:
        await write_again(scope, row["id"], prepared)
        await scope.connection.execute(
            "UPDATE change_order SET state = 'submitted', submitted_at = now(), promise_code = $2, promise_due_at = $3"
            " WHERE id = $1",
            row["id"],
            prepared.promise.code,
            prepared.promise.due_at,
        )
        await record_move(scope, row["id"], OrderState.SCHEDULED, OrderState.SUBMITTED)
        scope.announce("order.submitted", order_id=order_id)
    for topic in (f"order:{order_id}", "orders"):
        scope.touch(topic)


async def waiting_items(scope: Scope, order_id: UUID) -> list[Any]:
    return await scope.connection.fetch(
        "SELECT id, line_id, position, monthly_before, monthly_after, one_off FROM change_order_item"
        " WHERE order_id = $1 AND state = 'waiting' ORDER BY position",
        order_id,
    )


async def prepare_again(scope: Scope, order_id: UUID, *, lock: bool = False) -> Prepared:
    """The order worked out against its own lines as they are now; its items' own reservations do not count against it."""
    row = await scope.connection.fetchrow("SELECT * FROM change_order WHERE id = $1", order_id)
    kind, catalogue, now = KINDS[row["kind"]], await catalogue_of(scope), clock.now()
    asked = queries.asked_of(row)
    day = max(row["due_on"] or clock.today(), clock.today())
    found = await waiting_items(scope, order_id)
    wishes = await file_rows(scope, asked, order_id=order_id) if asked.upload_id else {}
    if kind.creates is not None:  # their rows name no line: an item's place in the order is its row's
        rows = list(wishes.values())
        wishes = {item["line_id"]: rows[item["position"]] for item in found if item["position"] < len(rows)}
    ids = tuple(item["line_id"] for item in found)
    by_ids = msgspec.structs.replace(asked, upload_id=None, filter=None, except_ids=(), line_ids=ids)
    lines = await lines_of(scope, by_ids, lock=lock, together=False, anywhere=True) if ids else []
    each: dict[UUID, Asked] = {line.id: wishes.get(line.id, asked) for line in lines}
    # What is named was within the requester's reach when it was placed: whoever moves the order needs no reach to it.
    ours = Scope(Actor(scope.tenant_id, language=scope.actor.language), scope.connection)
    facts = await effects_of(kind.code).facts(ours, list(each.values()) or [asked], lines)
    ground = Ground(
        catalogue.profile, now, day, month_of(kind, asked, day), KindWords(catalogue, kind.code), facts
    )
    items = [kind.plan_line(ground, each[line.id], _without_own(line, kind.code)) for line in lines]
    return Prepared(
        asked=asked,
        kind=kind,
        catalogue=catalogue,
        ground=ground,
        items=items,
        price=price_of(items, ground.month),
        promise=promise_of(kind, ground, asked),
        grace_seconds=0,
    )


def _without_own(line: LineNow, kind: str) -> LineNow:
    """The line without the order itself among what is open on it."""
    return dataclasses.replace(line, open_kinds=tuple(one for one in line.open_kinds if one != kind))


async def costs_more(scope: Scope, order_id: UUID, prepared: Prepared) -> bool:
    """Whether a line that still changes has another price than the one accepted."""
    now = {item.line.id: item for item in prepared.changing}
    return any(
        (item["one_off"], item["monthly_after"] - item["monthly_before"])
        != (found.one_off, found.monthly_after - found.monthly_before)
        for item in await waiting_items(scope, order_id)
        if (found := now.get(item["line_id"])) is not None
    )


async def write_again(scope: Scope, order_id: UUID, prepared: Prepared) -> None:
    """Write the change and the price of each line as they are now; lines that no longer change are skipped."""
    await skip(scope, order_id, prepared)
    await scope.connection.executemany(
        "UPDATE change_order_item SET change = $3, monthly_before = $4, monthly_after = $5, one_off = $6, pro_rata = $7"
        " WHERE order_id = $1 AND line_id = $2 AND state = 'waiting'",
        [
            (
                order_id,
                item.line.id,
                dump(item.change),
                item.monthly_before,
                item.monthly_after,
                item.one_off,
                item.pro_rata,
            )
            for item in prepared.changing
        ],
    )
    await scope.connection.execute(
        "UPDATE change_order SET price = $2 WHERE id = $1",
        order_id,
        msgspec.json.encode(prepared.price).decode(),
    )


async def skip(scope: Scope, order_id: UUID, prepared: Prepared) -> None:
    """Lines on which nothing is left to do: with the reason, and what was reserved for them given back."""
    skipped = [item for item in prepared.items if item.state is ItemState.SKIPPED]
    rows = await scope.connection.fetch(
        "UPDATE change_order_item i SET state = 'skipped', reason = s.reason, ended_at = $4"
        " FROM unnest($2::uuid[], $3::text[]) AS s (line_id, reason)"
        " WHERE i.order_id = $1 AND i.line_id = s.line_id AND i.state IN ('waiting', 'cancelled')"
        " RETURNING i.id, i.line_id, i.reason",
        order_id,
        [item.line.id for item in skipped],
        [item.reason for item in skipped],
        clock.now(),
    )
    if rows:
        ended = [Ended(row["id"], row["line_id"], {}, row["reason"]) for row in rows]
        await effects_of(prepared.kind.code).dropped(scope, ended)
