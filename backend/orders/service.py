"""Use cases that read requests: one of them, its items, lists, and how many are under way."""

from dataclasses import replace
from uuid import UUID

import msgspec

from backend.core.errors import ValidationFailed
from backend.core.ids import OrderId
from backend.core.permissions import Permission
from backend.core.use_case import is_allowed, use_case
from backend.orders import queries, views
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ITEM_LIFECYCLE, ORDER_LIFECYCLE, ItemState, OrderState
from backend.orders.queries import OrderFilter
from backend.orders.schemas import OrderDetail, OrderItemView, OrderSummary
from tenants.scope import Scope

# Rows of a preview or an order that a page shows at once
LISTED = 200


@use_case(Permission.ORDERS_READ, read_only=True)
async def get_order(scope: Scope, reference: str, *, items_limit: int | None = LISTED) -> OrderDetail:
    """One request by its reference, with its first items and its history. Raises NotFound."""
    return await order_detail(scope, await queries.find(scope, reference), items_limit=items_limit)


@use_case(Permission.ORDERS_READ, read_only=True)
async def find_order(scope: Scope, reference: str) -> UUID:
    """The id of one request by its reference. Raises NotFound."""
    return await queries.find(scope, reference)


@use_case(Permission.ORDERS_READ, read_only=True)
async def order_items(scope: Scope, reference: str, *, page: int = 1) -> list[OrderItemView]:
    """One page of 200 items. Raises NotFound, and ValidationFailed for a page below 1."""
    if page < 1:
        raise ValidationFailed(page="Pages count from 1.")
    order_id = await queries.find(scope, reference)
    return await views.items(scope, order_id, limit=LISTED, offset=(page - 1) * LISTED)


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of requests and their exact number."""

    items: list[OrderSummary]
    total: int


@use_case(Permission.ORDERS_READ, read_only=True)
async def list_orders(
    scope: Scope,
    wanted: OrderFilter | None = None,
    *,
    open_only: bool = False,
    line_id: UUID | None = None,
    page: int = 1,
    limit: int = 50,
) -> list[OrderSummary]:
    """Requests of the tenant within the actor's reach, newest first."""
    wanted = wanted or OrderFilter(group="running" if open_only else "", line_id=line_id)
    return await views.summaries(scope, wanted, limit=limit, offset=(max(page, 1) - 1) * limit)


@use_case(Permission.ORDERS_READ, read_only=True)
async def page_of_orders(scope: Scope, wanted: OrderFilter, *, page: int = 1, limit: int = 50) -> OrderPage:
    """One page of the requests that match, newest first, with their number."""
    found = await views.summaries(scope, wanted, limit=limit, offset=(max(page, 1) - 1) * limit)
    return OrderPage(items=found, total=await queries.count(scope, wanted))


class OrderCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests there are in each group of the page of requests."""

    everything: int
    running: int
    attention: int

    def of(self, group: str) -> int:
        """The number of one group of `OrderFilter`."""
        groups = {
            "": self.everything,
            "running": self.running,
            "attention": self.attention,
            "ended": self.everything - self.running,
        }
        return groups[group]


@use_case(Permission.ORDERS_READ, read_only=True)
async def counts_by_group(scope: Scope, wanted: OrderFilter) -> OrderCounts:
    """How many requests match, in each group."""

    async def number(group: str) -> int:
        return await queries.count(scope, replace(wanted, group=group))

    return OrderCounts(
        everything=await number(""), running=await number("running"), attention=await number("attention")
    )


@use_case(Permission.ORDERS_READ, read_only=True)
async def counts_running(scope: Scope) -> int:
    """How many requests are under way, for the menu."""
    return await queries.count_open(scope)


async def order_detail(scope: Scope, order_id: UUID, *, items_limit: int | None) -> OrderDetail:
    """One request by its id, with what the actor may do with it now."""
    detail = await views.detail(scope, OrderId(order_id), items_limit=items_limit)
    may = is_allowed(scope.actor, Permission.ORDERS_UNDO)
    kind = KINDS[detail.kind]
    under_way = detail.state in {OrderState.IN_PROGRESS, OrderState.HELD}
    return msgspec.structs.replace(
        detail,
        may_undo=may and detail.undo_seconds_left > 0,
        may_cancel=may
        and (
            detail.state is OrderState.SCHEDULED
            or (
                under_way
                and kind.may_be_recalled(
                    item.reported for item in detail.items if item.state in ITEM_LIFECYCLE.open
                )
            )
        ),
        may_reschedule=may and detail.state is OrderState.SCHEDULED,
        may_retry=is_allowed(scope.actor, Permission.ORDERS_PLACE)
        and detail.state in ORDER_LIFECYCLE.final
        # Its rows are corrected in a file
        and detail.upload_id is None
        and bool(detail.counts.get(ItemState.FAILED)),
    )
