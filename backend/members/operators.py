"""Tokens of the operator's staff, who are members of no tenant: made and revoked on the command line only,
with the owner's login.

Each call reads the token again and then opens the scope of the one tenant that it names, so a revoked token is
refused at once. The actor names the person, and the tenant's audit trail shows that name.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from backend import runtime
from backend.core import clock
from backend.core.errors import NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.core.secrets import new_token, token_hash
from backend.members.lifecycle import LONGEST_TOKEN, NOTE_USE_EVERY, token_life
from tenants.directory import find_tenant
from tenants.scope import Actor
from tenants.transaction import open_as_owner, open_global

# Not that of members, so that neither API takes the other's tokens
PREFIX = "flo_"
LONGEST_NAME = 100
INSERT = """
INSERT INTO operator_token (id, name, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
"""
REVOKE = "UPDATE operator_token SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING id"
FIND = """
SELECT id, name, coalesce(last_used_at < now() - $2::interval, true) AS is_stale FROM operator_token
WHERE token_hash = $1 AND revoked_at IS NULL AND expires_at > now()
"""
LIST = """
SELECT id, name, created_at, expires_at, last_used_at, revoked_at FROM operator_token ORDER BY id DESC LIMIT $1
"""
LISTED = 1000
NOTE_USE = "UPDATE operator_token SET last_used_at = now() WHERE id = $1"


class OperatorRow(msgspec.Struct, frozen=True):
    """A token that still holds; `is_stale` where its use has to be noted."""

    id: UUID
    name: str
    is_stale: bool


class OperatorTokenInfo(msgspec.Struct, frozen=True):
    """A token of the staff in a list, without its text."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def create_operator_token(name: str, *, days: int = LONGEST_TOKEN.days) -> str:
    """A bearer token for one person of the staff; shown once, and ends by itself after so many days, at most 365.

    Raises ValidationFailed without a name, and for a number of days that is not allowed.
    """
    life = token_life(days)
    person = " ".join(name.split())
    if not 0 < len(person) <= LONGEST_NAME:
        raise ValidationFailed(name="Give the name of the person who will use the token.")
    token, now = new_token(PREFIX), clock.now()
    async with open_as_owner(runtime.owner_database()) as connection:
        await connection.execute(INSERT, new_id(), person, token_hash(token), now, now + life)
    return token


async def revoke_operator_tokens(name: str) -> int:
    """End every token of a person at once; returns how many there were. Raises NotFound where there was none."""
    async with open_as_owner(runtime.owner_database()) as connection:
        rows = await connection.fetch(REVOKE, " ".join(name.split()))
    if not rows:
        raise NotFound(f"{name!r} has no operator token that is still valid.")
    return len(rows)


async def list_operator_tokens() -> list[OperatorTokenInfo]:
    """The tokens of the staff, the newest first, a thousand at most."""
    async with open_global() as connection:
        return [OperatorTokenInfo(*record) for record in await connection.fetch(LIST, LISTED)]


async def authenticate_operator(bearer: str) -> str | None:
    """Whose token this is, as of now; None for one that is unknown, revoked or too old. Its use is noted once a minute."""
    if not bearer.startswith(PREFIX):
        return None
    async with open_global() as connection:
        record = await connection.fetchrow(FIND, token_hash(bearer), NOTE_USE_EVERY)
        if record is None:
            return None
        row = OperatorRow(*record)
        if row.is_stale:
            await connection.execute(NOTE_USE, row.id)
        return row.name


async def operator_actor(operator: str, slug: str) -> Actor:
    """The actor of a person of the staff in one tenant. Raises NotFound for a company that does not exist."""
    tenant_id = await find_tenant(slug)
    if tenant_id is None:
        raise NotFound("There is no such company.")
    return Actor(tenant_id, name=operator, operator=operator)
