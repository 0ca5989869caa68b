"""One query builder for list, total, export and selection of lines: the same filter, the same reach, always.

Lists read the view `fleet`, owned by the search role, because a policy would keep LIKE from using an index
(decision record 0001). The view's own predicate names the tenant.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from backend.core.errors import ValidationFailed
from backend.lines.lifecycle import IN_FLEET
from backend.lines.schemas import LineFilter, Sort
from backend.lines.search_keys import SHORTEST_SEARCH, search_patterns
from tenants.scope import Actor, Scope

SORT_COLUMNS = {
    Sort.NAME: ("name_key",),
    Sort.MSISDN: ("msisdn",),
    Sort.PLAN: ("plan", "name_key"),
    Sort.STATUS: ("status", "name_key"),
}
NOBODY = UUID(int=0)
LONGEST_SEARCH = 100


@dataclass(slots=True)
class SqlFilter:
    """Conditions on `fleet l`, and the values they bind."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    # Nothing but the statuses ($1) narrows it: the total is known without counting
    by_status_only: bool = False

    def add(self, condition: str, *values: object) -> None:
        """`condition` numbers its own values from {0}."""
        self.by_status_only = False
        first = len(self.values) + 1
        self.conditions.append(condition.format(*(f"${first + index}" for index in range(len(values)))))
        self.values.extend(values)

    @property
    def sql(self) -> str:
        return " AND ".join(self.conditions)

    @property
    def total_sql(self) -> str:
        """The exact number of lines, as a query over the same values."""
        if self.by_status_only:
            return (
                "SELECT coalesce(sum(c.lines), 0)::bigint FROM fleet_count c WHERE c.status = ANY($1::text[])"
            )
        return f"SELECT count(*) FROM fleet l WHERE {self.sql}"


def add_reach(actor: Actor, where: SqlFilter, alias: str = "l") -> None:
    """Narrow to what the actor may see: an end user's own lines, or a member's accounts and cost centres."""
    if actor.end_user_id is not None or actor.roles == frozenset({"end_user"}):
        where.add(f"{alias}.end_user_id = {{0}}", actor.end_user_id or NOBODY)
        return
    reach, parts = actor.reach, list[str]()
    values: list[list[UUID]] = []
    if reach.billing_accounts is not None:
        parts.append(f"{alias}.billing_account_id = ANY({{{len(values)}}}::uuid[])")
        values.append(list(reach.billing_accounts))
    if reach.cost_centres is not None:
        parts.append(f"{alias}.cost_centre_id = ANY({{{len(values)}}}::uuid[])")
        values.append(list(reach.cost_centres))
    if parts:
        where.add(f"({' OR '.join(parts)})", *values)


def line_filter(actor: Actor, lines: LineFilter) -> SqlFilter:
    """The whole condition of a list: in the fleet, within reach, matching the filter.

    Raises ValidationFailed for a search that is too long, and for a search too short to narrow anything
    (`search_too_short`): it would stand for the whole fleet.
    """
    if len(lines.search) > LONGEST_SEARCH:
        raise ValidationFailed(search=f"Search for at most {LONGEST_SEARCH} characters.")
    patterns = search_patterns(lines.search)
    if lines.search and not patterns:
        raise ValidationFailed(
            search=f"Search for at least {SHORTEST_SEARCH} letters or digits.", code="search_too_short"
        )
    where = SqlFilter()
    statuses = [status for status in lines.status if status in IN_FLEET] if lines.status else list(IN_FLEET)
    where.add("l.status = ANY({0}::text[])", statuses)
    add_reach(actor, where)
    for pattern in patterns:
        where.add("l.search LIKE {0}", pattern)
    for column in ("plan", "account", "product_type"):
        if values := getattr(lines, column):
            where.add(f"l.{column} = ANY({{0}}::text[])", list(values))
    if lines.option:
        where.add("l.options && {0}::text[]", list(lines.option))
    if lines.cost_centre:
        where.add(
            "l.cost_centre_id IN (SELECT c.id FROM cost_centre c WHERE c.code = ANY({0}::text[]))",
            list(lines.cost_centre),
        )
    where.by_status_only = len(where.conditions) == 1
    return where


def order_by(sort: Sort, *, descending: bool) -> str:
    """The ORDER BY of a list; the id makes it unambiguous."""
    direction = " DESC" if descending else ""
    return ", ".join(f"l.{column}{direction}" for column in (*SORT_COLUMNS[sort], "id"))


class Cursor(msgspec.Struct, array_like=True):
    """Where a list goes on: the sort it was made for, and the last row's keys."""

    sort: Sort
    descending: bool
    keys: list[str]


