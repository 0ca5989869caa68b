"""From what was selected (ids, or a filter) to the lines as they stand; one product type and one status only."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.outbox import dump
from backend.lines import queries
from backend.lines.schemas import LineFilter
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import LineSnapshot
from backend.orders.schemas import COMMON, OrderRequest
from tenants.scope import Scope

MOST_LINES = 20_000

# In one round trip with the open orders of each line; FOR NO KEY UPDATE queues orders on the same line.
LINES = """
SELECT l.id, l.msisdn, l.name, l.status, l.product_type, l.plan, l.options, l.barrings, l.account,
  l.billing_account_id, l.cost_centre_id, l.end_user_id, l.sim_number, l.sim_kind, l.roaming_cap_cents, l.companion_sim,
  l.split_profile, l.debt_block, l.activated_on, u.given_name, u.family_name, u.email, u.language,
  ARRAY(SELECT i.kind FROM change_order_item i WHERE i.tenant_id = l.tenant_id AND i.line_id = l.id
    AND i.state IN ('waiting', 'sent', 'in_progress', 'held')) AS open_kinds
FROM line l LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
"""


GOOD_ROWS = """
SELECT number, line_id, fields FROM bulk_row WHERE upload_id = $1 AND status IN ('ok', 'warning') ORDER BY number
"""
NAME_LINES = """
UPDATE bulk_row r SET line_id = i.line_id
FROM (SELECT number, row_number() OVER (ORDER BY number) - 1 AS position FROM bulk_row
      WHERE upload_id = $1 AND status IN ('ok', 'warning')) n
JOIN change_order_item i ON i.order_id = $2 AND i.position = n.position AND i.state <> 'skipped'
WHERE r.upload_id = $1 AND r.number = n.number
"""


@dataclass(frozen=True, slots=True)
class OrderTarget:
    """One item to be: the line, and what is asked for it."""

    request: OrderRequest
    line: LineSnapshot


async def resolve_targets(scope: Scope, request: OrderRequest, *, lock: bool = False) -> list[OrderTarget]:
    """What a request that changes lines is about. Raises as `lines_of` and `file_rows` do."""
    if request.upload_id is None:
        return [OrderTarget(request, line) for line in await load_lines(scope, request, lock=lock)]
    if request.line_ids or request.filter is not None:
        raise ValidationFailed(
            upload_id="Name the lines by a file, by their ids, or by a filter: one of the three."
        )
    kind_fields = await file_rows(scope, request, lock=lock)
    by_ids = msgspec.structs.replace(request, upload_id=None, line_ids=tuple(kind_fields))
    try:
        lines = await load_lines(scope, by_ids, lock=lock, together=False)
    except NotFound:
        # A line has left the fleet, or the reach, since the file was checked
        raise stale_file() from None
    return [OrderTarget(kind_fields[line.id], line) for line in lines]


def stale_file() -> Conflict:
    return Conflict(
        "What the file asks is no longer possible on every line: hand it in again.", code="bulk_stale"
    )


def row_request(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What of a row's fields the kind asks for itself: the other fields only name the line."""
    own = _own_fields(kind)
    return {name: value for name, value in fields.items() if name in own}


@cache
def _own_fields(kind: str) -> frozenset[str]:
    return frozenset(KINDS[kind].request.__struct_fields__) - COMMON


async def file_rows(
    scope: Scope, request: OrderRequest, *, lock: bool = False, order_id: UUID | None = None
) -> dict[Any, OrderRequest]:
    """What the good rows of a checked file ask, by their lines (or their numbers, where they make lines), in its order.

    A file becomes one order of whoever handed it in: the lock keeps it until that is written down. `order_id`: the
    order that it became, which reads its own rows again.
    Raises NotFound for another person's file, and Conflict for one that is not ready or was ordered already.
    """
    found = await scope.connection.fetchrow(
        "SELECT state, order_id FROM bulk_upload WHERE id = $1 AND kind = $2"
        f" AND ($3::uuid IS NOT NULL OR requester_id = $4){' FOR UPDATE' if lock else ''}",
        request.upload_id,
        request.kind,
        order_id,
        scope.actor.member_id,
    )
    if found is None or (order_id is not None and found["order_id"] != order_id):
        raise NotFound
    if order_id is None and found["state"] == "ordered":
        raise Conflict("This file was ordered already.", code="bulk_ordered")
    if order_id is None and found["state"] != "ready":
        raise Conflict("The file is not ready to be ordered.", code="bulk_not_ready")
    rows = await scope.connection.fetch(GOOD_ROWS, request.upload_id)
    kind, shared = KINDS[request.kind].request, {"on": request.on, "confirmed": request.confirmed}
    # Of rows with the same wishes
    same: dict[str, OrderRequest] = {}
    kind_fields: dict[Any, OrderRequest] = {}
    for row in rows:
        own = row_request(request.kind, orjson.loads(row["fields"]))
        key = dump(own)
        if key not in same:
            same[key] = msgspec.structs.replace(
                msgspec.convert({"kind": request.kind, **own}, kind), **shared
            )
        kind_fields[row["line_id"] or row["number"]] = same[key]
    return kind_fields


