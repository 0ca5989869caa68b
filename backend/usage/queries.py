"""Reads usage: the employer's part and a person's own part, from the same sums but never from the same columns."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core import clock
from backend.core.errors import NotFound, ValidationFailed
from backend.lines.queries import SqlFilter, one_line_filter
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from backend.usage.lifecycle import cap_of_period, cap_state, month_before, period_of
from backend.usage.schemas import (
    Alert,
    Bucket,
    Cap,
    DetailAccess,
    LineUsage,
    MonthUse,
    ServiceUse,
    UsageDetailRow,
)
from backend.usage.tables import UsageBucket
from backend.usage.timeline_codes import UsageTimelineCode
from tenants.scope import Scope

HISTORY_MONTHS = 12
OLDEST_MONTHS = 36
MOST_ALERTS = 200
MOST_LOOKS = 50


@dataclass(frozen=True, slots=True)
class PayerView:
    """Whose view: the columns that it may read of `usage_month m`, and which rows are there for it at all."""

    amount: str
    cents: str
    # What counts towards the cap
    abroad: str
    until: str
    rows: str
    months: str = "usage_month m"


EMPLOYERS = PayerView(
    amount="m.employer_amount",
    cents="m.employer_cents",
    abroad="m.employer_cents",
    until="m.employer_until",
    rows="m.employer_until IS NOT NULL",
)
OWN = PayerView(
    amount="m.amount",
    cents="m.employee_cents",
    abroad="m.employer_cents + m.employee_cents",
    until="m.until",
    rows="true",
)

# The month of a change of user is summed from its records, so that it holds nothing of who used the line before.
MONTHS_SINCE = """
(SELECT line_id, period, service, unit, roaming, bundled, amount, employer_cents, employee_cents, until
 FROM usage_month WHERE period > '{month}'
 UNION ALL SELECT line_id, period, service, unit, roaming, bucket <> '', amount, employer_cents, employee_cents, started_at
 FROM usage_record WHERE period = '{month}' AND started_at >= '{since}') m
"""
LINE = """
SELECT l.id, l.msisdn, l.options, l.roaming_cap_cents, l.split_profile, l.split_ended_at, l.user_since, r.id IS NOT NULL AS raised,
  r.cents AS raised_cents
FROM line l LEFT JOIN usage_cap_raise r ON r.tenant_id = l.tenant_id AND r.line_id = l.id AND r.period = {period}
WHERE {where}
"""
SERVICES = """
SELECT m.service, m.unit, m.roaming, sum({amount})::bigint AS amount, sum({cents})::bigint AS cents,
  max({until}) AS until,
  coalesce(sum({abroad}) FILTER (WHERE m.roaming AND NOT m.bundled AND m.service = 'data'), 0)::bigint AS abroad
FROM {months} WHERE m.line_id = $1 AND m.period = $2 AND {rows} GROUP BY 1, 2, 3 ORDER BY 1, 3, 2
"""


class LineCap(msgspec.Struct, frozen=True):
    """A line with its cap abroad in one month, and since when its user and its way of billing are what they are.

    `user_since` None: it did not come from another user. `split_ended_at`: when its bill was last shared.
    """

    id: UUID
    msisdn: str
    options: list[str]
    roaming_cap_cents: int | None
    split_profile: str
    split_ended_at: datetime | None
    user_since: datetime | None
    raised: bool
    raised_cents: int | None

    @property
    def cap_cents(self) -> int | None:
        """The cap that holds in the month."""
        return cap_of_period(self.roaming_cap_cents, raised=self.raised, raised_cents=self.raised_cents)

    def was_split(self, period: date) -> bool:
        """Whether the bill was shared at some time since the month began: to stop it opens no month that it covered."""
        start = datetime.combine(period, time(), clock.BRUSSELS)
        return bool(self.split_profile) or (self.split_ended_at is not None and self.split_ended_at >= start)


class ServiceRow(msgspec.Struct, frozen=True):
    """One kind of use in a month; `abroad` counts towards the cap."""

    service: str
    unit: str
    roaming: bool
    amount: int
    cents: int
    until: datetime
    abroad: int


def user_since(since: datetime | None) -> PayerView:
    """The person's own part from `since` on, when the line came to this person; None: all of it."""
    if since is None:
        return OWN
    months = MONTHS_SINCE.format(month=period_of(since).isoformat(), since=since.isoformat())
    return replace(OWN, months=months)


