"""Use cases on the fleet: list, filter, select, look at one line, reveal its PUK."""

from uuid import UUID

from backend.catalog.catalogue import catalogue_of
from backend.core.errors import NotFound, ValidationFailed
from backend.core.ids import LineId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines import queries
from backend.lines.lifecycle import IN_FLEET
from backend.lines.queries import one_line_filter
from backend.lines.schemas import (
    PAGE_SIZE,
    Facet,
    FleetSummary,
    LineDetail,
    LineFacets,
    LineFilter,
    LineList,
    SelectionSummary,
    Sort,
    TimelineEntry,
)
from backend.lines.views import DETAIL, history_entry, line_detail, line_row
from tenants.scope import Scope

LARGEST_PAGE = 500


@use_case(Permission.LINES_READ, read_only=True)
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

    Raises Invalid for a page, limit or cursor out of range.
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
    order, columns = queries.order_by(sort, descending=descending), f"{queries.COLUMNS}, l.name_key"
    offset = 0 if cursor else (page - 1) * limit
    if cursor:
        total = await queries.count_lines(scope, where)
        queries.after_cursor(where, cursor)
        rows = await queries.fetch_lines(scope, where, order, limit=limit + 1, columns=columns)
    else:
        rows, total = await queries.page_of_lines(
            scope, where, order, limit=limit + 1, offset=offset, columns=columns
        )
        # The list got shorter than the address says: show its last page
        if not rows and total:
            offset = (total - 1) // limit * limit
            rows = await queries.fetch_lines(
                scope, where, order, limit=limit + 1, offset=offset, columns=columns
            )
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        keys = [rows[-1][column] for column in (*queries.SORT_COLUMNS[sort], "id")]
        following = queries.encode_cursor(sort, descending=descending, keys=keys)
    return LineList(
        items=[line_row(row, catalogue) for row in rows], total=total, first=offset, next=following
    )


@use_case(Permission.LINES_READ, read_only=True)
async def line_facets(scope: Scope) -> LineFacets:
    """What the filter panel offers: each value within the actor's reach, with its number of lines."""
    catalogue = await catalogue_of(scope)
    where = queries.line_filter(scope.actor, LineFilter())
    grouped = await scope.connection.fetch(
        "SELECT l.status, l.plan, l.account, l.product_type, c.code, c.name AS centre, count(*) AS n"
        " FROM fleet l LEFT JOIN cost_centre c ON c.tenant_id = l.tenant_id AND c.id = l.cost_centre_id"
        f" WHERE {where.sql} GROUP BY GROUPING SETS ((l.status), (l.plan), (l.account), (l.product_type),"
        " (c.code, c.name))",
        *where.values,
    )
    options = await scope.connection.fetch(
        f"SELECT option, count(*) AS n FROM fleet l, unnest(l.options) AS option WHERE {where.sql} GROUP BY 1",
        *where.values,
    )
    total = await queries.count_lines(scope, where)

    def facet(column: str, name: str = "") -> list[Facet]:
        found = [row for row in grouped if row[column] is not None]
        return sorted(
            (
                Facet(row[column], row[name] if name else catalogue.name(column, row[column]), row["n"])
                for row in found
            ),
            key=lambda one: one.name or one.value,
        )

    return LineFacets(
        status=facet("status"),
        plan=facet("plan"),
        account=facet("account"),
        product_type=facet("product_type"),
        cost_centre=facet("code", "centre"),
        option=sorted(
            (Facet(row["option"], catalogue.name("option", row["option"]), row["n"]) for row in options),
            key=lambda one: one.name,
        ),
        total=total,
    )


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
    kept = "SELECT c.status, sum(c.lines)::bigint AS n FROM fleet_count c WHERE c.status = ANY($1::text[]) GROUP BY 1"
    counted = f"SELECT l.status, count(*) AS n FROM fleet l WHERE {where.sql} GROUP BY 1"
    rows = await scope.connection.fetch(kept if where.by_status_only else counted, *where.values)
    counts = {row["status"]: row["n"] for row in rows}
    return FleetSummary(
        total=sum(counts.values()),
        by_status={status: counts[status] for status in IN_FLEET if status in counts},
    )


async def _detail(scope: Scope, where: queries.SqlFilter) -> list[LineDetail]:
    catalogue = await catalogue_of(scope)
    rows = await scope.connection.fetch(
        f"{DETAIL} WHERE {where.sql} ORDER BY l.name_key, l.id", *where.values
    )
    return [line_detail(row, catalogue) for row in rows]


@use_case(Permission.LINES_READ, read_only=True)
async def get_line(scope: Scope, line_id: LineId | UUID) -> LineDetail:
    """Everything about one number (F-041 to F-051), ended lines included. Raises NotFound."""
    found = await _detail(scope, one_line_filter(scope, line_id))
    if not found:
        raise NotFound
    return found[0]


@use_case(Permission.OWN_LINES_READ, read_only=True)
async def own_lines(scope: Scope) -> list[LineDetail]:
    """The lines linked to the person who asks, for the user portal."""
    where = queries.SqlFilter()
    where.add("l.end_user_id = {0}", scope.actor.end_user_id or queries.NOBODY)
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    return await _detail(scope, where)


@use_case(Permission.HISTORY_READ, read_only=True)
async def line_history(scope: Scope, line_id: LineId | UUID, *, limit: int = 100) -> list[TimelineEntry]:
    """What happened to a line, newest first. Raises NotFound."""
    where = one_line_filter(scope, line_id)
    if not await scope.connection.fetchval(
        f"SELECT EXISTS (SELECT FROM line l WHERE {where.sql})", *where.values
    ):
        raise NotFound
    rows = await scope.connection.fetch(
        "SELECT at, actor_name, action, detail FROM audit_event"
        " WHERE subject_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
        line_id,
        limit,
    )
    return [history_entry(row) for row in rows]
