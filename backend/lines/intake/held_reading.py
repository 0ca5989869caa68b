"""Lines that a reading of the inventory would end: a few end at once, more only after a person has said so.

A carrier that answers with half a list, or with none, must not empty a fleet. Whatever else the reading says is applied.
The next complete reading takes the place of the held one.
"""

from datetime import datetime

import msgspec
import structlog

from backend.core import audit, clock
from backend.core.errors import Conflict, Forbidden
from backend.core.ids import LineId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.intake.inventory_reading import InventoryReading, must_ask
from backend.lines.intake.inventory_writes import numbers_of
from backend.lines.lifecycle import ENDED, LINE_LIFECYCLE, LineStatus
from backend.lines.schemas import HeldLine, HeldReading
from backend.lines.timeline_codes import LineTimelineCode
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope
from tenants.tenant_info import tenant_info

log = structlog.get_logger()

# Lines of a held reading that are named
MOST_NAMED = 50
# From these states the inventory may end a line, unless a request set the state
MAY_END = [str(status) for status in LINE_LIFECYCLE.sources(LineStatus.TERMINATED)]

FORGET = "DELETE FROM held_line_end"
# Not listed any more, or listed as ended. What was confirmed since the reading began is newer than it.
FIND_ENDING = """
INSERT INTO held_line_end (line_id, tenant_id, status, read_at)
SELECT l.id, l.tenant_id, COALESCE(i.status, $1::text), $2 FROM line l LEFT JOIN incoming i ON i.msisdn = l.msisdn
WHERE l.status = ANY($3::text[]) AND NOT l.status_requested AND (l.confirmed_at IS NULL OR l.confirmed_at < $2)
  AND CASE WHEN i.msisdn IS NULL THEN $4::bool AND l.msisdn <> ALL($5::text[]) ELSE i.status = ANY($6::text[]) END
"""
COUNTS = """
SELECT (SELECT count(*) FROM held_line_end) AS ending, (SELECT count(*) FROM line WHERE status = ANY($1::text[])) AS alive
"""
# Their numbers went to another company of the platform: no question is needed
COUNT_MOVED = """
SELECT count(*) FROM held_line_end h JOIN line l ON l.tenant_id = h.tenant_id AND l.id = h.line_id
WHERE EXISTS (SELECT FROM directory_holders(l.msisdn) d WHERE d.tenant_id <> l.tenant_id)
"""
END_LINES = """
UPDATE line l SET status = h.status, gone_at = $1 FROM held_line_end h
WHERE h.line_id = l.id AND l.status = ANY($2::text[]) AND NOT l.status_requested
  AND (l.confirmed_at IS NULL OR l.confirmed_at < h.read_at) RETURNING l.id
"""
MARK_HELD = "UPDATE inventory_sync SET held_since = COALESCE(held_since, $1)"
CLEAR_HELD = "UPDATE inventory_sync SET held_since = NULL"
SINCE = "SELECT held_since FROM inventory_sync"
LOCK = "SELECT held_since IS NOT NULL FROM inventory_sync FOR UPDATE"
NAMED = """
SELECT l.id, l.msisdn, l.name, h.status FROM held_line_end h JOIN line l ON l.tenant_id = h.tenant_id AND l.id = h.line_id
ORDER BY l.name_key, l.id LIMIT $1
"""


class EndingCounts(msgspec.Struct, frozen=True):
    """How many lines a reading would end, and how many the inventory may end."""

    ending: int
    alive: int


async def end_or_hold(scope: Scope, reading: InventoryReading) -> None:
    """End the lines that the reading does not list any more, or hold that back where they are more than a few.

    `incoming` has the lines of the reading. A line whose service could not be read is not known to be gone. A line
    whose number another company has by now has left.
    """
    await scope.execute(FORGET)
    await scope.execute(
        FIND_ENDING,
        LineStatus.TERMINATED,
        reading.began,
        MAY_END,
        reading.complete,
        numbers_of(reading.unreadable),
        [str(status) for status in ENDED],
    )
    counts = await scope.fetch_one(EndingCounts, COUNTS, MAY_END) or EndingCounts(0, 0)
    moved = await scope.fetch_value(int, COUNT_MOVED) or 0
    if must_ask(ending=counts.ending - moved, alive=counts.alive, read=reading.read):
        await scope.execute(MARK_HELD, clock.now())
        about = {"tenant": (await tenant_info(scope)).slug, "ending": counts.ending, "alive": counts.alive}
        log.error("inventory reading held", **about)
        await audit.record(scope, "fleet.reading_held", "fleet", None, lines=counts.ending)
        return
    await _end_lines(scope)


async def _end_lines(scope: Scope) -> int:
    gone = await scope.fetch_all(LineId, END_LINES, clock.now(), MAY_END)
    written = [(line_id, dict[str, str]()) for line_id in gone]
    await timeline.record_many(scope, TimelineSubject.LINE, LineTimelineCode.GONE_AT_CARRIER, written)
    await scope.execute(FORGET)
    await scope.execute(CLEAR_HELD)
    return len(gone)


async def held_reading(scope: Scope, since: datetime | None) -> HeldReading | None:
    """What is held back since then, for who sees every line; None where nothing is."""
    if since is None:
        return None
    counts = await scope.fetch_one(EndingCounts, COUNTS, MAY_END) or EndingCounts(0, 0)
    named = await scope.fetch_all(HeldLine, NAMED, MOST_NAMED)
    return HeldReading(since=since, lines=counts.ending, alive=counts.alive, first=named)


@use_case(Permission.LINES_REFRESH)
async def decide_held_reading(scope: Scope, *, end_lines: bool, lines: int) -> int:
    """End the lines of the held reading, or keep them; returns how many ended. `lines`: how many the person was shown.

    Raises Forbidden for a member who does not see every line, Conflict (`reading_decided`), and Conflict (`reading_changed`) where
    another reading has come since.
    """
    if not scope.actor.reach.everything:
        raise Forbidden
    return await _decide(scope, end_lines=end_lines, lines=lines)


@use_case(Permission.OPERATOR_CARRIER_MANAGE, read_only=True)
async def operator_held_reading(scope: Scope) -> HeldReading | None:
    """The held reading of this company, for the operator's staff."""
    return await held_reading(scope, await scope.fetch_value(datetime, SINCE))


@use_case(Permission.OPERATOR_CARRIER_MANAGE)
async def operator_decide_held_reading(scope: Scope, *, end_lines: bool, lines: int) -> int:
    """The same decision by the operator's staff. Raises Conflict as `decide_held_reading` does."""
    return await _decide(scope, end_lines=end_lines, lines=lines)


async def _decide(scope: Scope, *, end_lines: bool, lines: int) -> int:
    if not await scope.fetch_value(bool, LOCK):
        raise Conflict("No lines are waiting for this decision.", code="reading_decided")
    counts = await scope.fetch_one(EndingCounts, COUNTS, MAY_END) or EndingCounts(0, 0)
    if counts.ending != lines:
        raise Conflict(
            "The network was read again since: look at the lines once more.", code="reading_changed"
        )
    ended = 0
    if end_lines:
        ended = await _end_lines(scope)
    else:
        await scope.execute(FORGET)
        await scope.execute(CLEAR_HELD)
    action = "fleet.reading_confirmed" if end_lines else "fleet.reading_dismissed"
    await audit.record(scope, action, "fleet", None, lines=lines, ended=ended)
    scope.invalidate("fleet")
    return ended
