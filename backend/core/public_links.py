"""Links in mails for people without a session: one purpose, one subject, an end. Only a hash of the token is kept.

Unknown links, expired ones and those of another purpose get one answer. A link that was used still opens its page,
which then says what was decided; it decides nothing twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.ids import new_id
from backend.core.messaging.jobs import job_scope
from backend.core.permissions import Permission
from backend.core.secrets import new_token, token_hash
from backend.core.tables import PublicLink
from backend.core.use_case import use_case
from backend.settings import Settings
from tenants.directory import find_public_link
from tenants.scope import Actor, Scope, TenantId
from tenants.tenant_state import TenantState

LONGEST_TOKEN = 100
# After its end: it is answered as an unknown link in any case
KEPT = timedelta(days=30)

FIND = """
SELECT l.subject_id, l.used_at FROM public_link l JOIN tenant t ON t.id = l.tenant_id
WHERE l.id = $1 AND l.purpose = $2 AND l.expires_at > $3 AND t.state = $4
"""


class LinkRow(msgspec.Struct, frozen=True):
    """What a link is about, and whether it was used."""

    subject_id: UUID
    used_at: datetime | None


class LinkKey(msgspec.Struct, frozen=True):
    """The id of a link."""

    id: UUID


@dataclass(frozen=True, slots=True)
class PublicLinkGrant:
    """A link that holds: what it is about, and whether it was used already."""

    tenant_id: TenantId
    id: UUID
    subject_id: UUID
    used_at: datetime | None = None


async def create_link(scope: Scope, purpose: str, subject_id: UUID, expires_at: datetime) -> str:
    """Write a link for one subject; returns its token, which is stored nowhere. Earlier links stay as they are."""
    token = new_token()
    await PublicLink.insert(
        PublicLink(
            id=new_id(),
            tenant_id=scope.tenant_id,
            purpose=purpose,
            subject_id=subject_id,
            token_hash=token_hash(token),
            expires_at=expires_at,
            created_at=clock.now(),
        )
    )
    return token


def public_address(settings: Settings, purpose: str, token: str) -> str:
    """The address of a link, for a mail."""
    return f"{settings.public_url}/p/{purpose}/{token}"


async def find_link(token: str, purpose: str) -> PublicLinkGrant | None:
    """The link behind a token, outside any scope. None for an unknown, an expired or another purpose's."""
    if not 0 < len(token) <= LONGEST_TOKEN:
        return None
    found = await find_public_link(token_hash(token))
    if found is None:
        return None
    async with job_scope(Actor(found.tenant_id)) as scope:
        row = await scope.fetch_one(LinkRow, FIND, found.id, purpose, clock.now(), TenantState.ACTIVE)
    return PublicLinkGrant(found.tenant_id, found.id, row.subject_id, row.used_at) if row else None


async def use_link(scope: Scope, link_id: UUID) -> bool:
    """Mark the link as used. False where it was used before, or has expired: then it decides nothing.

    Belongs into the transaction of what it decides.
    """
    now = clock.now()
    unused = (PublicLink.id == link_id) & PublicLink.used_at.is_null() & (PublicLink.expires_at > now)
    return bool(await scope.change_all(LinkKey, PublicLink.update({PublicLink.used_at: now}).where(unused)))


@use_case(Permission.SYSTEM)
async def purge_links(scope: Scope) -> None:  # noqa: ARG001 - its transaction
    """Delete those that ended long ago."""
    await PublicLink.delete().where(PublicLink.expires_at < clock.now() - KEPT)
