"""Reads usage: the employer's part and a person's own part, from the same sums but never from the same columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from backend.core import clock
from backend.core.errors import NotFound, ValidationFailed
from backend.lines.queries import SqlFilter, add_reach
from backend.usage.lifecycle import cap_of_period, cap_state, month_before, period_of
from backend.usage.schemas import Bucket, Cap, LineUsage, MonthUse, ServiceUse
from tenants.scope import Scope

HISTORY_MONTHS = 12
OLDEST_MONTHS = 36
MOST_ALERTS = 200


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

# The month of a hand-over is counted from its records, so that it holds nothing of who used the line before.
MONTHS_SINCE = """
(SELECT line_id, period, service, unit, roaming, bundled, amount, employer_cents, employee_cents, until
 FROM usage_month WHERE period > '{month}'
 UNION ALL SELECT line_id, period, service, unit, roaming, bucket <> '', amount, employer_cents, employee_cents, started_at
 FROM usage_record WHERE period = '{month}' AND started_at >= '{since}') m
"""
HANDED_OVER = """
SELECT max(ended_at) FROM change_order_item WHERE line_id = $1 AND kind = 'change_user' AND state = 'done'
  AND change ->> 'another_person' = 'true'
"""

LINE = (
    "SELECT l.id, l.msisdn, l.roaming_cap_cents, l.split_profile, r.id IS NOT NULL AS raised, r.cents AS raised_cents"
    " FROM line l LEFT JOIN usage_cap_raise r ON r.tenant_id = l.tenant_id AND r.line_id = l.id AND r.period = {period}"
)


def user_since(since: datetime | None) -> PayerView:
    """The person's own part, from the moment on from which the line is theirs."""
    if since is None:
        return OWN
    months = MONTHS_SINCE.format(month=period_of(since).isoformat(), since=since.isoformat())
    return replace(OWN, months=months)


async def handed_over_at(scope: Scope, line_id: UUID) -> datetime | None:
    """When the line came to its present user from another one; None where it did not."""
    at: datetime | None = await scope.connection.fetchval(HANDED_OVER, line_id)
    return at


def one_line(scope: Scope, line_id: UUID) -> SqlFilter:
    """The line, where it is within reach."""
    where = SqlFilter()
    where.add("l.id = {0}", line_id)
    add_reach(scope.actor, where)
    return where


def month_asked(period: date | None) -> date:
    """The month to show: the running one, or the one asked for. Raises Invalid for one that cannot have usage."""
    running = period_of(clock.now())
    asked = (period or running).replace(day=1)
    if not month_before(running, OLDEST_MONTHS) <= asked <= running:
        raise ValidationFailed(period="Choose a month of the last three years.")
    return asked


async def line_row(scope: Scope, line_id: UUID, period: date) -> Any:
    """The line with its cap of the month. Raises NotFound for a line out of reach."""
    where = one_line(scope, line_id)
    mark = f"${len(where.values) + 1}"
    row = await scope.connection.fetchrow(
        f"{LINE.format(period=mark)} WHERE {where.sql}", *where.values, period
    )
    if row is None:
        raise NotFound
    return row


