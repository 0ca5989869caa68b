"""Use cases of a member's messages in the portal: list them, count and mark what is unread; and the purge of old ones."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.permissions import Permission, Portal
from backend.core.use_case import use_case
from backend.notifications.content import Channel, notification_topic
from backend.notifications.tables import Notification
from tenants.scope import MemberId, Scope

# Older messages are deleted, and so are those of a member beyond this number, the oldest first
KEPT = timedelta(days=90)
KEPT_FOR_MEMBER = 200
LISTED = 50

# Every statement names the channel by its word, so that the partial indexes are used
OWN = f"channel = '{Channel.PORTAL}' AND member_id = $1 AND portal = $2"
COLUMNS = "id, title, text, path, language, created_at, read_at"
LIST = f"""
SELECT {COLUMNS} FROM notification WHERE {OWN} AND (read_at IS NULL OR NOT $3)
ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5
"""
COUNTS = f"SELECT count(*) AS kept, count(*) FILTER (WHERE read_at IS NULL) AS unread FROM notification WHERE {OWN}"
UNREAD = f"SELECT count(*) FROM notification WHERE {OWN} AND read_at IS NULL"
# The first reading counts
MARK = f"""
UPDATE notification SET read_at = coalesce(read_at, $4) WHERE {OWN} AND id = $3 RETURNING {COLUMNS}
"""
PURGE = f"""
DELETE FROM notification WHERE channel = '{Channel.PORTAL}' AND (created_at < $1 OR id IN (
  SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY member_id ORDER BY created_at DESC, id DESC) AS nth
    FROM notification WHERE channel = '{Channel.PORTAL}') AS numbered WHERE nth > $2))
"""


class NotificationView(msgspec.Struct, frozen=True):
    """A message as the portal shows it. `path` is the page that it leads to; `language` is that of title and text."""

    id: UUID
    title: str
    text: str
    path: str
    language: str
    created_at: datetime
    read_at: datetime | None


class NotificationCounts(msgspec.Struct, frozen=True):
    """How many messages a member has, and how many of them are unread."""

    kept: int
    unread: int


class NotificationPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of messages, how many match, and how many are unread at all."""

    items: list[NotificationView]
    total: int
    unread: int


def _own(scope: Scope) -> tuple[MemberId, Portal]:
    """Whose messages, and of which portal. Raises Forbidden where no member acts."""
    actor = scope.actor
    if actor.member_id is None:
        raise Forbidden
    return actor.member_id, Portal.USER if actor.end_user_id else Portal.MANAGER


@use_case(Permission.SELF, read_only=True)
async def list_notifications(
    scope: Scope, *, unread_only: bool = False, page: int = 1, limit: int = LISTED
) -> NotificationPage:
    """The member's own messages in this portal, newest first. Raises ValidationFailed for a page below 1."""
    if page < 1:
        raise ValidationFailed(page="Pages count from 1.")
    own = _own(scope)
    items = await scope.fetch_all(NotificationView, LIST, *own, unread_only, limit, (page - 1) * limit)
    counts = await scope.fetch_one(NotificationCounts, COUNTS, *own) or NotificationCounts(0, 0)
    total = counts.unread if unread_only else counts.kept
    return NotificationPage(items=items, total=total, unread=counts.unread)


@use_case(Permission.SELF, read_only=True)
async def count_unread(scope: Scope) -> int:
    """How many of the member's messages in this portal are unread."""
    return await scope.fetch_value(int, UNREAD, *_own(scope)) or 0


@use_case(Permission.SELF)
async def mark_read(scope: Scope, notification_id: UUID) -> NotificationView:
    """Mark one of the member's messages as read. Raises NotFound, also for a message of somebody else."""
    own = _own(scope)
    found = await scope.fetch_one(NotificationView, MARK, *own, notification_id, clock.now())
    if found is None:
        raise NotFound
    scope.invalidate(notification_topic(own[0]))
    return found


@use_case(Permission.SELF)
async def mark_all_read(scope: Scope) -> None:
    """Mark every message of the member in this portal as read."""
    member_id, portal = _own(scope)
    await Notification.update({Notification.read_at: clock.now()}).where(
        (Notification.channel == Channel.PORTAL)
        & (Notification.member_id == member_id)
        & (Notification.portal == portal)
        & Notification.read_at.is_null()
    )
    scope.invalidate(notification_topic(member_id))


@use_case(Permission.SYSTEM)
async def purge_notifications(scope: Scope) -> None:
    """Delete messages of the portal that are older than 90 days, and all but the newest 200 of each member.

    What was sent by mail or SMS stays, since it says that it was sent. A periodic task calls this for each tenant.
    """
    await scope.execute(PURGE, clock.now() - KEPT, KEPT_FOR_MEMBER)
