"""What pages, mails and the API show of requests: rows of a list, items, one request in full."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.lead_times import ExpectedCompletion, hold_deadline
from backend.catalog.pricing import Price
from backend.core.computing import compute
from backend.core.ids import OrderId
from backend.lines.lifecycle import AgreementState
from backend.orders.asked import with_contract_name, with_number
from backend.orders.kinds import KINDS, decode_request
from backend.orders.lifecycle import ItemState, OrderFlag, OrderState
from backend.orders.outcome import WaitsFor
from backend.orders.outcome_facts import MAY_WAIT, one_outcome, outcomes
from backend.orders.queries import OrderFilter, matching
from backend.orders.schemas import (
    OrderDetail,
    OrderItemView,
    OrderMove,
    OrderSummary,
)
from backend.orders.tables import ChangeOrder
from backend.orders.texts import KindTexts, kind_title
from backend.orders.undelivered import UNDELIVERED
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineEntry, TimelineSubject
from tenants.scope import Scope


class SummaryRecord(msgspec.Struct, frozen=True):
    """The columns of one row of a list of requests."""

    id: UUID
    reference: str
    kind: str
    state: str
    requester_name: str
    requested_at: datetime
    lines: int
    promise_code: str
    promise_due_at: datetime | None
    due_on: date | None
    flag: str
    ended_at: datetime | None
    end_reason: str
    missing: int
    refused_mails: int
    # Of the one line
    msisdn: str | None
    name: str | None


# The one item of an order of one line
ONLY_ITEM = """
LEFT JOIN LATERAL (SELECT i.msisdn, i.name FROM change_order_item i WHERE o.lines = 1 AND i.tenant_id = o.tenant_id
  AND i.order_id = o.id LIMIT 1) one ON true
"""


async def summaries(scope: Scope, wanted: OrderFilter, *, limit: int, offset: int) -> list[OrderSummary]:
    """Visible requests that match the filter, newest first."""
    where, catalogue = matching(scope, wanted), await catalogue_of(scope)
    rows = await scope.fetch_all(
        SummaryRecord,
        "SELECT o.id, o.reference, o.kind, o.state, o.requester_name, o.requested_at, o.lines, o.promise_code,"
        " o.promise_due_at, o.due_on, o.flag, o.ended_at, o.end_reason, o.missing, o.refused_mails, one.msisdn, one.name"
        f" FROM change_order o {ONLY_ITEM} WHERE {where.sql}"
        f" ORDER BY o.created_at DESC, o.id DESC LIMIT {limit:d} OFFSET {offset:d}",
        *where.values,
    )
    found = await outcomes(scope, rows)
    return [
        OrderSummary(
            id=row.id,
            reference=row.reference,
            kind=row.kind,
            title=kind_title(catalogue, row.kind),
            state=OrderState(row.state),
            requested_by=row.requester_name,
            requested_at=row.requested_at,
            lines=row.lines,
            promise=ExpectedCompletion(code=row.promise_code, due_at=row.promise_due_at),
            msisdn=row.msisdn or "",
            name=row.name or "",
            due_on=row.due_on,
            flag=OrderFlag(row.flag),
            ended_at=row.ended_at,
            outcome=found[row.id],
        )
        for row in rows
    ]


class ItemRecord(msgspec.Struct, frozen=True):
    """The columns of one item. `held_since` is set where the whole order is held because of it."""

    id: UUID
    line_id: UUID
    msisdn: str
    name: str
    state: str
    reason: str
    detail: str
    change: str
    reported: str
    left_out: str
    kind: str
    undelivered: bool
    # Done otherwise, and its contract is with the operator
    reviewed: bool
    held_since: datetime | None


ITEMS = f"""
SELECT i.id, i.line_id, i.msisdn, i.name, i.state, i.reason, i.detail, i.change, i.reported, i.left_out, i.kind,
  i.id IN (SELECT u.item_id FROM ({UNDELIVERED}) u WHERE u.order_id = $1) AS undelivered,
  i.state = $7 AND o.state = ANY($9) AND EXISTS (SELECT FROM split_agreement s WHERE s.tenant_id = i.tenant_id
    AND s.item_id = i.id AND s.state = $8) AS reviewed,
  CASE WHEN o.state = $4 AND i.state = $5 THEN (SELECT e.at FROM timeline_entry e WHERE e.tenant_id = o.tenant_id
    AND e.subject_kind = $6 AND e.subject_id = o.id AND e.to_state = $4 ORDER BY e.at DESC, e.id DESC LIMIT 1)
  END AS held_since
FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
WHERE i.order_id = $1 ORDER BY i.position LIMIT $2 OFFSET $3
"""
# The values of $4 to $9
HELD = (
    OrderState.HELD,
    ItemState.HELD,
    TimelineSubject.ORDER,
    ItemState.DONE,
    AgreementState.UNDER_REVIEW,
    sorted(MAY_WAIT),
)


async def items(
    scope: Scope, order_id: UUID, *, limit: int | None, offset: int = 0, catalogue: Catalogue | None = None
) -> list[OrderItemView]:
    """Items of an order with their sentences; all of them (no `limit`) without, for programs that read codes."""
    catalogue = catalogue or await catalogue_of(scope)
    rows = await scope.fetch_all(ItemRecord, ITEMS, order_id, limit, offset, *HELD)
    return await compute(len(rows), item_views, catalogue, rows, described=limit is not None)


def item_views(
    catalogue: Catalogue, rows: Sequence[ItemRecord], *, described: bool = True
) -> list[OrderItemView]:
    """What is shown of items of one order, with their sentences where they are `described`."""
    texts = KindTexts(catalogue, rows[0].kind) if rows else None
    return [_item(texts, row, described=described) for row in rows] if texts else []


def _item(texts: KindTexts, row: ItemRecord, *, described: bool) -> OrderItemView:
    kind, change, reported = KINDS[row.kind], orjson.loads(row.change), orjson.loads(row.reported)
    sentences: list[str] = []
    if change and described:
        sentences = [*kind.describe(texts, change), *kind.outcome_texts(texts, change, reported)]
    if row.held_since and described:
        sentences.append(texts.waits_until(row.held_since))
    state, left_out = ItemState(row.state), orjson.loads(row.left_out)
    return OrderItemView(
        id=row.id,
        line_id=row.line_id,
        msisdn=row.msisdn,
        name=row.name,
        state=state,
        reason=row.reason,
        why=_why(texts, row, state) if described else "",
        detail=row.detail,
        change=change,
        words=sentences,
        reported=reported,
        waits_for=_waits_for(row, state, str(reported.get("esimState", ""))),
        undelivered=row.undelivered,
        left_out=left_out,
        noted=_noted(texts, row, change, left_out) if described else [],
    )


def _waits_for(row: ItemRecord, state: ItemState, esim_state: str) -> WaitsFor:
    """Who has to act on an item; the operator on a line that is done but for its contract."""
    party = KINDS[row.kind].waits_for(state, row.reason, esim_state, undelivered=row.undelivered)
    return WaitsFor.OPERATOR if row.reviewed and not party else party


def _why(texts: KindTexts, row: ItemRecord, state: ItemState) -> str:
    """The sentence of why an item is skipped, held or failed, or what has to be done about a mail that was refused."""
    if row.undelivered:
        return texts.outcome.undelivered()
    if row.reviewed:
        return texts.why("contract_under_review")
    return (texts.held_why if state is ItemState.HELD else texts.why)(row.reason, row.detail)


def _noted(
    texts: KindTexts, row: ItemRecord, change: Mapping[str, Any], left_out: Mapping[str, str]
) -> list[str]:
    """What was asked and is not done on a line that is done otherwise, with the operator's words where it has some."""
    notes = [texts.note(what, code, change.get("add", ())) for what, code in left_out.items()]
    if row.detail and row.state == ItemState.DONE and notes:
        notes[-1] = texts.said_by_carrier(notes[-1], row.detail)
    return notes


