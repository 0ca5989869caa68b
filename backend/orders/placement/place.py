"""Places an order: reference, items, history and audit in one transaction, once per client key."""

import hashlib
from uuid import UUID

import msgspec

from backend.core.clock import midnight
from backend.core.computing import compute
from backend.core.errors import Conflict, ValidationFailed
from backend.core.facts import OrderPlaced, OrderScheduled, OrderSubmitted, TimerName
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders.effects import effects_of
from backend.orders.effects.events import PlacedOrder
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.placement.file_rows import mark_ordered
from backend.orders.placement.order_writes import (
    InitialState,
    write_items,
    write_order,
    write_timelines,
)
from backend.orders.placement.preview import preview_of
from backend.orders.placement.quote import Quote, quote_order
from backend.orders.schemas import OrderDetail, OrderPreview, OrderRequest
from backend.orders.service import order_detail
from backend.orders.tables import ChangeOrder
from backend.orders.transitions import check_recent_sign_in
from tenants.scope import Scope


def request_digest(request: OrderRequest) -> str:
    """A digest of what is asked, without the key and the fingerprint: a repeat of a request has the same."""
    return hashlib.sha256(
        msgspec.json.encode(msgspec.structs.replace(request, request_key="", fingerprint=""))
    ).hexdigest()


async def place(scope: Scope, request: OrderRequest, *, draft_id: UUID | None = None) -> UUID:
    """Place the order and return its id; a repeat of the same key and body returns the first one's.

    Raises Conflict (`request_key_reused`) for the same key with another body, Conflict (`price_changed`) where the
    effect or price is no longer the one shown, ValidationFailed (`nothing_to_change`) where every line is skipped,
    ValidationFailed (`must_confirm`) where a loss was not confirmed, ReauthenticationRequired where the kind asks for
    a recent sign-in, and what the quote raises.
    """
    digest = request_digest(request)
    if request.request_key and (earlier := await _earlier(scope, request.request_key, digest)):
        return earlier
    quote = await quote_order(scope, request, lock=True)
    await compute(len(quote.items), _check, quote)
    check_recent_sign_in(scope, quote.kind)
    order_id = draft_id or new_id()
    if draft_id is not None:
        await ChangeOrder.delete().where(
            (ChangeOrder.id == draft_id) & (ChangeOrder.state == OrderState.DRAFT)
        )
    written = await write_order(scope, quote, order_id, digest=digest)
    await _write_items(scope, quote, order_id, written)
    await mark_ordered(scope, request, order_id)
    await write_timelines(scope, quote, order_id, written)
    _announce(scope, quote, order_id, written)
    return order_id


def _check(quote: Quote) -> None:
    request = quote.request
    if request.fingerprint and request.fingerprint != quote.fingerprint:
        raise Conflict(
            "The price or the effect has changed since it was shown: check again.", code="price_changed"
        )
    if not quote.changing:
        sentences = sorted({quote.texts.why(item.reason).rstrip(".") for item in quote.items})
        raise ValidationFailed(
            line_ids=quote.texts.text("bad_nothing_changes", why=". ".join(sentences)),
            code="nothing_to_change",
        )
    if quote.must_confirm and not request.confirmed:
        sentence = quote.texts.text("bad_not_confirmed", what=quote.must_confirm)
        raise ValidationFailed(confirmed=sentence, code="must_confirm")


async def _write_items(scope: Scope, quote: Quote, order_id: UUID, written: InitialState) -> None:
    """Write the items and run the kind's effects: before the items where those make the lines, else after them."""
    ids = await compute(len(quote.items), lambda: [new_id() for _ in quote.items])
    changing = [
        (id_, item) for id_, item in zip(ids, quote.items, strict=True) if item.state is ItemState.WAITING
    ]
    placed = PlacedOrder(order_id, written.reference, quote.request, changing)
    effects = effects_of(quote.kind.code)
    if quote.kind.creates is not None:
        await effects.on_placed(scope, placed)
    await write_items(scope, quote, order_id, ids)
    if quote.kind.creates is None:
        await effects.on_placed(scope, placed)


def _announce(scope: Scope, quote: Quote, order_id: UUID, written: InitialState) -> None:
    scope.emit(OrderPlaced(order_id=order_id))
    match written.state:
        case OrderState.SCHEDULED:
            scope.emit(OrderScheduled(order_id=order_id))
            scope.set_timer(TimerName.ORDER_DUE, midnight(quote.context.day), order_id=order_id)
        case OrderState.GRACE:
            scope.set_timer(TimerName.ORDER_GRACE_ENDED, written.grace_until, order_id=order_id)
        case _:
            scope.emit(OrderSubmitted(order_id=order_id))


class EarlierOrder(msgspec.Struct, frozen=True):
    """An order that was placed under a request key."""

    id: UUID
    request_hash: str


async def _earlier(scope: Scope, key: str, digest: str) -> UUID | None:
    member = scope.actor.member_id
    # Two copies of one request wait for each other here; the second then finds the first's order
    await scope.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{member}/{key}")
    earlier = await scope.fetch_one(
        EarlierOrder,
        "SELECT id, request_hash FROM change_order WHERE requester_id = $1 AND request_key = $2",
        member,
        key,
    )
    if earlier is None:
        return None
    if earlier.request_hash != digest:
        raise Conflict(
            "This request key was used for another request: choose a new one.", code="request_key_reused"
        )
    return earlier.id


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def preview_order(scope: Scope, request: OrderRequest, *, listed: int | None = None) -> OrderPreview:
    """What the order would do and cost, line by line. Nothing is written."""
    return await preview_of(scope, await quote_order(scope, request), listed=listed)


@use_case(Permission.ORDERS_PLACE)
async def place_order(scope: Scope, request: OrderRequest) -> OrderDetail:
    """Place the order; idempotent by its request key. Raises what `place` raises."""
    order_id = await place(scope, request)
    return await order_detail(scope, order_id, items_limit=None)
