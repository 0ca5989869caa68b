"""Use cases on the fleet: list, filter, select, look at one line and at its history."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core.errors import NotFound, ValidationFailed
from backend.core.ids import LineId
from backend.core.permissions import Permission
from backend.core.use_case import always, use_case
from backend.lines import queries
from backend.lines.lifecycle import IN_FLEET
from backend.lines.queries import one_line_filter, own_lines_filter
from backend.lines.schemas import (
    PAGE_SIZE,
    Facet,
    FleetFrame,
    FleetSummary,
    LineDetail,
    LineFacets,
    LineFilter,
    LineList,
    SelectionSummary,
    Sort,
)
from backend.lines.sims.esim_profiles import with_sendable_code
from backend.lines.tables import LINE_BEARING, InventorySync
from backend.lines.views import DETAIL, DetailRow, line_detail, line_row
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineEntry, TimelineSubject
from tenants.scope import Scope

T = TypeVar("T")

LARGEST_PAGE = 500
FACETS = """
SELECT l.status, l.plan, l.account, l.product_type, c.code, c.name AS centre, count(*) AS lines
FROM fleet l LEFT JOIN cost_centre c ON c.tenant_id = l.tenant_id AND c.id = l.cost_centre_id
WHERE {where} GROUP BY GROUPING SETS ((l.status), (l.plan), (l.account), (l.product_type), (c.code, c.name))
"""
OPTIONS = """
SELECT option AS value, count(*) AS lines FROM fleet l, unnest(l.options) AS option WHERE {where} GROUP BY 1
"""
COUNTS_KEPT = """
SELECT c.status AS value, sum(c.lines)::bigint AS lines FROM fleet_count c WHERE c.status = ANY($1::text[]) GROUP BY 1
"""
COUNTS = "SELECT l.status AS value, count(*) AS lines FROM fleet l WHERE {where} GROUP BY 1"
FIRST_ACCOUNT_OF_USER = "SELECT min(account) FROM line WHERE end_user_id = $1"
FIRST_ACCOUNT = "SELECT min(number) FROM billing_account WHERE kind = $1"
FIRST_ACCOUNT_IN_REACH = """
SELECT min(account) FROM line WHERE billing_account_id = ANY($1) OR cost_centre_id = ANY($2)
"""


class FacetRow(msgspec.Struct, frozen=True):
    """One value of one column, and the lines that have it; the other columns are None."""

    status: str | None
    plan: str | None
    account: str | None
    product_type: str | None
    code: str | None
    centre: str | None
    lines: int


class ValueCount(msgspec.Struct, frozen=True):
    """A value, and the lines that have it."""

    value: str
    lines: int


class SyncedAt(msgspec.Struct, frozen=True):
    """When the carrier's inventory was last read."""

    refreshed_at: datetime | None


def _is_search(lines: LineFilter, *_: object, **__: object) -> bool:
    """Planning a search takes as long as running it."""
    return bool(lines.search)


@use_case(Permission.LINES_READ, read_only=True, one_plan=_is_search)
async def list_lines(
    scope: Scope,
    lines: LineFilter,
    *,
    sort: Sort = Sort.NAME,
    descending: bool = False,
    page: int = 1,
    after: str = "",
    limit: int = PAGE_SIZE,
) -> LineList:
    """One page of the fleet with its exact total. `page` counts from 1; `after` is a cursor and wins over it.

    Raises ValidationFailed for a page, limit or cursor out of range.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise ValidationFailed(limit=f"Ask for 1 to {LARGEST_PAGE} lines at a time.")
    if page < 1:
        raise ValidationFailed(page="Pages count from 1.")
    cursor = queries.decode_cursor(after) if after else None
    if cursor:
        sort, descending = cursor.sort, cursor.descending
    catalogue = await catalogue_of(scope)
    where = queries.line_filter(scope.actor, lines)
    order = queries.order_by(sort, descending=descending)
    offset = 0 if cursor else (page - 1) * limit
    if cursor:
        total = await queries.count_lines(scope, where)
        queries.after_cursor(where, cursor)
        rows = await queries.fetch_lines(scope, where, order, limit=limit + 1)
    else:
        rows, total = await queries.page_of_lines(scope, where, order, limit=limit + 1, offset=offset)
        # The list got shorter than the address says: show its last page
        if not rows and total:
            offset = (total - 1) // limit * limit
            rows = await queries.fetch_lines(scope, where, order, limit=limit + 1, offset=offset)
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        keys = [getattr(rows[-1], column) for column in (*queries.SORT_COLUMNS[sort], "id")]
        following = queries.encode_cursor(sort, descending=descending, keys=keys)
    return LineList(
        items=[line_row(row, catalogue) for row in rows], total=total, first=offset, next=following
    )


@use_case(Permission.LINES_READ, read_only=True, one_plan=_is_search)
async def list_page(
    scope: Scope,
    lines: LineFilter,
    read_frame: Callable[[Scope, frozenset[UUID]], Awaitable[T]],
    *,
    sort: Sort,
    descending: bool,
    page: int,
) -> tuple[LineList, T]:
    """One page of the fleet, and what `read_frame` reads around it in the same transaction.

    `read_frame` gets the lines whose eSIM mail can be sent again.
    Raises ValidationFailed for a page out of range.
    """
    found = await list_lines(scope, lines, sort=sort, descending=descending, page=page)
    return found, await read_frame(scope, await with_sendable_code(scope, [one.id for one in found.items]))


@use_case(Permission.LINES_READ, read_only=True)
async def line_facets(scope: Scope) -> LineFacets:
    """What the filter panel offers: each value within the actor's reach, with its number of lines."""
    catalogue = await catalogue_of(scope)
    where = queries.line_filter(scope.actor, LineFilter())
    grouped = await scope.fetch_all(FacetRow, FACETS.format(where=where.sql), *where.values)
    options = await scope.fetch_all(ValueCount, OPTIONS.format(where=where.sql), *where.values)
    total = await queries.count_lines(scope, where)

    def facet(column: str) -> list[Facet]:
        values = [(getattr(row, column), row.lines) for row in grouped]
        return _by_name(
            Facet(value, catalogue.name(column, value), n) for value, n in values if value is not None
        )

    return LineFacets(
        status=facet("status"),
        plan=facet("plan"),
        account=facet("account"),
        product_type=facet("product_type"),
        cost_centre=_by_name(
            Facet(row.code, row.centre or "", row.lines) for row in grouped if row.code is not None
        ),
        option=_by_name(Facet(row.value, catalogue.name("option", row.value), row.lines) for row in options),
        total=total,
    )


