"""Ends and gives back the access of a member or of a whole company: sessions and tokens stop at once, everywhere."""

from uuid import UUID

import msgspec

from backend.core import audit
from backend.core.errors import NotFound
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.issuer.accounts import normalise_login
from backend.members.lifecycle import MEMBER_LIFECYCLE, MemberState
from backend.members.schemas import MemberInfo
from backend.members.sessions import end_every_session, end_sessions_of
from backend.members.tables import Member
from backend.members.tokens import revoke_tokens_of
from tenants.scope import Scope
from tenants.tenant_state import TenantState

LISTED = 5000
SET_TENANT_STATE = "UPDATE tenant SET state = $2 WHERE id = $1 RETURNING id"
# What the audit trail says of a new state
MEMBER_ACTIONS = {
    MemberState.ACTIVE: "member.unblocked",
    MemberState.BLOCKED: "member.blocked",
    MemberState.REMOVED: "member.removed",
}


class MemberStatus(msgspec.Struct, frozen=True):
    """A member and the present state."""

    id: UUID
    state: str


@use_case(Permission.MEMBERS_MANAGE, read_only=True)
async def list_members(scope: Scope) -> list[MemberInfo]:
    """The members of the company in every state, by e-mail address, 5,000 at most."""
    return await scope.select_all(MemberInfo, Member, order_by=[Member.email], limit=LISTED)


@use_case(Permission.MEMBERS_MANAGE)
async def set_member_state(scope: Scope, email: str, state: MemberState) -> None:
    """Block, unblock or remove a member. Whoever is not active loses every session and every token at once.

    Raises NotFound, and Conflict for a move that does not exist.
    """
    member = await scope.select_one(MemberStatus, Member, Member.email == normalise_login(email), lock=True)
    if member is None:
        raise NotFound(f"{email} is no member of this company.")
    MEMBER_LIFECYCLE.check(MemberState(member.state), state)
    await Member.update({Member.state: state}).where(Member.id == member.id)
    await audit.record(scope, MEMBER_ACTIONS[state], "member", member.id)
    if state is not MemberState.ACTIVE:
        await end_access_of(scope, member.id)


@use_case(Permission.MEMBERS_MANAGE)
async def end_access_of(scope: Scope, member_id: UUID) -> None:
    """End every session and every token of a member, as after a new password."""
    await end_sessions_of(scope, member_id)
    await revoke_tokens_of(scope, member_id)


@use_case(Permission.SYSTEM)
async def set_tenant_state(scope: Scope, state: TenantState) -> None:
    """Suspend a company or let it in again. Open pages close, and its tokens are refused for as long as it is suspended.

    Requests that are with the carrier go on. Raises NotFound.
    """
    if await scope.fetch_value(UUID, SET_TENANT_STATE, scope.tenant_id, state) is None:
        raise NotFound
    suspended = state is TenantState.SUSPENDED
    action = "tenant.suspended" if suspended else "tenant.resumed"
    await audit.record(scope, action, "tenant", scope.tenant_id)
    if suspended:
        await end_every_session(scope)
