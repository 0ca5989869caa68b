"""Use cases on what invoices charge, within the reach: months, groups, numbers, movers, lines that nobody uses."""

from datetime import date, timedelta

import msgspec

from backend.billing.analysis import queries
from backend.billing.analysis.schemas import (
    GroupSpend,
    IdleLine,
    MonthSpend,
    NumberSpend,
    SpendBy,
    SpendGroups,
    SpendMonths,
)
from backend.billing.queries import invoice_accounts, is_as_given
from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.core import clock
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.lifecycle import LineStatus
from backend.lines.queries import SqlFilter, add_reach
from backend.usage.lifecycle import month_before
from tenants.scope import Scope

YEAR = 12
MOST_GROUPS = 200
MOST_NUMBERS = 200
IDLE_AFTER = timedelta(days=60)
LONGEST_KEY = 80


class SpentMonth(msgspec.Struct, frozen=True):
    """A month with an invoice."""

    month: date


@use_case(Permission.INVOICES_READ, read_only=True)
async def spend_months(
    scope: Scope, month: date | None = None, *, grouping: SpendBy = SpendBy.ACCOUNT, group: str | None = None
) -> SpendMonths:
    """What the year up to a month cost, all of it or one group. `month` None: the latest with an invoice."""
    where = queries.charges_within_reach(scope.actor)
    known = await scope.fetch_all(SpentMonth, queries.WITH_INVOICES.format(where=where.sql), *where.values)
    months = [one.month for one in known]
    shown = month.replace(day=1) if month else next(iter(months), None)
    if shown is None:
        return SpendMonths(month=None, items=[], months=[])
    queries.between(where, month_before(shown, YEAR - 1), shown)
    if group is None:
        items = await scope.fetch_all(MonthSpend, queries.MONTHS.format(where=where.sql), *where.values)
    else:
        items = await _months_of_group(scope, where, grouping, group)
    return SpendMonths(month=shown, items=items, months=months)


async def _months_of_group(scope: Scope, where: SqlFilter, grouping: SpendBy, group: str) -> list[MonthSpend]:
    catalogue = await catalogue_of(scope)
    start = _charges(where, catalogue)
    where.values.append(group[:LONGEST_KEY])
    query = f"""
{start} SELECT s.month, sum(s.cents)::bigint AS cents,
  coalesce(sum(s.cents) FILTER (WHERE s.kind = 'recurring'), 0)::bigint AS recurring_cents,
  coalesce(sum(s.cents) FILTER (WHERE s.kind = 'usage'), 0)::bigint AS usage_cents,
  coalesce(sum(s.cents) FILTER (WHERE s.kind NOT IN ('recurring', 'usage')), 0)::bigint AS other_cents
FROM spend s WHERE {queries.GROUPS[grouping][0]} = ${len(where.values)} GROUP BY s.month ORDER BY s.month"""
    return await scope.fetch_all(MonthSpend, query, *where.values)


def _charges(where: SqlFilter, catalogue: Catalogue) -> str:
    """The first part of a statement on charges with the plan of their number; adds its value to `where`."""
    where.values.append([plan.code for plan in catalogue.profile.plans])
    return queries.CHARGES.format(where=where.sql, plans=f"${len(where.values)}::text[]")


def _of_two_months(scope: Scope, month: date) -> SqlFilter:
    where = queries.charges_within_reach(scope.actor)
    queries.between(where, month_before(month, 1), month)
    return where


@use_case(Permission.INVOICES_READ, read_only=True)
async def spend_groups(scope: Scope, month: date, grouping: SpendBy) -> SpendGroups:
    """The groups of a month, the highest first, with the month before; 200 at most, the sums are of all."""
    month = month.replace(day=1)
    catalogue = await catalogue_of(scope)
    where = _of_two_months(scope, month)
    start = _charges(where, catalogue)
    where.values.append(month)
    key, name = queries.GROUPS[grouping]
    query = start + queries.BY_GROUP.format(key=key, name=name, month=f"${len(where.values)}::date")
    rows = await scope.fetch_all(GroupSpend, query, *where.values)
    listed = rows[:MOST_GROUPS]
    if grouping is SpendBy.PLAN:
        listed = [
            msgspec.structs.replace(row, name=catalogue.name("plan", row.key) if row.key else "")
            for row in listed
        ]
    return SpendGroups(
        month=month,
        grouping=grouping,
        rows=listed,
        cents=sum(row.cents for row in rows),
        before_cents=sum(row.before_cents for row in rows),
        left_out=len(rows) - len(listed),
    )


