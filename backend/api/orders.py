"""Change orders over REST: the same use cases as the pages."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from backend.catalog.identifiers import REFERENCE_PATTERN
from backend.catalog.lead_times import ExpectedCompletion
from backend.catalog.pricing import Price
from backend.core.addresses import LONGEST_EMAIL
from backend.core.computing import compute
from backend.core.errors import ValidationFailed
from backend.orders import service
from backend.orders.changes import cancellation, corrections, invitations, scheduling
from backend.orders.kinds import AnyOrderRequest
from backend.orders.lifecycle import ItemState, OrderFlag, OrderState
from backend.orders.outcome import OrderOutcome, WaitsFor
from backend.orders.placement import place
from backend.orders.queries import OrderFilter
from backend.orders.schemas import OrderDetail, OrderPreview
from backend.web.problems import problem_specs
from tenants.scope import Actor

Reference = Annotated[str, PathParameter(pattern=f"^{REFERENCE_PATTERN}$", description="MND-2611201405-KXTR")]


class OrderItemResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order; `reason` says why it was skipped or failed, `detail` in the carrier's words.

    `left_out` has what was asked and is not done on this line: its code and the reason. `waits_for`: who has to act.
    `undelivered`: the mail server refused the mail with the code or the link, so its user does not have it.
    """

    id: UUID
    line_id: UUID
    msisdn: str
    state: ItemState
    reason: str
    detail: str = ""
    change: dict[str, Any] = {}
    waits_for: WaitsFor = WaitsFor.NOBODY
    left_out: dict[str, str] = {}
    undelivered: bool = False


class OrderResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the API shows it. Amounts are integer cents.

    `state` is how far it is; `outcome` says what became of what was asked: `complete` where all of it is so.
    """

    reference: str
    kind: str
    state: OrderState
    promise: ExpectedCompletion
    may_undo: bool
    due_on: date | None
    flag: OrderFlag
    outcome: OrderOutcome
    items: list[OrderItemResponse]
    price: Price

    @classmethod
    def of(cls, detail: OrderDetail) -> "OrderResponse":
        return cls(
            reference=detail.reference,
            kind=detail.kind,
            state=detail.state,
            promise=detail.promise,
            may_undo=detail.may_undo,
            due_on=detail.due_on,
            flag=detail.flag,
            outcome=detail.outcome,
            items=[
                OrderItemResponse(
                    id=item.id,
                    line_id=item.line_id,
                    msisdn=item.msisdn,
                    state=item.state,
                    reason=item.reason,
                    detail=item.detail,
                    change=item.change,
                    waits_for=item.waits_for,
                    left_out=item.left_out,
                    undelivered=item.undelivered,
                )
                for item in detail.items
            ],
            price=detail.price,
        )


async def answer(detail: OrderDetail) -> OrderResponse:
    """The answer that shows an order, with all its items."""
    return await compute(len(detail.items), OrderResponse.of, detail)


class RescheduleBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day on which a planned order happens, in Europe/Brussels."""

    on: date


class AcceptPriceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The preview whose price is accepted."""

    fingerprint: str


# Corrected at once
MOST_FIELDS = 50


class CorrectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Corrected fields by their names, as in the order's own struct."""

    fields: Annotated[dict[str, str], msgspec.Meta(max_length=MOST_FIELDS)]


class InvitationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The address of the successor."""

    email: Annotated[str, msgspec.Meta(max_length=LONGEST_EMAIL)]


class OrdersController(Controller):
    """Requests: previewed, placed, followed and changed."""

    path = "/change-orders"
    tags = ("Change orders",)

    @post(
        "/preview",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 413, 415, 422),
        summary="What an order would do and cost",
    )
    async def preview(self, actor: NamedDependency[Actor], data: JSONBody[AnyOrderRequest]) -> OrderPreview:
        return await place.preview_order(actor, data)

    @post(
        status_code=202,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Place an order",
    )
    async def place(self, actor: NamedDependency[Actor], data: JSONBody[AnyOrderRequest]) -> OrderResponse:
        if not 1 <= len(data.request_key) <= 200:
            raise ValidationFailed(
                request_key="Give a key of your own, of 1 to 200 characters: it makes resending safe."
            )
        return await answer(await place.place_order(actor, data))

    @get(responses=problem_specs(400, 401, 403, 422), summary="List orders")
    async def list_orders(
        self,
        actor: NamedDependency[Actor],
        group: Annotated[
            Literal["", "running", "attention", "ended"],
            QueryParameter(description="running, attention (it waits for the customer), ended; empty: all."),
        ] = "",
        kind: Annotated[str, QueryParameter(description="One order kind.", max_length=40)] = "",
        search: Annotated[
            str, QueryParameter(description="Part of a reference, a number or a name.", max_length=100)
        ] = "",
        page: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    ) -> service.OrderPage:
        wanted = OrderFilter(group=group, kind=kind, search=search)
        return await service.page_of_orders(actor, wanted, page=page, limit=limit)

    @get("/{reference:str}", responses=problem_specs(400, 401, 403, 404), summary="Follow an order")
    async def get_order(self, actor: NamedDependency[Actor], reference: Reference) -> OrderResponse:
        return await answer(await service.get_order(actor, reference, items_limit=None))

    @post(
        "/{reference:str}/undo",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="Undo while nothing has left",
    )
    async def undo(self, actor: NamedDependency[Actor], reference: Reference) -> OrderResponse:
        return await answer(await cancellation.undo_order(actor, reference, items_limit=None))

    @post(
        "/{reference:str}/cancel",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="Cancel a planned order, or call one back at the carrier while it still may",
    )
    async def cancel(self, actor: NamedDependency[Actor], reference: Reference) -> OrderResponse:
        return await answer(await cancellation.cancel_order(actor, reference))

    @post(
        "/{reference:str}/reschedule",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Move a planned order to another day",
    )
    async def reschedule(
        self, actor: NamedDependency[Actor], reference: Reference, data: JSONBody[RescheduleBody]
    ) -> OrderResponse:
        return await answer(await scheduling.reschedule_order(actor, reference, on=data.on))

    @post(
        "/{reference:str}/preview",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="What a planned order costs now",
    )
    async def preview_again(self, actor: NamedDependency[Actor], reference: Reference) -> OrderPreview:
        return await scheduling.requote_order(actor, reference)

    @post(
        "/{reference:str}/accept-price",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Accept the changed price of a planned order",
    )
    async def accept_price(
        self, actor: NamedDependency[Actor], reference: Reference, data: JSONBody[AcceptPriceBody]
    ) -> OrderResponse:
        return await answer(await scheduling.accept_price(actor, reference, fingerprint=data.fingerprint))

    @post(
        "/{reference:str}/items/{item_id:uuid}/correct",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Give what a held item waits for",
    )
    async def correct(
        self,
        actor: NamedDependency[Actor],
        reference: Reference,
        item_id: FromPath[UUID],
        data: JSONBody[CorrectionBody],
    ) -> OrderResponse:
        return await answer(await corrections.correct_item(actor, reference, item_id, fields=data.fields))

    @post(
        "/{reference:str}/invitation",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Send a refused invitation of a successor again, to this address",
    )
    async def invite_again(
        self, actor: NamedDependency[Actor], reference: Reference, data: JSONBody[InvitationBody]
    ) -> OrderResponse:
        return await answer(await invitations.send_invitation_again(actor, reference, email=data.email))