def month_asked(period: date | None) -> date:
    """The month to show: the running one, or the one asked for.

    Raises ValidationFailed for a month that cannot have usage.
    """
    running = period_of(clock.now())
    asked = (period or running).replace(day=1)
    if not month_before(running, OLDEST_MONTHS) <= asked <= running:
        raise ValidationFailed(period="Choose a month of the last three years.")
    return asked


async def line_of_month(scope: Scope, line_id: UUID, period: date) -> LineCap:
    """The line with its cap of the month. Raises NotFound for a line out of reach."""
    where = one_line_filter(scope, line_id)
    query = LINE.format(period=f"${len(where.values) + 1}", where=where.sql)
    line = await scope.fetch_one(LineCap, query, *where.values, period)
    if line is None:
        raise NotFound
    profile = (await catalogue_of(scope)).profile
    cap = profile.cap_in_force(line.options, line.roaming_cap_cents)
    return msgspec.structs.replace(line, roaming_cap_cents=cap)


async def usage_of(scope: Scope, line: LineCap, period: date, payer: PayerView) -> LineUsage:
    """One month of one line, with the months before it."""
    query = SERVICES.format(
        amount=payer.amount,
        cents=payer.cents,
        until=payer.until,
        abroad=payer.abroad,
        months=payer.months,
        rows=payer.rows,
    )
    services = await scope.fetch_all(ServiceRow, query, line.id, period)
    buckets = await scope.select_all(
        Bucket,
        UsageBucket,
        (UsageBucket.line_id == line.id) & (UsageBucket.period == period),
        order_by=[UsageBucket.unit, UsageBucket.bucket],
    )
    cap, spent = line.cap_cents, sum(one.abroad for one in services)
    return LineUsage(
        line_id=line.id,
        period=period,
        services=[ServiceUse(one.service, one.unit, one.roaming, one.amount, one.cents) for one in services],
        buckets=buckets,
        cap=Cap(cap_cents=cap, spent_cents=spent, state=cap_state(spent, cap), raised=line.raised),
        history=await _history(scope, line.id, period, payer),
        cents=sum(one.cents for one in services),
        until=max([one.until for one in services] + [one.measured_at for one in buckets], default=None),
        split=bool(line.split_profile),
    )


def sums(payer: PayerView) -> str:
    """The columns of a month's figures, for lists and totals alike."""
    return (
        f"coalesce(sum({payer.amount}) FILTER (WHERE m.unit = 'bytes'), 0)::bigint AS data_bytes,"
        f" coalesce(sum({payer.amount}) FILTER (WHERE m.unit = 'seconds'), 0)::bigint AS voice_seconds,"
        f" coalesce(sum({payer.amount}) FILTER (WHERE m.unit = 'pieces'), 0)::bigint AS messages,"
        f" coalesce(sum({payer.cents}), 0)::bigint AS cents"
    )


async def _history(scope: Scope, line_id: UUID, period: date, payer: PayerView) -> list[MonthUse]:
    return await scope.fetch_all(
        MonthUse,
        f"SELECT m.period, {sums(payer)} FROM {payer.months} WHERE m.line_id = $1 AND m.period BETWEEN $2 AND $3"
        f" AND {payer.rows} GROUP BY m.period ORDER BY m.period",
        line_id,
        month_before(period, HISTORY_MONTHS - 1),
        period,
    )


DETAIL_LIMIT = 500

