"""A member's unfinished requests over REST: the same use cases as the page of requests."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from backend.orders.placement import unfinished
from backend.web.problems import problem_specs
from tenants.scope import Actor


class DraftsController(Controller):
    """Requests that the member behind the token began in the portal and has not sent."""

    path = "/drafts"
    tags = ("Change orders",)

    @get(responses=problem_specs(400, 401, 403, 422), summary="List my unfinished requests")
    async def list_drafts(
        self,
        actor: NamedDependency[Actor],
        page: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    ) -> unfinished.UnfinishedPage:
        return await unfinished.list_unfinished(actor, page=page, limit=limit)

    @delete(
        "/{draft_id:uuid}",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404),
        summary="Delete an unfinished request",
    )
    async def delete_draft(self, actor: NamedDependency[Actor], draft_id: FromPath[UUID]) -> None:
        await unfinished.delete_unfinished(actor, draft_id)
