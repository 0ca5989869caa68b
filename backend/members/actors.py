"""From a session or a token to the Actor; the database says which of them still hold."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.permissions import Permission, Portal
from backend.core.use_case import set_actor_loader, use_case
from backend.members.lifecycle import last_seen_is_stale, roles_in
from tenants.scope import Actor, MemberId, Reach, Scope, TenantId

# An end user to whom no line is linked
NOBODY = UUID(int=0)
# Both functions give the same columns.
COLUMNS = (
    "id, account_id, member_id, name, email, language, roles, reach_billing_accounts, reach_cost_centres,"
    " invoice_accounts, portal, end_user_id, auth_time, used_at, expires_at, version"
)
SESSION = f"SELECT {COLUMNS} FROM session_actor($1)"
TOKEN = f"SELECT {COLUMNS} FROM token_actor($1)"
MARK_SEEN = "UPDATE portal_session SET seen_at = now() WHERE id = $1"
MARK_USED = "UPDATE api_token SET last_used_at = now() WHERE id = $1"


class ActorRow(msgspec.Struct, frozen=True):
    """A session or a token with its member, as of now. A token has no `auth_time`."""

    id: UUID
    account_id: UUID
    member_id: UUID
    name: str
    email: str
    language: str
    roles: list[str]
    reach_billing_accounts: list[UUID] | None
    reach_cost_centres: list[UUID] | None
    invoice_accounts: list[UUID] | None
    portal: str
    end_user_id: UUID | None
    auth_time: datetime | None
    used_at: datetime | None
    expires_at: datetime | None
    version: int


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
        member_id=MemberId(row.member_id),
        name=row.name,
        email=row.email,
        language=row.language,
        roles=roles_in(row.portal, row.roles),
        reach=Reach.of(row.reach_billing_accounts, row.reach_cost_centres),
        invoice_accounts=_set(row.invoice_accounts),
        end_user_id=_own_lines_only(row),
        session_id=session_id,
        token_id=token_id,
        signed_in_at=row.auth_time,
        version=row.version,
    )


async def recheck(actor: Actor) -> Actor | None:
    """The actor as of now, or None when the session or token has ended. One read; notes the use once a minute.

    Use cases need no such call: a scope opens only for an actor whose rows are unchanged (`Actor.version`).
    """
    if actor.system:
        return actor
    return await read_actor(actor.tenant_id, session_id=actor.session_id, token_id=actor.token_id)


set_actor_loader(recheck)


def _own_lines_only(row: ActorRow) -> UUID | None:
    """In the user portal always somebody, so that a missing link never reads as "no limit"."""
    return (row.end_user_id or NOBODY) if row.portal == Portal.USER else None


def _set(values: list[UUID] | None) -> frozenset[UUID] | None:
    return None if values is None else frozenset(values)


@use_case(Permission.SYSTEM)
async def session_row(scope: Scope, session_id: UUID) -> ActorRow | None:
    """The session and its member, or None when it has ended; its use is noted once a minute."""
    row = await scope.fetch_one(ActorRow, SESSION, session_id)
    if row and last_seen_is_stale(row.used_at, clock.now()):
        await scope.execute(MARK_SEEN, session_id)
    return row


@use_case(Permission.SYSTEM)
async def token_row(scope: Scope, token_id: UUID) -> ActorRow | None:
    """The token and its member, or None when it was revoked; its use is noted once a minute."""
    row = await scope.fetch_one(ActorRow, TOKEN, token_id)
    if row and last_seen_is_stale(row.used_at, clock.now()):
        await scope.execute(MARK_USED, token_id)
    return row
