"""The operator's door for people who decide: contracts of shared billing, and cases that are held."""

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.response import Response as Answer

from backend.api.documents import attachment
from backend.api.operator import OperatorController, Slug
from backend.api.problems import declares
from backend.orders import contracts, held
from backend.orders.contracts import ContractUnderReview
from backend.orders.held import HeldItem
from tenants.scope import Actor


class ContractDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is needed for a refusal: the customer reads it."""

    accepted: bool
    reason: str = ""


class HeldDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`completed`: it has been carried out; otherwise it fails. `reason` stays in the company's audit."""

    completed: bool
    reason: str


class OperatorContractsController(OperatorController):
    path = "/tenants/{slug:str}/contracts"
    tags = ("Operator: contracts",)

    @get(responses=declares(400, 401, 403, 404), summary="Contracts of shared billing under review")
    async def under_review(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
    ) -> list[ContractUnderReview]:
        return await contracts.contracts_under_review(actor)

    @get(
        "/{contract_id:uuid}/document",
        responses={
            200: ResponseSpec(bytes, description="The file", media_type="application/octet-stream"),
            **declares(400, 401, 403, 404),
        },
        summary="The signed contract",
    )
    async def document(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        contract_id: FromPath[UUID],
    ) -> Answer[bytes]:
        return attachment(await contracts.read_contract(actor, contract_id))

    @post(
        "/{contract_id:uuid}/decision",
        status_code=204,
        responses=declares(400, 401, 403, 404, 409, 422),
        summary="Accept or refuse a contract",
    )
    async def decide(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        contract_id: FromPath[UUID],
        data: JSONBody[ContractDecision],
    ) -> None:
        await contracts.decide_contract(actor, contract_id, accepted=data.accepted, reason=data.reason)


class OperatorHeldController(OperatorController):
    path = "/tenants/{slug:str}/held-items"
    tags = ("Operator: held cases",)

    @get(responses=declares(400, 401, 403, 404), summary="Held cases")
    async def held(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
    ) -> list[HeldItem]:
        return await held.held_items(actor)

    @post(
        "/{item_id:uuid}/decision",
        status_code=204,
        responses=declares(400, 401, 403, 404, 409, 422),
        summary="Decide a held case",
    )
    async def decide(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        item_id: FromPath[UUID],
        data: JSONBody[HeldDecision],
    ) -> None:
        await held.decide_held(actor, item_id, completed=data.completed, reason=data.reason)
