"""The operator's staff look at online payments, give money back, and decide what could not be booked."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.api.operator.access import OperatorController, Slug
from backend.billing.payments import cases, operator_views, refunds
from backend.billing.payments.case_states import CaseState
from backend.billing.payments.cases import CaseDecision, PaymentCaseInfo
from backend.billing.payments.lifecycle import MOST_CENTS
from backend.billing.payments.schemas import PaymentInfo, PaymentRow, RefundInfo
from backend.billing.payments.starting import LONGEST_KEY
from backend.web.problems import problem_specs
from tenants.scope import Actor

CaseInState = Annotated[CaseState, QueryParameter(name="state", description="Those in one state.")]
ListedPayments = Annotated[int, QueryParameter(ge=1, le=operator_views.MOST_LISTED)]
PaymentsFrom = Annotated[int, QueryParameter(ge=0, le=10**6)]


class NewRefund(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a payment goes back, and why. A repeat with the same `request_key` is the same refund."""

    cents: Annotated[int, msgspec.Meta(ge=1, le=MOST_CENTS)]
    reason: Annotated[str, msgspec.Meta(max_length=refunds.LONGEST_REASON)]
    request_key: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY)]


class StartedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """By this id a refund is found among those of its payment."""

    id: UUID


class OperatorPaymentsController(OperatorController):
    """Online payments of one company."""

    path = "/tenants/{slug:str}/payments"
    tags = ("Operator: payments",)

    @get(responses=problem_specs(400, 401, 403, 404), summary="Online payments of a company, newest first")
    async def list_payments(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        limit: ListedPayments = 50,
        offset: PaymentsFrom = 0,
    ) -> list[PaymentRow]:
        return await operator_views.payments_of_company(actor, limit=limit, offset=offset)

    @get("/{payment_id:uuid}", responses=problem_specs(400, 401, 403, 404), summary="One online payment")
    async def payment(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        payment_id: FromPath[UUID],
    ) -> PaymentInfo:
        return await operator_views.payment_of_company(actor, payment_id)

    @get(
        "/{payment_id:uuid}/refunds",
        responses=problem_specs(400, 401, 403, 404),
        summary="What of a payment goes back, or went back",
    )
    async def list_refunds(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        payment_id: FromPath[UUID],
    ) -> list[RefundInfo]:
        return await refunds.refunds_of(actor, payment_id)

    @post(
        "/{payment_id:uuid}/refunds",
        status_code=202,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Give money of a payment back",
    )
    async def refund(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        payment_id: FromPath[UUID],
        data: JSONBody[NewRefund],
    ) -> StartedRefund:
        made = await refunds.ask_for_refund(
            actor, payment_id, cents=data.cents, reason=data.reason, request_key=data.request_key
        )
        return StartedRefund(id=made)


class OperatorPaymentCasesController(OperatorController):
    """Money that came and could not be booked."""

    path = "/billing/payment-cases"
    tags = ("Operator: payments",)

    @get(responses=problem_specs(400, 401, 403), summary="Money that waits for a decision")
    async def waiting(
        self,
        actor: NamedDependency[Actor],
        # The framework keeps the word `state` for itself
        in_state: CaseInState = CaseState.OPEN,
    ) -> list[PaymentCaseInfo]:
        return await cases.payment_cases(actor, state=in_state)

    @post(
        "/{case_id:uuid}/decision",
        status_code=202,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Book money, or leave it out",
    )
    async def decide(
        self, actor: NamedDependency[Actor], case_id: FromPath[UUID], data: JSONBody[CaseDecision]
    ) -> None:
        await cases.decide_case(actor, case_id, data)
