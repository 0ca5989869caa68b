"""The notices of a SIM swap, to whoever uses the line: asked for, done, or come to nothing."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.catalog.identifiers import format_msisdn
from backend.core import clock
from backend.core.facts import JobName, SimSwapped
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.lines.notifications import count_refusal, own_notice
from backend.lines.sims.notifications import TEXTS, greeting
from backend.notifications.content import MailContent, Message
from backend.notifications.sending import pin_recipient, pinned_recipient, send_once, was_told
from backend.runtime import clients
from tenants.scope import Actor, Scope

# When the user is notified of a swap
ASKED, ACTIVE, WITHDRAWN = "asked", "active", "withdrawn"

SWAPPED = """
SELECT l.msisdn, u.given_name, u.language FROM line l
LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id WHERE l.id = $1
"""
USER_MEMBERS = """
SELECT l.id, u.member_id FROM line l JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
WHERE l.id = ANY($1) AND u.member_id IS NOT NULL
"""


class SwappedLine(msgspec.Struct, frozen=True):
    """The number of a SIM swap, and who uses it."""

    msisdn: str
    given_name: str | None
    language: str | None


class UserMember(msgspec.Struct, frozen=True):
    """The member who uses a line."""

    id: UUID
    member_id: UUID


def swap_key(item_id: object, phase: str) -> str:
    """The key of a swap notice."""
    return f"sim_swap/{item_id}/{phase}"


async def members_using(scope: Scope, line_ids: list[UUID]) -> dict[UUID, UUID]:
    """By line: the member who uses it. Lines whose user is no member are left out."""
    return {one.id: one.member_id for one in await scope.fetch_all(UserMember, USER_MEMBERS, line_ids)}


async def notify_swap_requested(
    scope: Scope, item_id: UUID, line_id: UUID, *, recipient: str, member_id: UUID | None, by: str
) -> None:
    """Notify the line's user of a requested SIM swap, now and when it is done, at the address known before.

    `member_id`: the member who uses the line, and sees the same in the portal.
    """
    if not recipient:
        return
    for phase in (ASKED, ACTIVE):
        await pin_recipient(scope, swap_key(item_id, phase), recipient, member_id=member_id)
    _announce(scope, item_id, line_id, ASKED, by)


async def notify_sim_active(scope: Scope, item_id: UUID, line_id: UUID) -> None:
    """Notify the same person that the swap is done, where anybody was notified of the request."""
    if await pinned_recipient(scope, swap_key(item_id, ACTIVE)) is not None:
        _announce(scope, item_id, line_id, ACTIVE, "")


async def notify_swap_withdrawn(scope: Scope, item_id: UUID, line_id: UUID) -> None:
    """Notify the same person that the swap comes to nothing, where anybody was to be notified of the request."""
    to = await pinned_recipient(scope, swap_key(item_id, ACTIVE))
    if to is not None:
        await pin_recipient(scope, swap_key(item_id, WITHDRAWN), to.recipient, member_id=to.member_id)
        _announce(scope, item_id, line_id, WITHDRAWN, "")


def _announce(scope: Scope, item_id: UUID, line_id: UUID, phase: str, by: str) -> None:
    scope.emit(SimSwapped(item_id=item_id, line_id=line_id, phase=phase, by=by, at=clock.now()))


@idempotent_job(JobName.SEND_SWAP_NOTICE)
async def send_swap_notice(actor: Actor, *, item_id: str, line_id: str, phase: str, by: str, at: str) -> None:
    """Send the security notice of a swap, in the user's language."""
    key = swap_key(item_id, phase)

    async def compose(scope: Scope) -> Message | None:
        to = await pinned_recipient(scope, key)
        row = await scope.fetch_one(SwappedLine, SWAPPED, UUID(line_id))
        if to is None or row is None or not await _still_true(scope, item_id, phase):
            return None
        operator = clients().settings.operator
        texts = FileTexts(TEXTS, row.language or "en")
        facts = [
            (texts.text("number"), format_msisdn(row.msisdn)),
            (texts.text("when"), f"{clock.local(datetime.fromisoformat(at)):%d/%m/%Y %H:%M}"),
        ]
        if by:
            facts.append((texts.text("by"), by))
        facts.append((texts.text("support"), f"{operator.support_email}, {operator.support_phone}"))
        title, lead = texts.text(f"swap_{phase}_title"), texts.text(f"swap_{phase}_lead")
        # Of a swap that does not happen nobody has to be warned
        warning = "" if phase == WITHDRAWN else texts.text("swap_not_you")
        mail = MailContent(
            language=texts.language,
            subject=title,
            title=title,
            paragraphs=(greeting(texts, row.given_name), lead),
            facts=tuple(facts),
            closing=(warning,) if warning else (),
        )
        shown = own_notice(to.member_id, texts.language, title, f"{lead} {warning}".rstrip())
        return Message(to.recipient, mail, shown)

    await send_once(actor, key, compose, record=count_refusal(item_id))


async def _still_true(scope: Scope, item_id: str, phase: str) -> bool:
    """Whether a notice of this phase is to be written.

    A request that was withdrawn before anybody was told of it is never told; its withdrawal only to who was told.
    """
    told = await was_told(scope, swap_key(item_id, ASKED))
    if phase == WITHDRAWN:
        return told
    withdrawn = await pinned_recipient(scope, swap_key(item_id, WITHDRAWN)) is not None
    # What was begun may have reached its reader already: a repeat goes on
    return told or not withdrawn
