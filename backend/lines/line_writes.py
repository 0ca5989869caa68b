"""Writes changed columns of lines, and the keys that follow from them: how a line is found and sorted.

Every statement that changes the state of a line goes through this module and asks `LINE_LIFECYCLE`, except those
of the carrier's inventory (`intake/inventory_writes.py`, `intake/held_reading.py`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog

from backend.core import clock
from backend.core.outbox import dump
from backend.lines.lifecycle import LINE_LIFECYCLE, REQUESTED, LineStatus
from backend.lines.schemas import LockedLine
from backend.lines.search_keys import name_key, search_text
from tenants.scope import Scope

log = structlog.get_logger()

# Columns from which `search` and `name_key` are made
SEARCHED = frozenset({"name", "msisdn", "sim_number", "account"})
LOCK_LINES = """
SELECT id, msisdn, status, product_type, plan, options, barrings, billing_account_id, account, cost_centre_id,
  end_user_id, name, sim_number, sim_kind, roaming_cap_cents, companion_sim, split_profile, debt_block, activated_on
FROM line WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""
MOVE_LINES = (
    "UPDATE line SET status = $2, status_requested = $4 WHERE id = ANY($1) AND status = ANY($3::text[])"
    " RETURNING id, status"
)
SET_USER = """
UPDATE line SET end_user_id = $2, user_since = CASE WHEN $3 THEN $4 ELSE user_since END WHERE id = $1
"""
NOT_MOVED = "SELECT id, status FROM line WHERE id = ANY($1) AND status <> $2 ORDER BY id"


class LineState(msgspec.Struct, frozen=True):
    """A line and its state."""

    id: UUID
    status: str


async def update_lines(scope: Scope, changes: Sequence[tuple[LockedLine, Mapping[str, Any]]]) -> None:
    """Write, for each line (locked by the caller), the columns that are now other, by their names.

    Lines with the same columns are written by one statement.

    The line's row is brought up to date, so that a second change of the same line starts from the first. A line whose
    state would make a move that is not listed keeps all its columns: see `may_move`.
    Raises Conflict (`wrong_state`) for such a move where a person acts.
    """
    writes = defaultdict[tuple[str, ...], list[dict[str, Any]]](list)
    now = clock.now()
    for line, columns in changes:
        current = LineStatus(line.status)
        if not may_move(scope, line.id, current, columns.get("status", current)):
            continue
        changed = dict(columns)
        if "status" in columns:
            changed["status_requested"] = columns["status"] in REQUESTED
        if line.split_profile and columns.get("split_profile") == "":
            changed["split_ended_at"] = now
        for name, value in columns.items():
            setattr(line, name, value)
        if SEARCHED & set(columns):
            changed["search"] = search_text(
                name=line.name, msisdn=line.msisdn, sim_number=line.sim_number, account=line.account
            )
            changed["name_key"] = name_key(line.name)
        writes[tuple(changed)].append({"id": line.id, **changed})
    for names, rows in writes.items():
        columns_sql = "".join(f", {name} = v.{name}" for name in names)
        await scope.execute(
            f"UPDATE line l SET confirmed_at = $1{columns_sql}"
            # Without its schema `line` is PostgreSQL's own type of that name
            " FROM jsonb_populate_recordset(NULL::public.line, $2) v WHERE l.id = v.id",
            now,
            dump(rows),
        )


def may_move(scope: Scope, line_id: UUID, current: LineStatus, target: LineStatus) -> bool:
    """Whether the move is listed. One that is not is logged, and the caller goes on with the other lines.

    Raises Conflict (`wrong_state`) for a move that is not listed where a person acts.
    """
    if LINE_LIFECYCLE.allows(current, target):
        return True
    if not scope.actor.system:
        LINE_LIFECYCLE.check(current, target)
    log.warning("line state not written", line=str(line_id), before=str(current), after=str(target))
    return False


async def move_lines(scope: Scope, line_ids: Sequence[UUID], target: LineStatus) -> list[UUID]:
    """Set the state of lines; returns those that moved. Lines that are in the state already are not among them.

    A line for which the move is not listed stays as it is: see `may_move`.
    """
    ids = list(line_ids)
    moved = await scope.fetch_all(
        LineState, MOVE_LINES, ids, target, LINE_LIFECYCLE.sources(target), target in REQUESTED
    )
    for line in await scope.fetch_all(LineState, NOT_MOVED, ids, target):
        may_move(scope, line.id, LineStatus(line.status), target)
    return [line.id for line in moved]


async def set_user(scope: Scope, line_id: UUID, end_user_id: UUID, *, another_person: bool) -> None:
    """Give a line the record of its user. `another_person`: what came before is none of this user's business."""
    await scope.execute(SET_USER, line_id, end_user_id, another_person, clock.now())


async def lock_lines(scope: Scope, line_ids: Sequence[UUID]) -> dict[UUID, LockedLine]:
    """These lines by their ids, locked in the order of the ids."""
    return {line.id: line for line in await scope.fetch_all(LockedLine, LOCK_LINES, list(line_ids))}
