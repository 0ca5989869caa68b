"""The scheduler: recurring sweeps, each slot of each sweep run once however many schedulers there are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

import backend.reactions  # noqa: F401 - registers which jobs follow which event
from backend import context
from backend.bulk.service import forget_uploads
from backend.core import clock
from backend.core.errors import Refusal
from backend.core.ids import new_id
from backend.core.inbox import forget_inbox
from backend.core.links import forget_links
from backend.core.outages import passing
from backend.core.shutdown import told_to_stop
from backend.database import open_database
from backend.documents.service import forget_documents
from backend.issuer.store import forget_expired
from backend.members.sessions import forget_sessions
from backend.orders.departures import forget_successors
from backend.orders.drafts import forget_drafts
from backend.orders.jobs import ask_about_silent_items
from backend.orders.overdue import find_overdue
from backend.settings import Settings
from backend.usage.loading import forget_records
from tenants.directory import each_tenant, tenants_with_open_items
from tenants.scope import Actor
from tenants.transaction import engine, open_global, use_engine

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sweep:
    """Work that recurs. It loops over tenants, one scope each."""

    name: str
    every: timedelta
    run: Callable[[Settings], Awaitable[None]]


@asynccontextmanager
async def apart(sweep: str, actor: Actor) -> AsyncIterator[None]:
    """One tenant's trouble does not keep the sweep from the others."""
    try:
        yield
    except Exception as error:
        bug = None if passing(error) or isinstance(error, Refusal) else error
        why = f"{type(error).__name__}: {error}"
        log.warning("sweep put off", sweep=sweep, tenant=str(actor.tenant_id), why=why, exc_info=bug)


async def ask_carriers(settings: Settings) -> None:
    """Find what lost callbacks would have said."""
    for tenant_id in await tenants_with_open_items():
        async with apart("ask_carriers", Actor(tenant_id)):
            await ask_about_silent_items(Actor(tenant_id), settings.carrier_poll_seconds)


async def give_up_held(settings: Settings) -> None:  # noqa: ARG001 - every sweep gets the settings
    """End what has waited for information longer than its carrier lets it."""
    for tenant_id in await tenants_with_open_items():
        async with apart("give_up_held", Actor(tenant_id)):
            await find_overdue(Actor(tenant_id))


async def tidy(settings: Settings) -> None:  # noqa: ARG001 - every sweep gets the settings
    """Forget what is over: sessions, drafts nobody sent, handled events, old usage records, old slots."""
    async for actor in each_tenant():
        async with apart("tidy", actor):
            await forget_sessions(actor)
            await forget_drafts(actor)
            await forget_successors(actor)
            await forget_inbox(actor)
            await forget_records(actor)
            await forget_links(actor)
            await forget_uploads(actor)
            await forget_documents(actor)
    await forget_expired()
    async with open_global() as connection:
        await connection.execute("DELETE FROM recurring_run WHERE slot < now() - interval '2 days'")


SWEEPS = (
    Sweep("ask_carriers", timedelta(seconds=5), ask_carriers),
    Sweep("give_up_held", timedelta(hours=1), give_up_held),
    Sweep("tidy", timedelta(hours=1), tidy),
)


def slot_of(sweep: Sweep, now: datetime) -> datetime:
    """The slot that an instant falls into: the same for every scheduler."""
    seconds = int(sweep.every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


async def take(sweep: Sweep, slot: datetime) -> bool:
    """Whether this scheduler is the one to run the slot."""
    async with open_global() as connection:
        return bool(
            await connection.fetchval(
                "INSERT INTO recurring_run (id, name, slot) VALUES ($1, $2, $3)"
                " ON CONFLICT (name, slot) DO NOTHING RETURNING true",
                new_id(),
                sweep.name,
                slot,
            )
        )


async def run_due(settings: Settings, done: dict[str, datetime]) -> None:
    """Run what is due now; a sweep that fails is logged, and its next slot comes."""
    for sweep in SWEEPS:
        slot = slot_of(sweep, clock.now())
        if done.get(sweep.name) == slot:
            continue
        try:
            if await take(sweep, slot):
                await sweep.run(settings)
            done[sweep.name] = slot
        except Exception as error:
            if passing(error):
                log.warning("sweep put off", sweep=sweep.name, why=f"{type(error).__name__}: {error}")
                continue
            done[sweep.name] = slot
            log.exception("sweep failed", sweep=sweep.name)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C."""
    stop = told_to_stop()
    context.use_settings(settings)
    use_engine(settings.database_url)
    await open_database(size=2)
    done: dict[str, datetime] = {}
    log.info("scheduler ready", sweeps=[sweep.name for sweep in SWEEPS])
    while not stop.is_set():
        await run_due(settings, done)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)
    await engine().close()
