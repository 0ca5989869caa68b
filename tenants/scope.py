"""Who acts, for which tenant, in which transaction. Types only: `transaction.py` opens scopes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, NewType, Protocol, TypeVar
from uuid import UUID

from piccolo.columns import Column
from piccolo.custom_types import Combinable
from piccolo.query import Delete, Update
from piccolo.table import Table

R = TypeVar("R")

# Rows that are read without leaving the event loop
LARGE = 1000

TenantId = NewType("TenantId", UUID)
MemberId = NewType("MemberId", UUID)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which lines a member may see: everything, or the union of billing accounts and cost centres."""

    # None: no limit
    billing_accounts: frozenset[UUID] | None = None
    cost_centres: frozenset[UUID] | None = None

    @classmethod
    def of(cls, billing_accounts: Sequence[UUID] | None, cost_centres: Sequence[UUID] | None) -> "Reach":
        """The reach that a member's row says; null is no limit."""
        return cls(
            None if billing_accounts is None else frozenset(billing_accounts),
            None if cost_centres is None else frozenset(cost_centres),
        )

    @property
    def everything(self) -> bool:
        """Whether nothing narrows it."""
        return self.billing_accounts is None and self.cost_centres is None


EVERYTHING = Reach()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a member through a session or a token, the operator's staff, or the product itself in a job."""

    tenant_id: TenantId
    member_id: MemberId | None = None
    name: str = ""
    email: str = ""
    language: str = "en"
    # Code of the tenant's carrier profile; "" where it was not read yet
    carrier: str = ""
    roles: frozenset[str] = frozenset()
    reach: Reach = EVERYTHING
    # The customer numbers whose invoices the role of invoice reader opens. None: as the reach
    invoice_accounts: frozenset[UUID] | None = None
    # Set in the user portal: only this person's lines
    end_user_id: UUID | None = None
    session_id: UUID | None = None
    token_id: UUID | None = None
    # The person of the operator's staff; such an actor is no member and not the product
    operator: str = ""
    # `auth_time` of the sign-in behind the session
    signed_in_at: datetime | None = None
    # Of the rows that it was read from; a scope opens only while they are unchanged
    version: int | None = None

    @property
    def system(self) -> bool:
        """Whether the product itself acts (a job), and no person: neither a member nor the operator's staff."""
        return self.member_id is None and not self.operator


class Connection(Protocol):
    """The part of an asyncpg connection that a scope lends."""

    async def fetch(self, query: str, *args: object) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: object) -> Any: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    async def execute(self, query: str, *args: object) -> str: ...
    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None: ...
    async def copy_records_to_table(self, table_name: str, *, records: Sequence[Sequence[object]]) -> str: ...
    def cursor(self, query: str, *args: object, prefetch: int | None = None) -> Any: ...


class NamedFact(Protocol):
    """A struct that says what happened; `backend/core/facts.py` has them all."""

    name: ClassVar[Any]


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """A fact, a timer or a command that is written to the outbox when the transaction commits.

    `jobs` names the job of a command; the jobs of facts and timers are those that subscribed to `name`.
    """

    name: str
    data: Any
    not_before: datetime | None = None
    jobs: tuple[str, ...] | None = None


def _columns(row_type: type[Any], table: type[Table]) -> list[Column]:
    """The columns of a table that a row's fields name. Raises ValueError for a field that is no column."""
    return [table._meta.get_column_by_name(name) for name in row_type.__struct_fields__]  # noqa: SLF001 - Piccolo's own place


@cache
def _insert(table: type[Table]) -> tuple[str, tuple[str, ...]]:
    """The statement that writes one row of a table, and the columns in its order."""
    names = tuple(column._meta.name for column in table._meta.columns)  # noqa: SLF001 - Piccolo's own place
    places = ", ".join(f"${at + 1}" for at in range(len(names)))
    return f"INSERT INTO {table._meta.tablename} ({', '.join(names)}) VALUES ({places})", names  # noqa: SLF001 - names of the product's own tables


