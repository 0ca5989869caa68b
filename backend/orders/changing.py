"""Use cases on requests that are already placed: another day, cancel, accept a new price, correct, try again."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.catalog.names import catalogue_of
from backend.core import audit, clock
from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.outbox import dump
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.schemas import Selection
from backend.orders import queries
from backend.orders.drafts import start_draft
from backend.orders.due import costs_more, prepare_again, write_again
from backend.orders.effects import effects_of
from backend.orders.ending import drop
from backend.orders.kinds import KINDS
from backend.orders.kinds.plan import Ground, Month
from backend.orders.news import GIVEN_UP
from backend.orders.placing import check_fresh, record_move
from backend.orders.preview import LONGEST_WAIT_DAYS, midnight, view
from backend.orders.schemas import OrderDetail, OrderPreview, OrderState
from backend.orders.service import LISTED, get_order
from backend.orders.words import KindWords
from tenants.scope import Scope


async def _locked(scope: Scope, reference: str) -> Any:
    """The order's row, locked. Raises NotFound where it is missing, foreign or out of reach."""
    order_id = await queries.find(scope, reference)
    return await scope.connection.fetchrow(
        "SELECT * FROM change_order WHERE id = $1 FOR NO KEY UPDATE", order_id
    )


@use_case(Permission.ORDERS_UNDO)
async def cancel_order(scope: Scope, reference: str) -> OrderDetail:
    """Cancel a request that waits for its day; or ask the carrier to call one back while it still may.

    Cancelling twice does nothing more. Raises NotFound, and Conflict (`cancel_too_late`).
    """
    row = await _locked(scope, reference)
    state = OrderState(row["state"])
    if state is OrderState.SCHEDULED:
        await scope.connection.execute(
            "UPDATE change_order SET state = 'cancelled', flag = '', ended_at = $2 WHERE id = $1",
            row["id"],
            clock.now(),
        )
        await drop(scope, row["id"], reference, state, "order.cancelled", why="cancelled")
    elif await _may_call_back(scope, row, state):
        await scope.connection.execute("UPDATE change_order SET flag = 'cancelling' WHERE id = $1", row["id"])
        await audit.record(scope, "order.cancel_asked", "order", row["id"], reference=reference)
        scope.announce("order.cancel_asked", order_id=str(row["id"]))
        scope.touch(f"order:{row['id']}")
    elif state is not OrderState.CANCELLED:
        raise Conflict("This request can no longer be cancelled.", code="cancel_too_late")
    return await get_order(scope, reference)


async def _may_call_back(scope: Scope, order: Any, state: OrderState) -> bool:
    """Whether the carrier may still be asked: it has the order, and has said nothing after which there is no way back."""
    kind = KINDS[order["kind"]]
    if state not in {OrderState.IN_PROGRESS, OrderState.HELD} or not kind.cancellable:
        return False
    told = await scope.connection.fetch(
        "SELECT reported FROM change_order_item WHERE order_id = $1 AND state IN ('sent', 'in_progress', 'held')",
        order["id"],
    )
    return not all(kind.too_late(orjson.loads(item["reported"])) for item in told)


@use_case(Permission.ORDERS_UNDO)
async def reschedule_order(scope: Scope, reference: str, *, on: date) -> OrderDetail:
    """Move a request that waits for its day to another one. Raises NotFound, Conflict (`not_scheduled`), Invalid, SignInAgain."""
    row = await _locked(scope, reference)
    if row["state"] != OrderState.SCHEDULED:
        raise Conflict("Only a planned request can be moved to another day.", code="not_scheduled")
    check_fresh(scope, KINDS[row["kind"]])  # sooner may be tomorrow: as good as asking for it anew
    today = clock.today()
    if on <= today or (on - today).days > LONGEST_WAIT_DAYS:
        say = KindWords(await catalogue_of(scope), row["kind"]).say
        if on <= today:
            raise Invalid(on=say("bad_day_not_later"), code="date_in_the_past")
        raise Invalid(on=say("bad_day_far"), code="date_too_far")
    moved = msgspec.structs.replace(queries.asked_of(row), on=on)
    await scope.connection.execute(
        "UPDATE change_order SET due_on = $2, body = $3, flag = '' WHERE id = $1",
        row["id"],
        on,
        msgspec.json.encode(moved).decode(),
    )
    prepared = await prepare_again(scope, row["id"])
    if not await costs_more(scope, row["id"], prepared):  # otherwise it is shown and accepted on the day
        await write_again(scope, row["id"], prepared)
    await effects_of(row["kind"]).moved(scope, row["id"], on)
    await record_move(scope, row["id"], OrderState.SCHEDULED, OrderState.SCHEDULED, why=on.isoformat())
    await audit.record(scope, "order.moved", "order", row["id"], reference=reference, on=on.isoformat())
    scope.announce("order.due", order_id=str(row["id"]), not_before=midnight(on))
    for topic in (f"order:{row['id']}", "orders"):
        scope.touch(topic)
    return await get_order(scope, reference)


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def preview_again(scope: Scope, reference: str) -> OrderPreview:
    """Check answers of a planned request as things stand now. Raises NotFound, Conflict (`not_scheduled`)."""
    order_id = await queries.find(scope, reference)
    state = await scope.connection.fetchval("SELECT state FROM change_order WHERE id = $1", order_id)
    if state != OrderState.SCHEDULED:
        raise Conflict("Only a planned request can be checked again.", code="not_scheduled")
    return view(await prepare_again(scope, order_id), listed=LISTED)


