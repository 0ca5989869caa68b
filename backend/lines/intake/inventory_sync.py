"""Reads a tenant's lines from the carrier again and replaces the snapshot in one transaction (F-030 to F-032).

Carrier-owned fields only: name, language, e-mail and cost centre are the customer's. A line whose change was
completed after its page was read keeps what is known. The inventory is the carrier's word on what a line is: it may
bring any state, whatever `LINE_LIFECYCLE` lists, but for a state that a request has set. Lines that are not in it any
more end, a few at once and more after a person has said so (`held_reading.py`). Decision 0019.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

import msgspec
import structlog

from backend.core import audit, clock
from backend.core.errors import Conflict, Unavailable
from backend.core.facts import JobName
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.messaging.set_aside import UnreadMessage, clear_older, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.network import UnreadableAnswer
from backend.lines.intake.held_reading import end_or_hold, held_reading
from backend.lines.intake.inventory_reading import MOST_SET_ASIDE, InventoryReading
from backend.lines.intake.inventory_writes import write_lines
from backend.lines.schemas import SyncStatus
from backend.lines.search_keys import search_text
from backend.lines.tables import InventorySync
from backend.runtime import clients
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

log = structlog.get_logger()

PAGE = 1000
NOT_MORE_OFTEN = timedelta(minutes=1)
# A reading that has not ended by then may be started anew
STUCK = timedelta(minutes=10)
# Services of one customer: a list that is longer is none
MOST_READ = 500_000
# The key of a page that cannot be read as a list
PAGE_KEY = "page"

ENSURE_ROW = """
INSERT INTO inventory_sync (tenant_id, state, read, total, unreadable) VALUES ($1, $2, 0, 0, 0) ON CONFLICT DO NOTHING
"""
LOCK_READING = "SELECT true FROM inventory_sync WHERE started_at = $1 AND state = $2 FOR UPDATE"


class SyncState(StrEnum):
    """The state of the reading of an inventory."""

    IDLE = "idle"
    RUNNING = "running"
    FAILED = "failed"


class SyncRow(msgspec.Struct, frozen=True):
    """The last reading of the inventory, and the one under way. `read` and `total` count lines."""

    state: str
    refreshed_at: datetime | None
    started_at: datetime | None
    read: int
    total: int
    unreadable: int
    held_since: datetime | None


class AccountNumber(msgspec.Struct, frozen=True):
    """A customer number as the carrier writes it."""

    account: str


class SearchedLine(msgspec.Struct, frozen=True):
    """What a line is found by, and the text that is stored for it."""

    id: UUID
    name: str
    msisdn: str
    sim_number: str
    account: str
    search: str


@use_case(Permission.LINES_READ, read_only=True)
async def sync_status(scope: Scope) -> SyncStatus:
    """How old the list is, and, for who may see every line, how far a new reading has come."""
    return await _sync_status(scope)


@use_case(Permission.LINES_REFRESH)
async def request_sync(scope: Scope) -> SyncStatus:
    """Ask the carrier again. Asking while it is read joins that reading.

    Raises Conflict (`too_soon`) within a minute of the last request.
    """
    return await start_sync(scope)


async def start_sync(scope: Scope) -> SyncStatus:
    """Start a reading, or join the one that runs; the caller has checked the right. Raises Conflict (`too_soon`)."""
    await scope.execute(ENSURE_ROW, scope.tenant_id, SyncState.IDLE)
    row = await _row(scope, lock=True)
    now, started, state = clock.now(), row and row.started_at, row and row.state
    if state == SyncState.RUNNING and started and now - started < STUCK:
        return await _sync_status(scope)
    if started and now - started < NOT_MORE_OFTEN and state != SyncState.FAILED:
        raise Conflict("The list was read less than a minute ago.", code="too_soon")
    await InventorySync.update(
        {
            InventorySync.state: SyncState.RUNNING,
            InventorySync.started_at: now,
            InventorySync.read: 0,
            InventorySync.total: 0,
        }
    ).where(InventorySync.tenant_id == scope.tenant_id)
    await audit.record(scope, "fleet.refresh_asked", "fleet", None)
    scope.enqueue(JobName.SYNC_INVENTORY, started_at=now.isoformat())
    scope.invalidate("fleet")
    return await _sync_status(scope)


async def _row(scope: Scope, *, lock: bool = False) -> SyncRow | None:
    return await scope.select_one(
        SyncRow, InventorySync, InventorySync.tenant_id == scope.tenant_id, lock=lock
    )


async def _sync_status(scope: Scope) -> SyncStatus:
    row = await _row(scope)
    if row is None:
        return SyncStatus(refreshed_at=None)
    everything = scope.actor.reach.everything
    may = None if row.started_at is None else row.started_at + NOT_MORE_OFTEN
    return SyncStatus(
        refreshed_at=row.refreshed_at,
        running=row.state == SyncState.RUNNING,
        read=row.read if everything else 0,
        total=row.total if everything else 0,
        unreadable=row.unreadable if everything else 0,
        held=await held_reading(scope, row.held_since) if everything else None,
        failed=row.state == SyncState.FAILED,
        may_refresh_at=may if may and may > clock.now() else None,
    )


@idempotent_job(JobName.SYNC_INVENTORY)
async def sync_inventory(actor: Actor, *, started_at: str) -> None:
    """Read every page, then write all of it at once. A reading that was overtaken by a newer one stops."""
    async with job_scope(actor) as scope:
        tenant = await tenant_info(scope)
    reading = InventoryReading(datetime.fromisoformat(started_at))
    try:
        while not reading.at_end or not reading.read:
            asked_at = clock.now()
            page = await clients().network.inventory(tenant.carrier, tenant.slug, reading.read, PAGE)
            more = reading.add(page, asked_at)
            if not await _progress(actor, reading):
                return
            if not more or reading.read > MOST_READ:
                break
    except UnreadableAnswer as unread:
        await _fail(actor, reading.began, unread)
        return
    except Unavailable:
        await _fail(actor, reading.began)
        return
    if reading.broken_off or reading.read > MOST_READ:
        await _fail(actor, reading.began)
        return
    async with job_scope(actor) as scope:
        await _write(scope, reading)


async def _progress(actor: Actor, reading: InventoryReading) -> bool:
    """Write how far the reading has come. False where another one has taken over."""
    async with job_scope(actor) as scope:
        current = await scope.change_all(
            SyncRow,
            InventorySync.update(
                {InventorySync.read: reading.read, InventorySync.total: reading.total}
            ).where((InventorySync.started_at == reading.began) & (InventorySync.state == SyncState.RUNNING)),
        )
        scope.invalidate("fleet")
        return bool(current)


async def _fail(actor: Actor, began: datetime, unread: UnreadableAnswer | None = None) -> None:
    """Say so on the page; the list of before stays, and the person may try again at once."""
    async with job_scope(actor) as scope:
        if unread is not None:
            await set_aside(scope, [_message(PAGE_KEY, unread.body, unread.why)])
        await InventorySync.update({InventorySync.state: SyncState.FAILED}).where(
            InventorySync.started_at == began
        )
        scope.invalidate("fleet")


UNKNOWN_ACCOUNTS = """
SELECT DISTINCT i.account FROM incoming i WHERE NOT EXISTS (SELECT FROM billing_account a WHERE a.number = i.account)
"""
SEARCHED_LINES = "SELECT id, name, msisdn, sim_number, account, search FROM line"
FINISHED = "UPDATE inventory_sync SET state = $1, refreshed_at = $2, read = $3, total = $3, unreadable = $4"


async def _write(scope: Scope, reading: InventoryReading) -> None:
    """Write the whole inventory, unless a newer reading has taken over or this one was written before."""
    if not await scope.fetch_value(bool, LOCK_READING, reading.began, SyncState.RUNNING):
        return
    await write_lines(scope, reading)
    await end_or_hold(scope, reading)
    await _rebuild_search(scope)
    await _set_services_aside(scope, reading)
    strangers = [one.account for one in await scope.fetch_all(AccountNumber, UNKNOWN_ACCOUNTS)]
    # Their lines stay out of the list until the customer number is known here
    if strangers:
        log.warning(
            "customer numbers unknown here", tenant=(await tenant_info(scope)).slug, numbers=strangers
        )
    await audit.record(
        scope,
        "fleet.refreshed",
        "fleet",
        None,
        lines=reading.read,
        unreadable=len(reading.unreadable),
        unknown_customer_numbers=", ".join(strangers),
    )
    await scope.execute(FINISHED, SyncState.IDLE, reading.began, reading.read, len(reading.unreadable))
    scope.invalidate("fleet")


async def _set_services_aside(scope: Scope, reading: InventoryReading) -> None:
    """Keep the first services that could not be read, and close those of earlier readings."""
    now = clock.now()
    # One without a number is known by its words
    kept = [
        _message(one.msisdn or sha256(one.body.encode()).hexdigest(), one.body, one.why, one.msisdn)
        for one in reading.unreadable
        if one.why
    ]
    await set_aside(scope, kept[:MOST_SET_ASIDE])
    await clear_older(scope, SetAsideSource.INVENTORY, now)


def _message(key: str, body: str, why: str, msisdn: str = "") -> UnreadMessage:
    return UnreadMessage(source=SetAsideSource.INVENTORY, key=key, subject=msisdn, body=body, why=why)


async def _rebuild_search(scope: Scope) -> None:
    """Keep the stored search text of every line true to its number, SIM and customer number."""
    lines = await scope.fetch_all(SearchedLine, SEARCHED_LINES)
    stale = [
        (line.id, text)
        for line in lines
        if (
            text := search_text(
                name=line.name, msisdn=line.msisdn, sim_number=line.sim_number, account=line.account
            )
        )
        != line.search
    ]
    await scope.execute_many("UPDATE line SET search = $2 WHERE id = $1", stale)
