"""Use cases on requests that are already placed: another day, cancel, accept a new price, correct, try again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.catalog.catalogue import catalogue_of
from backend.catalog.pricing import BillingMonth
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound
from backend.core.facts import JobName
from backend.core.outbox import dump
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.schemas import Selection
from backend.orders import queries
from backend.orders.fulfilment.updates import HOLD_EXPIRED
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import QuoteContext
from backend.orders.placement.drafts import start_draft
from backend.orders.queries import lock_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from backend.orders.texts import KindTexts
from tenants.scope import Scope


@use_case(Permission.ORDERS_PLACE)
async def correct_item(
    scope: Scope, reference: str, item_id: UUID, *, fields: Mapping[str, str]
) -> OrderDetail:
    """Give the information that a held item waits for; the carrier is told and goes on.

    Raises NotFound, Conflict (`not_held`) where nothing is missing any more, Conflict (`held_too_long`) where its time is
    up, Invalid for a value that cannot be.
    """
    order = await lock_order(scope, reference)
    row = await scope.connection.fetchrow(
        "SELECT id, kind, state, change, reason FROM change_order_item WHERE id = $1 AND order_id = $2"
        " FOR NO KEY UPDATE",
        item_id,
        order["id"],
    )
    if row is None:
        raise NotFound
    if order["flag"] == HOLD_EXPIRED:
        raise Conflict("The time for this is over: send a new request.", code="held_too_long")
    amend = KINDS[row["kind"]].amend
    if row["state"] != "held" or amend is None:
        raise Conflict("Nothing is missing for this line any more.", code="not_held")
    catalogue, day = await catalogue_of(scope), clock.today()
    texts = KindTexts(catalogue, row["kind"])
    context = QuoteContext(catalogue.profile, clock.now(), day, BillingMonth.of(day), texts)
    change, characteristics = amend(context, orjson.loads(row["change"]), fields)
    await scope.connection.execute(
        "UPDATE change_order_item SET change = $2 WHERE id = $1", item_id, dump(change)
    )
    await audit.record(scope, "order.corrected", "order", order["id"], reference=reference)
    scope.enqueue(JobName.AMEND_AT_CARRIER, item_id=item_id, characteristics=characteristics)
    scope.invalidate(f"order:{order['id']}")
    return await get_order(scope, reference)


@use_case(Permission.ORDERS_PLACE)
async def retry_order(scope: Scope, reference: str) -> UUID:
    """A new draft of the same wishes for the lines on which they failed. Raises NotFound, Conflict (`nothing_failed`)."""
    order_id = await queries.find(scope, reference)
    row = await scope.connection.fetchrow("SELECT kind, body FROM change_order WHERE id = $1", order_id)
    failed = await scope.connection.fetch(
        "SELECT line_id FROM change_order_item WHERE order_id = $1 AND state = 'failed'", order_id
    )
    request = queries.request_of(row)
    if not failed or request.upload_id is not None:
        raise Conflict("Nothing of this request failed.", code="nothing_failed")
    creates = KINDS[row["kind"]].creates is not None
    lines = Selection() if creates else Selection(line_ids=tuple(found["line_id"] for found in failed))
    kind_fields: dict[str, Any] = msgspec.to_builtins(request.kind_fields)
    return await start_draft(scope, row["kind"], lines, kind_fields=kind_fields)
