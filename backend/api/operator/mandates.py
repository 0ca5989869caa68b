"""The operator's billing system reads which mandates an invoice may name."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from backend.api.operator.access import OperatorController, Slug
from backend.billing.mandates import service
from backend.billing.mandates.schemas import MandateInfo
from backend.web.problems import problem_specs
from tenants.scope import Actor

ListedMandates = Annotated[int, QueryParameter(ge=1, le=service.MOST_LISTED)]
MandatesFrom = Annotated[int, QueryParameter(ge=0, le=10**6)]


class OperatorMandatesController(OperatorController):
    """Mandates of one company."""

    path = "/tenants/{slug:str}/mandates"
    tags = ("Operator: payments",)

    @get(responses=problem_specs(400, 401, 403, 404), summary="Mandates of a company, newest first")
    async def list_mandates(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        limit: ListedMandates = 200,
        offset: MandatesFrom = 0,
    ) -> list[MandateInfo]:
        return await service.mandates_of_company(actor, limit=limit, offset=offset)
