"""The operator's staff decide disputes of invoices."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from backend.api.operator.access import OperatorController, Slug
from backend.billing.disputes import deciding, service
from backend.billing.disputes.lifecycle import DisputeState
from backend.billing.disputes.schemas import LONGEST_WORDS, DisputeInfo
from backend.web.problems import problem_specs
from tenants.scope import Actor

WaitingLimit = Annotated[int, QueryParameter(ge=1, le=service.MOST_LISTED)]
WaitingOffset = Annotated[int, QueryParameter(ge=0, le=10**6)]
DisputesInState = Annotated[
    DisputeState | None, QueryParameter(name="state", description="Those in one state.")
]


class DisputeDecision(msgspec.Struct, frozen=True, kw_only=True):
    """The disputes that are decided together. `reason` is needed for a refusal: the customer reads it."""

    disputes: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=deciding.MOST_DECIDED)]
    accepted: bool
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)] = ""


class OperatorDisputesController(OperatorController):
    """Disputes of a company's invoices."""

    path = "/tenants/{slug:str}/disputes"
    tags = ("Operator: invoices",)

    @get(
        responses=problem_specs(400, 401, 403, 404),
        summary="Disputes that wait for a decision or a credit note",
    )
    async def waiting(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        in_state: DisputesInState = None,
        limit: WaitingLimit = service.MOST_LISTED,
        offset: WaitingOffset = 0,
    ) -> list[DisputeInfo]:
        return await service.waiting_disputes(actor, state=in_state, limit=limit, offset=offset)

    @post(
        "/decision",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Accept or refuse disputes",
    )
    async def decide(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        data: JSONBody[DisputeDecision],
    ) -> None:
        await deciding.decide_disputes(actor, data.disputes, accepted=data.accepted, reason=data.reason)
