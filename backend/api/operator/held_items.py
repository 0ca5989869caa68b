"""The operator's door for people who decide: contracts of shared billing, and cases that are held."""

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from backend.api.operator.access import OperatorController, Slug
from backend.orders.operator import held_items
from backend.orders.operator.held_items import HeldItem
from backend.web.problems import problem_specs
from tenants.scope import Actor


class HeldDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`completed`: it has been carried out; otherwise it fails. `reason` stays in the company's audit."""

    completed: bool
    reason: str


class OperatorHeldController(OperatorController):
    """Items that a carrier holds."""

    path = "/tenants/{slug:str}/held-items"
    tags = ("Operator: held cases",)

    @get(responses=problem_specs(400, 401, 403, 404), summary="Held cases")
    async def held(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
    ) -> list[HeldItem]:
        return await held_items.held_items(actor)

    @post(
        "/{item_id:uuid}/decision",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Decide a held case",
    )
    async def decide(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        item_id: FromPath[UUID],
        data: JSONBody[HeldDecision],
    ) -> None:
        await held_items.decide_held_item(actor, item_id, completed=data.completed, reason=data.reason)
