"""From something known before the tenant (a login, a session, a token, a number) to the tenant it belongs to.

Each function asks one vetted SECURITY DEFINER function by an exact key and gets ids only.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tenants.scope import Actor, MemberId, TenantId
from tenants.transaction import outside_scope


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A record and the tenant that it belongs to."""

    tenant_id: TenantId
    id: UUID


@dataclass(frozen=True, slots=True)
class CustomerNumber:
    """A customer number and the tenant that it belongs to."""

    tenant_id: TenantId
    id: UUID
    number: str


async def _ask(query: str, *args: object) -> list[Any]:
    """The records of a statement, outside any scope; callers take their columns by position."""
    async with outside_scope() as connection:
        rows: list[Any] = await connection.fetch(query, *args)
        return rows


async def _one(function: str, key: object) -> DirectoryEntry | None:
    rows = await _ask(f"SELECT tenant_id, id FROM {function}($1)", key)
    return DirectoryEntry(*rows[0]) if rows else None


async def find_session(token_hash: bytes) -> DirectoryEntry | None:
    """The session of a cookie, by its hash."""
    return await _one("directory_session", token_hash)


async def find_token(token_hash: bytes) -> DirectoryEntry | None:
    """The API token of this hash."""
    return await _one("directory_token", token_hash)


async def find_item(item_id: UUID) -> DirectoryEntry | None:
    """The tenant of an order item, for a carrier's callback."""
    return await _one("directory_item", item_id)


async def find_batch(batch_id: UUID) -> DirectoryEntry | None:
    """The tenant of the items that were sent in one batch, for a carrier's callback."""
    return await _one("directory_batch", batch_id)


async def find_memberships(account_id: UUID) -> list[tuple[TenantId, MemberId]]:
    """Every active membership of a sign-in account."""
    rows = await _ask("SELECT tenant_id, id FROM directory_memberships($1)", account_id)
    return [(TenantId(tenant), MemberId(member)) for tenant, member in rows]


async def find_every_membership(account_id: UUID) -> list[tuple[TenantId, MemberId]]:
    """Every membership of a sign-in account, those of blocked members and suspended companies included."""
    rows = await _ask("SELECT tenant_id, id FROM directory_members($1)", account_id)
    return [(TenantId(tenant), MemberId(member)) for tenant, member in rows]


async def find_tenant(slug: str) -> TenantId | None:
    """The tenant of this slug, suspended ones included."""
    [[found]] = await _ask("SELECT directory_tenant($1) AS id", slug)
    return TenantId(found) if found else None


async def each_tenant() -> AsyncIterator[Actor]:
    """The product itself as actor, for every active tenant in turn: one scope each, never a bypass."""
    for [tenant] in await _ask("SELECT id FROM directory_tenants()"):
        yield Actor(tenant_id=TenantId(tenant))


async def every_tenant() -> list[TenantId]:
    """Every tenant by its slug, suspended ones included."""
    return [TenantId(tenant) for [tenant] in await _ask("SELECT id FROM directory_every_tenant()")]


async def find_order(reference: str) -> DirectoryEntry | None:
    """The request of a reference, whatever company it belongs to."""
    return await _one("directory_order", reference)


async def tenants_with_open_items() -> list[TenantId]:
    """Tenants for which a carrier still has work under way: the poll looks at these only."""
    return [TenantId(tenant) for [tenant] in await _ask("SELECT id FROM directory_open_items()")]


async def find_lines(numbers: Sequence[str]) -> dict[str, DirectoryEntry]:
    """The line of each number, wherever it is: the one that is live, or else the one that had it last."""
    rows = await _ask("SELECT msisdn, tenant_id, id FROM directory_lines($1::text[])", list(numbers))
    return {number: DirectoryEntry(TenantId(tenant), line) for number, tenant, line in rows}


async def find_holders(number: str) -> list[TenantId]:
    """The companies that have a live line with this number; more than one while it is transferred between them."""
    return [
        TenantId(tenant)
        for tenant, _ in await _ask("SELECT tenant_id, id FROM directory_holders($1)", number)
    ]


async def find_customers(enterprise: str, numbers: Sequence[str]) -> list[CustomerNumber]:
    """The customer numbers of an enterprise among these texts; both have to be right."""
    rows = await _ask(
        "SELECT tenant_id, id, number FROM directory_customers($1, $2::text[])", enterprise, list(numbers)
    )
    return [CustomerNumber(TenantId(tenant), account, number) for tenant, account, number in rows]


async def find_communication(digits: str) -> list[DirectoryEntry]:
    """The invoices with this structured communication, the open ones first; 50 at most."""
    rows = await _ask("SELECT tenant_id, id FROM directory_communication($1)", digits)
    return [DirectoryEntry(TenantId(tenant), invoice) for tenant, invoice in rows]


async def find_open_invoices(cents: int, payer: str, words: Sequence[str]) -> list[DirectoryEntry]:
    """The open invoices that a payment may be for; two stand for any number of them.

    `payer` is a name in small letters without accents, spaces and signs. `words` are texts that may be a number.
    """
    rows = await _ask(
        "SELECT tenant_id, id FROM directory_open_invoices($1, $2, $3::text[])", cents, payer, list(words)
    )
    return [DirectoryEntry(TenantId(tenant), invoice) for tenant, invoice in rows]


async def find_public_link(token_hash: bytes) -> DirectoryEntry | None:
    """The link of a mail, for somebody without a session."""
    return await _one("directory_public_link", token_hash)


async def find_payment(key: str) -> DirectoryEntry | None:
    """The online payment of a hosted page, or of a payment at the service, by that one's own id."""
    return await _one("directory_payment", key)


async def pending_payments(before: datetime, count: int) -> list[DirectoryEntry]:
    """Online payments that have not ended and that nobody asked about since an instant, at most so many."""
    rows = await _ask("SELECT tenant_id, id FROM directory_pending_payments($1, $2)", before, count)
    return [DirectoryEntry(TenantId(tenant), payment) for tenant, payment in rows]


async def find_mandate(key: str) -> DirectoryEntry | None:
    """The mandate of a hosted page, or a mandate at the payment service, by that one's own id."""
    return await _one("directory_mandate", key)


async def due_debits(day: date, after: UUID, count: int) -> list[DirectoryEntry]:
    """Invoices whose day of collection has come, after one of them by its id, at most so many."""
    rows = await _ask("SELECT tenant_id, id FROM directory_due_debits($1, $2, $3)", day, after, count)
    return [DirectoryEntry(TenantId(tenant), invoice) for tenant, invoice in rows]


async def lapsed_mandates(day: date, count: int) -> list[DirectoryEntry]:
    """Mandates in force under which nothing was collected since a day, at most so many."""
    rows = await _ask("SELECT tenant_id, id FROM directory_lapsed_mandates($1, $2)", day, count)
    return [DirectoryEntry(TenantId(tenant), mandate) for tenant, mandate in rows]
