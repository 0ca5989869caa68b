"""A planned request comes due: worked out again on its day, and sent where its price is still the accepted one."""

import dataclasses
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.pricing import price_of
from backend.core import audit, clock
from backend.core.clock import midnight
from backend.core.errors import Conflict, ValidationFailed
from backend.core.facts import JobName, OrderPriceChanged, OrderSubmitted, TimerName
from backend.core.messaging.jobs import job
from backend.core.outbox import dump
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders import queries
from backend.orders.effects import effects_of
from backend.orders.effects.events import ClosedItem
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import LineSnapshot, QuoteContext
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.placement.quote import LONGEST_WAIT_DAYS, Quote, expected_completion_of, month_of, view
from backend.orders.placement.selection import file_rows, load_lines
from backend.orders.queries import lock_order
from backend.orders.schemas import OrderDetail, OrderPreview, OrderRequest
from backend.orders.service import LISTED, get_order
from backend.orders.texts import KindTexts
from backend.orders.transitions import cancel_items, check_recent_sign_in, record_transition
from tenants.scope import Actor, Scope


@job(JobName.RUN_SCHEDULED_ORDER)
async def run_scheduled_order(scope: Scope, *, order_id: str) -> None:
    """Send it, or stop it with what has to be decided: a new price, or nothing left to do."""
    row = await scope.connection.fetchrow(
        "SELECT * FROM change_order WHERE id = $1 AND state = 'scheduled' FOR NO KEY UPDATE", UUID(order_id)
    )
    if row is None:
        return
    # Moved, or this host's clock is behind
    if row["due_on"] > clock.today():
        scope.set_timer(TimerName.ORDER_DUE, midnight(row["due_on"]), order_id=order_id)
        return
    quote = await requote(scope, row["id"], lock=True)
    if not quote.changing:
        await scope.connection.execute(
            "UPDATE change_order SET state = 'cancelled', ended_at = now() WHERE id = $1", row["id"]
        )
        await cancel_items(
            scope, row["id"], row["reference"], OrderState.SCHEDULED, "order.cancelled", why="nothing_left"
        )
        await skip_items(scope, row["id"], quote)
        return
    if await costs_more(scope, row["id"], quote):
        await scope.connection.execute(
            "UPDATE change_order SET flag = 'price_changed' WHERE id = $1", row["id"]
        )
        scope.emit(OrderPriceChanged(order_id=row["id"]))
    else:
        await rewrite_items(scope, row["id"], quote)
        await scope.connection.execute(
            "UPDATE change_order SET state = 'submitted', submitted_at = now(), promise_code = $2, promise_due_at = $3"
            " WHERE id = $1",
            row["id"],
            quote.expected_completion.code,
            quote.expected_completion.due_at,
        )
        await record_transition(scope, row["id"], OrderState.SCHEDULED, OrderState.SUBMITTED)
        scope.emit(OrderSubmitted(order_id=row["id"]))
    for topic in (f"order:{order_id}", "orders"):
        scope.invalidate(topic)


async def waiting_items(scope: Scope, order_id: UUID) -> list[Any]:
    return await scope.connection.fetch(
        "SELECT id, line_id, position, monthly_before, monthly_after, one_off FROM change_order_item"
        " WHERE order_id = $1 AND state = 'waiting' ORDER BY position",
        order_id,
    )


async def requote(scope: Scope, order_id: UUID, *, lock: bool = False) -> Quote:
    """The order worked out against its own lines as they are now; its items' own reservations do not count against it."""
    row = await scope.connection.fetchrow("SELECT * FROM change_order WHERE id = $1", order_id)
    kind, catalogue, now = KINDS[row["kind"]], await catalogue_of(scope), clock.now()
    request = queries.request_of(row)
    day = max(row["due_on"] or clock.today(), clock.today())
    found = await waiting_items(scope, order_id)
    kind_fields = await file_rows(scope, request, order_id=order_id) if request.upload_id else {}
    # Their rows name no line: an item's place in the order is its row's
    if kind.creates is not None:
        rows = list(kind_fields.values())
        kind_fields = {
            item["line_id"]: rows[item["position"]] for item in found if item["position"] < len(rows)
        }
    ids = tuple(item["line_id"] for item in found)
    by_ids = msgspec.structs.replace(request, upload_id=None, filter=None, except_ids=(), line_ids=ids)
    lines = await load_lines(scope, by_ids, lock=lock, together=False, anywhere=True) if ids else []
    each: dict[UUID, OrderRequest] = {line.id: kind_fields.get(line.id, request) for line in lines}
    # What is named was within the requester's reach when it was placed: whoever moves the order needs no reach to it.
    ours = Scope(Actor(scope.tenant_id, language=scope.actor.language), scope.connection)
    facts = await effects_of(kind.code).load_context(ours, list(each.values()) or [request], lines)
    context = QuoteContext(
        catalogue.profile, now, day, month_of(kind, request, day), KindTexts(catalogue, kind.code), facts
    )
    items = [kind.quote_line(context, each[line.id], _without_own(line, kind.code)) for line in lines]
    return Quote(
        request=request,
        kind=kind,
        catalogue=catalogue,
        context=context,
        items=items,
        price=price_of(items, context.month),
        expected_completion=expected_completion_of(kind, context, request),
        grace_seconds=0,
    )