@use_case(Permission.ORDERS_PLACE)
async def accept_price(scope: Scope, reference: str, *, fingerprint: str) -> OrderDetail:
    """Accept what a planned request costs now. Raises Conflict (`price_changed`) where it is other again."""
    row = await _locked(scope, reference)
    if row["state"] != OrderState.SCHEDULED:
        raise Conflict("Only a planned request has a price to accept.", code="not_scheduled")
    check_fresh(scope, KINDS[row["kind"]])
    prepared = await prepare_again(scope, row["id"])
    if prepared.fingerprint != fingerprint:
        raise Conflict(
            "The price or the effect has changed since it was shown: check again.", code="price_changed"
        )
    await write_again(scope, row["id"], prepared)
    await scope.connection.execute("UPDATE change_order SET flag = '' WHERE id = $1", row["id"])
    await audit.record(scope, "order.price_accepted", "order", row["id"], reference=reference)
    scope.announce("order.due", order_id=str(row["id"]))
    for topic in (f"order:{row['id']}", "orders"):
        scope.touch(topic)
    return await get_order(scope, reference)


@use_case(Permission.ORDERS_PLACE)
async def correct_item(
    scope: Scope, reference: str, item_id: UUID, *, fields: Mapping[str, str]
) -> OrderDetail:
    """Give the information that a held item waits for; the carrier is told and goes on.

    Raises NotFound, Conflict (`not_held`) where nothing is missing any more, Conflict (`held_too_long`) where its time is
    up, Invalid for a value that cannot be.
    """
    order = await _locked(scope, reference)
    row = await scope.connection.fetchrow(
        "SELECT id, kind, state, change, reason FROM change_order_item WHERE id = $1 AND order_id = $2"
        " FOR NO KEY UPDATE",
        item_id,
        order["id"],
    )
    if row is None:
        raise NotFound
    if order["flag"] == GIVEN_UP:
        raise Conflict("The time for this is over: send a new request.", code="held_too_long")
    amend = KINDS[row["kind"]].amend
    if row["state"] != "held" or amend is None:
        raise Conflict("Nothing is missing for this line any more.", code="not_held")
    catalogue, day = await catalogue_of(scope), clock.today()
    words = KindWords(catalogue, row["kind"])
    ground = Ground(catalogue.profile, clock.now(), day, Month.of(day), words)
    change, characteristics = amend(ground, orjson.loads(row["change"]), fields)
    await scope.connection.execute(
        "UPDATE change_order_item SET change = $2 WHERE id = $1", item_id, dump(change)
    )
    await audit.record(scope, "order.corrected", "order", order["id"], reference=reference)
    scope.announce("item.amended", item_id=str(item_id), characteristics=characteristics)
    scope.touch(f"order:{order['id']}")
    return await get_order(scope, reference)


@use_case(Permission.ORDERS_PLACE)
async def retry_order(scope: Scope, reference: str) -> UUID:
    """A new draft of the same wishes for the lines on which they failed. Raises NotFound, Conflict (`nothing_failed`)."""
    order_id = await queries.find(scope, reference)
    row = await scope.connection.fetchrow("SELECT kind, body FROM change_order WHERE id = $1", order_id)
    failed = await scope.connection.fetch(
        "SELECT line_id FROM change_order_item WHERE order_id = $1 AND state = 'failed'", order_id
    )
    asked = queries.asked_of(row)
    if not failed or asked.upload_id is not None:
        raise Conflict("Nothing of this request failed.", code="nothing_failed")
    creates = KINDS[row["kind"]].creates is not None
    lines = Selection() if creates else Selection(line_ids=tuple(found["line_id"] for found in failed))
    wishes: dict[str, Any] = msgspec.to_builtins(asked.wishes)
    return await start_draft(scope, row["kind"], lines, wishes=wishes)
