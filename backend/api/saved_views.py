"""Saved views over REST: the same use cases as the pages."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.saved_views import service
from backend.saved_views.schemas import (
    LONGEST_NAME,
    SavedViewInfo,
    SavedViewState,
    ViewPage,
    ViewQuery,
)
from backend.web.problems import problem_specs
from tenants.scope import Actor

Name = Annotated[str, msgspec.Meta(max_length=4 * LONGEST_NAME)]


class NewView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A view to save: its name, what it shows, and whether the company's other members see it."""

    name: Name
    query: ViewQuery
    shared: bool = False


class ViewChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name of a view, and whether it is shared."""

    name: Name
    shared: bool


class SavedViewsController(Controller):
    """Views of the fleet and of the requests that members saved under a name."""

    path = "/saved-views"
    tags = ("Saved views",)

    @get(
        responses=problem_specs(400, 401, 403, 422), summary="List my views and those that are shared with me"
    )
    async def list_views(
        self,
        actor: NamedDependency[Actor],
        page: Annotated[ViewPage, QueryParameter(description="The page that they are of.")] = ViewPage.FLEET,
    ) -> list[SavedViewInfo]:
        return await service.list_views(actor, page)

    @post(
        status_code=201,
        responses=problem_specs(400, 401, 403, 409, 413, 415, 422),
        summary="Save a view under a name",
    )
    async def save_view(self, actor: NamedDependency[Actor], data: JSONBody[NewView]) -> SavedViewInfo:
        return await service.save_view(actor, data.name, data.query, shared=data.shared)

    @get(
        "/{view_id:uuid}",
        responses=problem_specs(400, 401, 403, 404),
        summary="Read a view, and which of its values do not exist any more",
    )
    async def get_view(self, actor: NamedDependency[Actor], view_id: FromPath[UUID]) -> SavedViewState:
        return await service.get_view(actor, view_id)

    @put(
        "/{view_id:uuid}",
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Rename a view, share it or stop sharing it",
    )
    async def change_view(
        self, actor: NamedDependency[Actor], view_id: FromPath[UUID], data: JSONBody[ViewChange]
    ) -> SavedViewInfo:
        return await service.change_view(actor, view_id, name=data.name, shared=data.shared)

    @delete(
        "/{view_id:uuid}",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404),
        summary="Delete a view",
    )
    async def delete_view(self, actor: NamedDependency[Actor], view_id: FromPath[UUID]) -> None:
        await service.delete_view(actor, view_id)
