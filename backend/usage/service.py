"""Use cases on usage: a line's month, its detail behind a reason, one's own usage, the organisation's, open alerts."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core import audit
from backend.core.errors import ValidationFailed
from backend.core.ids import LineId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.lifecycle import IN_FLEET
from backend.lines.queries import NOBODY, SqlFilter, add_reach, own_lines_filter
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from backend.usage import queries
from backend.usage.lifecycle import month_before, period_of
from backend.usage.schemas import (
    Alert,
    AlertsPage,
    DetailAccess,
    Grouping,
    GroupUse,
    LineUsage,
    OrganisationUsage,
    OwnUsage,
    UsageDetail,
    UsageDetailRow,
)
from backend.usage.timeline_codes import UsageTimelineCode
from tenants.scope import Scope

SHORTEST_REASON, LONGEST_REASON = 10, 500
MONTHS_OFFERED = 13
OWN_LINES_SHOWN = 20


@use_case(Permission.USAGE_READ, read_only=True)
async def line_usage(scope: Scope, line_id: LineId | UUID, period: date | None = None) -> LineUsage:
    """One month of a line in sums: the employer's part and nothing else (F-141, F-142). Raises NotFound."""
    month = queries.month_asked(period)
    line = await queries.line_of_month(scope, line_id, month)
    return await queries.usage_of(scope, line, month, queries.EMPLOYERS)


@use_case(Permission.USAGE_DETAIL)
async def line_detail(
    scope: Scope, line_id: LineId | UUID, *, reason: str, period: date | None = None
) -> UsageDetail:
    """The employer's single records of a month, without called numbers; with a split bill the sums of each day.

    The reason is recorded, and the line's user sees it (domain 4.7). Raises NotFound, and ValidationFailed for
    a reason that is too short or too long.
    """
    month = queries.month_asked(period)
    line = await queries.line_of_month(scope, line_id, month)
    texts = " ".join(reason.split())
    if not SHORTEST_REASON <= len(texts) <= LONGEST_REASON:
        raise ValidationFailed(
            reason=f"Say why in {SHORTEST_REASON} to {LONGEST_REASON} characters: the line's user will read it."
        )
    split = line.was_split(month)
    query = queries.EMPLOYERS_DAYS if split else queries.EMPLOYERS_RECORDS
    rows = await queries.records_of(scope, query, line_id, month)
    code, shown = UsageTimelineCode.DETAIL_SHOWN, {"reason": texts, "period": f"{month:%Y-%m}"}
    await audit.record(scope, code, "line", line_id, **shown)
    await timeline.record(scope, TimelineSubject.LINE, line_id, code, **shown)
    scope.invalidate(f"usage:{line_id}")
    return _detail(rows, by_day=split)


def _detail(rows: list[UsageDetailRow], *, by_day: bool) -> UsageDetail:
    shown = rows[: queries.DETAIL_LIMIT]
    return UsageDetail(rows=shown, by_day=by_day, more=len(rows) > len(shown))


@use_case(Permission.USAGE_READ, read_only=True)
async def detail_accesses(scope: Scope, line_id: LineId | UUID) -> list[DetailAccess]:
    """Who looked at the single records of a line, and why. Raises NotFound."""
    await queries.line_of_month(scope, line_id, queries.month_asked(None))
    return await queries.accesses_to(scope, line_id)


def _own_lines(scope: Scope) -> SqlFilter:
    where = SqlFilter()
    where.add("l.end_user_id = {0}", scope.actor.end_user_id or NOBODY)
    return where


@use_case(Permission.OWN_LINES_READ, read_only=True)
async def own_usage(scope: Scope, period: date | None = None) -> list[OwnUsage]:
    """The person's own usage, own part and own cap, and who looked at it."""
    month = queries.month_asked(period)
    alerts = await queries.open_alerts_of(scope, _own_lines(scope), "user", queries.MOST_ALERTS)
    where = own_lines_filter(scope)
    lines = await scope.fetch_all(
        OwnLine,
        f"SELECT l.id FROM line l WHERE {where.sql} ORDER BY l.msisdn, l.id LIMIT {OWN_LINES_SHOWN}",
        *where.values,
    )
    return [await _own_usage(scope, line.id, month, alerts) for line in lines]


async def _own_usage(scope: Scope, line_id: UUID, month: date, alerts: Sequence[Alert]) -> OwnUsage:
    """One line of the person who acts; nothing of who had it before."""
    line = await queries.line_of_month(scope, line_id, month)
    since = line.user_since
    usage = await queries.usage_of(scope, line, month, queries.user_since(since))
    if since is not None and month < period_of(since):
        usage = msgspec.structs.replace(usage, buckets=[])
    accesses = await queries.accesses_to(scope, line_id)
    return OwnUsage(
        msisdn=line.msisdn,
        usage=usage,
        looks=[access for access in accesses if since is None or access.at >= since],
        alerts=[
            alert for alert in alerts if alert.line_id == line_id and (since is None or alert.at >= since)
        ],
    )


@use_case(Permission.OWN_LINES_READ, read_only=True)
async def own_detail(scope: Scope, line_id: LineId | UUID, period: date | None = None) -> UsageDetail:
    """The person's own single records, called numbers with their last digits masked. Raises NotFound."""
    month = queries.month_asked(period)
    where = _own_lines(scope)
    where.add("l.id = {0}", line_id)
    own = await scope.fetch_value(UUID, f"SELECT l.id FROM line l WHERE {where.sql}", *where.values)
    line = await queries.line_of_month(scope, own or NOBODY, month)
    rows = await queries.records_of(scope, queries.OWN_RECORDS, line_id, month, line.user_since)
    return _detail(rows, by_day=False)


