"""From a session row or a token row to the Actor; the database says which rows still hold."""

from typing import Any
from uuid import UUID

from backend.core import clock
from backend.core.permissions import Permission
from backend.core.use_case import set_actor_loader, use_case
from backend.members.lifecycle import last_seen_is_stale, roles_in
from tenants.scope import Actor, MemberId, Reach, Scope, TenantId

# An end user to whom no line is linked
NOBODY = UUID(int=0)


async def read_actor(
    tenant_id: TenantId, *, session_id: UUID | None = None, token_id: UUID | None = None
) -> Actor | None:
    """Who acts through a session or a token as of now; None when it has ended."""
    product = Actor(tenant_id)
    if session_id:
        row = await session_row(product, session_id)
    else:
        row = await token_row(product, token_id) if token_id else None
    if row is None:
        return None
    return Actor(
        tenant_id=tenant_id,
        member_id=MemberId(row["member_id"]),
        name=row["name"],
        email=row["email"],
        language=row["language"],
        roles=roles_in(row["portal"], row["roles"]),
        reach=Reach(_set(row["reach_billing_accounts"]), _set(row["reach_cost_centres"])),
        end_user_id=_own_lines_only(row),
        session_id=session_id,
        token_id=token_id,
        signed_in_at=row["auth_time"],
        version=row["version"],
    )


async def recheck(actor: Actor) -> Actor | None:
    """The actor as of now, or None when the session or token has ended. One read; notes the use once a minute.

    Use cases need no such call: a scope opens only for an actor whose rows are unchanged (`Actor.version`).
    """
    if actor.system:
        return actor
    return await read_actor(actor.tenant_id, session_id=actor.session_id, token_id=actor.token_id)


set_actor_loader(recheck)


def _own_lines_only(row: Any) -> UUID | None:
    """In the user portal always somebody, so that a missing link never reads as "no limit"."""
    return (row["end_user_id"] or NOBODY) if row["portal"] == "user" else None


def _set(values: list[UUID] | None) -> frozenset[UUID] | None:
    return None if values is None else frozenset(values)


@use_case(Permission.SYSTEM)
async def session_row(scope: Scope, session_id: UUID) -> Any:
    """The session and its member, or None when it has ended; its use is noted once a minute."""
    row = await scope.connection.fetchrow("SELECT * FROM session_actor($1)", session_id)
    if row and last_seen_is_stale(row["used_at"], clock.now()):
        await scope.connection.execute("UPDATE portal_session SET seen_at = now() WHERE id = $1", session_id)
    return row


@use_case(Permission.SYSTEM)
async def token_row(scope: Scope, token_id: UUID) -> Any:
    """The token and its member, or None when it was revoked; its use is noted once a minute."""
    row = await scope.connection.fetchrow("SELECT * FROM token_actor($1)", token_id)
    if row and last_seen_is_stale(row["used_at"], clock.now()):
        await scope.connection.execute("UPDATE api_token SET last_used_at = now() WHERE id = $1", token_id)
    return row
