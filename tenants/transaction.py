"""Opens scopes: sets the tenant for one transaction, commits or rolls back, refuses to nest.

Piccolo's stock transaction loses pool connections on cancellation and on a failed COMMIT, and a nested one
is a silent no-op; `ScopedTransaction` does neither.
"""

import asyncio
import contextlib
import os
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from tenants.connection import OutcomeUnknown, ScopedConnection
from tenants.logins import refuse_unsafe_role
from tenants.scope import Actor, Connection, Scope
from tenants.time_limits import TimeKeeper, TimeLimits, Wait

# Raised by check_actor() in the database
ACTOR_CHANGED = "FL001"
# A connection whose cancelled query is not acknowledged for so long is closed, and the pool opens another
RELEASE_SECONDS = 10.0
# The same after a statement that was not answered in time
LAST_WORDS_SECONDS = 2.0


class OutsideScope(RuntimeError):
    """Customer data was asked for without a scope, from a child task, or from within another scope."""


class ActorChanged(RuntimeError):
    """The session or token behind the actor has ended, or the member's rights are other than they were."""


class ScopedTransaction(PostgresTransaction):
    """BEGIN and the tenant in one round trip; the connection goes back to the pool whatever happens.

    Nobody waits for the end of one that only reads: it has nothing to lose.
    """

    __slots__ = ("begin_sql", "read_only", "task")

    def __init__(self, engine: "TenantEngine", begin: str, *, read_only: bool) -> None:
        super().__init__(engine, allow_nested=False)
        self.begin_sql = begin
        self.read_only = read_only
        self.task: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        pool = self.engine.pool
        if pool is None:
            raise OutsideScope("no database pool is open in this event loop")
        with time_limit() as limit:
            self.connection = await pool.acquire()
            try:
                await self.connection.begin(self.begin_sql)
            except BaseException as error:
                if limit is not None and limit.expired:
                    _close(self.connection)
                await _release(pool, self.connection)
                if getattr(error, "sqlstate", None) == ACTOR_CHANGED:
                    raise ActorChanged from None
                raise
        self.task = asyncio.current_task()
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            how = "COMMIT" if error is None else "ROLLBACK"
            patience = LAST_WORDS_SECONDS if isinstance(error, TimeoutError) else RELEASE_SECONDS
            ending = _end(self.engine.pool, self.connection, how, patience)
            if self.read_only:
                task = asyncio.create_task(ending)
                ENDING.add(task)
                task.add_done_callback(_ended)
            else:
                await ending
        finally:
            self.engine.current_transaction.reset(self.context)
        return False


NO_LIMIT = contextlib.nullcontext()


def time_limit() -> contextlib.AbstractContextManager[Wait | None]:
    """A block that gets a connection and begins to use it; raises TimeoutError where this loop has limits."""
    keeper = engine().keeper
    return Wait(keeper, keeper.limits.begin) if keeper else NO_LIMIT


# The event loop itself keeps only weak references to tasks
ENDING: set[asyncio.Task[None]] = set()


def _ended(task: asyncio.Task[None]) -> None:
    """The caller has what it read; a connection that broke afterwards is closed, and the pool opens another."""
    ENDING.discard(task)
    if not task.cancelled():
        task.exception()


async def _end(pool: Any, connection: Any, how: str, patience: float) -> None:
    """COMMIT or ROLLBACK, and give the connection back; asyncpg rolls back what is still open.

    Raises OutcomeUnknown where nobody says how a COMMIT ended.
    """
    # How a COMMIT ended must be known; a ROLLBACK may also happen by closing the connection
    limit = patience if how == "ROLLBACK" else None
    try:
        # RESET ALL in the same round trip: a session-wide setting made inside must not outlive the scope.
        await connection.execute(f"{how}; RESET ALL", timeout=limit)
    except TimeoutError:
        _close(connection)
        if limit is None:
            raise OutcomeUnknown("nobody said how the transaction ended") from None
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InternalClientError) as error:
        if limit is None:
            raise OutcomeUnknown(f"{type(error).__name__}: {error}") from error
        raise
    finally:
        await _release(pool, connection)


def _close(connection: Any) -> None:
    """Close a connection that does not answer; asyncpg may have done it already."""
    with contextlib.suppress(asyncpg.InterfaceError):
        connection.terminate()


async def _release(pool: Any, connection: Any) -> None:
    """Give a connection back; it shields itself from a cancellation.

    Without a limit a server or network that never answers a cancel request would take the connection out of the pool
    for ever.
    """
    with contextlib.suppress(TimeoutError):
        await pool.release(connection, timeout=RELEASE_SECONDS)


