"""From what was selected (ids, or a filter) to the lines as they stand; one product type and one status only."""

from typing import Any

from backend.core.errors import Invalid, NotFound
from backend.lines import queries
from backend.lines.schemas import LineFilter
from backend.orders.kinds.plan import LineNow
from backend.orders.schemas import ChangeOptions
from tenants.scope import Scope

MOST_LINES = 20_000

# In one round trip with the open orders of each line; FOR NO KEY UPDATE queues orders on the same line.
LINES = """
SELECT l.id, l.msisdn, l.name, l.status, l.product_type, l.plan, l.options,
  ARRAY(SELECT i.kind FROM change_order_item i WHERE i.tenant_id = l.tenant_id AND i.line_id = l.id
    AND i.state IN ('waiting', 'sent', 'in_progress', 'held')) AS open_kinds
FROM line l
"""


async def lines_of(scope: Scope, asked: ChangeOptions, *, lock: bool = False) -> list[LineNow]:
    """The selected lines, by name. Raises NotFound for an id that is missing, foreign or out of reach,
    and Invalid for none, too many, or lines that cannot be changed together (F-036).
    """
    if lock:
        await _lock(scope, asked)
    where = _where(scope, asked)
    rows = await scope.connection.fetch(
        f"{LINES} WHERE {where.sql} ORDER BY l.name_key, l.id LIMIT {MOST_LINES + 1}", *where.values
    )
    if asked.line_ids and len(rows) != len(set(asked.line_ids)):
        raise NotFound
    left_out = frozenset(asked.except_ids)
    lines = [_line(row) for row in rows if row["id"] not in left_out]
    check_together(lines)
    return lines


def _where(scope: Scope, asked: ChangeOptions) -> queries.Where:
    if bool(asked.line_ids) == (asked.filter is not None):
        raise Invalid(line_ids="Name the lines by their ids, or by a filter: one of the two.")
    for field in ("line_ids", "except_ids"):
        if len(getattr(asked, field)) > MOST_LINES:
            raise Invalid(**{field: f"At most {MOST_LINES} lines in one request."})
    if asked.filter is not None:
        narrowed = queries.where_of(scope.actor, asked.filter)
        where = queries.Where()
        # The filter reads the view; the lines themselves come under their policy.
        where.add(f"l.id IN (SELECT l.id FROM fleet l WHERE {_as_template(narrowed)})", *narrowed.values)
        return where
    where = queries.where_of(scope.actor, LineFilter())
    where.add("l.id = ANY({0}::uuid[])", list(set(asked.line_ids)))
    return where


def _as_template(where: queries.Where) -> str:
    """A condition whose `$n` become positions again, to be numbered anew."""
    text = where.sql.replace("{", "{{").replace("}", "}}")
    for number in range(len(where.values), 0, -1):
        text = text.replace(f"${number}", f"{{{number - 1}}}")
    return text


async def _lock(scope: Scope, asked: ChangeOptions) -> None:
    """Queue behind other orders on the same lines, always in the order of their ids."""
    where = _where(scope, asked)
    await scope.connection.execute(
        f"SELECT FROM line l WHERE {where.sql} ORDER BY l.id FOR NO KEY UPDATE OF l", *where.values
    )


def _line(row: Any) -> LineNow:
    return LineNow(
        id=row["id"],
        msisdn=row["msisdn"],
        name=row["name"],
        status=row["status"],
        product_type=row["product_type"],
        plan=row["plan"],
        options=tuple(row["options"]),
        open_kinds=tuple(row["open_kinds"]),
    )


def check_together(lines: list[LineNow]) -> None:
    """Raise Invalid unless the lines share one product type and one status (F-036 to F-038)."""
    if not lines:
        raise Invalid(line_ids="No line matches: choose at least one.", code="nothing_selected")
    if len(lines) > MOST_LINES:
        raise Invalid(filter=f"More than {MOST_LINES} lines match: narrow the filter.", code="too_many_lines")
    for field, words in (("product_type", "product types"), ("status", "statuses")):
        found = sorted({getattr(line, field) for line in lines})
        if len(found) > 1:
            raise Invalid(
                line_ids=f"Lines of different {words} ({', '.join(found)}) cannot be changed together.",
                code="mixed_selection",
            )
