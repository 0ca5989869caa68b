"""Use cases that put right what a request lacks or what failed: correct a held item, try failed lines again."""

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
from backend.orders.effects import effects_of
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import QuoteContext
from backend.orders.lifecycle import ItemState, OrderFlag
from backend.orders.placement.drafts import start_draft
from backend.orders.queries import OrderHead, lock_order, order_head
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from backend.orders.tables import ChangeOrder, ChangeOrderItem
from backend.orders.texts import KindTexts
from tenants.scope import Scope


class CorrectableItem(msgspec.Struct, frozen=True):
    """An item that may wait for a correction."""

    kind: str
    state: str
    change: str


@use_case(Permission.ORDERS_PLACE)
async def correct_item(
    scope: Scope, reference: str, item_id: UUID, *, fields: Mapping[str, str]
) -> OrderDetail:
    """Give the information that a held item waits for; it is sent to the carrier.

    Raises NotFound, Conflict (`not_held`) where nothing is missing any more, Conflict (`held_too_long`) where the
    order was held too long, and ValidationFailed for a wrong value.
    """
    order = await lock_order(scope, reference)
    its_row = (ChangeOrderItem.id == item_id) & (ChangeOrderItem.order_id == order.id)
    item = await scope.select_one(CorrectableItem, ChangeOrderItem, its_row, lock=True)
    if item is None:
        raise NotFound
    if order.flag == OrderFlag.HOLD_EXPIRED:
        raise Conflict("The time for this is over: send a new request.", code="held_too_long")
    amend = KINDS[item.kind].amend
    if item.state != ItemState.HELD or amend is None:
        raise Conflict("Nothing is missing for this line any more.", code="not_held")
    await effects_of(item.kind).before_correction(scope)
    catalogue, day = await catalogue_of(scope), clock.today()
    texts = KindTexts(catalogue, item.kind)
    context = QuoteContext(catalogue.profile, clock.now(), day, BillingMonth.of(day), texts)
    change, characteristics = amend(context, orjson.loads(item.change), fields)
    await ChangeOrderItem.update({ChangeOrderItem.change: dump(change)}).where(its_row)
    await _write_to_request(order, change, fields)
    await audit.record(scope, "order.corrected", "order", order.id, reference=reference)
    scope.enqueue(JobName.AMEND_AT_CARRIER, item_id=item_id, characteristics=characteristics)
    scope.invalidate(f"order:{order.id}")
    return await get_order(scope, reference)


async def _write_to_request(order: OrderHead, change: Mapping[str, Any], fields: Mapping[str, str]) -> None:
    """Write corrected fields to what was asked, which the page shows and a new try starts from.

    What a file asks stands in its rows.
    """
    request = order.request
    defaults = {one.name: one.default for one in msgspec.structs.fields(request)}
    corrected = {name: change[name] or defaults[name] for name in fields if name in defaults}
    if not corrected or request.upload_id is not None:
        return
    asked = msgspec.convert({**msgspec.to_builtins(request), **corrected}, type(request))
    await ChangeOrder.update({ChangeOrder.body: msgspec.json.encode(asked).decode()}).where(
        ChangeOrder.id == order.id
    )


class FailedItem(msgspec.Struct, frozen=True):
    """An item that failed."""

    line_id: UUID


@use_case(Permission.ORDERS_PLACE)
async def retry_order(scope: Scope, reference: str) -> UUID:
    """Start a draft that asks the same for the lines on which it failed; returns the draft's id.

    Raises NotFound, and Conflict (`nothing_failed`).
    """
    order = await order_head(scope, await queries.find(scope, reference))
    failed = await scope.select_all(
        FailedItem,
        ChangeOrderItem,
        (ChangeOrderItem.order_id == order.id) & (ChangeOrderItem.state == ItemState.FAILED),
    )
    request = order.request
    if not failed or request.upload_id is not None:
        raise Conflict("Nothing of this request failed.", code="nothing_failed")
    creates = order.order_kind.creates is not None
    lines = Selection() if creates else Selection(line_ids=tuple(item.line_id for item in failed))
    kind_fields: dict[str, Any] = msgspec.to_builtins(request.kind_fields)
    return await start_draft(scope, order.kind, lines, kind_fields=kind_fields)
