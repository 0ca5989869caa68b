"""What pages and the API see of members, sessions and tokens."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.core.permissions import Portal
from tenants.scope import MemberId, TenantId


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """One company that a person may enter."""

    tenant_id: TenantId
    member_id: MemberId
    tenant: str
    current: bool = False


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What every page shows of the person who acts: account menu, portal switch, companies."""

    name: str
    given_name: str
    email: str
    language: str
    tenant: str
    tenant_slug: str
    carrier: str
    portal: Portal
    portals: tuple[Portal, ...]
    # What the person is in the portal that is not open
    roles_elsewhere: frozenset[str] = frozenset()
    memberships: tuple[Membership, ...]


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A new session: the text for the cookie exists nowhere else."""

    token: str
    session_id: UUID
    tenant_id: TenantId


class MemberInfo(msgspec.Struct, frozen=True):
    """A member in a list, in whatever state."""

    id: UUID
    name: str
    email: str
    roles: list[str]
    state: str


class TokenInfo(msgspec.Struct, frozen=True):
    """A token in a list, without its text; `member` is a name."""

    id: UUID
    label: str
    member: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
