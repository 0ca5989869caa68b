"""Tells a member that an owner gave, changed or took the access to invoices."""

from pathlib import Path
from uuid import UUID

from backend.core.facts import JobName
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.core.permissions import Portal
from backend.lines.organisations import accounts_of
from backend.members.invoice_readers import person_with_id
from backend.notifications.content import MailContent, Message, PortalContent
from backend.notifications.sending import send_once
from backend.runtime import clients
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

TEXTS = Path(__file__).with_name("access_texts.toml")
PAGE = "/app/invoices"
MOST_NAMED = 20


@idempotent_job(JobName.MAIL_INVOICE_ACCESS)
async def mail_invoice_access(actor: Actor, *, member_id: str, at: str) -> None:
    """Say what the member sees from now on."""

    async def compose(scope: Scope) -> Message | None:
        member = await person_with_id(scope, UUID(member_id))
        if member is None:
            return None
        tenant = (await tenant_info(scope)).name
        texts = FileTexts(TEXTS, member.language)
        left = not member.active
        has = member.active and member.is_reader
        what = "given" if has else "left" if left else "taken"
        numbers = await _numbers(scope, member.invoice_accounts) if has else ""
        title = texts.text(f"{what}_title", company=tenant)
        lead = texts.text(f"{what}_text", company=tenant)
        content = MailContent(
            language=texts.language,
            subject=title,
            title=title,
            paragraphs=(lead,),
            facts=((texts.text("numbers"), numbers or texts.text("all")),) if has else (),
            button=(texts.text("see"), f"{clients().settings.public_url}{PAGE}") if has else None,
        )
        shown = PortalContent(member.id, Portal.MANAGER, texts.language, title, lead, PAGE if has else "/app")
        return Message(member.email, content, None if left else shown)

    await send_once(actor, f"invoice_access/{member_id}/{at}", compose)


async def _numbers(scope: Scope, accounts: list[UUID] | None) -> str:
    """The customer numbers by name, 20 at most; "" for all."""
    if accounts is None:
        return ""
    found = await accounts_of(scope, accounts, limit=MOST_NAMED)
    more = len(accounts) - len(found)
    return ", ".join(one.number for one in found) + (f" (+{more})" if more else "")
