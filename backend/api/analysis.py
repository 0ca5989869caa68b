"""What invoices charge, by month, group and number, over REST: the figures of the page."""

from datetime import date
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from backend.api.usage import month_of
from backend.billing.analysis import service
from backend.billing.analysis.schemas import IdleLine, NumberSpend, SpendBy, SpendGroups, SpendMonths
from backend.core.errors import ValidationFailed
from backend.web.problems import problem_specs
from tenants.scope import Actor

SpendMonth = Annotated[
    str, QueryParameter(description="The month, as yyyy-mm; empty: the latest with an invoice.", max_length=7)
]
SpendGrouping = Annotated[SpendBy, QueryParameter(name="by", description="plan, cost_centre or account.")]
OneGrouping = Annotated[
    SpendBy | None, QueryParameter(name="by", description="With `group`: only the numbers of one group.")
]
SpendGroup = Annotated[
    str | None, QueryParameter(description="The key of one group.", max_length=service.LONGEST_KEY)
]
SpendLimit = Annotated[int, QueryParameter(ge=1, le=service.MOST_NUMBERS)]
SpendOffset = Annotated[int, QueryParameter(ge=0, le=10**6)]


class AnalysisController(Controller):
    """Spend within the reach, in cents excluding VAT."""

    path = "/analysis"
    tags = ("Invoices",)

    @get("/months", responses=problem_specs(400, 401, 403, 422), summary="Spend of the year up to a month")
    async def months(
        self,
        actor: NamedDependency[Actor],
        month: SpendMonth = "",
        by: SpendGrouping = SpendBy.ACCOUNT,
        group: SpendGroup = None,
    ) -> SpendMonths:
        return await service.spend_months(actor, month_of(month), grouping=by, group=group)

    @get("/groups", responses=problem_specs(400, 401, 403, 422), summary="Spend of a month by group")
    async def groups(
        self, actor: NamedDependency[Actor], month: SpendMonth = "", by: SpendGrouping = SpendBy.PLAN
    ) -> SpendGroups:
        return await service.spend_groups(actor, await _month(actor, month), by)

    @get("/numbers", responses=problem_specs(400, 401, 403, 422), summary="Spend of a month by number")
    async def numbers(
        self,
        actor: NamedDependency[Actor],
        month: SpendMonth = "",
        by: OneGrouping = None,
        group: SpendGroup = None,
        limit: SpendLimit = 50,
        offset: SpendOffset = 0,
    ) -> list[NumberSpend]:
        of = by if group is not None else None
        return await service.spend_numbers(
            actor, await _month(actor, month), grouping=of, group=group or "", limit=limit, offset=offset
        )

    @get("/movers", responses=problem_specs(400, 401, 403, 422), summary="Numbers whose spend moved most")
    async def movers(
        self, actor: NamedDependency[Actor], month: SpendMonth = "", limit: SpendLimit = 10
    ) -> list[NumberSpend]:
        return await service.top_movers(actor, await _month(actor, month), limit=limit)

    @get("/idle-lines", responses=problem_specs(400, 401, 403, 422), summary="Lines that nobody uses")
    async def idle_lines(
        self,
        actor: NamedDependency[Actor],
        month: SpendMonth = "",
        limit: SpendLimit = 50,
        offset: SpendOffset = 0,
    ) -> list[IdleLine]:
        return await service.idle_lines(actor, await _month(actor, month), limit=limit, offset=offset)


async def _month(actor: Actor, text: str) -> date:
    """The month that is asked for, or the latest with an invoice. Raises ValidationFailed where there is none."""
    asked = month_of(text)
    if asked is not None:
        return asked
    latest = (await service.spend_months(actor)).month
    if latest is None:
        raise ValidationFailed(month="There is no invoice yet.")
    return latest
