"""Lines on order (domain 3.2): written with the order, given a number by the carrier, aborted with the order."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from backend.core import clock
from backend.core.errors import Conflict
from backend.lines.intake.inserts import NewLine, insert_lines
from backend.lines.lifecycle import AgreementState, LineStatus
from backend.lines.line_writes import lock_lines, move_lines, update_lines
from tenants.scope import Scope

ON_ORDER = frozenset({LineStatus.ORDERED, LineStatus.PENDING_ACTIVE})
# A line may name its reserved number again: a repeated request changes nothing
TAKE_NUMBER = """
UPDATE reserved_number SET line_id = $2 WHERE msisdn = $1 AND (line_id IS NULL OR line_id = $2) RETURNING id
"""
USERS_OF_LINES = "SELECT DISTINCT end_user_id FROM line WHERE id = ANY($1) AND end_user_id IS NOT NULL"
FORGET_USERS = "UPDATE line SET end_user_id = NULL WHERE id = ANY($1)"
FREE_NUMBERS = "UPDATE reserved_number SET line_id = NULL WHERE line_id = ANY($1)"
END_AGREEMENTS = """
UPDATE split_agreement SET state = $2, ended_at = $3, end_user_id = NULL WHERE line_id = ANY($1)
"""
DELETE_USERS = """
DELETE FROM end_user u WHERE u.id = ANY($1) AND u.member_id IS NULL
  AND NOT EXISTS (SELECT FROM line l WHERE l.tenant_id = u.tenant_id AND l.end_user_id = u.id)
"""


class LineUser(msgspec.Struct, frozen=True):
    """Who uses a line."""

    end_user_id: UUID


async def create_lines(scope: Scope, lines: Sequence[NewLine]) -> dict[UUID, UUID]:
    """Write lines and their users; returns the users by line.

    Raises Conflict (`number_taken`) where a number is live already.
    """
    try:
        await insert_lines(scope, lines)
    except asyncpg.UniqueViolationError as error:
        raise Conflict("This number cannot be used: choose another one.", code="number_taken") from error
    return {line.id: line.end_user_id for line in lines}


async def assign_reserved_numbers(scope: Scope, taken: Sequence[tuple[str, UUID]]) -> None:
    """Give reserved numbers to lines: (number, line).

    Raises Conflict (`number_taken`) where a number is not reserved, or another line has it.
    """
    for number, line_id in taken:
        if await scope.fetch_value(UUID, TAKE_NUMBER, number, line_id) is None:
            raise Conflict("This number is not among your reserved ones any more.", code="number_taken")


async def mark_pending_active(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """The carrier accepted the orders of these lines: those that are `ordered` become `pending_active`.

    A line that is further than that stays as it is, since the carrier's news may come late.
    """
    lines = await lock_lines(scope, line_ids)
    await move_lines(
        scope, [key for key, line in lines.items() if line.status in ON_ORDER], LineStatus.PENDING_ACTIVE
    )
    for line_id in line_ids:
        scope.invalidate(f"line:{line_id}")
    scope.invalidate("fleet")


async def set_numbers(scope: Scope, told: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Write which number, or which eSIM, the carrier gives to lines on order. Empty values change nothing."""
    lines = await lock_lines(scope, list(told))
    changes = []
    for line_id, columns in told.items():
        other = {
            name: value for name, value in columns.items() if value and value != getattr(lines[line_id], name)
        }
        if other and lines[line_id].status in ON_ORDER:
            changes.append((lines[line_id], other))
    await update_lines(scope, changes)


async def abort_lines(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """End lines whose order came to nothing.

    Their reserved numbers are free again, and users that have no other line and no login are deleted.
    """
    ids = list(line_ids)
    aborted = await move_lines(scope, ids, LineStatus.ABORTED)
    users = await scope.fetch_all(LineUser, USERS_OF_LINES, aborted)
    await scope.execute(FORGET_USERS, aborted)
    await scope.execute(FREE_NUMBERS, ids)
    await scope.execute(END_AGREEMENTS, ids, AgreementState.ENDED, clock.now())
    await scope.execute(DELETE_USERS, [user.end_user_id for user in users])
    for line_id in aborted:
        scope.invalidate(f"line:{line_id}")
    scope.invalidate("fleet")
