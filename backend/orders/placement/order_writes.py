"""Writes a placed order: the order itself under a free reference, its items, timelines and audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from backend.catalog.identifiers import new_reference
from backend.core import audit
from backend.core.computing import compute
from backend.core.errors import Conflict
from backend.core.outbox import dump
from backend.orders.lifecycle import OrderState
from backend.orders.placement.quote import Quote
from backend.orders.timeline_codes import OrderTimelineCode
from backend.orders.topics import invalidate_lines, invalidate_order
from backend.orders.transitions import MAX_LINE_TOPICS, record_transition
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope

REFERENCE_TRIES = 20
# Items written at once: the event loop makes one statement of them
BATCH = 1000

INSERT_ORDER = """
INSERT INTO change_order (id, tenant_id, reference, kind, state, requester_id, requester_name, requester_email,
  language, request_key, request_hash, body, price, promise_code, promise_due_at, created_at, requested_at,
  grace_until, submitted_at, lines, due_on, missing)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, statement_timestamp(), statement_timestamp(),
  statement_timestamp() + make_interval(secs => $16::int), CASE WHEN $17 THEN statement_timestamp() END, $18, $19, $20)
ON CONFLICT (reference) DO NOTHING RETURNING grace_until
"""
INSERT_ITEMS = """
INSERT INTO change_order_item (id, tenant_id, order_id, kind, position, line_id, msisdn, name, state, reason, change,
  detail, left_out, monthly_before, monthly_after, one_off, pro_rata)
SELECT id, $1, $2, $3, position, line_id, msisdn, name, state, reason, change, '', left_out, before, after, one_off, part
FROM unnest($4::uuid[], $5::int[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::jsonb[],
  $12::jsonb[], $13::int[], $14::int[], $15::int[], $16::int[])
  AS t (id, position, line_id, msisdn, name, state, reason, change, left_out, before, after, one_off, part)
"""


@dataclass(frozen=True, slots=True)
class InitialState:
    """How an order starts."""

    reference: str
    state: OrderState
    grace_until: datetime | None


class WrittenOrder(msgspec.Struct, frozen=True):
    """What the database made of an order: until when it can be undone, by its own clock."""

    grace_until: datetime | None


def _start(quote: Quote) -> OrderState:
    """Scheduled for another day, in its undo time, or submitted at once."""
    if quote.scheduled:
        return OrderState.SCHEDULED
    return OrderState.GRACE if quote.grace_seconds else OrderState.SUBMITTED


async def write_order(scope: Scope, quote: Quote, order_id: UUID, *, digest: str) -> InitialState:
    """Insert the order under a free reference. Raises Conflict (`no_reference`) where none was found.

    The database's clock says when it was asked and how long it can be undone: those of web hosts may differ.
    """
    actor, request, state = scope.actor, quote.request, _start(quote)
    for _ in range(REFERENCE_TRIES):
        reference = new_reference(quote.catalogue.profile.reference_prefix, quote.context.now)
        written = await scope.fetch_one(
            WrittenOrder,
            INSERT_ORDER,
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
            quote.grace_seconds if state is OrderState.GRACE else None,
            state is OrderState.SUBMITTED,
            len(quote.items),
            request.on,
            quote.missing,
        )
        if written:
            return InitialState(reference, state, written.grace_until)
    raise Conflict("No free reference was found: try again in a minute.", code="no_reference")


async def write_items(scope: Scope, quote: Quote, order_id: UUID, ids: Sequence[UUID]) -> None:
    """Insert one item for each line of the quote, with these ids.

    Raises Conflict (`line_taken`) where a line of a filter got another open order since the lines were locked.
    """
    try:
        await _insert_items(scope, quote, order_id, ids)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(
            "One of these lines has just got another open request: check again.", code="line_taken"
        ) from error


async def _insert_items(scope: Scope, quote: Quote, order_id: UUID, ids: Sequence[UUID]) -> None:
    for start in range(0, len(ids), BATCH):
        await _insert_batch(scope, quote, order_id, ids[start : start + BATCH], start)


async def _insert_batch(scope: Scope, quote: Quote, order_id: UUID, ids: Sequence[UUID], start: int) -> None:
    items = quote.items[start : start + len(ids)]
    await scope.execute(
        INSERT_ITEMS,
        scope.tenant_id,
        order_id,
        quote.request.kind,
        ids,
        list(range(start, start + len(ids))),
        [item.line.id for item in items],
        [item.line.msisdn for item in items],
        [item.line.name for item in items],
        [item.state.value for item in items],
        [item.reason for item in items],
        [dump(item.change) for item in items],
        [dump(item.left_out) for item in items],
        [item.monthly_before for item in items],
        [item.monthly_after for item in items],
        [item.one_off for item in items],
        [item.pro_rata for item in items],
    )


async def write_timelines(scope: Scope, quote: Quote, order_id: UUID, written: InitialState) -> None:
    """Write the first move, the audit, and the timelines of the lines; wake the pages that show them."""
    reference, kind = written.reference, quote.kind
    await record_transition(scope, order_id, OrderState.DRAFT, written.state)
    lines = len(quote.changing)
    await audit.record(
        scope, "order.placed", "order", order_id, reference=reference, kind=kind.code, lines=lines
    )
    params = {"reference": reference, "kind": kind.code}
    entries = await compute(
        lines,
        lambda: [(item.line.id, {**params, **kind.timeline_params(item.change)}) for item in quote.changing],
    )
    await timeline.record_many(scope, TimelineSubject.LINE, OrderTimelineCode.PLACED, entries)
    invalidate_order(scope, order_id)
    invalidate_lines(scope, (item.line.id for item in quote.changing[:MAX_LINE_TOPICS]))