def encode_cursor(sort: Sort, *, descending: bool, keys: Sequence[object]) -> str:
    """The cursor as text for an address."""
    packed = msgspec.json.encode(Cursor(sort, descending, [str(key) for key in keys]))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """Raises ValidationFailed for anything that is not a cursor of ours."""
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
        UUID(cursor.keys[-1])
        whole = len(cursor.keys) == len(SORT_COLUMNS[cursor.sort]) + 1
    except (ValueError, IndexError, RecursionError, msgspec.MsgspecError):
        whole = False
    if not whole:
        raise ValidationFailed(after="This cursor is not valid: start again from the first page.")
    return cursor


def after_cursor(where: SqlFilter, cursor: Cursor) -> None:
    """Keyset paging: rows after the cursor's, in its own order."""
    columns = ", ".join(f"l.{column}" for column in (*SORT_COLUMNS[cursor.sort], "id"))
    marks = ", ".join(f"{{{index}}}" for index in range(len(cursor.keys)))
    values: list[object] = [*cursor.keys[:-1], UUID(cursor.keys[-1])]
    where.add(f"({columns}) {'<' if cursor.descending else '>'} ({marks})", *values)


class FleetRow(msgspec.Struct, frozen=True):
    """One line of the list, with the keys that it is sorted by."""

    id: UUID
    msisdn: str
    name: str
    status: str
    product_type: str
    plan: str
    options: list[str]
    account: str
    sim_number: str
    sim_kind: str
    name_key: str
    open_order: bool


class FleetPageRow(FleetRow, frozen=True):
    """The same with the number of lines of the whole list."""

    total: int


# The columns of FleetRow, which is the place to add one
FLEET_COLUMNS = ", ".join(f"l.{column}" for column in FleetRow.__struct_fields__)


class LineOfNumber(msgspec.Struct, frozen=True):
    """The line that has a number now, or had it last."""

    msisdn: str
    id: UUID


# The function sees the lines of the scope's tenant here, and those of every tenant in `tenants/directory.py`.
LINES_WITH_NUMBERS = "SELECT msisdn, id FROM lines_of_numbers($1::text[])"


async def lines_with_numbers(scope: Scope, numbers: Sequence[str]) -> dict[str, UUID]:
    """The tenant's line of each number: the one that is live, or else the one that had it last."""
    found = await scope.fetch_all(LineOfNumber, LINES_WITH_NUMBERS, list(numbers))
    return {line.msisdn: line.id for line in found}


async def count_lines(scope: Scope, where: SqlFilter) -> int:
    """How many lines match."""
    return await scope.fetch_value(int, where.total_sql, *where.values) or 0


async def page_of_lines(
    scope: Scope, where: SqlFilter, order: str, *, limit: int, offset: int
) -> tuple[Sequence[FleetRow], int]:
    """One page and the exact total in one round trip. Past the end no row carries the total: it is counted then.

    A search is worked out once for both; otherwise the page comes from an index, and the total from another or from
    the counts that the database keeps (decision record 0009).
    """
    total = "count(*) OVER ()" if "LIKE" in where.sql else f"({where.total_sql})"
    rows = await scope.fetch_all(
        FleetPageRow, _page_sql(where, order, limit=limit, offset=offset, total=total), *where.values
    )
    if not rows and offset:
        return rows, await count_lines(scope, where)
    return rows, rows[0].total if rows else 0


async def fetch_lines(
    scope: Scope, where: SqlFilter, order: str, *, limit: int, offset: int = 0
) -> Sequence[FleetRow]:
    """One page without its total."""
    return await scope.fetch_all(FleetRow, _page_sql(where, order, limit=limit, offset=offset), *where.values)


def _page_sql(where: SqlFilter, order: str, *, limit: int, offset: int, total: str = "") -> str:
    """A search and a deep page choose the ids first: open orders are then worked out for the rows of the page only."""
    total = f", {total} AS total" if total else ""
    rest = f"FROM fleet l WHERE {where.sql} ORDER BY {order} LIMIT {limit:d} OFFSET {offset:d}"
    if not offset and "LIKE" not in where.sql:
        return f"SELECT {FLEET_COLUMNS}{total} {rest}"
    shown = ", p.total" if total else ""
    return (
        f"SELECT {FLEET_COLUMNS}{shown} FROM (SELECT l.id{total} {rest}) p"
        f" JOIN fleet l ON l.id = p.id ORDER BY {order}"
    )


def one_line_filter(scope: Scope, line_id: UUID) -> SqlFilter:
    """The line, where it is within the actor's reach; conditions on `l`."""
    where = SqlFilter()
    where.add("l.id = {0}", line_id)
    add_reach(scope.actor, where)
    return where


def own_lines_filter(scope: Scope, line_id: UUID | None = None) -> SqlFilter:
    """The lines in the fleet that the person who acts uses, or the one with this id; conditions on `l`."""
    where = SqlFilter()
    if line_id is not None:
        where.add("l.id = {0}", line_id)
    where.add("l.end_user_id = {0}", scope.actor.end_user_id or NOBODY)
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    return where
