"""Portal sessions: opened at sign-in, rotated at every switch, ended for every process at once. Stored hashed."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.errors import Forbidden, NotAuthenticated, NotFound
from backend.core.ids import new_id
from backend.core.permissions import Permission, Portal
from backend.core.secrets import new_token, token_hash
from backend.core.use_case import use_case
from backend.members.actors import read_actor, session_row
from backend.members.lifecycle import ABSOLUTE, MemberState, portals
from backend.members.schemas import OpenedSession
from backend.members.tables import Member, PortalSession
from tenants.directory import find_memberships, find_session
from tenants.scope import Actor, MemberId, Scope, TenantId

# By the database's clock, which also says when a session has ended
END = "UPDATE portal_session SET ended_at = now() WHERE id = $1 AND ended_at IS NULL RETURNING id"
END_OF_MEMBER = (
    "UPDATE portal_session SET ended_at = now() WHERE member_id = $1 AND ended_at IS NULL RETURNING id"
)
END_ALL = "UPDATE portal_session SET ended_at = now() WHERE ended_at IS NULL RETURNING id"
PURGE = "DELETE FROM portal_session WHERE coalesce(ended_at, expires_at) < now() - interval '1 day'"


class SessionRow(msgspec.Struct, frozen=True):
    """What a session hands on to the one that follows it."""

    auth_time: datetime
    language: str | None
    expires_at: datetime


class SessionKey(msgspec.Struct, frozen=True):
    """The id of a session."""

    id: UUID


class MemberRow(msgspec.Struct, frozen=True):
    """A member who may enter."""

    id: UUID
    name: str
    email: str
    roles: list[str]


@use_case(Permission.SYSTEM)
async def open_session(
    scope: Scope, member_id: MemberId, auth_time: datetime, *, portal: Portal | None = None
) -> OpenedSession:
    """Open a session for a member who has just signed in; in the portal asked for where the roles open it.

    Raises NotFound for a member who is not active, Forbidden for one without a role.
    """
    member = await _member(scope, member_id)
    opened = await _insert(
        scope, member, portal or None, auth_time=auth_time, language=None, expires_at=clock.now() + ABSOLUTE
    )
    await audit.record(_acting(scope, member), "session.opened", "session", opened.session_id)
    return opened


async def load_session(token: str) -> Actor | None:
    """Who acts through this cookie; None for an unknown, ended or expired one."""
    if not token:
        return None
    found = await find_session(token_hash(token))
    if found is None:
        return None
    return await read_actor(found.tenant_id, session_id=found.id)


@use_case(Permission.SELF)
async def end_session(scope: Scope) -> None:
    """Sign out: every process closes the open pages of this session."""
    if scope.actor.session_id:
        await _end(scope, END, scope.actor.session_id)
        await audit.record(scope, "session.ended", "session", scope.actor.session_id)


@use_case(Permission.MEMBERS_MANAGE)
async def end_sessions_of(scope: Scope, member_id: UUID) -> int:
    """End every session of a member, as after a change of password or a block; how many there were."""
    ended = await _end(scope, END_OF_MEMBER, member_id)
    if ended:
        await audit.record(scope, "session.all_ended", "member", member_id, sessions=ended)
    return ended


@use_case(Permission.SYSTEM)
async def end_every_session(scope: Scope) -> int:
    """End every session of the company, as when it is suspended; how many there were."""
    return await _end(scope, END_ALL)


@use_case(Permission.SELF)
async def switch_portal(scope: Scope, portal: Portal) -> OpenedSession:
    """Rotate the session into another portal. Raises Forbidden where the member's roles do not open it."""
    actor = scope.actor
    if actor.member_id is None or actor.session_id is None:
        raise Forbidden
    member = await _member(scope, actor.member_id)
    if portal not in portals(member.roles):
        raise Forbidden
    old = await scope.select_one(SessionRow, PortalSession, PortalSession.id == actor.session_id)
    if old is None:
        raise NotAuthenticated
    await _end(scope, END, actor.session_id)
    opened = await _insert(
        scope,
        member,
        portal,
        auth_time=old.auth_time,
        language=old.language,
        expires_at=old.expires_at,
    )
    await audit.record(scope, "session.portal_switched", "session", opened.session_id, portal=portal)
    return opened


async def switch_tenant(actor: Actor, tenant_id: UUID) -> OpenedSession:
    """Leave one company for another of the same person.

    Raises NotFound for a company that is not theirs, NotAuthenticated where the session has ended.
    """
    current = await session_row(Actor(actor.tenant_id), actor.session_id) if actor.session_id else None
    if current is None or current.auth_time is None or current.expires_at is None:
        raise NotAuthenticated
    for tenant, member_id in await find_memberships(current.account_id):
        if tenant == tenant_id:
            opened = await _enter(
                Actor(tenant), member_id, auth_time=current.auth_time, expires_at=current.expires_at
            )
            await end_session(actor)
            return opened
    raise NotFound


@use_case(Permission.SELF)
async def set_language(scope: Scope, language: str) -> None:
    """The language of this session, and of this member's mails from now on."""
    actor = scope.actor
    await PortalSession.update({PortalSession.language: language}).where(PortalSession.id == actor.session_id)
    await Member.update({Member.language: language}).where(Member.id == actor.member_id)


@use_case(Permission.SYSTEM)
async def purge_sessions(scope: Scope) -> None:
    """Delete what ended or expired more than a day ago; a periodic task calls this for each tenant."""
    await scope.execute(PURGE)


@use_case(Permission.SYSTEM)
async def _enter(
    scope: Scope, member_id: MemberId, *, auth_time: datetime, expires_at: datetime
) -> OpenedSession:
    member = await _member(scope, member_id)
    opened = await _insert(scope, member, None, auth_time=auth_time, language=None, expires_at=expires_at)
    await audit.record(_acting(scope, member), "session.opened", "session", opened.session_id, switched=True)
    return opened


async def _member(scope: Scope, member_id: UUID) -> MemberRow:
    member = await scope.select_one(
        MemberRow, Member, (Member.id == member_id) & (Member.state == MemberState.ACTIVE)
    )
    if member is None:
        raise NotFound
    return member


async def _insert(
    scope: Scope,
    member: MemberRow,
    portal: Portal | None,
    *,
    auth_time: datetime,
    language: str | None,
    expires_at: datetime,
) -> OpenedSession:
    open_to = portals(member.roles)
    if not open_to:
        raise Forbidden
    token, session_id, now = new_token(), new_id(), clock.now()
    await PortalSession.insert(
        PortalSession(
            id=session_id,
            tenant_id=scope.tenant_id,
            token_hash=token_hash(token),
            member_id=member.id,
            portal=portal if portal in open_to else open_to[0],
            language=language,
            auth_time=auth_time,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
        )
    )
    return OpenedSession(token=token, session_id=session_id, tenant_id=scope.tenant_id)


async def _end(scope: Scope, query: str, *keys: UUID) -> int:
    """End sessions, in every process; returns how many were open."""
    ended = await scope.fetch_all(SessionKey, query, *keys)
    for session in ended:
        scope.invalidate(f"session:{session.id}")
    return len(ended)


def _acting(scope: Scope, member: MemberRow) -> Scope:
    """The same transaction with the member as the one who acts, for the audit trail."""
    actor = Actor(TenantId(scope.tenant_id), MemberId(member.id), member.name, member.email)
    return replace(scope, actor=actor)
