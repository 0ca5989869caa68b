"""Reads a tenant's lines from the carrier again and replaces the snapshot in one transaction (F-030 to F-032).

Carrier-owned fields only: name, language, e-mail and cost centre are the customer's. A line whose change was
completed after its page was read keeps what is known.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from backend.core import audit, clock
from backend.core.errors import Conflict, Unavailable
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.integrations.network import InventoryLine
from backend.lines.lifecycle import ENDED
from backend.lines.schemas import SyncStatus
from backend.lines.search_keys import search_text
from backend.runtime import clients, secret_box
from tenants.scope import Actor, Scope

log = structlog.get_logger()

PAGE = 1000
NOT_MORE_OFTEN = timedelta(minutes=1)
# A reading that has not ended by then may be started anew
STUCK = timedelta(minutes=10)


@use_case(Permission.LINES_READ, read_only=True)
async def sync_status(scope: Scope) -> SyncStatus:
    """How old the list is, and, for who may see every line, how far a new reading has come."""
    return await _sync_status(scope)


@use_case(Permission.LINES_REFRESH)
async def request_sync(scope: Scope) -> SyncStatus:
    """Ask the carrier again. Asking while it is read joins that reading.

    Raises Conflict (`too_soon`) within a minute of the last asking.
    """
    await scope.connection.execute(
        "INSERT INTO inventory_sync (tenant_id, state, read, total) VALUES ($1, 'idle', 0, 0) ON CONFLICT DO NOTHING",
        scope.tenant_id,
    )
    row = await scope.connection.fetchrow("SELECT state, started_at FROM inventory_sync FOR UPDATE")
    now, started = clock.now(), row["started_at"]
    if row["state"] == "running" and started and now - started < STUCK:
        return await _sync_status(scope)
    if started and now - started < NOT_MORE_OFTEN and row["state"] != "failed":
        raise Conflict("The list was read less than a minute ago.", code="too_soon")
    await scope.connection.execute(
        "UPDATE inventory_sync SET state = 'running', started_at = $1, read = 0, total = 0", now
    )
    await audit.record(scope, "fleet.refresh_asked", "fleet", None)
    scope.enqueue(JobName.SYNC_INVENTORY, started_at=now.isoformat())
    scope.invalidate("fleet")
    return await _sync_status(scope)


async def _sync_status(scope: Scope) -> SyncStatus:
    row = await scope.connection.fetchrow("SELECT * FROM inventory_sync")
    if row is None:
        return SyncStatus(refreshed_at=None)
    running, everything = row["state"] == "running", scope.actor.reach.everything
    may = None if row["started_at"] is None else row["started_at"] + NOT_MORE_OFTEN
    return SyncStatus(
        refreshed_at=row["refreshed_at"],
        running=running,
        read=row["read"] if everything else 0,
        total=row["total"] if everything else 0,
        failed=row["state"] == "failed",
        may_refresh_at=may if may and may > clock.now() else None,
    )


@idempotent_job(JobName.SYNC_INVENTORY)
async def sync_inventory(actor: Actor, *, started_at: str) -> None:
    """Read every page, then write all of it at once. A reading that was overtaken by a newer one stops."""
    async with job_scope(actor) as scope:
        tenant = await scope.connection.fetchrow("SELECT slug, carrier FROM tenant")
    began = datetime.fromisoformat(started_at)
    lines: list[tuple[InventoryLine, datetime]] = []
    try:
        while True:
            asked_at = clock.now()
            page = await clients().network.inventory(tenant["carrier"], tenant["slug"], len(lines), PAGE)
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
    async with job_scope(actor) as scope:
        current = await scope.connection.fetchval(
            "UPDATE inventory_sync SET read = $2, total = $3 WHERE started_at = $1 AND state = 'running'"
            " RETURNING true",
            began,
            read,
            total,
        )
        scope.invalidate("fleet")
        return bool(current)


async def _fail(actor: Actor, began: datetime) -> None:
    """Say so on the page; the list of before stays, and the person may try again at once."""
    async with job_scope(actor) as scope:
        await scope.connection.execute(
            "UPDATE inventory_sync SET state = 'failed' WHERE started_at = $1", began
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
UPDATE line l SET status = 'terminated' WHERE l.status IN ('active', 'suspended', 'pending_release',
  'pending_termination') AND (l.confirmed_at IS NULL OR l.confirmed_at < $1)
  AND NOT EXISTS (SELECT FROM incoming i WHERE i.msisdn = l.msisdn) RETURNING l.id
"""


async def _replace(scope: Scope, lines: list[tuple[InventoryLine, datetime]], began: datetime) -> None:
    connection, ended = scope.connection, [status.value for status in ENDED]
    if not await connection.fetchval(
        "SELECT true FROM inventory_sync WHERE started_at = $1 AND state = 'running' FOR UPDATE", began
    ):
        # A newer reading has taken over, or this one was written before
        return
    await connection.execute(INCOMING)
    known = {row["msisdn"]: row["id"] for row in await connection.fetch(KNOWN, ended)}
    # COPY is refused on a table under policies, so rows take the road over a temporary one.
    await connection.copy_records_to_table(
        "incoming", records=[_record(scope, line, read_at, known.get(line.msisdn)) for line, read_at in lines]
    )
    await connection.execute(UPDATE_KNOWN, ended)
    await connection.execute(INSERT_NEW, scope.tenant_id, ended)
    gone = await connection.fetch(GONE, began)
    await _rebuild_search(scope)
    await audit.record_many(scope, "line.gone_at_carrier", "line", [(row["id"], {}) for row in gone])
    strangers = [row["account"] for row in await connection.fetch(UNKNOWN_ACCOUNTS)]
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
    await connection.execute(
        "UPDATE inventory_sync SET state = 'idle', refreshed_at = $1, read = $2, total = $2",
        began,
        len(lines),
    )
    scope.invalidate("fleet")


def _record(scope: Scope, line: InventoryLine, read_at: datetime, known: UUID | None) -> tuple[object, ...]:
    line_id = known or new_id()
    # Only a number that is new here brings its PUK along: it cannot change (ETSI TS 102 221).
    sealed = (
        secret_box().seal(line.puk.encode(), f"{scope.tenant_id}/puk/{line_id}")
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
    rows = await scope.connection.fetch("SELECT id, name, msisdn, sim_number, account, search FROM line")
    stale = [
        (row["id"], text)
        for row in rows
        if (
            text := search_text(
                name=row["name"], msisdn=row["msisdn"], sim_number=row["sim_number"], account=row["account"]
            )
        )
        != row["search"]
    ]
    await scope.connection.executemany("UPDATE line SET search = $2 WHERE id = $1", stale)
