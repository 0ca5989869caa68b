"""Sends a message once: the intent is written, then it is sent, then the result is written.

A repeat after a crash sends it again under the same Message-ID, so that whoever gets it twice sees one.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from backend.core import clock
from backend.core.ids import new_id
from backend.core.messaging.jobs import job_scope
from backend.integrations.mail import Mail, UndeliverableError
from backend.integrations.sms import Sms
from backend.notifications.content import MailContent, SmsContent
from backend.notifications.frame import render
from backend.notifications.frame_html import PICTURE
from backend.notifications.tables import Channel
from backend.runtime import clients
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

Compose = Callable[[Scope], Awaitable[tuple[str, MailContent | SmsContent] | None]]
# Takes why the server will never take the message, or None where it was sent.
RecordResult = Callable[[Scope, str | None], Awaitable[None]]

INTENT = (
    "INSERT INTO notification (id, tenant_id, key, channel, recipient, title, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, key)"
    " DO UPDATE SET title = EXCLUDED.title, channel = EXCLUDED.channel"
    " WHERE notification.sent_at IS NULL AND notification.refused IS NULL RETURNING key"
)
PIN = (
    "INSERT INTO notification (id, tenant_id, key, channel, recipient, title, created_at)"
    " VALUES ($1, $2, $3, $4, $5, '', $6) ON CONFLICT (tenant_id, key) DO NOTHING"
)
RESULT = (
    "UPDATE notification SET sent_at = CASE WHEN $2::text IS NULL THEN now() END, refused = $2 WHERE key = $1"
)


async def pin_recipient(scope: Scope, key: str, recipient: str) -> None:
    """Fix to whom a mail will go before it is written, whatever address a record has by then."""
    await scope.execute(PIN, new_id(), scope.tenant_id, key, Channel.MAIL, recipient, clock.now())


async def send_once(actor: Actor, key: str, compose: Compose, *, record: RecordResult | None = None) -> None:
    """Send the message that `compose` returns in a scope (recipient and content; None: nothing), once by `key`.

    `record` writes what else follows from the result, in the transaction that writes it. Call it from an idempotent
    job, outside any scope. Raises Unavailable while the server is away: the job is repeated.
    """
    async with job_scope(actor) as scope:
        message = await _prepare(scope, key, compose)
    if message is None:
        return
    refused = None
    try:
        await (clients().sms.send(message) if isinstance(message, Sms) else clients().mailer.send(message))
    except UndeliverableError as error:
        refused = error.message
    async with job_scope(actor) as scope:
        await scope.execute(RESULT, key, refused)
        if record is not None:
            await record(scope, refused)


async def _prepare(scope: Scope, key: str, compose: Compose) -> Mail | Sms | None:
    """Write the intent and return the message; None where there is nothing to send, or it was sent or refused."""
    composed = await compose(scope)
    if composed is None:
        return None
    recipient, content = composed
    if isinstance(content, MailContent):
        channel, title = Channel.MAIL, content.subject
    else:
        channel, title = Channel.SMS, ""
    intent = (new_id(), scope.tenant_id, key, channel, recipient, title, clock.now())
    if await scope.fetch_value(str, INTENT, *intent) is None:
        return None
    name = sha256(f"{scope.tenant_id}/{key}".encode()).hexdigest()[:32]
    if isinstance(content, SmsContent):
        return Sms(message_id=name, to=recipient, text=content.text)
    settings = clients().settings
    written = render(content, tenant=(await tenant_info(scope)).name, operator=settings.operator)
    domain = settings.mail_from.rpartition("@")[2].strip("> ")
    return Mail(
        message_id=f"<{name}@{domain}>",
        to=recipient,
        subject=content.subject,
        text=written.text,
        html=written.html,
        language=content.language,
        picture=content.picture.png if content.picture else None,
        picture_id=PICTURE if content.picture else "",
    )