@use_case(Permission.USAGE_READ, read_only=True)
async def open_alerts(scope: Scope, *, limit: int = 20) -> list[Alert]:
    """Lines within reach that came near a limit or passed it in the running month, the fullest first: the employer's part."""
    return await queries.open_alerts_of(
        scope, _lines_in_reach(scope), "employer", min(max(limit, 1), queries.MOST_ALERTS)
    )


@use_case(Permission.USAGE_READ, read_only=True)
async def alerts_page(scope: Scope, *, limit: int, offset: int = 0) -> AlertsPage:
    """Some of the open alerts of the running month, those nearest to their limit first, and how many there are."""
    total = await queries.count_open_alerts(scope, _lines_in_reach(scope), "employer")
    found = await queries.open_alerts_of(
        scope, _lines_in_reach(scope), "employer", min(max(limit, 1), queries.MOST_ALERTS), max(offset, 0)
    )
    return AlertsPage(found, total)


def _lines_in_reach(scope: Scope) -> SqlFilter:
    where = SqlFilter()
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    add_reach(scope.actor, where)
    return where


GROUPS = {
    Grouping.ACCOUNT: ("l.account", "max(a.label)"),
    Grouping.COST_CENTRE: ("coalesce(c.code, '')", "max(c.name)"),
    Grouping.PLAN: ("l.plan", "''"),
    Grouping.SERVICE: ("m.service", "''"),
}
FROM_MONTHS = (
    "FROM usage_month m JOIN line l ON l.tenant_id = m.tenant_id AND l.id = m.line_id"
    " JOIN billing_account a ON a.tenant_id = l.tenant_id AND a.id = l.billing_account_id"
    " LEFT JOIN cost_centre c ON c.tenant_id = l.tenant_id AND c.id = l.cost_centre_id"
)

MONTHS = """
SELECT p.period FROM generate_series($1::date, $2::date, interval '1 month') AS s (at),
  LATERAL (SELECT s.at::date AS period) p WHERE p.period = $2 OR EXISTS (SELECT FROM usage_month m
    WHERE m.tenant_id = $3 AND m.period = p.period AND m.employer_until IS NOT NULL) ORDER BY 1 DESC
"""


class OwnLine(msgspec.Struct, frozen=True):
    """A line of the person who acts."""

    id: UUID


class Month(msgspec.Struct, frozen=True):
    """A month that can be chosen, by its first day."""

    period: date


class GroupRow(msgspec.Struct, frozen=True):
    """The usage of one group in a month; without a key that of all groups."""

    key: str | None
    name: str | None
    lines: int
    data_bytes: int
    voice_seconds: int
    messages: int
    cents: int
    until: datetime | None

    def group(self, name: str) -> GroupUse:
        """The same as pages and the API see it."""
        return GroupUse(
            key=self.key or "",
            name=name,
            lines=self.lines,
            data_bytes=self.data_bytes,
            voice_seconds=self.voice_seconds,
            messages=self.messages,
            cents=self.cents,
        )


NOTHING = GroupRow(None, None, 0, 0, 0, 0, 0, None)


def _within(scope: Scope, month: date) -> SqlFilter:
    where = SqlFilter()
    where.add("m.period = {0}", month)
    where.add(queries.EMPLOYERS.rows)
    add_reach(scope.actor, where)
    return where


@use_case(Permission.USAGE_READ, read_only=True)
async def organisation_usage(
    scope: Scope, *, period: date | None = None, grouping: Grouping = Grouping.ACCOUNT
) -> OrganisationUsage:
    """The employer's part of every line within reach, by group, in one month (F-143).

    A line counts in the group that it is in today.
    """
    month = queries.month_asked(period)
    where = _within(scope, month)
    key, name = GROUPS[grouping]
    rows = await scope.fetch_all(
        GroupRow,
        f"SELECT CASE WHEN grouping({key}) = 1 THEN NULL ELSE {key} END AS key, {name} AS name,"
        f" count(DISTINCT m.line_id) AS lines, {queries.sums(queries.EMPLOYERS)}, max(m.employer_until) AS until"
        f" {FROM_MONTHS} WHERE {where.sql} GROUP BY GROUPING SETS (({key}), ()) ORDER BY 1",
        *where.values,
    )
    catalogue = await catalogue_of(scope)
    # The row without a key is the sum of all; a month without usage has neither
    total = next((row for row in rows if row.key is None), NOTHING)

    def group_name(row: GroupRow) -> str:
        return catalogue.name("plan", row.key or "") if grouping is Grouping.PLAN else row.name or ""

    return OrganisationUsage(
        period=month,
        grouping=grouping,
        rows=[row.group(group_name(row)) for row in rows if row.key is not None],
        total=total.group(""),
        months=await _months(scope),
        until=total.until,
    )


async def _months(scope: Scope) -> list[date]:
    """Months that can be chosen: the running one, and those before it in which the employer has usage."""
    first = queries.month_asked(None)
    months = await scope.fetch_all(
        Month, MONTHS, month_before(first, MONTHS_OFFERED - 1), first, scope.tenant_id
    )
    return [one.period for one in months]
