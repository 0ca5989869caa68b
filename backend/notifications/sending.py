"""Sends a message once: the intent is written, then it is sent, then the result is written.

A repeat after a crash sends it again under the same Message-ID, so that whoever gets it twice sees one. What the portal
shows is written with the intent: it stands whatever the mail server says.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.ids import new_id
from backend.core.messaging.jobs import job_scope
from backend.integrations.mail import DeferredError, Mail, UndeliverableError
from backend.integrations.sms import Sms
from backend.notifications.content import (
    REFUSED_TOPIC,
    Channel,
    MailContent,
    Message,
    PortalContent,
    notification_topic,
)
from backend.notifications.frame import render
from backend.notifications.frame_html import PICTURE
from backend.notifications.tables import Notification
from backend.runtime import clients
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

Compose = Callable[[Scope], Awaitable[Message | None]]
# Takes why the server will never take the message, or None where it was sent.
RecordResult = Callable[[Scope, str | None], Awaitable[None]]

# A mail that the server puts off for so long is given up (RFC 5321, 4.5.4.1)
GIVEN_UP_AFTER = timedelta(days=5)

# A recipient that was fixed before counts from the first try
INTENT = f"""
INSERT INTO notification (id, tenant_id, key, channel, recipient, title, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, key) WHERE channel <> '{Channel.PORTAL}'
DO UPDATE SET title = EXCLUDED.title, channel = EXCLUDED.channel,
  created_at = CASE WHEN notification.title = '' THEN EXCLUDED.created_at ELSE notification.created_at END
WHERE notification.sent_at IS NULL AND notification.refused IS NULL RETURNING created_at
"""
PIN = f"""
INSERT INTO notification (id, tenant_id, key, channel, recipient, member_id, title, created_at)
VALUES ($1, $2, $3, $4, $5, $6, '', $7) ON CONFLICT (tenant_id, key) WHERE channel <> '{Channel.PORTAL}' DO NOTHING
"""
SHOW = f"""
INSERT INTO notification (id, tenant_id, key, channel, member_id, portal, title, text, path, language, created_at)
VALUES ($1, $2, $3, '{Channel.PORTAL}', $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant_id, key) WHERE channel = '{Channel.PORTAL}' DO NOTHING RETURNING id
"""
RESULT = f"""
UPDATE notification SET sent_at = CASE WHEN $2::text IS NULL THEN now() END, refused = $2
WHERE key = $1 AND channel <> '{Channel.PORTAL}' RETURNING recipient
"""
# A message that was taken shows that its recipient can be reached
SUPERSEDE = """
UPDATE notification SET superseded_at = now()
WHERE recipient = $1 AND refused IS NOT NULL AND superseded_at IS NULL RETURNING id
"""
# A row whose recipient was fixed, and no more, has no title yet
TOLD = f"""
SELECT EXISTS (SELECT FROM notification
  WHERE key = $1 AND (channel = '{Channel.PORTAL}' OR (title <> '' AND refused IS NULL)))
