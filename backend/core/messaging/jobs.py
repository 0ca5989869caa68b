"""Jobs: work that follows a fact, a timer or a command. A row of the outbox is finished when its job has finished.

`@job` functions run in one scope that also deletes their outbox row, so their effect happens exactly once.
`@idempotent_job` functions open scopes of their own with network calls between them, so they may run twice.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
import structlog
from structlog.contextvars import bound_contextvars

from backend.core.database_errors import TRANSIENT_ERRORS, is_transient
from backend.core.errors import AppError, Unavailable
from backend.core.log_fields import order_field
from backend.core.outbox import flush
from tenants.scope import Actor, Scope, TenantId
from tenants.tenant_info import tenant_info
from tenants.transaction import open_scope

log = structlog.get_logger()

RETRIES = 12
LONGEST_WAIT = timedelta(minutes=10)

TAKE = "DELETE FROM outbox WHERE id = $1 RETURNING data"
READ = "SELECT data FROM outbox WHERE id = $1"
FINISH = "DELETE FROM outbox WHERE id = $1"
ATTEMPTS = "SELECT attempts FROM outbox WHERE id = $1"
PUT_OFF = """
UPDATE outbox SET attempts = attempts + 1, not_before = now() + $2::interval, sent_at = NULL, last_error = $3,
  failed_at = CASE WHEN $4 THEN now() END WHERE id = $1
"""
FAIL = "UPDATE outbox SET failed_at = now(), last_error = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of the register. `perform` takes the outbox row's id and the tenant."""

    name: str
    perform: Callable[[TenantId, UUID], Awaitable[bool]]


JOBS: dict[str, Job] = {}

MOST_SLUGS = 10_000
# A slug never changes
_slugs: dict[UUID, str] = {}


@asynccontextmanager
async def job_scope(actor: Actor) -> AsyncIterator[Scope]:
    """One transaction of an idempotent job; the events of the scope are written with it."""
    async with open_scope(actor) as scope:
        yield scope
        await flush(scope)


def job(name: str) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
    """Register `async def work(scope, *, …ids)`: one transaction with its outbox row."""

    def wrap(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def perform(tenant_id: TenantId, row_id: UUID) -> bool:
            async with open_scope(Actor(tenant_id)) as scope:
                # A second copy of the same message waits here for the first, then finds nothing.
                data = await scope.fetch_value(str, TAKE, row_id)
                if data is None:
                    return False
                await function(scope, **orjson.loads(data))
                await flush(scope)
                return True

        JOBS[name] = Job(name, perform)
        return function

    return wrap


def idempotent_job(name: str) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
    """Register `async def work(actor, *, …ids)`: several scopes with network calls between, safe to repeat."""

    def wrap(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def perform(tenant_id: TenantId, row_id: UUID) -> bool:
            actor = Actor(tenant_id)
            async with open_scope(actor, read_only=True) as scope:
                data = await scope.fetch_value(str, READ, row_id)
            if data is None:
                return False
            await function(actor, **orjson.loads(data))
            async with open_scope(actor) as scope:
                await scope.execute(FINISH, row_id)
            return True

        JOBS[name] = Job(name, perform)
        return function

    return wrap


async def tenant_field(tenant_id: TenantId) -> str:
    """The slug of a company, read once in a process; its id where it cannot be read. Not for use inside a scope."""
    if tenant_id not in _slugs:
        try:
            async with open_scope(Actor(tenant_id), read_only=True) as scope:
                slug = (await tenant_info(scope)).slug
        except (*TRANSIENT_ERRORS, LookupError):
            return str(tenant_id)
        if len(_slugs) >= MOST_SLUGS:
            _slugs.clear()
        _slugs[tenant_id] = slug
    return _slugs[tenant_id]


async def run_job(name: str, tenant_id: TenantId, row_id: UUID) -> None:
    """Perform one handed-over row: finish it, put it off, or give it up with a record.

    Where not even that can be written down, the row's lease ends and the relay hands it over again.
    """
    with bound_contextvars(job=name, row=str(row_id), tenant=await tenant_field(tenant_id)):
        try:
            await _attempt(name, tenant_id, row_id)
        except TRANSIENT_ERRORS as error:
            log.warning("job left to its lease", why=f"{type(error).__name__}: {error}")


async def _order(tenant_id: TenantId, row_id: UUID) -> dict[str, str]:
    """Which request a job is about, for the log."""
    try:
        async with open_scope(Actor(tenant_id), read_only=True) as scope:
            return await order_field(scope, [await scope.fetch_value(str, READ, row_id) or ""])
    except TRANSIENT_ERRORS:
        return {}


async def _attempt(name: str, tenant_id: TenantId, row_id: UUID) -> None:
    try:
        await JOBS[name].perform(tenant_id, row_id)
    except Unavailable as refusal:
        log.warning("job put off", **await _order(tenant_id, row_id), why=refusal.message)
        await _reschedule(tenant_id, row_id, refusal.message, for_ever=True)
    except AppError as refusal:
        log.warning("job refused", **await _order(tenant_id, row_id), why=refusal.message)
        await _mark_failed(tenant_id, row_id, refusal.message)
    except Exception as error:
        # A fault of the database, not of the job: a full disk may last longer than the retries
        if is_transient(error):
            why = f"{type(error).__name__}: {error}"
            log.warning("job put off", **await _order(tenant_id, row_id), why=why)
            await _reschedule(tenant_id, row_id, why, for_ever=True)
            return
        reference = secrets.token_hex(4)
        log.exception("job failed", **await _order(tenant_id, row_id), reference=reference)
        await _reschedule(tenant_id, row_id, f"{type(error).__name__} ({reference})", for_ever=False)


async def _reschedule(tenant_id: TenantId, row_id: UUID, why: str, *, for_ever: bool) -> None:
    """Wait 1, 2, 4 … seconds, at most ten minutes. A bug is given up after a while, an outage never."""
    async with open_scope(Actor(tenant_id)) as scope:
        attempts = await scope.fetch_value(int, ATTEMPTS, row_id)
        if attempts is None:
            return
        wait = min(timedelta(seconds=2 ** min(attempts, 10)), LONGEST_WAIT)
        given_up = not for_ever and attempts + 1 >= RETRIES
        await scope.execute(PUT_OFF, row_id, wait, why, given_up)


async def _mark_failed(tenant_id: TenantId, row_id: UUID, why: str) -> None:
    async with open_scope(Actor(tenant_id)) as scope:
        await scope.execute(FAIL, row_id, why)
