"""Use cases on the usage of everything within reach: month by month, and the lines that use most of one measure."""

from datetime import date

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.queries import SqlFilter, add_reach
from backend.usage import queries
from backend.usage.lifecycle import month_before
from backend.usage.schemas import Grouping, LineUse, Measure, MonthUse
from backend.usage.service import FROM_MONTHS, GROUPS
from tenants.scope import Scope

MOST_LINES = 50
# A measure -> its column among the sums of a month
COLUMNS = {
    Measure.DATA: "data_bytes",
    Measure.VOICE: "voice_seconds",
    Measure.MESSAGES: "messages",
    Measure.COST: "cents",
}


def _narrowed(scope: Scope, grouping: Grouping, group: str | None) -> SqlFilter:
    """The employer's part of what is within reach, and of one group where one is named ("" is that of no cost centre)."""
    where = SqlFilter()
    where.add(queries.EMPLOYERS.rows)
    add_reach(scope.actor, where)
    if group is not None:
        where.add(f"{GROUPS[grouping][0]} = {{0}}", group)
    return where


@use_case(Permission.USAGE_READ, read_only=True)
async def organisation_months(
    scope: Scope,
    *,
    period: date | None = None,
    grouping: Grouping = Grouping.ACCOUNT,
    group: str | None = None,
) -> list[MonthUse]:
    """The employer's part of every line within reach in the year up to a month, of all or of one group.

    A month of which nothing is known is not there. Raises ValidationFailed for a month that cannot have usage.
    """
    month = queries.month_asked(period)
    where = _narrowed(scope, grouping, group)
    # Nothing of the lines decides: their table is not read for a year of sums
    source = FROM_MONTHS if where.values else "FROM usage_month m"
    where.add("m.period BETWEEN {0} AND {1}", month_before(month, queries.HISTORY_MONTHS - 1), month)
    return await scope.fetch_all(
        MonthUse,
        f"SELECT m.period, {queries.sums(queries.EMPLOYERS)} {source} WHERE {where.sql}"
        " GROUP BY m.period ORDER BY m.period",
        *where.values,
    )


@use_case(Permission.USAGE_READ, read_only=True)
async def most_used_lines(
    scope: Scope,
    *,
    period: date | None = None,
    measure: Measure = Measure.DATA,
    grouping: Grouping = Grouping.ACCOUNT,
    group: str | None = None,
    limit: int = 10,
) -> list[LineUse]:
    """The lines within reach with most of a measure in a month, the highest first; none that has nothing of it.

    Raises ValidationFailed for a month that cannot have usage.
    """
    month = queries.month_asked(period)
    where = _narrowed(scope, grouping, group)
    where.add("m.period = {0}", month)
    most, column = min(max(limit, 1), MOST_LINES), COLUMNS[measure]
    rows = await scope.fetch_all(
        LineUse,
        "SELECT * FROM (SELECT l.id AS line_id, l.msisdn, l.name, l.plan,"
        f" {queries.sums(queries.EMPLOYERS)} {FROM_MONTHS} WHERE {where.sql}"
        f" GROUP BY l.id, l.msisdn, l.name, l.plan) found WHERE {column} > 0"
        f" ORDER BY {column} DESC, msisdn, line_id LIMIT {most}",
        *where.values,
    )
    catalogue = await catalogue_of(scope)
    return [msgspec.structs.replace(row, plan=catalogue.name("plan", row.plan)) for row in rows]