UNDO_SECONDS_LEFT = """
SELECT EXTRACT(epoch FROM grace_until - statement_timestamp())::float FROM change_order WHERE id = $1
"""


class DetailRecord(msgspec.Struct, frozen=True):
    """The columns of one request in full."""

    id: UUID
    reference: str
    kind: str
    state: str
    flag: str
    body: str
    price: str
    requester_id: UUID
    requester_name: str
    requester_email: str
    requested_at: datetime
    grace_until: datetime | None
    submitted_at: datetime | None
    ended_at: datetime | None
    mailed_at: datetime | None
    due_on: date | None
    promise_code: str
    promise_due_at: datetime | None
    end_reason: str
    missing: int
    refused_mails: int


async def detail(
    scope: Scope, order_id: OrderId, *, items_limit: int | None, language: str = ""
) -> OrderDetail:
    """Everything of one request, in the actor's language or another. What the actor may do is filled in by the caller.

    Raises LookupError for an order that is not there.
    """
    row = await scope.select_one(DetailRecord, ChangeOrder, ChangeOrder.id == order_id)
    if row is None:
        raise LookupError(f"no order {order_id}")
    moves = await timeline.entries(scope, TimelineSubject.ORDER, order_id)
    catalogue = await catalogue_of(scope)
    if language:
        catalogue = Catalogue(catalogue.profile, language)
    found = await one_outcome(scope, row)
    texts, request = KindTexts(catalogue, row.kind), decode_request(row.body)
    held = next((move.at for move in moves if move.to_state == OrderState.HELD), None)
    shown = await items(scope, order_id, limit=items_limit, catalogue=catalogue)
    asked = [] if request.upload_id else KINDS[row.kind].summary(texts, request)
    own = row.requester_id == scope.actor.member_id
    return OrderDetail(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        title=texts.title,
        state=OrderState(row.state),
        requested_by=row.requester_name,
        requested_by_email=row.requester_email,
        requested_at=row.requested_at,
        grace_until=row.grace_until,
        undo_seconds_left=await undo_seconds_left(scope, order_id) if row.state == OrderState.GRACE else 0,
        may_undo=False,
        submitted_at=row.submitted_at,
        ended_at=row.ended_at,
        mailed_at=row.mailed_at,
        promise=ExpectedCompletion(code=row.promise_code, due_at=row.promise_due_at),
        price=msgspec.json.decode(row.price, type=Price),
        asked=with_number(await with_contract_name(scope, asked, request) if own else asked, texts, shown),
        outcome=found.outcome,
        counts=dict(found.counts),
        items=shown,
        items_total=sum(found.counts.values()),
        history=_history(moves, row.reference),
        carrier=catalogue.profile.name,
        upload_id=request.upload_id,
        own=own,
        due_on=row.due_on,
        flag=OrderFlag(row.flag),
        held_until=hold_deadline(catalogue.profile, held) if held and row.state == OrderState.HELD else None,
    )


async def undo_seconds_left(scope: Scope, order_id: OrderId) -> float:
    """The rest of an order's undo time, by the database's clock: those of web hosts may differ."""
    left = await scope.fetch_value(float, UNDO_SECONDS_LEFT, order_id)
    return max(0.0, left or 0.0)


def _history(moves: Sequence[TimelineEntry], reference: str) -> list[OrderMove]:
    """The moves of an order, the oldest first."""
    return [
        OrderMove(
            at=move.at,
            actor=move.actor_name,
            action=move.to_state,
            detail={"from": move.from_state, "why": move.params.get("why", "")},
            reference=reference,
        )
        for move in reversed(moves)
    ]
