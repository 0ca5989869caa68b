"""Sends a letter once: the intent is written, then it is sent, then that is written; a repeat has the same Message-ID."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from backend.core import clock
from backend.core.ids import new_id
from backend.core.messaging.jobs import job_scope
from backend.integrations.mail import Mail, UndeliverableError
from backend.notifications.frame import PICTURE, MailContent, render
from backend.runtime import clients
from tenants.scope import Actor, Scope

Compose = Callable[[Scope], Awaitable[tuple[str, MailContent] | None]]
PrepareMail = Callable[[Scope], Awaitable[Mail | None]]
RecordResult = Callable[
    [Scope, str | None], Awaitable[None]
]  # why the mail server will never take it, or None

INTENT = (
    "INSERT INTO letter (id, tenant_id, key, recipient, subject, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (tenant_id, key) DO UPDATE SET subject = EXCLUDED.subject"
    " WHERE letter.sent_at IS NULL AND letter.refused IS NULL RETURNING id"
)


async def pin_recipient(scope: Scope, key: str, recipient: str) -> None:
    """Fix to whom a letter will go, before it is written: whatever address a record has by then."""
    await scope.connection.execute(
        "INSERT INTO letter (id, tenant_id, key, recipient, subject, created_at) VALUES ($1, $2, $3, $4, '', $5)"
        " ON CONFLICT (tenant_id, key) DO NOTHING",
        new_id(),
        scope.tenant_id,
        key,
        recipient,
        clock.now(),
    )


async def send_and_record(actor: Actor, intend: PrepareMail, note: RecordResult) -> None:
    """Send the mail that `intend` writes down and returns (None: it was sent before), then `note` it as sent or refused.

    Call it from a flow, outside any scope. Raises Unavailable while the mail server is away: the flow is repeated.
    """
    async with job_scope(actor) as scope:
        mail = await intend(scope)
    if mail is None:
        return
    refused = None
    try:
        await clients().mailer.send(mail)
    except UndeliverableError as refusal:
        refused = refusal.message
    async with job_scope(actor) as scope:
        await note(scope, refused)


def message_id(name: str) -> str:
    """The same for the same name: a mail that was sent twice is one to whoever gets it."""
    domain = clients().settings.mail_from.rpartition("@")[2].strip("> ")
    return f"<{name}@{domain}>"


async def send_once(actor: Actor, key: str, compose: Compose) -> None:
    """Send what `compose` writes in a scope (address and content, or None for nothing), once by `key`; see above."""

    async def note(scope: Scope, refused: str | None) -> None:
        await scope.connection.execute(
            "UPDATE letter SET sent_at = CASE WHEN $2::text IS NULL THEN now() END, refused = $2 WHERE key = $1",
            key,
            refused,
        )

    await send_and_record(actor, lambda scope: _mail(scope, key, compose), note)


async def _mail(scope: Scope, key: str, compose: Compose) -> Mail | None:
    composed = await compose(scope)
    if composed is None:
        return None
    recipient, content = composed
    intent = (new_id(), scope.tenant_id, key, recipient, content.subject, clock.now())
    if await scope.connection.fetchval(INTENT, *intent) is None:
        return None
    settings = clients().settings
    tenant = await scope.connection.fetchval("SELECT name FROM tenant")
    written = render(content, tenant=tenant, operator=settings.operator)
    return Mail(
        message_id=message_id(sha256(f"{scope.tenant_id}/{key}".encode()).hexdigest()[:32]),
        to=recipient,
        subject=content.subject,
        text=written.text,
        html=written.html,
        language=content.language,
        picture=content.picture.png if content.picture else None,
        picture_id=PICTURE if content.picture else "",
    )
