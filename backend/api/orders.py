"""Change orders over REST: the same use cases as the pages."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from backend.api.problems import declares
from backend.core.errors import Invalid
from backend.orders import service
from backend.orders.schemas import (
    ChangeOptions,
    ItemState,
    OrderDetail,
    OrderPreview,
    OrderState,
    Price,
    Promise,
)
from tenants.scope import Actor

Reference = Annotated[
    str, PathParameter(pattern=r"^[A-Z]{2,4}-\d{10}-[A-Z]{4}$", description="MND-2611201405-KXTR")
]


class OrderItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order; `reason` says why it was skipped or failed, `detail` in the carrier's words."""

    line_id: UUID
    state: ItemState
    reason: str
    detail: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the API shows it. Amounts are integer cents."""

    reference: str
    kind: str
    state: OrderState
    promise: Promise
    may_undo: bool
    items: list[OrderItem]
    price: Price

    @classmethod
    def of(cls, detail: OrderDetail) -> "Order":
        return cls(
            reference=detail.reference,
            kind=detail.kind,
            state=detail.state,
            promise=detail.promise,
            may_undo=detail.may_undo,
            items=[
                OrderItem(line_id=item.line_id, state=item.state, reason=item.reason, detail=item.detail)
                for item in detail.items
            ],
            price=detail.price,
        )


class OrdersController(Controller):
    path = "/change-orders"
    tags = ("Change orders",)

    @post(
        "/preview",
        status_code=200,
        responses=declares(400, 401, 403, 404, 413, 422),
        summary="What an order would do and cost",
    )
    async def preview(self, actor: NamedDependency[Actor], data: JSONBody[ChangeOptions]) -> OrderPreview:
        return await service.preview_order(actor, data)

    @post(status_code=202, responses=declares(400, 401, 403, 404, 409, 413, 422), summary="Place an order")
    async def place(self, actor: NamedDependency[Actor], data: JSONBody[ChangeOptions]) -> Order:
        if not 1 <= len(data.request_key) <= 200:
            raise Invalid(
                request_key="Give a key of your own, of 1 to 200 characters: it makes resending safe."
            )
        return Order.of(await service.place_order(actor, data))

    @get("/{reference:str}", responses=declares(400, 401, 403, 404), summary="Follow an order")
    async def get_order(self, actor: NamedDependency[Actor], reference: Reference) -> Order:
        return Order.of(await service.get_order(actor, reference, items_limit=None))

    @post(
        "/{reference:str}/undo",
        status_code=200,
        responses=declares(400, 401, 403, 404, 409),
        summary="Undo while nothing has left",
    )
    async def undo(self, actor: NamedDependency[Actor], reference: Reference) -> Order:
        return Order.of(await service.undo_order(actor, reference, items_limit=None))
