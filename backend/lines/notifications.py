"""Messages about the user of a line: the earlier address is told that it was changed, and not what came after it."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from backend.catalog.identifiers import format_msisdn
from backend.core import clock
from backend.core.facts import ItemMailEnded, JobName, UserAddressChanged
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.core.permissions import Portal
from backend.lines.tables import Line
from backend.notifications.content import MailContent, Message, PortalContent
from backend.notifications.sending import RecordResult, pin_recipient, pinned_recipient, send_once
from backend.runtime import clients
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

TEXTS = Path(__file__).with_name("notification_texts.toml")

ADDRESSES = """
SELECT l.id, u.email, u.language, u.member_id FROM line l JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
WHERE l.id = ANY($1) AND u.email <> ''
"""


class UserAddress(msgspec.Struct, frozen=True):
    """The address and the language of whoever uses a line; `member_id` where that person is a member."""

    id: UUID
    email: str
    language: str
    member_id: UUID | None


class LineNumber(msgspec.Struct, frozen=True):
    """The number of a line; empty before the carrier gave one."""

    msisdn: str


async def line_number(scope: Scope, line_id: UUID) -> LineNumber | None:
    """The number of a line, for a message about it."""
    return await scope.select_one(LineNumber, Line, Line.id == line_id)


def own_notice(member_id: UUID | None, language: str, title: str, text: str) -> PortalContent | None:
    """A message in the portal about somebody's own line, which leads to it; None for somebody who is no member."""
    if member_id is None:
        return None
    return PortalContent(member_id, Portal.USER, language, title, text, "/app/my")


async def addresses_of(scope: Scope, line_ids: list[UUID]) -> dict[UUID, UserAddress]:
    """By line: the address and the language of whoever uses it now. Lines without an address are left out."""
    return {one.id: one for one in await scope.fetch_all(UserAddress, ADDRESSES, line_ids)}


async def notify_old_address(
    scope: Scope, item_id: UUID, line_id: UUID, *, earlier: UserAddress, now: str
) -> None:
    """Notify the earlier address that the line's messages go elsewhere from now on, unless it is the same one."""
    if earlier.email.casefold() == now.casefold():
        return
    await pin_recipient(scope, _key(item_id), earlier.email, member_id=earlier.member_id)
    scope.emit(
        UserAddressChanged(item_id=item_id, line_id=line_id, language=earlier.language, at=clock.now())
    )


def _key(item_id: object) -> str:
    return f"user_address/{item_id}"


@idempotent_job(JobName.SEND_ADDRESS_NOTICE)
async def send_address_notice(actor: Actor, *, item_id: str, line_id: str, language: str, at: str) -> None:
    """Send the security notice, in the language of whoever had the address.

    It names nobody, since the line may have another user.
    """

    async def compose(scope: Scope) -> Message | None:
        to, line = await pinned_recipient(scope, _key(item_id)), await line_number(scope, UUID(line_id))
        if to is None or line is None:
            return None
        operator, texts = clients().settings.operator, FileTexts(TEXTS, language)
        number = format_msisdn(line.msisdn) or texts.text("new_number")
        mail = MailContent(
            language=texts.language,
            subject=texts.text("address_title"),
            title=texts.text("address_title"),
            paragraphs=(texts.text("greeting"), texts.text("address_lead")),
            facts=(
                (texts.text("number"), number),
                (texts.text("when"), f"{clock.local(datetime.fromisoformat(at)):%d/%m/%Y %H:%M}"),
                (texts.text("by"), (await tenant_info(scope)).name),
                (texts.text("support"), f"{operator.support_email}, {operator.support_phone}"),
            ),
            closing=(texts.text("address_not_you"),),
            # Whoever reads it there may have nothing to do with the company any more
            footer=texts.text("footer", number=number, support=operator.support_email),
        )
        words = texts.text("address_portal", number=number)
        return Message(to.recipient, mail, own_notice(to.member_id, texts.language, mail.title, words))

    await send_once(actor, _key(item_id), compose, record=count_refusal(item_id))


def count_refusal(item_id: str) -> RecordResult:
    """What follows where the mail server refuses a notice about an item: its request counts it."""

    async def record(scope: Scope, refused: str | None) -> None:
        if refused is not None:
            scope.emit(ItemMailEnded(item_id=UUID(item_id), refused=True, needed=False))

    return record
