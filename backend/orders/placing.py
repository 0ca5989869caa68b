"""Places an order: reference, items, history and audit in one transaction, once per client key."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from backend.catalog.identifiers import order_reference
from backend.core import audit, clock
from backend.core.errors import Conflict, Invalid
from backend.core.ids import new_id
from backend.core.outbox import dump
from backend.core.use_case import require_fresh
from backend.orders.effects import effects_of
from backend.orders.kinds.plan import Kind
from backend.orders.lifecycle import check_move
from backend.orders.preview import Prepared, midnight, prepare
from backend.orders.schemas import Asked, ItemState, OrderState
from backend.orders.selection import mark_ordered
from backend.orders.steps import Placed
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


def body_hash(asked: Asked) -> str:
    """Tells a resent request from another one under the same key."""
    return hashlib.sha256(
        msgspec.json.encode(msgspec.structs.replace(asked, request_key="", fingerprint=""))
    ).hexdigest()


def check_fresh(scope: Scope, kind: Kind) -> None:
    """Raises SignInAgain where the kind asks for a recent sign-in and a person acts."""
    if kind.fresh and scope.actor.token_id is None and not scope.actor.system:
        require_fresh(scope.actor)  # a program signs nobody in: its token is the proof


async def place(scope: Scope, asked: Asked, *, draft_id: UUID | None = None) -> UUID:
    """Place the order and return its id; a repeat of the same key and body returns the first one's.

    Raises Conflict (`request_key_reused`) for the same key with another body, Conflict (`price_changed`)
    where the effect or price is no longer the one shown, Invalid (`nothing_to_change`) where every line is
    skipped, Invalid (`must_confirm`) where a loss was not confirmed, SignInAgain where the kind asks for a recent
    sign-in, and what the preview raises.
    """
    key, digest = asked.request_key, body_hash(asked)
    if key and (earlier := await _earlier(scope, key, digest)):
        return earlier
    prepared = await prepare(scope, asked, lock=True)
    if asked.fingerprint and asked.fingerprint != prepared.fingerprint:
        raise Conflict(
            "The price or the effect has changed since it was shown: check again.", code="price_changed"
        )
    if not prepared.changing:
        why = sorted({item.reason for item in prepared.items})
        raise Invalid(
            line_ids=f"Nothing would change on these lines ({', '.join(why)}).", code="nothing_to_change"
        )
    if prepared.must_confirm and not asked.confirmed:
        words = prepared.words.say("bad_not_confirmed", what=prepared.must_confirm)
        raise Invalid(confirmed=words, code="must_confirm")
    check_fresh(scope, prepared.kind)
    order_id = draft_id or new_id()
    written = await _write_order(scope, prepared, order_id, draft=draft_id is not None, digest=digest)
    ids = [new_id() for _ in prepared.items]
    changing = [
        (id_, item) for id_, item in zip(ids, prepared.items, strict=True) if item.state is ItemState.WAITING
    ]
    placed = Placed(order_id, written.reference, asked, changing)
    if prepared.kind.creates is not None:
        await effects_of(prepared.kind.code).placed(scope, placed)
    await _write_items(scope, prepared, order_id, ids)
    if prepared.kind.creates is None:
        await effects_of(prepared.kind.code).placed(scope, placed)
    await mark_ordered(scope, asked, order_id)
    await _write_history(scope, prepared, order_id, written)
    match written.state:
        case OrderState.SCHEDULED:
            scope.announce("order.planned", order_id=str(order_id))
            scope.announce("order.due", order_id=str(order_id), not_before=midnight(prepared.ground.day))
        case OrderState.GRACE:
            scope.announce("order.placed", order_id=str(order_id), not_before=written.grace_until)
        case _:
            scope.announce("order.submitted", order_id=str(order_id))
    return order_id


@dataclass(frozen=True, slots=True)
class Written:
    """How an order starts."""

    reference: str
    state: OrderState
    grace_until: datetime | None


def _start(prepared: Prepared) -> tuple[OrderState, datetime | None]:
    """Scheduled for another day, in its undo time, or on its way."""
    if prepared.scheduled:
        return OrderState.SCHEDULED, None
    if prepared.grace_seconds:
        return OrderState.GRACE, prepared.ground.now + timedelta(seconds=prepared.grace_seconds)
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
    scope: Scope, prepared: Prepared, order_id: UUID, *, draft: bool, digest: str
) -> Written:
    """Insert the order, or turn the draft into it, under a reference nobody has."""
    actor, asked, now = scope.actor, prepared.asked, prepared.ground.now
    state, grace_until = _start(prepared)
    if draft:
        await scope.connection.execute("DELETE FROM change_order WHERE id = $1 AND state = 'draft'", order_id)
    for _ in range(REFERENCE_TRIES):
        reference = order_reference(prepared.catalogue.profile.reference_prefix, now)
        written = await scope.connection.fetchval(
            "INSERT INTO change_order (id, tenant_id, reference, kind, state, requester_id, requester_name,"
            " requester_email, language, request_key, request_hash, body, price, promise_code, promise_due_at,"
            " created_at, requested_at, grace_until, submitted_at, lines, due_on)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17, $18, $19, $20)"
            " ON CONFLICT (reference) DO NOTHING RETURNING id",
            order_id,
            scope.tenant_id,
            reference,
            asked.kind,
            state,
            actor.member_id,
            actor.name,
            actor.email,
            actor.language,
            asked.request_key or None,
            digest,
            msgspec.json.encode(asked).decode(),
            msgspec.json.encode(prepared.price).decode(),
            prepared.promise.code,
            prepared.promise.due_at,
            now,
            grace_until,
            now if state is OrderState.SUBMITTED else None,
            len(prepared.items),
            asked.on,
        )
        if written:
            return Written(reference, state, grace_until)
    raise Conflict("No free reference was found: try again in a minute.", code="no_reference")


async def _write_items(scope: Scope, prepared: Prepared, order_id: UUID, ids: list[UUID]) -> None:
    """Raises Conflict where a line of a filter came in, and into another order, since the lines were locked."""
    try:
        await _insert_items(scope, prepared, order_id, ids)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(
            "One of these lines has just got another open request: check again.", code="line_taken"
        ) from error


async def _insert_items(scope: Scope, prepared: Prepared, order_id: UUID, ids: list[UUID]) -> None:
    items = prepared.items
    await scope.connection.execute(
        INSERT_ITEMS,
        scope.tenant_id,
        order_id,
        prepared.asked.kind,
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


async def _write_history(scope: Scope, prepared: Prepared, order_id: UUID, written: Written) -> None:
    reference = written.reference
    await record_move(scope, order_id, OrderState.DRAFT, written.state)
    await audit.record(scope, "order.placed", "order", order_id, reference=reference)
    words = prepared.kind.audit_words
    await audit.record_many(
        scope,
        "order.placed",
        "line",
        [
            (item.line.id, {"reference": reference, "kind": prepared.asked.kind, **words(item.change)})
            for item in prepared.changing
        ],
    )
    for item in prepared.changing[:200]:  # open pages of more lines than that wake by the fleet's topic
        scope.touch(f"line:{item.line.id}")
    scope.touch("orders")
    scope.touch("fleet")
    scope.touch(f"order:{order_id}")


async def record_move(
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
