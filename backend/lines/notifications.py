"""Mails about the user of a line: the earlier address is told that it was changed, and not which one came after it."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from backend.catalog.identifiers import format_msisdn
from backend.core import clock
from backend.core.facts import JobName, UserAddressChanged
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.notifications.content import MailContent
from backend.notifications.sending import pin_recipient, send_once
from backend.runtime import clients
from tenants.scope import Actor, Scope

TEXTS = Path(__file__).with_name("notification_texts.toml")


ADDRESSES = """
SELECT l.id, u.email, u.language FROM line l JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
WHERE l.id = ANY($1) AND u.email <> ''
"""
NOTICE = """
SELECT t.recipient, l.msisdn, c.name AS company FROM notification t, line l, tenant c WHERE t.key = $1 AND l.id = $2
"""


class UserAddress(msgspec.Struct, frozen=True):
    """The address and the language of whoever uses a line."""

    id: UUID
    email: str
    language: str


class AddressNotice(msgspec.Struct, frozen=True):
    """What the notice of a changed address says."""

    recipient: str
    msisdn: str
    company: str


async def addresses_of(scope: Scope, line_ids: list[UUID]) -> dict[UUID, UserAddress]:
    """By line: the address and the language of whoever uses it now. Lines without an address are left out."""
    return {one.id: one for one in await scope.fetch_all(UserAddress, ADDRESSES, line_ids)}


async def notify_old_address(
    scope: Scope, item_id: UUID, line_id: UUID, *, earlier: UserAddress, now: str
) -> None:
    """Notify the earlier address that the line's messages go elsewhere from now on, unless it is the same one."""
    if earlier.email.casefold() == now.casefold():
        return
    await pin_recipient(scope, _key(item_id), earlier.email)
    scope.emit(
        UserAddressChanged(item_id=item_id, line_id=line_id, language=earlier.language, at=clock.now())
    )


def _key(item_id: object) -> str:
    return f"user_address/{item_id}"


@idempotent_job(JobName.SEND_ADDRESS_NOTICE)
async def send_address_notice(actor: Actor, *, item_id: str, line_id: str, language: str, at: str) -> None:
    """Mail the security notice, in the language of whoever had the address.

    It names nobody, since the line may have another user.
    """

    async def compose(scope: Scope) -> tuple[str, MailContent] | None:
        row = await scope.fetch_one(AddressNotice, NOTICE, _key(item_id), UUID(line_id))
        if row is None:
            return None
        operator, texts = clients().settings.operator, FileTexts(TEXTS, language)
        return row.recipient, MailContent(
            language=texts.language,
            subject=texts.text("address_title"),
            title=texts.text("address_title"),
            paragraphs=(texts.text("greeting"), texts.text("address_lead")),
            facts=(
                (texts.text("number"), format_msisdn(row.msisdn) or texts.text("new_number")),
                (texts.text("when"), f"{clock.local(datetime.fromisoformat(at)):%d/%m/%Y %H:%M}"),
                (texts.text("by"), row.company),
                (texts.text("support"), f"{operator.support_email}, {operator.support_phone}"),
            ),
            closing=(texts.text("address_not_you"),),
        )

    await send_once(actor, _key(item_id), compose)