def _without_own(line: LineSnapshot, kind: str) -> LineSnapshot:
    """The line without the order itself among what is open on it."""
    return dataclasses.replace(line, open_kinds=tuple(one for one in line.open_kinds if one != kind))


async def costs_more(scope: Scope, order_id: UUID, quote: Quote) -> bool:
    """Whether a line that still changes has another price than the one accepted."""
    now = {item.line.id: item for item in quote.changing}
    return any(
        (item["one_off"], item["monthly_after"] - item["monthly_before"])
        != (found.one_off, found.monthly_after - found.monthly_before)
        for item in await waiting_items(scope, order_id)
        if (found := now.get(item["line_id"])) is not None
    )


async def rewrite_items(scope: Scope, order_id: UUID, quote: Quote) -> None:
    """Write the change and the price of each line as they are now; lines that no longer change are skipped."""
    await skip_items(scope, order_id, quote)
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
            for item in quote.changing
        ],
    )
    await scope.connection.execute(
        "UPDATE change_order SET price = $2 WHERE id = $1",
        order_id,
        msgspec.json.encode(quote.price).decode(),
    )


async def skip_items(scope: Scope, order_id: UUID, quote: Quote) -> None:
    """Lines on which nothing is left to do: with the reason, and what was reserved for them given back."""
    skipped = [item for item in quote.items if item.state is ItemState.SKIPPED]
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
        closed = [ClosedItem(row["id"], row["line_id"], {}, row["reason"]) for row in rows]
        await effects_of(quote.kind.code).on_cancelled(scope, closed)


@use_case(Permission.ORDERS_UNDO)
async def reschedule_order(scope: Scope, reference: str, *, on: date) -> OrderDetail:
    """Move a request that waits for its day to another one. Raises NotFound, Conflict (`not_scheduled`), Invalid, SignInAgain."""
    row = await lock_order(scope, reference)
    if row["state"] != OrderState.SCHEDULED:
        raise Conflict("Only a planned request can be moved to another day.", code="not_scheduled")
    # Sooner may be tomorrow: as good as asking for it anew
    check_recent_sign_in(scope, KINDS[row["kind"]])
    today = clock.today()
    if on <= today or (on - today).days > LONGEST_WAIT_DAYS:
        say = KindTexts(await catalogue_of(scope), row["kind"]).text
        if on <= today:
            raise ValidationFailed(on=say("bad_day_not_later"), code="date_in_the_past")
        raise ValidationFailed(on=say("bad_day_far"), code="date_too_far")
    moved = msgspec.structs.replace(queries.request_of(row), on=on)
    await scope.connection.execute(
        "UPDATE change_order SET due_on = $2, body = $3, flag = '' WHERE id = $1",
        row["id"],
        on,
        msgspec.json.encode(moved).decode(),
    )
    quote = await requote(scope, row["id"])
    # Otherwise it is shown and accepted on the day
    if not await costs_more(scope, row["id"], quote):
        await rewrite_items(scope, row["id"], quote)
    await effects_of(row["kind"]).on_rescheduled(scope, row["id"], on)
    await record_transition(scope, row["id"], OrderState.SCHEDULED, OrderState.SCHEDULED, why=on.isoformat())
    await audit.record(scope, "order.moved", "order", row["id"], reference=reference, on=on.isoformat())
    scope.set_timer(TimerName.ORDER_DUE, midnight(on), order_id=row["id"])
    for topic in (f"order:{row['id']}", "orders"):
        scope.invalidate(topic)
    return await get_order(scope, reference)


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def requote_order(scope: Scope, reference: str) -> OrderPreview:
    """Check answers of a planned request as things stand now. Raises NotFound, Conflict (`not_scheduled`)."""
    order_id = await queries.find(scope, reference)
    state = await scope.connection.fetchval("SELECT state FROM change_order WHERE id = $1", order_id)
    if state != OrderState.SCHEDULED:
        raise Conflict("Only a planned request can be checked again.", code="not_scheduled")
    return view(await requote(scope, order_id), listed=LISTED)


@use_case(Permission.ORDERS_PLACE)
async def accept_price(scope: Scope, reference: str, *, fingerprint: str) -> OrderDetail:
    """Accept what a planned request costs now. Raises Conflict (`price_changed`) where it is other again."""
    row = await lock_order(scope, reference)
    if row["state"] != OrderState.SCHEDULED:
        raise Conflict("Only a planned request has a price to accept.", code="not_scheduled")
    check_recent_sign_in(scope, KINDS[row["kind"]])
    quote = await requote(scope, row["id"])
    if quote.fingerprint != fingerprint:
        raise Conflict(
            "The price or the effect has changed since it was shown: check again.", code="price_changed"
        )
    await rewrite_items(scope, row["id"], quote)
    await scope.connection.execute("UPDATE change_order SET flag = '' WHERE id = $1", row["id"])
    await audit.record(scope, "order.price_accepted", "order", row["id"], reference=reference)
    scope.set_timer(TimerName.ORDER_DUE, None, order_id=row["id"])
    for topic in (f"order:{row['id']}", "orders"):
        scope.invalidate(topic)
    return await get_order(scope, reference)