"""


class PinnedRecipient(msgspec.Struct, frozen=True):
    """To whom a mail goes that is not written yet; `member_id` where that person is a member."""

    recipient: str
    member_id: UUID | None


async def pin_recipient(scope: Scope, key: str, recipient: str, *, member_id: UUID | None = None) -> None:
    """Fix to whom a mail will go before it is written, whatever address a record has by then."""
    await scope.execute(PIN, new_id(), scope.tenant_id, key, Channel.MAIL, recipient, member_id, clock.now())


async def pinned_recipient(scope: Scope, key: str) -> PinnedRecipient | None:
    """To whom the mail of this key goes; None where nobody was fixed."""
    return await scope.select_one(
        PinnedRecipient, Notification, (Notification.key == key) & (Notification.channel != Channel.PORTAL)
    )


async def was_told(scope: Scope, key: str) -> bool:
    """Whether a mail of this key was written and not refused, or the portal shows it."""
    return bool(await scope.fetch_value(bool, TOLD, key))


async def send_once(actor: Actor, key: str, compose: Compose, *, record: RecordResult | None = None) -> None:
    """Send the message that `compose` returns in a scope (None: nothing), once by `key`; show it to the member.

    `record` writes what else follows from the result of sending, in the transaction that writes it; it is not called
    where the message goes to nobody outside the portal. Call it from an idempotent job, outside any scope.
    Raises Unavailable while the server is away, or puts the message off: the job is repeated. What it puts off for
    five days is given up, as if it were refused.
    """
    async with job_scope(actor) as scope:
        prepared = await _prepare(scope, key, compose)
    if prepared is None:
        return
    message, refused = prepared.message, None
    try:
        await (clients().sms.send(message) if isinstance(message, Sms) else clients().mailer.send(message))
    except UndeliverableError as error:
        refused = error.message
    except DeferredError as error:
        if clock.now() - prepared.since < GIVEN_UP_AFTER:
            raise
        refused = error.message
    async with job_scope(actor) as scope:
        await _write_result(scope, key, refused)
        if record is not None:
            await record(scope, refused)


async def _write_result(scope: Scope, key: str, refused: str | None) -> None:
    """Write whether the message was taken, and what that says of earlier refusals of its recipient."""
    recipient = await scope.fetch_value(str, RESULT, key, refused)
    if recipient is None:
        return
    if refused is not None or await scope.fetch_value(UUID, SUPERSEDE, recipient) is not None:
        scope.invalidate(REFUSED_TOPIC)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be sent, and since when it is tried."""

    message: Mail | Sms
    since: datetime


async def _prepare(scope: Scope, key: str, compose: Compose) -> Prepared | None:
    """Write the intent and what the portal shows, and return what is to be sent.

    None where there is nothing to send, or it was sent or refused before.
    """
    message = await compose(scope)
    if message is None:
        return None
    since = await _write_intent(scope, key, message) if message.recipient else None
    if message.recipient and since is None:
        return None
    if message.portal is not None:
        await _show(scope, key, message.portal)
    return Prepared(await _outgoing(scope, key, message), since) if since else None


async def _write_intent(scope: Scope, key: str, message: Message) -> datetime | None:
    """Since when the message is tried; None where it was sent or refused before."""
    content = message.content
    if isinstance(content, MailContent):
        channel, title = Channel.MAIL, content.subject
    else:
        channel, title = Channel.SMS, ""
    intent = (new_id(), scope.tenant_id, key, channel, message.recipient, title, clock.now())
    return await scope.fetch_value(datetime, INTENT, *intent)


async def _show(scope: Scope, key: str, shown: PortalContent) -> None:
    """Write what the portal shows, unless it was written before, and wake the member's open pages."""
    row = (shown.member_id, shown.portal, shown.title, shown.text, shown.path, shown.language, clock.now())
    if await scope.fetch_value(UUID, SHOW, new_id(), scope.tenant_id, key, *row) is not None:
        scope.invalidate(notification_topic(shown.member_id))


async def _outgoing(scope: Scope, key: str, message: Message) -> Mail | Sms:
    name, content = sha256(f"{scope.tenant_id}/{key}".encode()).hexdigest()[:32], message.content
    if not isinstance(content, MailContent):
        return Sms(message_id=name, to=message.recipient, text=content.text)
    settings = clients().settings
    written = render(content, tenant=(await tenant_info(scope)).name, operator=settings.operator)
    domain = settings.mail_from.rpartition("@")[2].strip("> ")
    return Mail(
        message_id=f"<{name}@{domain}>",
        to=message.recipient,
        subject=content.subject,
        text=written.text,
        html=written.html,
        language=content.language,
        picture=content.picture.png if content.picture else None,
        picture_id=PICTURE if content.picture else "",
    )