async def number_statement(
    scope: Scope, month: date, grouping: SpendBy | None, group: str
) -> tuple[str, SqlFilter, Catalogue]:
    """The statement on the numbers of a month and one group, without its order; its values; the catalogue."""
    catalogue = await catalogue_of(scope)
    where = _of_two_months(scope, month)
    start = _charges(where, catalogue)
    where.values.append(month)
    at = f"${len(where.values)}::date"
    only = "true"
    if grouping is not None:
        where.values.append(group[:LONGEST_KEY])
        only = f"{queries.GROUPS[grouping][0]} = ${len(where.values)}"
    return start + queries.BY_NUMBER.format(month=at, only=only), where, catalogue


def with_plan_names(rows: list[NumberSpend], catalogue: Catalogue) -> list[NumberSpend]:
    """The rows with the names of their plans in the reader's language."""
    return [
        msgspec.structs.replace(row, plan=catalogue.name("plan", row.plan) if row.plan else "")
        for row in rows
    ]


@use_case(Permission.INVOICES_READ, read_only=True)
async def spend_numbers(
    scope: Scope,
    month: date,
    *,
    grouping: SpendBy | None = None,
    group: str = "",
    limit: int = 50,
    offset: int = 0,
) -> list[NumberSpend]:
    """What each number of a month costs, of all or of one group, the highest first; 200 at most."""
    query, where, catalogue = await number_statement(scope, month.replace(day=1), grouping, group)
    rows = await scope.fetch_all(
        NumberSpend,
        f"{query} {queries.HIGHEST} LIMIT {min(max(limit, 1), MOST_NUMBERS)} OFFSET {max(offset, 0)}",
        *where.values,
    )
    return with_plan_names(rows, catalogue)


@use_case(Permission.INVOICES_READ, read_only=True)
async def top_movers(scope: Scope, month: date, *, limit: int = 10) -> list[NumberSpend]:
    """The numbers whose amount changed most since the month before, 200 at most; none that did not change.

    Nothing where there is no invoice of the month before: a first bill is no change.
    """
    query, where, catalogue = await number_statement(scope, month.replace(day=1), None, "")
    most = min(max(limit, 1), MOST_NUMBERS)
    rows = await scope.fetch_all(
        NumberSpend,
        f"SELECT * FROM ({query}) found WHERE found.msisdn <> '' AND found.cents <> found.before_cents"
        f" {queries.MOVED} LIMIT {most}",
        *where.values,
    )
    return with_plan_names(rows, catalogue)


@use_case(Permission.INVOICES_READ, read_only=True)
async def idle_lines(scope: Scope, month: date, *, limit: int = 10, offset: int = 0) -> list[IdleLine]:
    """Active lines within reach without use for 60 days, with what they cost in a month, the dearest first.

    Only where use of their customer number comes in at all; lines whose bill is or was shared are left out. 200 at most.
    """
    month = month.replace(day=1)
    catalogue = await catalogue_of(scope)
    where = _of_two_months(scope, month)
    start = _charges(where, catalogue)
    lines = SqlFilter(conditions=[], values=where.values)
    lines.add("l.status = {0}", LineStatus.ACTIVE)
    add_reach(scope.actor, lines)
    if is_as_given(scope.actor):
        lines.add("l.billing_account_id = ANY({0}::uuid[])", invoice_accounts(scope.actor))
    lines.add("{0}::date IS NOT NULL", month)
    at = f"${len(lines.values)}::date"
    lines.add("{0}::timestamptz IS NOT NULL", clock.now() - IDLE_AFTER)
    since = f"${len(lines.values)}"
    query = start + queries.IDLE.format(
        lines=lines.sql, month=at, since=since, limit=min(max(limit, 1), MOST_NUMBERS), offset=max(offset, 0)
    )
    return await scope.fetch_all(IdleLine, query, *lines.values)
