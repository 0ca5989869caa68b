"""The catalogue over REST."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from backend.catalog.service import OptionView, list_options
from backend.web.problems import problem_specs
from tenants.scope import Actor


class Options(msgspec.Struct, frozen=True):
    """The options of the tenant's carrier."""

    items: list[OptionView]


class CatalogController(Controller):
    """Plans and options of the tenant's carrier."""

    path = "/catalog"
    tags = ("Catalogue",)

    @get("/options", responses=problem_specs(400, 401, 403, 404), summary="List options")
    async def list_options(
        self,
        actor: NamedDependency[Actor],
        plan: Annotated[str, QueryParameter(description="Only what this plan may have.")] = "",
    ) -> Options:
        return Options(await list_options(actor, plan=plan))
