"""The operator's staff decide split-billing contracts."""

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.response import Response as Answer

from backend.api.operator.access import OperatorController, Slug
from backend.orders.operator import contracts as operator_contracts
from backend.orders.operator.contracts import ContractUnderReview
from backend.web.files import download
from backend.web.problems import problem_specs
from tenants.scope import Actor


class ContractDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is needed for a refusal: the customer reads it."""

    accepted: bool
    reason: str = ""


class OperatorContractsController(OperatorController):
    """Contracts of split billing that wait for a decision."""

    path = "/tenants/{slug:str}/contracts"
    tags = ("Operator: contracts",)

    @get(responses=problem_specs(400, 401, 403, 404), summary="Contracts of shared billing under review")
    async def under_review(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
    ) -> list[ContractUnderReview]:
        return await operator_contracts.contracts_under_review(actor)

    @get(
        "/{contract_id:uuid}/document",
        responses={
            200: ResponseSpec(bytes, description="The file", media_type="application/octet-stream"),
            **problem_specs(400, 401, 403, 404),
        },
        summary="The signed contract",
    )
    async def document(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        contract_id: FromPath[UUID],
    ) -> Answer[bytes]:
        found = await operator_contracts.read_contract(actor, contract_id)
        return download(found.content, found.file.name, found.file.type)

    @post(
        "/{contract_id:uuid}/decision",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Accept or refuse a contract",
    )
    async def decide(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        contract_id: FromPath[UUID],
        data: JSONBody[ContractDecision],
    ) -> None:
        await operator_contracts.decide_contract(
            actor, contract_id, accepted=data.accepted, reason=data.reason
        )
