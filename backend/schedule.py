"""The scheduler: periodic tasks, each slot of each run once however many schedulers there are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from structlog.contextvars import bound_contextvars

import backend.subscriptions  # noqa: F401 - registers which jobs follow which event
from backend import runtime
from backend.billing.mandates.collecting import collect_soon
from backend.billing.mandates.lapsing import expire_mandates
from backend.billing.payments.reconciling import reconcile_soon
from backend.billing.reminders.service import is_reminding_hour, lift_blocks, remind
from backend.bulk.service import purge_uploads
from backend.core import clock
from backend.core.database_errors import is_transient
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.messaging.inbox import purge_inbox
from backend.core.messaging.jobs import tenant_field
from backend.core.messaging.set_aside import purge_set_aside
from backend.core.public_links import purge_links
from backend.core.shutdown import wait_for_stop_signal
from backend.database import check_database, open_database
from backend.documents.service import purge_documents
from backend.issuer.store import purge_expired
from backend.members.sessions import purge_sessions
from backend.notifications.service import purge_notifications
from backend.orders.departures import erase_successors
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.fulfilment.timeouts import find_overdue
from backend.orders.placement.drafts import purge_drafts
from backend.saved_views.service import purge_views
from backend.settings import Settings
from backend.usage.loading import purge_records
from tenants.directory import each_tenant, tenants_with_open_items
from tenants.scope import Actor
from tenants.transaction import engine, open_global, use_engine

log = structlog.get_logger()

FORGET_SLOTS = "DELETE FROM recurring_run WHERE slot < now() - interval '2 days'"
CLAIM = "INSERT INTO recurring_run (id, name, slot) VALUES ($1, $2, $3) ON CONFLICT (name, slot) DO NOTHING RETURNING true"


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """Work that recurs. It loops over tenants, one scope each."""

    name: str
    every: timedelta
    run: Callable[[Settings], Awaitable[None]]


@asynccontextmanager
async def isolate_errors(task: str, actor: Actor) -> AsyncIterator[None]:
    """Log an error of one tenant as a warning, so that the task goes on with the others."""
    with bound_contextvars(task=task, tenant=await tenant_field(actor.tenant_id)):
        try:
            yield
        except Exception as error:
            bug = None if is_transient(error) or isinstance(error, AppError) else error
            log.warning("periodic task put off", why=f"{type(error).__name__}: {error}", exc_info=bug)


async def poll_carriers(settings: Settings) -> None:
    """Ask carriers about items of which nothing was heard: a callback may have been lost."""
    for tenant_id in await tenants_with_open_items():
        async with isolate_errors("poll_carriers", Actor(tenant_id)):
            await poll_stale_items(Actor(tenant_id), settings.carrier_poll_seconds)


async def expire_held(settings: Settings) -> None:  # noqa: ARG001 - every task gets the settings
    """End requests that have waited for information longer than their carrier allows."""
    for tenant_id in await tenants_with_open_items():
        async with isolate_errors("expire_held", Actor(tenant_id)):
            await find_overdue(Actor(tenant_id))


async def run_purges(settings: Settings) -> None:  # noqa: ARG001 - every task gets the settings
    """Delete what is over: sessions, drafts, handled events, messages set aside, usage records, files, messages, slots."""
    async for actor in each_tenant():
        async with isolate_errors("run_purges", actor):
            await purge_sessions(actor)
            await purge_drafts(actor)
            await purge_views(actor)
            await erase_successors(actor)
            await purge_inbox(actor)
            await purge_set_aside(actor)
            await purge_records(actor)
            await purge_links(actor)
            await purge_uploads(actor)
            await purge_documents(actor)
            await purge_notifications(actor)
    await purge_expired()
    async with open_global() as connection:
        await connection.execute(FORGET_SLOTS)


async def reconcile_payments(settings: Settings) -> None:
    """Find payments whose webhook never came, and those that nobody asked for; without a payment service, nothing."""
    if settings.stripe_key:
        await reconcile_soon()


async def collect_debits(settings: Settings) -> None:
    """Collect the invoices whose day has come; without a payment service, nothing."""
    if settings.stripe_key:
        await collect_soon()


async def end_lapsed_mandates(settings: Settings) -> None:
    """End mandates under which nothing was collected for 36 months."""
    if settings.stripe_key:
        await expire_mandates()


async def send_reminders(settings: Settings) -> None:
    """By day, remind customer numbers of what is overdue; unblock those that have paid."""
    async for actor in each_tenant():
        async with isolate_errors("send_reminders", actor):
            await lift_blocks(actor)
            if is_reminding_hour():
                await remind(actor, settings.reminder_days, block=settings.debt_block)


PERIODIC_TASKS = (
    PeriodicTask("poll_carriers", timedelta(seconds=5), poll_carriers),
    PeriodicTask("expire_held", timedelta(hours=1), expire_held),
    PeriodicTask("reconcile_payments", timedelta(minutes=15), reconcile_payments),
    PeriodicTask("collect_debits", timedelta(minutes=15), collect_debits),
    PeriodicTask("end_lapsed_mandates", timedelta(hours=1), end_lapsed_mandates),
    PeriodicTask("run_purges", timedelta(hours=1), run_purges),
    PeriodicTask("send_reminders", timedelta(hours=1), send_reminders),
)


def slot_of(task: PeriodicTask, now: datetime) -> datetime:
    """The slot that an instant falls into: the same for every scheduler."""
    seconds = int(task.every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


async def claim_slot(task: PeriodicTask, slot: datetime) -> bool:
    """Whether this scheduler is the one to run the slot."""
    async with open_global() as connection:
        return bool(await connection.fetchval(CLAIM, new_id(), task.name, slot))


async def run_due(settings: Settings, done: dict[str, datetime]) -> None:
    """Run what is due now; a task that fails is logged, and its next slot comes."""
    for task in PERIODIC_TASKS:
        slot = slot_of(task, clock.now())
        if done.get(task.name) == slot:
            continue
        try:
            if await claim_slot(task, slot):
                await task.run(settings)
            done[task.name] = slot
        except Exception as error:
            if is_transient(error):
                log.warning("periodic task put off", task=task.name, why=f"{type(error).__name__}: {error}")
                continue
            done[task.name] = slot
            log.exception("periodic task failed", task=task.name)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C."""
    await check_database(settings)
    stop = wait_for_stop_signal()
    runtime.use_settings(settings)
    use_engine(settings.database_url)
    await open_database(size=2)
    done: dict[str, datetime] = {}
    log.info("scheduler ready", tasks=[task.name for task in PERIODIC_TASKS])
    while not stop.is_set():
        await run_due(settings, done)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)
    await engine().close()
