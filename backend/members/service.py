"""Members: who belongs to a company, and what the frame of every page says about the one who acts."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.i18n import LANGUAGES
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.issuer.accounts import ensure_account, normalise_login
from backend.issuer.passwords import check_strength, hash_password
from backend.members.actors import recheck
from backend.members.lifecycle import Portal, check_roles, portals
from backend.members.schemas import Membership, Profile
from backend.members.sessions import (
    end_session,
    end_sessions_of,
    load_session,
    open_session,
    purge_sessions,
    set_language,
    switch_portal,
    switch_tenant,
)
from backend.members.tokens import authenticate_token, create_token, list_tokens, revoke_token
from tenants.directory import find_memberships
from tenants.scope import Actor, MemberId, Scope, TenantId

__all__ = [
    "add_member",
    "authenticate_token",
    "create_token",
    "end_session",
    "end_sessions_of",
    "find_member",
    "list_tokens",
    "load_session",
    "memberships",
    "open_session",
    "profile",
    "purge_sessions",
    "recheck",
    "record_lock_out",
    "revoke_token",
    "set_language",
    "switch_portal",
    "switch_tenant",
]


async def add_member(
    who: Actor,
    *,
    email: str,
    name: str,
    roles: Iterable[str],
    password: str | None = None,
    mobile: str | None = None,
    language: str = "en",
) -> MemberId:
    """Give a person access to the company, with a new account or the one of this e-mail address.

    For the operator: whoever may set a password may enter as that person everywhere. Raises Invalid.
    """
    wanted = check_roles(roles)
    if language not in LANGUAGES:
        raise ValidationFailed(language=f"Choose among {', '.join(LANGUAGES)}.")
    if password is not None:
        check_strength(password)
    # Hashing takes a tenth of a second: not while a connection waits for it.
    password_hash = None if password is None else await hash_password(password)
    account_id, member_id = await _add_member(
        who,
        email=email,
        name=name,
        roles=wanted,
        password_hash=password_hash,
        mobile=mobile,
        language=language,
    )
    if password_hash:
        for tenant_id, member in await find_memberships(account_id):
            await end_sessions_of(Actor(tenant_id), member)
    return member_id


@use_case(Permission.SYSTEM)
async def _add_member(
    scope: Scope,
    *,
    email: str,
    name: str,
    roles: list[str],
    password_hash: str | None,
    mobile: str | None,
    language: str,
) -> tuple[UUID, MemberId]:
    account_id = await ensure_account(
        scope.connection,
        email=email,
        name=name,
        language=language,
        mobile=mobile,
        password_hash=password_hash,
    )
    member_id: UUID = await scope.connection.fetchval(
        "INSERT INTO member (id, tenant_id, account_id, name, email, language, roles, state, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8)"
        " ON CONFLICT (tenant_id, account_id) DO UPDATE SET name = $4, language = $6, roles = $7, state = 'active'"
        " RETURNING id",
        new_id(),
        scope.tenant_id,
        account_id,
        name.strip(),
        normalise_login(email),
        language,
        roles,
        clock.now(),
    )
    await audit.record(scope, "member.added", "member", member_id, roles=roles)
    return account_id, MemberId(member_id)


@use_case(Permission.MEMBERS_MANAGE, read_only=True)
async def find_member(scope: Scope, email: str) -> MemberId:
    """The active member with this e-mail address. Raises NotFound."""
    member_id = await scope.connection.fetchval(
        "SELECT id FROM member WHERE email = $1 AND state = 'active'", normalise_login(email)
    )
    if member_id is None:
        raise NotFound
    return MemberId(member_id)


async def memberships(account_id: UUID, current: TenantId | None = None) -> list[Membership]:
    """The companies that a person may enter, by name."""
    return [
        Membership(
            tenant_id=tenant_id,
            member_id=member_id,
            tenant=await _tenant_name(Actor(tenant_id)),
            current=tenant_id == current,
        )
        for tenant_id, member_id in await find_memberships(account_id)
    ]


async def profile(actor: Actor) -> Profile:
    """What the account menu and the portal switch show. Raises Forbidden for the product itself."""
    if actor.member_id is None:
        raise Forbidden
    account_id, shown = await _profile(actor)
    return msgspec.structs.replace(shown, memberships=tuple(await memberships(account_id, actor.tenant_id)))


@use_case(Permission.SELF, read_only=True)
async def _profile(scope: Scope) -> tuple[UUID, Profile]:
    actor = scope.actor
    row = await scope.connection.fetchrow(
        "SELECT m.account_id, m.roles, a.given_name, t.name AS tenant, t.slug, t.carrier,"
        " (SELECT refreshed_at FROM inventory_sync) AS network_at FROM member m"
        " JOIN account a ON a.id = m.account_id JOIN tenant t ON t.id = m.tenant_id WHERE m.id = $1",
        actor.member_id,
    )
    shown = Profile(
        name=actor.name,
        given_name=row["given_name"],
        email=actor.email,
        language=actor.language,
        tenant=row["tenant"],
        tenant_slug=row["slug"],
        carrier=row["carrier"],
        portal=Portal.USER if actor.end_user_id else Portal.MANAGER,
        portals=portals(row["roles"]),
        memberships=(),
        customer_number=await _customer_number(scope),
        network_at=row["network_at"],
    )
    return row["account_id"], shown


async def _customer_number(scope: Scope) -> str:
    """The first customer number within reach that carries lines; in the user portal that of an own line."""
    actor, reach = scope.actor, scope.actor.reach
    if actor.end_user_id:
        query = "SELECT min(account) FROM line WHERE end_user_id = $1"
        return await scope.connection.fetchval(query, actor.end_user_id) or ""
    if reach.everything:
        query = "SELECT min(number) FROM billing_account WHERE kind = 'line_bearing'"
        return await scope.connection.fetchval(query) or ""
    query = "SELECT min(account) FROM line WHERE billing_account_id = ANY($1) OR cost_centre_id = ANY($2)"
    accounts, centres = reach.billing_accounts or (), reach.cost_centres or ()
    return await scope.connection.fetchval(query, list(accounts), list(centres)) or ""


@use_case(Permission.SYSTEM, read_only=True)
async def _tenant_name(scope: Scope) -> str:
    return str(await scope.connection.fetchval("SELECT name FROM tenant"))


async def record_lock_out(account_id: UUID) -> None:
    """Leave a trace of a lock-out in every company that the person may enter."""
    for tenant_id, member_id in await find_memberships(account_id):
        await _record_lock_out(Actor(tenant_id), member_id)


@use_case(Permission.SYSTEM)
async def _record_lock_out(scope: Scope, member_id: MemberId) -> None:
    await audit.record(scope, "member.locked_out", "member", member_id)
