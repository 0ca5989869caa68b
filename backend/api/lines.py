"""The fleet over REST."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from backend.lines import service
from backend.lines.schemas import LineDetail, LineFilter, LineList
from backend.web.problems import problem_specs
from tenants.scope import Actor

SearchParameter = Annotated[list[str] | None, QueryParameter(description="May be given several times.")]


class LinesController(Controller):
    """Lines of the fleet."""

    path = "/lines"
    tags = ("Lines",)

    @get(responses=problem_specs(400, 401, 403, 422), summary="List lines")
    async def list_lines(
        self,
        actor: NamedDependency[Actor],
        search: Annotated[
            str, QueryParameter(description="At least three letters or digits.", max_length=100)
        ] = "",
        status: SearchParameter = None,
        plan: SearchParameter = None,
        account: SearchParameter = None,
        product_type: SearchParameter = None,
        option: SearchParameter = None,
        cost_centre: SearchParameter = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
        after: Annotated[
            str, QueryParameter(description="The `next` of the page before.", max_length=1000)
        ] = "",
    ) -> LineList:
        lines = LineFilter(
            search=search,
            status=tuple(status or ()),
            plan=tuple(plan or ()),
            account=tuple(account or ()),
            product_type=tuple(product_type or ()),
            option=tuple(option or ()),
            cost_centre=tuple(cost_centre or ()),
        )
        return await service.list_lines(actor, lines, limit=limit, after=after)

    @get("/{line_id:uuid}", responses=problem_specs(400, 401, 403, 404), summary="One line")
    async def get_line(self, actor: NamedDependency[Actor], line_id: FromPath[UUID]) -> LineDetail:
        return await service.get_line(actor, line_id)