class TenantEngine(PostgresEngine):
    """Piccolo's engine with one pool per event loop, and no way to read customer data outside a scope."""

    __slots__ = ("_keepers", "_pools")

    def __init__(self, config: dict[str, Any]) -> None:
        self._pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = weakref.WeakKeyDictionary()
        self._keepers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, TimeKeeper] = (
            weakref.WeakKeyDictionary()
        )
        super().__init__(config=config)

    @property
    def pool(self) -> Any:
        try:
            return self._pools.get(asyncio.get_running_loop())
        except RuntimeError:
            return None

    @pool.setter
    def pool(self, value: Any) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if value is None:
            self._pools.pop(loop, None)
        else:
            self._pools[loop] = value

    async def check_version(self) -> None:
        """Piccolo would connect when the engine is made; nothing is reached before `open`."""

    @property
    def keeper(self) -> TimeKeeper | None:
        """The clock of this loop, where its pool has limits."""
        return self._keepers.get(asyncio.get_running_loop()) if self._keepers else None

    async def open(self, *, size: int = 8, limits: TimeLimits | None = None) -> None:
        """Open this loop's pool; refuse a login that policies do not bind."""
        keeper = TimeKeeper(limits) if limits else None

        async def keep_time(connection: ScopedConnection) -> None:
            connection.keeper = keeper

        pool = await asyncpg.create_pool(
            **self.config,
            min_size=min(2, size),
            max_size=size,
            statement_cache_size=512,
            init=keep_time,
            connection_class=ScopedConnection,
        )
        try:
            async with pool.acquire() as connection:
                await refuse_unsafe_role(connection)
        except BaseException:
            pool.terminate()
            if keeper:
                await keeper.close()
            raise
        self.pool = pool
        if keeper:
            self._keepers[keeper.loop] = keeper

    async def close(self) -> None:
        if self.pool is not None:
            pool, self.pool = self.pool, None
            await pool.close()
        if keeper := self.keeper:
            self._keepers.pop(keeper.loop)
            await keeper.close()

    def _check_task(self) -> None:
        transaction = self.current_transaction.get()
        owner = getattr(transaction, "task", None)
        if transaction is not None and owner is not None and owner is not asyncio.current_task():
            raise OutsideScope("a scope was used from a child task: open one there instead")

    async def get_new_connection(self) -> Any:
        raise OutsideScope("queries run inside a scope, on its connection")

    async def run_querystring(self, querystring: Any, in_pool: bool = True) -> Any:
        self._check_task()
        return await super().run_querystring(querystring, in_pool)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        self._check_task()
        return await super().run_ddl(ddl, in_pool)

    async def batch(self, *_: Any, **__: Any) -> Any:
        raise OutsideScope("Piccolo's batch() opens a connection of its own: use a cursor on the scope")


# Piccolo finds this process's engine here; the migrations command sets its own before it imports anything.
DB = TenantEngine(config={})
os.environ.setdefault("PICCOLO_CONF", __name__)


def engine() -> TenantEngine:
    """The engine of this process; `use_engine` points it at a database."""
    return DB


def use_engine(dsn: str) -> TenantEngine:
    """Point this process at a database. Call `await engine().open()` in each event loop that uses it."""
    DB.config = {"dsn": dsn}
    return DB


@asynccontextmanager
async def open_scope(
    actor: Actor, *, read_only: bool = False, one_plan: bool = False
) -> AsyncIterator[Scope]:
    """One transaction for one tenant: commits at the end, rolls back on any exception.

    `one_plan`: statements keep the plan that fits any value, and are not planned anew for each.
    Raises OutsideScope inside another scope: a nested tenant switch would leak into the outer code.
    Inside: no `gather`, no spawned tasks, no network calls.
    """
    if not isinstance(actor.tenant_id, UUID):
        raise TypeError("a tenant id is a UUID")
    database = engine()
    if database.current_transaction.get() is not None:
        raise OutsideScope("scopes do not nest: pass the scope that is open")
    mode = " READ ONLY" if read_only else ""
    begin = f"BEGIN{mode}; SELECT set_config('app.tenant_id', '{actor.tenant_id}', true){_still(actor)}"
    if one_plan:
        begin += "; SET LOCAL plan_cache_mode = force_generic_plan"
    async with ScopedTransaction(database, begin, read_only=read_only) as transaction:
        yield Scope(actor=actor, connection=transaction.connection)


def _still(actor: Actor) -> str:
    """SQL that refuses an actor whose session or token has ended or whose rights have changed: no round trip more."""
    if actor.version is None:
        return ""
    kind, key = ("session", actor.session_id) if actor.session_id else ("token", actor.token_id)
    return f"; SELECT check_actor('{kind}', '{UUID(str(key))}', {int(actor.version)})"


@asynccontextmanager
async def outside_scope() -> AsyncIterator[Any]:
    """A connection without a tenant: policies show it no customer's rows. Raises OutsideScope inside a scope."""
    pool = engine().pool
    if pool is None:
        raise OutsideScope("no database pool is open in this event loop")
    if engine().current_transaction.get() is not None:
        raise OutsideScope("scopes do not nest: finish the one that is open")
    with time_limit():
        connection = await pool.acquire()
    try:
        yield connection
    except TimeoutError:
        _close(connection)
        raise
    finally:
        await _release(pool, connection)


@asynccontextmanager
async def open_global() -> AsyncIterator[Connection]:
    """One transaction for the tables that no tenant owns (`GLOBAL_TABLES`); a customer's rows stay out of reach."""
    async with outside_scope() as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def open_as_owner(dsn: str) -> AsyncIterator[Connection]:
    """One transaction with the owner's login, for what the app's may not write: signing keys, tokens of the staff.

    For commands: `web`, `worker` and `schedule` have no such address.
    """
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()
