"""The fleet over REST."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from backend.api.problems import declares
from backend.lines import service
from backend.lines.schemas import LineDetail, LineFilter, LinePage
from tenants.scope import Actor

Words = Annotated[list[str] | None, QueryParameter(description="May be given several times.")]


class LinesController(Controller):
    path = "/lines"
    tags = ("Lines",)

    @get(responses=declares(400, 401, 403, 422), summary="List lines")
    async def list_lines(
        self,
        actor: NamedDependency[Actor],
        search: Annotated[
            str, QueryParameter(description="Counts from the third character.", max_length=100)
        ] = "",
        status: Words = None,
        plan: Words = None,
        account: Words = None,
        product_type: Words = None,
        option: Words = None,
        cost_centre: Words = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
        after: Annotated[
            str, QueryParameter(description="The `next` of the page before.", max_length=1000)
        ] = "",
    ) -> LinePage:
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

    @get("/{line_id:uuid}", responses=declares(400, 401, 403, 404), summary="One line")
    async def get_line(self, actor: NamedDependency[Actor], line_id: FromPath[UUID]) -> LineDetail:
        return await service.get_line(actor, line_id)
