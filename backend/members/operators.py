"""Tokens of the operator's staff, who are members of no tenant: made and revoked on the command line only.

Each call reads the token again and then opens the scope of the one tenant that it names, so a revoked token stops
at once. The actor names the person, and the tenant's audit shows that name.
"""

from backend.core import clock
from backend.core.errors import NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.core.secrets import new_token, token_hash
from backend.members.lifecycle import NOTE_USE_EVERY
from tenants.directory import find_tenant
from tenants.scope import Actor
from tenants.transaction import open_global

# Never a member's, so that neither door takes the other's tokens
PREFIX = "flo_"
LONGEST_NAME = 100


async def create_operator_token(name: str) -> str:
    """A bearer token for one person of the staff; shown once. Raises Invalid without a name."""
    person = " ".join(name.split())
    if not 0 < len(person) <= LONGEST_NAME:
        raise ValidationFailed(name="Give the name of the person who will use the token.")
    token = new_token(PREFIX)
    async with open_global() as connection:
        await connection.execute(
            "INSERT INTO operator_token (id, name, token_hash, created_at) VALUES ($1, $2, $3, $4)",
            new_id(),
            person,
            token_hash(token),
            clock.now(),
        )
    return token


async def revoke_operator_tokens(name: str) -> int:
    """End every token of a person at once; returns how many there were. Raises NotFound where there was none."""
    async with open_global() as connection:
        rows = await connection.fetch(
            "UPDATE operator_token SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING id",
            " ".join(name.split()),
        )
    if not rows:
        raise NotFound(f"{name!r} has no operator token that is still valid.")
    return len(rows)


async def authenticate_operator(bearer: str) -> str | None:
    """Whose token this is, as of now; None for one that is unknown or revoked. Its use is noted once a minute."""
    if not bearer.startswith(PREFIX):
        return None
    async with open_global() as connection:
        row = await connection.fetchrow(
            "SELECT id, name, coalesce(last_used_at < now() - $2::interval, true) AS note FROM operator_token"
            " WHERE token_hash = $1 AND revoked_at IS NULL",
            token_hash(bearer),
            NOTE_USE_EVERY,
        )
        if row is None:
            return None
        if row["note"]:
            await connection.execute(
                "UPDATE operator_token SET last_used_at = now() WHERE id = $1", row["id"]
            )
        return str(row["name"])


async def operator_actor(operator: str, slug: str) -> Actor:
    """The person of the staff at work in one tenant. Raises NotFound for a company that is not there."""
    tenant_id = await find_tenant(slug)
    if tenant_id is None:
        raise NotFound("There is no such company.")
    return Actor(tenant_id, name=operator, operator=operator)
