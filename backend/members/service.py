"""Members: who belongs to a company, and what every page shows of the person who acts."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.addresses import email_valid
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.i18n import LANGUAGES
from backend.core.ids import new_id
from backend.core.permissions import Permission, Portal
from backend.core.use_case import use_case
from backend.issuer.accounts import ensure_account, normalise_login
from backend.issuer.passwords import check_strength, hash_password
from backend.members.access import end_access_of
from backend.members.lifecycle import MemberState, check_roles, portals, roles_in
from backend.members.schemas import Membership, Profile
from backend.members.tables import Member
from tenants.directory import find_every_membership, find_memberships
from tenants.scope import Actor, MemberId, Scope, TenantId
from tenants.tenant_info import tenant_info

UPSERT = """
INSERT INTO member (id, tenant_id, account_id, name, email, language, roles, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $9, $8)
ON CONFLICT (tenant_id, account_id) DO UPDATE SET name = $4, language = $6, roles = $7, state = $9 RETURNING id
"""
PERSON = """
SELECT m.account_id, m.roles, a.given_name FROM member m JOIN account a ON a.id = m.account_id WHERE m.id = $1
"""


class PersonRow(msgspec.Struct, frozen=True):
    """A member and the account behind it."""

    account_id: UUID
    roles: list[str]
    given_name: str


class MemberKey(msgspec.Struct, frozen=True):
    """The id of a member."""

    id: UUID


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

    Returns the member. For the operator only: whoever may set a password may sign in as that person everywhere.
    Raises ValidationFailed for roles, a language, a password, an address or a number that does not hold.
    """
    wanted = check_roles(roles)
    if not email_valid(email.strip()):
        raise ValidationFailed(email="No mail can be sent to this address.")
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
        for tenant_id, member in await find_every_membership(account_id):
            await end_access_of(Actor(tenant_id), member)
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
        scope,
        email=email,
        name=name,
        language=language,
        mobile=mobile,
        password_hash=password_hash,
    )
    member = await scope.fetch_one(
        MemberKey,
        UPSERT,
        new_id(),
        scope.tenant_id,
        account_id,
        name.strip(),
        normalise_login(email),
        language,
        roles,
        clock.now(),
        MemberState.ACTIVE,
    )
    if member is None:
        raise NotFound
    await audit.record(scope, "member.added", "member", member.id, roles=roles)
    return account_id, MemberId(member.id)


@use_case(Permission.MEMBERS_MANAGE, read_only=True)
async def find_member(scope: Scope, email: str) -> MemberId:
    """The active member with this e-mail address. Raises NotFound."""
    member = await scope.select_one(
        MemberKey, Member, (Member.email == normalise_login(email)) & (Member.state == MemberState.ACTIVE)
    )
    if member is None:
        raise NotFound
    return MemberId(member.id)


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
    actor, tenant = scope.actor, await tenant_info(scope)
    person = await scope.fetch_one(PersonRow, PERSON, actor.member_id)
    if person is None:
        raise NotFound
    here = Portal.USER if actor.end_user_id else Portal.MANAGER
    shown = Profile(
        name=actor.name,
        given_name=person.given_name,
        email=actor.email,
        language=actor.language,
        tenant=tenant.name,
        tenant_slug=tenant.slug,
        carrier=tenant.carrier,
        portal=here,
        portals=portals(person.roles),
        roles_elsewhere=roles_in(Portal.MANAGER if here is Portal.USER else Portal.USER, person.roles),
        memberships=(),
    )
    return person.account_id, shown


@use_case(Permission.SYSTEM, read_only=True)
async def _tenant_name(scope: Scope) -> str:
    return (await tenant_info(scope)).name


async def record_lock_out(account_id: UUID) -> None:
    """Record a lock-out in the audit trail of every company that the person may enter."""
    for tenant_id, member_id in await find_memberships(account_id):
        await _record_lock_out(Actor(tenant_id), member_id)


@use_case(Permission.SYSTEM)
async def _record_lock_out(scope: Scope, member_id: MemberId) -> None:
    await audit.record(scope, "member.locked_out", "member", member_id)