def _by_name(facets: Iterable[Facet]) -> list[Facet]:
    return sorted(facets, key=lambda one: one.name or one.value)


@use_case(Permission.LINES_READ, read_only=True)
async def selection_summary(
    scope: Scope, lines: LineFilter, *, product_type: str, status: str
) -> SelectionSummary:
    """How many lines of the filter can be selected together with a line of this product type and status."""
    where = queries.line_filter(scope.actor, lines)
    where.add("l.product_type = {0} AND l.status = {1}", product_type, status)
    return SelectionSummary(
        product_type=product_type, status=status, count=await queries.count_lines(scope, where)
    )


@use_case(Permission.LINES_READ, read_only=True)
async def summary(scope: Scope) -> FleetSummary:
    """Lines by state, for the home page."""
    where = queries.line_filter(scope.actor, LineFilter())
    query = COUNTS_KEPT if where.by_status_only else COUNTS.format(where=where.sql)
    counts = {row.value: row.lines for row in await scope.fetch_all(ValueCount, query, *where.values)}
    return FleetSummary(
        total=sum(counts.values()),
        by_status={status: counts[status] for status in IN_FLEET if status in counts},
    )


async def _detail(scope: Scope, where: queries.SqlFilter) -> list[LineDetail]:
    catalogue = await catalogue_of(scope)
    rows = await scope.fetch_all(
        DetailRow, f"{DETAIL} WHERE {where.sql} ORDER BY l.name_key, l.id", *where.values
    )
    return [line_detail(row, catalogue) for row in rows]


@use_case(Permission.LINES_READ, read_only=True, one_plan=always)
async def get_line(scope: Scope, line_id: LineId | UUID) -> LineDetail:
    """Everything about one number (F-041 to F-051), ended lines included. Raises NotFound."""
    found = await _detail(scope, one_line_filter(scope, line_id))
    if not found:
        raise NotFound
    return found[0]


@use_case(Permission.OWN_LINES_READ, read_only=True, one_plan=always)
async def own_lines(scope: Scope) -> list[LineDetail]:
    """The lines linked to the person who asks, for the user portal."""
    return await _detail(scope, own_lines_filter(scope))


@use_case(Permission.HISTORY_READ, read_only=True)
async def line_history(scope: Scope, line_id: LineId | UUID, *, limit: int = 100) -> list[TimelineEntry]:
    """What happened to a line, newest first. Raises NotFound."""
    where = one_line_filter(scope, line_id)
    if not await scope.fetch_value(
        bool, f"SELECT EXISTS (SELECT FROM line l WHERE {where.sql})", *where.values
    ):
        raise NotFound
    return await timeline.entries(scope, TimelineSubject.LINE, line_id, limit=limit)


@use_case(Permission.SELF, read_only=True)
async def fleet_frame(scope: Scope) -> FleetFrame:
    """What the frame of every page says of the lines: a customer number, and when the carrier was last asked."""
    synced = await scope.select_one(SyncedAt, InventorySync, InventorySync.tenant_id == scope.tenant_id)
    return FleetFrame(
        customer_number=await _customer_number(scope), network_at=synced.refreshed_at if synced else None
    )


async def _customer_number(scope: Scope) -> str:
    """The first customer number within reach that carries lines; in the user portal that of an own line."""
    actor, reach = scope.actor, scope.actor.reach
    if actor.end_user_id:
        found = await scope.fetch_value(str, FIRST_ACCOUNT_OF_USER, actor.end_user_id)
    elif reach.everything:
        found = await scope.fetch_value(str, FIRST_ACCOUNT, LINE_BEARING)
    else:
        accounts, centres = reach.billing_accounts or (), reach.cost_centres or ()
        found = await scope.fetch_value(str, FIRST_ACCOUNT_IN_REACH, list(accounts), list(centres))
    return found or ""
