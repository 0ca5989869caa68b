"""Reconciliation: events that never came, and payments of which nothing was heard. A periodic task asks for it."""

from datetime import timedelta

import structlog

from backend.billing.payments.checking import provider
from backend.billing.payments.events import purge_provider_events, store_event
from backend.core import clock
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.directory import pending_payments
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor, Scope

log = structlog.get_logger()

# Read again each time: an event may be listed later than its instant says
OVERLAP = timedelta(hours=2)
# The service lists no older ones
OLDEST = timedelta(days=29)
# Payments of one run; those that waited longest come first
MOST_PENDING = 500
# A payment of which something was heard since is left alone
QUIET_FOR = timedelta(minutes=10)
SINCE = "SELECT since FROM provider_cursor WHERE livemode = $1"
MOVE_ON = """
INSERT INTO provider_cursor (id, tenant_id, livemode, since) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, livemode) DO UPDATE SET since = greatest(provider_cursor.since, EXCLUDED.since)
"""
CHECK_WAITS = """
SELECT EXISTS (SELECT FROM outbox WHERE job = $1 AND failed_at IS NULL AND data->>'payment_id' = $2::text)
"""
WAITS = "SELECT EXISTS (SELECT FROM outbox WHERE job = $1 AND failed_at IS NULL)"


@use_case(Permission.SYSTEM)
async def ask_for_reconciliation(scope: Scope) -> None:
    """Have the worker reconcile, unless it is to do so already. In the operator's scope."""
    if not await scope.fetch_value(bool, WAITS, JobName.RECONCILE_PAYMENTS):
        scope.enqueue(JobName.RECONCILE_PAYMENTS)


async def reconcile_soon() -> None:
    """For the scheduler: ask for a reconciliation, and forget old events."""
    actor = Actor(OPERATOR_SCOPE)
    await ask_for_reconciliation(actor)
    await purge_provider_events(actor)


@idempotent_job(JobName.RECONCILE_PAYMENTS)
async def reconcile(actor: Actor) -> None:
    """Store the events since the last time that never came, and have every payment asked about that waits too long."""
    began = clock.now()
    await ask_about_pending()
    livemode = provider().livemode
    async with job_scope(actor) as scope:
        since = await scope.fetch_value(int, SINCE, livemode)
    oldest = int((began - OLDEST).timestamp())
    found = await _read_events(actor, max(since or oldest, oldest))
    async with job_scope(actor) as scope:
        cursor = int((began - OVERLAP).timestamp())
        await scope.execute(MOVE_ON, new_id(), actor.tenant_id, livemode, cursor)
    if found:
        log.warning("events that had not come", count=found)


async def _read_events(actor: Actor, since: int) -> int:
    """Store every event since an instant; returns how many were new."""
    new, after, more = 0, "", True
    while more:
        notices, more = await provider().events_since(since, after)
        async with job_scope(actor) as scope:
            for notice in notices:
                new += await store_event(scope, notice)
        after = notices[-1].event_id if notices else ""
        more = more and bool(notices)
    return new


async def ask_about_pending() -> int:
    """Have each payment asked about that waits for an answer; returns how many."""
    waiting = await pending_payments(clock.now() - QUIET_FOR, MOST_PENDING)
    for one in waiting:
        async with job_scope(Actor(one.tenant_id)) as scope:
            if not await scope.fetch_value(bool, CHECK_WAITS, JobName.CHECK_PAYMENT, str(one.id)):
                scope.enqueue(JobName.CHECK_PAYMENT, payment_id=one.id)
    return len(waiting)
