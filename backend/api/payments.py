"""Online payments over REST, as on the pages."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.billing.payments import service
from backend.billing.payments.lifecycle import MOST_INVOICES
from backend.billing.payments.schemas import Payable, PaymentInfo, PaymentPart, PaymentRow
from backend.billing.payments.starting import LONGEST_KEY, start_payment
from backend.web.problems import problem_specs
from tenants.scope import Actor

PaymentLimit = Annotated[int, QueryParameter(ge=1, le=service.MOST_LISTED)]
PaymentOffset = Annotated[int, QueryParameter(ge=0, le=10**6)]


class NewPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Invoices to pay, each whole or in part, in one payment.

    `request_key` is yours: a repeat with the same one is the same payment.
    """

    request_key: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY)]
    invoices: Annotated[list[PaymentPart], msgspec.Meta(min_length=1, max_length=MOST_INVOICES)]


class PaymentsController(Controller):
    """Online payments of invoices."""

    path = "/payments"
    tags = ("Payments",)

    @post(
        status_code=202,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Pay invoices online: the answer has the address of the page where somebody pays",
    )
    async def start(self, actor: NamedDependency[Actor], data: JSONBody[NewPayment]) -> PaymentInfo:
        payment_id = await start_payment(actor, data.invoices, request_key=data.request_key)
        return await service.wait_for_page(actor, payment_id)

    @get(responses=problem_specs(400, 401, 403), summary="List online payments, the newest first")
    async def list_payments(
        self, actor: NamedDependency[Actor], limit: PaymentLimit = 50, offset: PaymentOffset = 0
    ) -> list[PaymentRow]:
        return await service.list_payments(actor, limit=limit, offset=offset)

    @get("/payable", responses=problem_specs(400, 401, 403), summary="What may be paid now")
    async def payable(self, actor: NamedDependency[Actor]) -> Payable:
        return await service.payable(actor)

    @get("/{payment_id:uuid}", responses=problem_specs(400, 401, 403, 404), summary="One online payment")
    async def payment(self, actor: NamedDependency[Actor], payment_id: FromPath[UUID]) -> PaymentInfo:
        return await service.get_payment(actor, payment_id)

    @post(
        "/{payment_id:uuid}/check",
        status_code=202,
        responses=problem_specs(400, 401, 403, 404),
        summary="Have the payment service asked what became of it",
    )
    async def check(self, actor: NamedDependency[Actor], payment_id: FromPath[UUID]) -> None:
        await service.ask_about_payment(actor, payment_id)

    @post(
        "/{payment_id:uuid}/cancellation",
        status_code=202,
        responses=problem_specs(400, 401, 403, 404),
        summary="Close the page of a payment that nobody has made",
    )
    async def cancel(self, actor: NamedDependency[Actor], payment_id: FromPath[UUID]) -> None:
        await service.ask_about_payment(actor, payment_id, leave=True)