async def usage_of(scope: Scope, line: Any, period: date, payer: PayerView) -> LineUsage:
    """One month of one line, with the months before it."""
    connection, line_id = scope.connection, line["id"]
    services = await connection.fetch(
        f"SELECT m.service, m.unit, m.roaming, sum({payer.amount})::bigint AS amount, sum({payer.cents})::bigint AS cents,"
        f" max({payer.until}) AS until,"
        f" coalesce(sum({payer.abroad}) FILTER (WHERE m.roaming AND NOT m.bundled AND m.service = 'data'), 0)::bigint"
        f" AS abroad FROM {payer.months} WHERE m.line_id = $1 AND m.period = $2 AND {payer.rows}"
        " GROUP BY 1, 2, 3 ORDER BY 1, 3, 2",
        line_id,
        period,
    )
    buckets = await connection.fetch(
        "SELECT bucket, allowance, used, unit, measured_at FROM usage_bucket WHERE line_id = $1 AND period = $2"
        " ORDER BY unit, bucket",
        line_id,
        period,
    )
    cap = cap_of_period(line["roaming_cap_cents"], raised=line["raised"], raised_cents=line["raised_cents"])
    spent = sum(row["abroad"] for row in services)
    times = [row["until"] for row in services] + [row["measured_at"] for row in buckets]
    return LineUsage(
        line_id=line_id,
        period=period,
        services=[
            ServiceUse(
                service=row["service"],
                unit=row["unit"],
                roaming=row["roaming"],
                amount=row["amount"],
                cents=row["cents"],
            )
            for row in services
        ],
        buckets=[Bucket(**dict(row)) for row in buckets],
        cap=Cap(cap_cents=cap, spent_cents=spent, state=cap_state(spent, cap), raised=line["raised"]),
        history=await _history(scope, line_id, period, payer),
        cents=sum(row["cents"] for row in services),
        until=max(times, default=None),
        split=bool(line["split_profile"]),
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
    rows = await scope.connection.fetch(
        f"SELECT m.period, {sums(payer)} FROM {payer.months} WHERE m.line_id = $1 AND m.period BETWEEN $2 AND $3"
        f" AND {payer.rows} GROUP BY m.period ORDER BY m.period",
        line_id,
        month_before(period, HISTORY_MONTHS - 1),
        period,
    )
    return [MonthUse(**dict(row)) for row in rows]


DETAIL_LIMIT = 500

# Nothing of a record but its own columns of the part decides whether it is shown, and in which order.
EMPLOYERS_RECORDS = """
SELECT started_at AS at, service, unit, zone, roaming, employer_amount AS amount, employer_cents AS cents,
  '' AS counterpart FROM usage_record WHERE line_id = $1 AND period = $2 AND (bucket <> '' OR employer_cents > 0)
ORDER BY started_at DESC, record_id DESC LIMIT $3
"""
EMPLOYERS_DAYS = """
SELECT date_trunc('day', started_at, 'Europe/Brussels') AS at, service, unit, '' AS zone, roaming,
  sum(employer_amount)::bigint AS amount, sum(employer_cents)::bigint AS cents, '' AS counterpart
FROM usage_record WHERE line_id = $1 AND period = $2 AND (bucket <> '' OR employer_cents > 0)
GROUP BY 1, 2, 3, 5 ORDER BY 1 DESC, 2, 5 LIMIT $3
"""
SPLIT_ENDED = """
SELECT EXISTS (SELECT FROM change_order_item i WHERE i.line_id = $1 AND i.state = 'done' AND i.ended_at >= $2
  AND ((i.kind = 'split_billing' AND i.change ->> 'stop' = 'true')
    OR (i.kind = 'change_user' AND i.change ->> 'ends_split' = 'true')))
"""
OWN_RECORDS = """
SELECT started_at AS at, service, unit, zone, roaming, amount, employee_cents AS cents, counterpart
FROM usage_record WHERE line_id = $1 AND period = $2 AND ($4::timestamptz IS NULL OR started_at >= $4)
ORDER BY started_at DESC, record_id DESC LIMIT $3
"""

LOOKS = (
    "SELECT at, actor_name AS name, detail->>'reason' AS reason, detail->>'period' AS period FROM audit_event"
    " WHERE subject_id = $1 AND action = 'usage.detail_shown' ORDER BY at DESC, id DESC LIMIT 50"
)


async def was_split(scope: Scope, line: Any, period: date) -> bool:
    """Whether the bill was shared at some time since the month began: to stop it opens no month that it covered."""
    return bool(line["split_profile"]) or bool(
        await scope.connection.fetchval(
            SPLIT_ENDED, line["id"], datetime.combine(period, time(), clock.BRUSSELS)
        )
    )


async def open_alerts_of(scope: Scope, where: SqlFilter, audience: str, limit: int) -> Sequence[Any]:
    """Alerts of the running month, the highest of each thing. `where` narrows `line l`."""
    where.add("a.period = {0} AND a.audience = {1}", period_of(clock.now()), audience)
    return await scope.connection.fetch(
        "SELECT * FROM (SELECT DISTINCT ON (a.line_id, a.kind, a.subject) a.id, a.line_id, l.msisdn, l.name, a.kind,"
        " a.subject, a.threshold, a.at FROM usage_alert a JOIN line l ON l.tenant_id = a.tenant_id AND l.id = a.line_id"
        f" WHERE a.closed_at IS NULL AND {where.sql} ORDER BY a.line_id, a.kind, a.subject, a.threshold DESC) found"
        f" ORDER BY threshold DESC, at DESC, msisdn, kind, subject LIMIT {limit:d}",
        *where.values,
    )