async def mark_ordered(scope: Scope, request: OrderRequest, order_id: UUID) -> None:
    """The file, where there is one, became this order, in the same transaction; its rows name the lines that it makes."""
    if request.upload_id is None:
        return
    await scope.connection.execute(
        "UPDATE bulk_upload SET state = 'ordered', order_id = $2 WHERE id = $1 AND state = 'ready'",
        request.upload_id,
        order_id,
    )
    if KINDS[request.kind].creates is not None:
        await scope.connection.execute(NAME_LINES, request.upload_id, order_id)
    scope.invalidate(f"bulk:{request.upload_id}")
    scope.invalidate("bulk")


async def load_lines(
    scope: Scope, request: OrderRequest, *, lock: bool = False, together: bool = True, anywhere: bool = False
) -> list[LineSnapshot]:
    """The selected lines, by name; `anywhere` takes lines that have left the fleet too. Raises NotFound for an id that is missing, foreign or out of reach,
    and Invalid for none, too many, or lines that cannot be changed together (F-036).
    """
    if lock:
        await _lock(scope, request, anywhere=anywhere)
    where = _where(scope, request, anywhere=anywhere)
    rows = await scope.connection.fetch(
        f"{LINES} WHERE {where.sql} ORDER BY l.name_key, l.id LIMIT {MOST_LINES + 1}", *where.values
    )
    if request.line_ids and len(rows) != len(set(request.line_ids)):
        raise NotFound
    left_out = frozenset(request.except_ids)
    lines = [_line(row) for row in rows if row["id"] not in left_out]
    check_together(lines if together else lines[:1])
    return lines


def _where(scope: Scope, request: OrderRequest, *, anywhere: bool = False) -> queries.SqlFilter:
    if bool(request.line_ids) == (request.filter is not None):
        raise ValidationFailed(line_ids="Name the lines by their ids, or by a filter: one of the two.")
    for field in ("line_ids", "except_ids"):
        if len(getattr(request, field)) > MOST_LINES:
            raise ValidationFailed(**{field: f"At most {MOST_LINES} lines in one request."})
    if request.filter is not None:
        narrowed = queries.line_filter(scope.actor, request.filter)
        where = queries.SqlFilter()
        # The filter reads the view; the lines themselves come under their policy.
        where.add(f"l.id IN (SELECT l.id FROM fleet l WHERE {_as_template(narrowed)})", *narrowed.values)
        return where
    if anywhere:
        where = queries.SqlFilter()
        queries.add_reach(scope.actor, where)
    else:
        where = queries.line_filter(scope.actor, LineFilter())
    where.add("l.id = ANY({0}::uuid[])", list(set(request.line_ids)))
    return where


def _as_template(where: queries.SqlFilter) -> str:
    """A condition whose `$n` become positions again, to be numbered anew."""
    text = where.sql.replace("{", "{{").replace("}", "}}")
    for number in range(len(where.values), 0, -1):
        text = text.replace(f"${number}", f"{{{number - 1}}}")
    return text


async def _lock(scope: Scope, request: OrderRequest, *, anywhere: bool = False) -> None:
    """Queue behind other orders on the same lines, always in the order of their ids."""
    where = _where(scope, request, anywhere=anywhere)
    await scope.connection.execute(
        f"SELECT FROM line l WHERE {where.sql} ORDER BY l.id FOR NO KEY UPDATE OF l", *where.values
    )


def _line(row: Any) -> LineSnapshot:
    values = dict(row)
    for name in ("options", "barrings", "open_kinds"):
        values[name] = tuple(values[name])
    for name in ("given_name", "family_name", "email", "language"):
        values[name] = values[name] or ""
    return LineSnapshot(**values)


def check_together(lines: list[LineSnapshot]) -> None:
    """Raise Invalid unless the lines share one product type and one status (F-036 to F-038)."""
    if not lines:
        raise ValidationFailed(line_ids="No line matches: choose at least one.", code="nothing_selected")
    if len(lines) > MOST_LINES:
        raise ValidationFailed(
            filter=f"More than {MOST_LINES} lines match: narrow the filter.", code="too_many_lines"
        )
    for field, texts in (("product_type", "product types"), ("status", "statuses")):
        found = sorted({getattr(line, field) for line in lines})
        if len(found) > 1:
            raise ValidationFailed(
                line_ids=f"Lines of different {texts} ({', '.join(found)}) cannot be changed together.",
                code="mixed_selection",
            )
