"""Page and exact total as one would write them by hand for the floors, with no policy in the way."""

from typing import Any
from uuid import UUID

from backend.lines.queries import FLEET_COLUMNS, SORT_COLUMNS
from backend.lines.schemas import Sort
from backend.lines.search_keys import search_patterns

# The view `fleet` works this out; here the table is read.
FLOOR_COLUMNS = FLEET_COLUMNS.replace(
    "l.open_order",
    "EXISTS (SELECT FROM change_order_item i WHERE i.tenant_id = l.tenant_id AND i.line_id = l.id"
    " AND i.state IN ('waiting', 'sent', 'in_progress', 'held')) AS open_order",
)
LIVE = ["ordered", "pending_active", "active", "suspended", "pending_release", "pending_termination"]


async def page_and_total(
    pool: Any,
    tenant: UUID,
    *,
    search: str = "",
    sort: Sort = Sort.NAME,
    descending: bool = False,
    page: int = 1,
    limit: int = 50,
) -> tuple[list[Any], int]:
    conditions, values = ["l.tenant_id = $1", "l.status = ANY($2)"], [tenant, LIVE]
    for pattern in search_patterns(search):
        values.append(pattern)
        conditions.append(f"l.search LIKE ${len(values)}")
    where = " AND ".join(conditions)
    order = ", ".join(f"l.{column}{' DESC' if descending else ''}" for column in (*SORT_COLUMNS[sort], "id"))
    async with pool.acquire() as connection:
        total = await connection.fetchval(f"SELECT count(*) FROM line l WHERE {where}", *values)
        rows = await connection.fetch(
            f"SELECT {FLOOR_COLUMNS} FROM line l WHERE {where} ORDER BY {order} LIMIT {limit + 1:d} OFFSET {(page - 1) * limit:d}",
            *values,
        )
    return rows, total
