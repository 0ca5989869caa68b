"""Reads a tenant's lines from the carrier again and replaces the snapshot in one transaction (F-030 to F-032).

Carrier-owned fields only: name, language, e-mail and cost centre are the customer's. A line whose change was
completed after its page was read keeps what is known. The inventory is the carrier's word on what a line is: it may
bring any state, whatever `LINE_LIFECYCLE` lists, and lines that are not in it any more are terminated.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
import structlog

from backend.core import audit, clock
from backend.core.errors import Conflict, Unavailable
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.network import InventoryLine
from backend.lines.lifecycle import ENDED, LINE_LIFECYCLE, LineStatus
from backend.lines.schemas import SyncStatus
from backend.lines.search_keys import search_text
from backend.lines.sims.codes import seal_context
from backend.lines.tables import InventorySync
from backend.lines.timeline_codes import LineTimelineCode
from backend.runtime import clients, secret_box
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

log = structlog.get_logger()

PAGE = 1000
NOT_MORE_OFTEN = timedelta(minutes=1)
# A reading that has not ended by then may be started anew
STUCK = timedelta(minutes=10)

ENSURE_ROW = """
INSERT INTO inventory_sync (tenant_id, state, read, total) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING
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


class KnownLine(msgspec.Struct, frozen=True):
    """A live line by its number."""

    msisdn: str
    id: UUID


class LineKey(msgspec.Struct, frozen=True):
    """The id of a line."""

    id: UUID


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
        failed=row.state == SyncState.FAILED,
        may_refresh_at=may if may and may > clock.now() else None,
    )


@idempotent_job(JobName.SYNC_INVENTORY)
async def sync_inventory(actor: Actor, *, started_at: str) -> None:
    """Read every page, then write all of it at once. A reading that was overtaken by a newer one stops."""
    async with job_scope(actor) as scope:
        tenant = await tenant_info(scope)
    began = datetime.fromisoformat(started_at)
    lines: list[tuple[InventoryLine, datetime]] = []
    try:
        while True:
            asked_at = clock.now()
            page = await clients().network.inventory(tenant.carrier, tenant.slug, len(lines), PAGE)
            lines += [(line, asked_at) for line in page.lines]
            if not await _progress(actor, began, len(lines), page.total):
                return
            if not page.lines or len(lines) >= page.total:
                break
    except Unavailable:
        await _fail(actor, began)
        return
    # The list ended before its own total: half of it must not replace the whole
    if len(lines) < page.total:
        await _fail(actor, began)
        return
    async with job_scope(actor) as scope:
        await _replace(scope, lines, began)


async def _progress(actor: Actor, began: datetime, read: int, total: int) -> bool:
    """Write how far the reading has come. False where another one has taken over."""
    async with job_scope(actor) as scope:
        current = await scope.change_all(
            SyncRow,
            InventorySync.update({InventorySync.read: read, InventorySync.total: total}).where(
                (InventorySync.started_at == began) & (InventorySync.state == SyncState.RUNNING)
            ),
        )
        scope.invalidate("fleet")
        return bool(current)


async def _fail(actor: Actor, began: datetime) -> None:
    """Say so on the page; the list of before stays, and the person may try again at once."""
    async with job_scope(actor) as scope:
        await InventorySync.update({InventorySync.state: SyncState.FAILED}).where(
            InventorySync.started_at == began
        )
        scope.invalidate("fleet")


INCOMING = """
CREATE TEMPORARY TABLE incoming (msisdn text, account text, status text, product_type text, plan text, options text[],
  barrings text[], sim_number text, sim_kind text, roaming_cap_cents int, companion_sim text, split_profile text,
  activated_on date, read_at timestamptz, new_id uuid, puk_sealed bytea) ON COMMIT DROP
"""

# A number that comes back is a new line
KNOWN = "SELECT msisdn, id FROM line WHERE status <> ALL($1::text[])"

UNKNOWN_ACCOUNTS = """
SELECT DISTINCT i.account FROM incoming i WHERE NOT EXISTS (SELECT FROM billing_account a WHERE a.number = i.account)
"""