# Only columns of the part itself decide whether a record is shown, and in which order.
EMPLOYERS_RECORDS = """
SELECT started_at AS at, service, unit, zone, roaming, employer_amount AS amount, employer_cents AS cents,
  '' AS counterpart FROM usage_record WHERE line_id = $1 AND period = $2 AND (bucket <> '' OR employer_cents <> 0)
ORDER BY started_at DESC, record_id DESC LIMIT $3
"""
EMPLOYERS_DAYS = """
SELECT date_trunc('day', started_at, 'Europe/Brussels') AS at, service, unit, '' AS zone, roaming,
  sum(employer_amount)::bigint AS amount, sum(employer_cents)::bigint AS cents, '' AS counterpart
FROM usage_record WHERE line_id = $1 AND period = $2 AND (bucket <> '' OR employer_cents <> 0)
GROUP BY 1, 2, 3, 5 ORDER BY 1 DESC, 2, 5 LIMIT $3
"""
OWN_RECORDS = """
SELECT started_at AS at, service, unit, zone, roaming, amount, employee_cents AS cents, counterpart
FROM usage_record WHERE line_id = $1 AND period = $2 AND ($4::timestamptz IS NULL OR started_at >= $4)
ORDER BY started_at DESC, record_id DESC LIMIT $3
"""

# The highest threshold of each thing, the fullest first
OPEN_ALERTS = """
SELECT found.id, found.line_id, found.msisdn, found.name, found.kind, found.subject, found.threshold, found.at,
  CASE WHEN found.ceiling > 0 THEN found.used * 100 / found.ceiling ELSE 100 END AS percent
FROM (SELECT DISTINCT ON (a.line_id, a.kind, a.subject) a.id, a.line_id, l.msisdn, l.name, a.kind, a.subject,
    a.threshold, a.at, a.used, a.ceiling FROM usage_alert a JOIN line l ON l.tenant_id = a.tenant_id AND l.id = a.line_id
  WHERE a.closed_at IS NULL AND {where} ORDER BY a.line_id, a.kind, a.subject, a.threshold DESC) found
ORDER BY percent DESC, threshold DESC, at DESC, msisdn, kind, subject LIMIT {limit} OFFSET {offset}
"""
COUNT_ALERTS = """
SELECT count(DISTINCT (a.line_id, a.kind, a.subject)) FROM usage_alert a
JOIN line l ON l.tenant_id = a.tenant_id AND l.id = a.line_id WHERE a.closed_at IS NULL AND {where}
"""


async def records_of(
    scope: Scope, query: str, line_id: UUID, month: date, *since: datetime | None
) -> list[UsageDetailRow]:
    """Single records, or days, one more than is shown. `query` is one of the three above."""
    return await scope.fetch_all(UsageDetailRow, query, line_id, month, DETAIL_LIMIT + 1, *since)


async def accesses_to(scope: Scope, line_id: UUID) -> list[DetailAccess]:
    """Who looked at the single records of a line, the newest first."""
    looks = await timeline.entries(
        scope, TimelineSubject.LINE, line_id, limit=MOST_LOOKS, codes=[UsageTimelineCode.DETAIL_SHOWN]
    )
    return [
        DetailAccess(look.at, look.actor_name, look.params["reason"], look.params["period"]) for look in looks
    ]


def _of_running_month(where: SqlFilter, audience: str) -> SqlFilter:
    where.add("a.period = {0} AND a.audience = {1}", period_of(clock.now()), audience)
    return where


async def open_alerts_of(
    scope: Scope, where: SqlFilter, audience: str, limit: int, offset: int = 0
) -> list[Alert]:
    """Alerts of the running month, the highest of each thing, by how much is used. `where` narrows `line l`."""
    _of_running_month(where, audience)
    query = OPEN_ALERTS.format(where=where.sql, limit=int(limit), offset=int(offset))
    return await scope.fetch_all(Alert, query, *where.values)


async def count_open_alerts(scope: Scope, where: SqlFilter, audience: str) -> int:
    """How many alerts of the running month are open. `where` narrows `line l`."""
    _of_running_month(where, audience)
    return await scope.fetch_value(int, COUNT_ALERTS.format(where=where.sql), *where.values) or 0
