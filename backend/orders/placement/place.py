"""Places an order: reference, items, history and audit in one transaction, once per client key."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from backend.catalog.identifiers import order_reference
from backend.core import audit
from backend.core.clock import midnight
from backend.core.errors import Conflict, ValidationFailed
from backend.core.facts import OrderPlaced, OrderScheduled, OrderSubmitted, TimerName
from backend.core.ids import new_id
from backend.core.outbox import dump
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders.effects import effects_of
from backend.orders.effects.events import PlacedOrder
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.placement.quote import Quote, quote_order, view
from backend.orders.placement.selection import mark_ordered
from backend.orders.schemas import OrderDetail, OrderPreview, OrderRequest
from backend.orders.service import order_detail
from backend.orders.transitions import check_recent_sign_in, record_transition
from tenants.scope import Scope

REFERENCE_TRIES = 20

INSERT_ITEMS = """
INSERT INTO change_order_item (id, tenant_id, order_id, kind, position, line_id, msisdn, name, state, reason, change,
  detail, monthly_before, monthly_after, one_off, pro_rata)
SELECT id, $1, $2, $3, position, line_id, msisdn, name, state, reason, change, '', before, after, one_off, part
FROM unnest($4::uuid[], $5::int[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::jsonb[],
  $12::int[], $13::int[], $14::int[], $15::int[])
  AS t (id, position, line_id, msisdn, name, state, reason, change, before, after, one_off, part)
"""


def request_digest(request: OrderRequest) -> str:
    """Tells a resent request from another one under the same key."""
    return hashlib.sha256(
        msgspec.json.encode(msgspec.structs.replace(request, request_key="", fingerprint=""))
    ).hexdigest()


async def place(scope: Scope, request: OrderRequest, *, draft_id: UUID | None = None) -> UUID:
    """Place the order and return its id; a repeat of the same key and body returns the first one's.

    Raises Conflict (`request_key_reused`) for the same key with another body, Conflict (`price_changed`)
    where the effect or price is no longer the one shown, Invalid (`nothing_to_change`) where every line is
    skipped, Invalid (`must_confirm`) where a loss was not confirmed, SignInAgain where the kind asks for a recent
    sign-in, and what the preview raises.
    """
    key, digest = request.request_key, request_digest(request)
    if key and (earlier := await _earlier(scope, key, digest)):
        return earlier
    quote = await quote_order(scope, request, lock=True)
    if request.fingerprint and request.fingerprint != quote.fingerprint:
        raise Conflict(
            "The price or the effect has changed since it was shown: check again.", code="price_changed"
        )
    if not quote.changing:
        why = sorted({item.reason for item in quote.items})
        raise ValidationFailed(
            line_ids=f"Nothing would change on these lines ({', '.join(why)}).", code="nothing_to_change"
        )
    if quote.must_confirm and not request.confirmed:
        texts = quote.texts.text("bad_not_confirmed", what=quote.must_confirm)
        raise ValidationFailed(confirmed=texts, code="must_confirm")
    check_recent_sign_in(scope, quote.kind)
    order_id = draft_id or new_id()
    written = await _write_order(scope, quote, order_id, draft=draft_id is not None, digest=digest)
    ids = [new_id() for _ in quote.items]
    changing = [
        (id_, item) for id_, item in zip(ids, quote.items, strict=True) if item.state is ItemState.WAITING
    ]
    placed = PlacedOrder(order_id, written.reference, request, changing)
    if quote.kind.creates is not None:
        await effects_of(quote.kind.code).on_placed(scope, placed)
    await _write_items(scope, quote, order_id, ids)
    if quote.kind.creates is None:
        await effects_of(quote.kind.code).on_placed(scope, placed)
    await mark_ordered(scope, request, order_id)
    await _write_history(scope, quote, order_id, written)
    scope.emit(OrderPlaced(order_id=order_id))
    match written.state:
        case OrderState.SCHEDULED:
            scope.emit(OrderScheduled(order_id=order_id))
            scope.set_timer(TimerName.ORDER_DUE, midnight(quote.context.day), order_id=order_id)
        case OrderState.GRACE:
            scope.set_timer(TimerName.ORDER_GRACE_ENDED, written.grace_until, order_id=order_id)
        case _:
            scope.emit(OrderSubmitted(order_id=order_id))
    return order_id


@dataclass(frozen=True, slots=True)
class InitialState:
    """How an order starts."""

    reference: str
    state: OrderState
    grace_until: datetime | None


def _start(quote: Quote) -> tuple[OrderState, datetime | None]:
    """Scheduled for another day, in its undo time, or on its way."""
    if quote.scheduled:
        return OrderState.SCHEDULED, None
    if quote.grace_seconds:
        return OrderState.GRACE, quote.context.now + timedelta(seconds=quote.grace_seconds)
    return OrderState.SUBMITTED, None


async def _earlier(scope: Scope, key: str, digest: str) -> UUID | None:
    member = scope.actor.member_id
    # Two copies of one request wait for each other here; the second then finds the first's order.
    await scope.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{member}/{key}")
    row = await scope.connection.fetchrow(
        "SELECT id, request_hash FROM change_order WHERE requester_id = $1 AND request_key = $2", member, key
    )
    if row is None:
        return None
    if row["request_hash"] != digest:
        raise Conflict(
            "This request key was used for another request: choose a new one.", code="request_key_reused"
        )
    found: UUID = row["id"]
    return found


async def _write_order(
    scope: Scope, quote: Quote, order_id: UUID, *, draft: bool, digest: str
) -> InitialState:
    """Insert the order, or turn the draft into it, under a reference nobody has."""
    actor, request, now = scope.actor, quote.request, quote.context.now
    state, grace_until = _start(quote)
    if draft:
        await scope.connection.execute("DELETE FROM change_order WHERE id = $1 AND state = 'draft'", order_id)
    for _ in range(REFERENCE_TRIES):
        reference = order_reference(quote.catalogue.profile.reference_prefix, now)
        written = await scope.connection.fetchval(
            "INSERT INTO change_order (id, tenant_id, reference, kind, state, requester_id, requester_name,"
            " requester_email, language, request_key, request_hash, body, price, promise_code, promise_due_at,"
            " created_at, requested_at, grace_until, submitted_at, lines, due_on)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17, $18, $19, $20)"
            " ON CONFLICT (reference) DO NOTHING RETURNING id",
            order_id,
            scope.tenant_id,
            reference,
            request.kind,
            state,
            actor.member_id,
            actor.name,
            actor.email,
            actor.language,
            request.request_key or None,
            digest,
            msgspec.json.encode(request).decode(),
            msgspec.json.encode(quote.price).decode(),
            quote.expected_completion.code,
            quote.expected_completion.due_at,
            now,
            grace_until,
            now if state is OrderState.SUBMITTED else None,
            len(quote.items),
            request.on,
        )
        if written:
            return InitialState(reference, state, grace_until)
    raise Conflict("No free reference was found: try again in a minute.", code="no_reference")


async def _write_items(scope: Scope, quote: Quote, order_id: UUID, ids: list[UUID]) -> None:
    """Raises Conflict where a line of a filter came in, and into another order, since the lines were locked."""
    try:
        await _insert_items(scope, quote, order_id, ids)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(
            "One of these lines has just got another open request: check again.", code="line_taken"
        ) from error


async def _insert_items(scope: Scope, quote: Quote, order_id: UUID, ids: list[UUID]) -> None:
    items = quote.items
    await scope.connection.execute(
        INSERT_ITEMS,
        scope.tenant_id,
        order_id,
        quote.request.kind,
        ids,
        list(range(len(items))),
        [item.line.id for item in items],
        [item.line.msisdn for item in items],
        [item.line.name for item in items],
        [item.state.value for item in items],
        [item.reason for item in items],
        [dump(item.change) for item in items],
        [item.monthly_before for item in items],
        [item.monthly_after for item in items],
        [item.one_off for item in items],
        [item.pro_rata for item in items],
    )


async def _write_history(scope: Scope, quote: Quote, order_id: UUID, written: InitialState) -> None:
    reference = written.reference
    await record_transition(scope, order_id, OrderState.DRAFT, written.state)
    await audit.record(scope, "order.placed", "order", order_id, reference=reference)
    texts = quote.kind.audit_detail
    await audit.record_many(
        scope,
        "order.placed",
        "line",
        [
            (item.line.id, {"reference": reference, "kind": quote.request.kind, **texts(item.change)})
            for item in quote.changing
        ],
    )
    # Open pages of more lines than that wake by the fleet's topic
    for item in quote.changing[:200]:
        scope.invalidate(f"line:{item.line.id}")
    scope.invalidate("orders")
    scope.invalidate("fleet")
    scope.invalidate(f"order:{order_id}")


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def preview_order(scope: Scope, request: OrderRequest, *, listed: int | None = None) -> OrderPreview:
    """What the order would do and cost, line by line. Nothing is written."""
    return view(await quote_order(scope, request), listed=listed)


@use_case(Permission.ORDERS_PLACE)
async def place_order(scope: Scope, request: OrderRequest) -> OrderDetail:
    """Place the order; idempotent by its request key. See `placing.place` for the refusals."""
    order_id = await place(scope, request)
    return await order_detail(scope, order_id, items_limit=None)