@dataclass(slots=True)
class Scope:
    """One actor, one tenant, one transaction. Lives as long as the `async with open_scope(…)` block.

    Reads give typed rows. `select_…` reads one table with plain conditions, through its Piccolo class; `fetch_…` runs
    SQL whose columns are the row's fields, in their order (a test prepares every statement and compares).
    """

    actor: Actor
    connection: Connection
    events: list[OutboxEvent] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)
    # What `tenants/tenant_info.py` read of the tenant in this transaction.
    tenant: Any = None

    @property
    def tenant_id(self) -> TenantId:
        return self.actor.tenant_id

    async def fetch_one(self, row_type: Callable[..., R], query: str, *args: object) -> R | None:
        """The first row of a statement, or None."""
        record = await self.connection.fetchrow(query, *args)
        return None if record is None else row_type(*record)

    async def fetch_all(self, row_type: Callable[..., R], query: str, *args: object) -> list[R]:
        """Every row of a statement."""
        records = await self.connection.fetch(query, *args)
        if len(records) <= LARGE:
            return [row_type(*record) for record in records]
        # Thousands of rows take long enough for others to notice: not in the event loop
        return await asyncio.to_thread(lambda: [row_type(*record) for record in records])

    async def fetch_batches(
        self, row_type: Callable[..., R], query: str, *args: object, size: int
    ) -> AsyncIterator[list[R]]:
        """The rows of a statement, `size` at a time: memory stays flat whatever their number."""
        cursor = await self.connection.cursor(query, *args)
        while records := await cursor.fetch(size):
            yield [row_type(*record) for record in records]

    async def fetch_value(self, value_type: Callable[..., R], query: str, *args: object) -> R | None:  # noqa: ARG002 - names the type of the column
        """The first column of the first row; None where there is no row or the column is NULL."""
        found: R | None = await self.connection.fetchval(query, *args)
        return found

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement that gives no rows; returns PostgreSQL's command tag."""
        return await self.connection.execute(query, *args)

    async def execute_many(self, query: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement that gives no rows once for each row of arguments, in one round trip."""
        await self.connection.executemany(query, rows)

    async def copy_rows(self, table_name: str, rows: Sequence[Sequence[object]]) -> None:
        """Write rows with COPY, to a temporary table: it is refused on a table under policies."""
        await self.connection.copy_records_to_table(table_name, records=rows)

    async def select_one(
        self, row_type: type[R], table: type[Table], where: Combinable, *, lock: bool = False
    ) -> R | None:
        """The row of `table` that matches, with the columns that `row_type` names; None where there is none.

        `lock` keeps others from changing it until the transaction ends (FOR NO KEY UPDATE).
        """
        query = table.select(*_columns(row_type, table)).where(where).first()
        found = await (query.lock_rows("NO KEY UPDATE") if lock else query)
        return None if found is None else row_type(**found)

    async def select_all(
        self,
        row_type: type[R],
        table: type[Table],
        where: Combinable | None = None,
        *,
        order_by: Sequence[Column] = (),
        limit: int | None = None,
        offset: int = 0,
        lock: bool = False,
    ) -> list[R]:
        """The rows of `table` that match, with the columns that `row_type` names."""
        query = table.select(*_columns(row_type, table))
        if where is not None:
            query = query.where(where)
        if order_by:
            query = query.order_by(*order_by)
        if limit is not None:
            query = query.limit(limit)
        if offset:
            query = query.offset(offset)
        return [row_type(**found) for found in await (query.lock_rows("NO KEY UPDATE") if lock else query)]

    async def insert_all(self, rows: Sequence[Table]) -> None:
        """Write rows of one table with all of their columns, in one round trip.

        Their values go to the driver as they are: the hot paths of decision 0007 use it in place of `Table.insert`.
        """
        if rows:
            query, names = _insert(type(rows[0]))
            await self.execute_many(query, [[getattr(row, name) for name in names] for row in rows])

    async def change_all(self, row_type: type[R], query: Update[Any] | Delete) -> list[R]:
        """Run an UPDATE or DELETE of one table, and give the rows that it met, with the columns that `row_type` names."""
        return [row_type(**found) for found in await query.returning(*_columns(row_type, query.table))]

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what happened inside where an exception leaves it; the transaction goes on.

        They nest. Facts, timers, commands and topics of inside are undone with the rows.
        """
        events, topics = list(self.events), set(self.topics)
        await self.connection.execute("SAVEPOINT inside")
        try:
            yield
        except BaseException:
            await self.connection.execute("ROLLBACK TO SAVEPOINT inside; RELEASE SAVEPOINT inside")
            self.events[:], self.topics = events, topics
            raise
        await self.connection.execute("RELEASE SAVEPOINT inside")

    def emit(self, fact: NamedFact) -> None:
        """Say that this happened: the jobs that subscribed to it follow. Written with the transaction or not at all."""
        self.events.append(OutboxEvent(fact.name, fact))

    def set_timer(self, timer: str, at: datetime | None, **data: Any) -> None:
        """Run the jobs of this timer at that instant, or at once (None), with `data` as keyword arguments."""
        self.events.append(OutboxEvent(timer, data, at))

    def enqueue(self, job: str, *, not_before: datetime | None = None, **data: Any) -> None:
        """Run one job, with `data` as keyword arguments."""
        self.events.append(OutboxEvent(job, data, not_before, (job,)))

    def invalidate(self, topic: str) -> None:
        """Wake every open page that shows this topic, in every process, when the transaction commits."""
        self.topics.add(topic)
