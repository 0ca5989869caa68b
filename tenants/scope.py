"""Who acts, for which tenant, in which transaction. Types only: `transaction.py` opens scopes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NewType, Protocol
from uuid import UUID

TenantId = NewType("TenantId", UUID)
MemberId = NewType("MemberId", UUID)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which lines a member may see: everything, or the union of billing accounts and cost centres."""

    billing_accounts: frozenset[UUID] | None = None  # None: no limit
    cost_centres: frozenset[UUID] | None = None

    @property
    def everything(self) -> bool:
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
    carrier: str = ""  # code of the tenant's carrier profile; "" where it was not read yet
    roles: frozenset[str] = frozenset()
    reach: Reach = EVERYTHING
    end_user_id: UUID | None = None  # set in the user portal: only this person's lines
    session_id: UUID | None = None
    token_id: UUID | None = None
    operator: str = ""  # the person of the operator's staff; such an actor is no member and not the product
    signed_in_at: datetime | None = None  # `auth_time` of the sign-in behind the session
    version: int | None = (
        None  # of the rows that it was read from; a scope opens only while they are unchanged
    )

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


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something that happened, to be told to others when the transaction commits."""

    event: str
    data: dict[str, Any]
    not_before: datetime | None = None


@dataclass(slots=True)
class Scope:
    """One actor, one tenant, one transaction. Lives as long as the `async with open_scope(…)` block."""

    actor: Actor
    connection: Connection
    announcements: list[Announcement] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)

    @property
    def tenant_id(self) -> TenantId:
        return self.actor.tenant_id

    def announce(self, event: str, *, not_before: datetime | None = None, **data: Any) -> None:
        """Tell `reactions.py` that this happened; written with the transaction or not at all."""
        self.announcements.append(Announcement(event, data, not_before))

    def touch(self, topic: str) -> None:
        """Wake every open page that shows this topic, in every process, when the transaction commits."""
        self.topics.add(topic)
