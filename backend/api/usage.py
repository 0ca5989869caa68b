"""Usage over REST: the employer's part, in sums, as on the pages."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from backend.core.errors import ValidationFailed
from backend.usage import organisation, service
from backend.usage.lifecycle import period_from
from backend.usage.queries import MOST_ALERTS
from backend.usage.schemas import Alert, Grouping, LineUsage, LineUse, Measure, MonthUse, OrganisationUsage
from backend.web.problems import problem_specs
from tenants.scope import Actor

Period = Annotated[
    str, QueryParameter(description="A month as yyyy-mm; the running one without it.", max_length=7)
]

By = Annotated[Grouping, QueryParameter(description="What a row stands for.")]
OneGroup = Annotated[
    str | None,
    QueryParameter(
        description="Only of the group with this key, of the grouping; empty: of none.", max_length=80
    ),
]
Most = Annotated[int, QueryParameter(description="At most so many lines.", ge=1, le=organisation.MOST_LINES)]
Counted = Annotated[Measure, QueryParameter(description="What most is counted in.")]


def month_of(text: str) -> date | None:
    """The month asked for. Raises ValidationFailed for what is none."""
    if not text:
        return None
    month = period_from(text)
    if month is None:
        raise ValidationFailed(period="Write the month as yyyy-mm.")
    return month


class UsageController(Controller):
    """Usage of lines and of the whole organisation."""

    tags = ("Usage",)

    @get(
        "/lines/{line_id:uuid}/usage",
        responses=problem_specs(400, 401, 403, 404, 422),
        summary="Usage of a line",
    )
    async def line(
        self, actor: NamedDependency[Actor], line_id: FromPath[UUID], period: Period = ""
    ) -> LineUsage:
        return await service.line_usage(actor, line_id, month_of(period))

    @get(
        "/usage",
        responses=problem_specs(400, 401, 403, 422),
        summary="Usage of all lines within reach, by group",
    )
    async def organisation(
        self, actor: NamedDependency[Actor], period: Period = "", grouping: By = Grouping.ACCOUNT
    ) -> OrganisationUsage:
        return await service.organisation_usage(actor, period=month_of(period), grouping=grouping)

    @get(
        "/usage/months",
        responses=problem_specs(400, 401, 403, 422),
        summary="Usage of all lines within reach, month by month",
    )
    async def months(
        self,
        actor: NamedDependency[Actor],
        period: Period = "",
        grouping: By = Grouping.ACCOUNT,
        group: OneGroup = None,
    ) -> list[MonthUse]:
        return await organisation.organisation_months(
            actor, period=month_of(period), grouping=grouping, group=group
        )

    @get(
        "/usage/lines",
        responses=problem_specs(400, 401, 403, 422),
        summary="The lines within reach that use most in a month",
    )
    async def most_used(
        self,
        actor: NamedDependency[Actor],
        period: Period = "",
        measure: Counted = Measure.DATA,
        grouping: By = Grouping.ACCOUNT,
        group: OneGroup = None,
        limit: Most = 10,
    ) -> list[LineUse]:
        return await organisation.most_used_lines(
            actor, period=month_of(period), measure=measure, grouping=grouping, group=group, limit=limit
        )

    @get(
        "/usage/alerts",
        responses=problem_specs(400, 401, 403),
        summary="Lines that came near a limit this month",
    )
    async def alerts(self, actor: NamedDependency[Actor]) -> list[Alert]:
        return await service.open_alerts(actor, limit=MOST_ALERTS)
