"""The lines of a request, by ids, a filter or a file. All have one product type and one status."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from backend.core.computing import compute
from backend.core.errors import NotFound, ValidationFailed
from backend.core.ids import LineId
from backend.lines import queries
from backend.lines.schemas import LineFilter
from backend.orders.kinds.base import LineSnapshot
from backend.orders.lifecycle import ITEM_LIFECYCLE
from backend.orders.placement.file_rows import file_rows, stale_file
from backend.orders.queries import literals
from backend.orders.schemas import OrderRequest
from tenants.scope import Scope

MOST_LINES = 20_000

# With the kinds of the open orders of each line, in the states of the partial index `item_open`. The user is looked up
# for each line by its key: a join compares each with each where the planner's statistics do not know the company yet.
LINES = f"""
SELECT l.id, l.msisdn, l.name, l.status, l.product_type, l.plan, l.options, l.barrings, l.account,
  l.billing_account_id, l.cost_centre_id, l.end_user_id, l.sim_number, l.sim_kind, l.roaming_cap_cents, l.companion_sim,
  l.split_profile, l.debt_block, l.activated_on, COALESCE(u.given_name, '') AS given_name,
  COALESCE(u.family_name, '') AS family_name, COALESCE(u.email, '') AS email, COALESCE(u.language, '') AS language,
  ARRAY(SELECT i.kind FROM change_order_item i WHERE i.tenant_id = l.tenant_id AND i.line_id = l.id
    AND i.state IN ({literals(sorted(ITEM_LIFECYCLE.open))})) AS open_kinds
FROM line l LEFT JOIN LATERAL (SELECT e.given_name, e.family_name, e.email, e.language FROM end_user e
  WHERE e.tenant_id = l.tenant_id AND e.id = l.end_user_id LIMIT 1) u ON true
"""


class LineRecord(msgspec.Struct, frozen=True):
    """The columns of a line that orders work with, and of its user."""

    id: UUID
    msisdn: str
    name: str
    status: str
    product_type: str
    plan: str
    options: list[str]
    barrings: list[str]
    account: str
    billing_account_id: UUID | None
    cost_centre_id: UUID | None
    end_user_id: UUID | None
    sim_number: str
    sim_kind: str
    roaming_cap_cents: int | None
    companion_sim: str
    split_profile: str
    debt_block: bool
    activated_on: date | None
    given_name: str
    family_name: str
    email: str
    language: str
    open_kinds: list[str]

    def snapshot(self) -> LineSnapshot:
        """The line as order kinds know it."""
        values = msgspec.structs.asdict(self)
        lists = {name: tuple(values[name]) for name in ("options", "barrings", "open_kinds")}
        return LineSnapshot(**{**values, **lists})


@dataclass(frozen=True, slots=True)
class OrderTarget:
    """A line and what is asked for it: this becomes one item."""

    request: OrderRequest
    line: LineSnapshot


async def resolve_targets(scope: Scope, request: OrderRequest, *, lock: bool = False) -> list[OrderTarget]:
    """The lines that a request changes, each with what is asked for it. Raises as `load_lines` and `file_rows` do."""
    if request.upload_id is None:
        found = await load_lines(scope, request, lock=lock)
        return await compute(len(found), lambda: [OrderTarget(request, line) for line in found])
    if request.line_ids or request.filter is not None:
        raise ValidationFailed(
            upload_id="Name the lines by a file, by their ids, or by a filter: one of the three."
        )
    rows = await file_rows(scope, request, lock=lock)
    by_line = await compute(
        len(rows), lambda: {row.line_id: row.request for row in rows if row.line_id is not None}
    )
    by_ids = msgspec.structs.replace(request, upload_id=None, line_ids=tuple(by_line))
    try:
        lines = await load_lines(scope, by_ids, lock=lock, together=False)
    except NotFound:
        # A line has left the fleet, or the reach, since the file was checked
        raise stale_file() from None
    return await compute(len(lines), lambda: [OrderTarget(by_line[line.id], line) for line in lines])


async def load_lines(
    scope: Scope, request: OrderRequest, *, lock: bool = False, together: bool = True, anywhere: bool = False
) -> list[LineSnapshot]:
    """The selected lines, sorted by name. `lock` locks them; `anywhere` takes lines that have left the fleet too.

    Raises NotFound for an id that is missing, foreign or out of reach, and ValidationFailed for no line, too many, or
    (with `together`) lines that cannot be changed together (F-036).
    """
    if lock:
        await _lock(scope, request, anywhere=anywhere)
    where = await _where(scope, request, anywhere=anywhere)
    rows = await scope.fetch_all(
        LineRecord,
        f"{LINES} WHERE {where.sql} ORDER BY l.name_key, l.id LIMIT {MOST_LINES + 1}",
        *where.values,
    )
    if request.line_ids and len(rows) != len(set(request.line_ids)):
        raise NotFound
    left_out = frozenset(request.except_ids)
    lines = await compute(len(rows), lambda: [row.snapshot() for row in rows if row.id not in left_out])
    await compute(len(lines), check_together, lines if together else lines[:1])
    return lines


async def _where(scope: Scope, request: OrderRequest, *, anywhere: bool = False) -> queries.SqlFilter:
    if bool(request.line_ids) == (request.filter is not None):
        raise ValidationFailed(line_ids="Name the lines by their ids, or by a filter: one of the two.")
    for field in ("line_ids", "except_ids"):
        if len(getattr(request, field)) > MOST_LINES:
            raise ValidationFailed(**{field: f"At most {MOST_LINES} lines in one request."})
    if request.filter is not None:
        # The filter reads the view `fleet`; the lines themselves are read under their policy. Not in one statement:
        # for a company that is new to the planner's statistics it compared each line with each
        narrowed = queries.line_filter(scope.actor, request.filter)
        matching = f"SELECT l.id FROM fleet l WHERE {narrowed.sql} LIMIT {MOST_LINES + 1}"
        where = queries.SqlFilter()
        where.add("l.id = ANY({0}::uuid[])", await scope.fetch_all(LineId, matching, *narrowed.values))
        return where
    if anywhere:
        where = queries.SqlFilter()
        queries.add_reach(scope.actor, where)
    else:
        where = queries.line_filter(scope.actor, LineFilter())
    where.add("l.id = ANY({0}::uuid[])", list(set(request.line_ids)))
    return where


async def _lock(scope: Scope, request: OrderRequest, *, anywhere: bool = False) -> None:
    """Lock the lines in the order of their ids: FOR NO KEY UPDATE makes orders on the same line wait for each other."""
    where = await _where(scope, request, anywhere=anywhere)
    await scope.execute(
        f"SELECT FROM line l WHERE {where.sql} ORDER BY l.id FOR NO KEY UPDATE OF l", *where.values
    )


def check_together(lines: list[LineSnapshot]) -> None:
    """Raise ValidationFailed for no line, too many, or several product types or statuses (F-036 to F-038)."""
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