UPDATE_KNOWN = """
UPDATE line l SET account = a.number, billing_account_id = a.id, status = i.status, product_type = i.product_type,
  plan = i.plan, options = i.options, barrings = i.barrings, sim_number = i.sim_number, sim_kind = i.sim_kind,
  roaming_cap_cents = i.roaming_cap_cents, companion_sim = i.companion_sim, split_profile = i.split_profile,
  split_ended_at = CASE WHEN l.split_profile <> '' AND i.split_profile = '' THEN now() ELSE l.split_ended_at END,
  activated_on = i.activated_on, puk_sealed = COALESCE(i.puk_sealed, l.puk_sealed)
FROM incoming i JOIN billing_account a ON a.number = i.account
WHERE l.msisdn = i.msisdn AND (l.confirmed_at IS NULL OR l.confirmed_at < i.read_at)
  AND l.status <> ALL($1::text[])
"""

INSERT_NEW = """
INSERT INTO line (id, tenant_id, msisdn, status, product_type, plan, options, barrings, billing_account_id, account,
  name, name_key, search, sim_number, sim_kind, roaming_cap_cents, companion_sim, split_profile, debt_block,
  activated_on, puk_sealed)
SELECT i.new_id, $1, i.msisdn, i.status, i.product_type, i.plan, i.options, i.barrings, a.id, a.number, '', '', '',
  i.sim_number, i.sim_kind, i.roaming_cap_cents, i.companion_sim, i.split_profile, false, i.activated_on, i.puk_sealed
FROM incoming i JOIN billing_account a ON a.number = i.account
WHERE NOT EXISTS (SELECT FROM line l WHERE l.msisdn = i.msisdn AND l.status <> ALL($2::text[]))
ON CONFLICT DO NOTHING
"""

GONE = """
UPDATE line l SET status = $2 WHERE l.status = ANY($3::text[]) AND (l.confirmed_at IS NULL OR l.confirmed_at < $1)
  AND NOT EXISTS (SELECT FROM incoming i WHERE i.msisdn = l.msisdn) RETURNING l.id
"""

SEARCHED_LINES = "SELECT id, name, msisdn, sim_number, account, search FROM line"
FINISHED = "UPDATE inventory_sync SET state = $1, refreshed_at = $2, read = $3, total = $3"


async def _replace(scope: Scope, lines: list[tuple[InventoryLine, datetime]], began: datetime) -> None:
    """Write the whole inventory, unless a newer reading has taken over or this one was written before."""
    ended = list(ENDED)
    if not await scope.fetch_value(bool, LOCK_READING, began, SyncState.RUNNING):
        return
    await scope.execute(INCOMING)
    known = {line.msisdn: line.id for line in await scope.fetch_all(KnownLine, KNOWN, ended)}
    # COPY is refused on a table under policies, so rows go through a temporary one.
    await scope.copy_rows(
        "incoming", [_record(scope, line, read_at, known.get(line.msisdn)) for line, read_at in lines]
    )
    await scope.execute(UPDATE_KNOWN, ended)
    await scope.execute(INSERT_NEW, scope.tenant_id, ended)
    left = LineStatus.TERMINATED
    gone = await scope.fetch_all(LineKey, GONE, began, left, LINE_LIFECYCLE.sources(left))
    await _rebuild_search(scope)
    lost = [(line.id, dict[str, str]()) for line in gone]
    await timeline.record_many(scope, TimelineSubject.LINE, LineTimelineCode.GONE_AT_CARRIER, lost)
    strangers = [one.account for one in await scope.fetch_all(AccountNumber, UNKNOWN_ACCOUNTS)]
    # Their lines stay out of the list until the customer number is known here
    if strangers:
        log.warning("customer numbers unknown here", tenant=str(scope.tenant_id), numbers=strangers)
    await audit.record(
        scope,
        "fleet.refreshed",
        "fleet",
        None,
        lines=len(lines),
        unknown_customer_numbers=", ".join(strangers),
    )
    await scope.execute(FINISHED, SyncState.IDLE, began, len(lines))
    scope.invalidate("fleet")


def _record(scope: Scope, line: InventoryLine, read_at: datetime, known: UUID | None) -> tuple[object, ...]:
    line_id = known or new_id()
    # Only a number that is new here brings its PUK along: it cannot change (ETSI TS 102 221).
    sealed = (
        secret_box().seal(line.puk.encode(), seal_context(scope.tenant_id, "puk", line_id))
        if line.puk and not known
        else None
    )
    return (
        line.msisdn,
        line.billing_account,
        line.status,
        line.product_type,
        line.plan,
        list(line.options),
        list(line.barrings),
        line.sim_number,
        line.sim_kind,
        line.roaming_cap_cents,
        line.companion_sim,
        line.split_profile,
        line.activated_on,
        read_at,
        line_id,
        sealed,
    )


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
