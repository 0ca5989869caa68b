"""Messages about SIMs: the code of an eSIM to its user, the question before it, and the notice of a swap."""

import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import segno

from backend.catalog.identifiers import format_msisdn
from backend.core import clock, public_links
from backend.core.facts import ItemMailEnded, JobName, SimSwapped
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.lines.notifications import count_refusal, own_notice
from backend.lines.sims.codes import EsimCode, SealedCode, open_code
from backend.lines.sims.esim_profiles import ENDED_STATES
from backend.lines.tables import EsimProfile
from backend.notifications.content import InlineImage, MailContent, Message, PortalContent
from backend.notifications.sending import pin_recipient, pinned_recipient, send_once, was_told
from backend.runtime import clients
from tenants.scope import Actor, Scope

TEXTS = Path(__file__).with_name("texts.toml")
# Of the public link
PURPOSE = "esim_confirmation"
ANSWER_WITHIN = timedelta(days=30)
# When the user is notified of a swap
ASKED, ACTIVE, WITHDRAWN = "asked", "active", "withdrawn"

PROFILE = """
SELECT p.id, p.state, p.iccid, p.activation_sealed, p.confirmation_sealed, p.valid_until, p.email, p.language,
  p.copy_to, p.confirmed_at, l.msisdn, u.given_name, u.family_name, u.member_id
FROM esim_profile p JOIN line l ON l.tenant_id = p.tenant_id AND l.id = p.line_id
LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
WHERE p.id = $1 AND p.state <> ALL($2::text[]) AND p.activation_sealed IS NOT NULL
"""
# The latest sending counts: an earlier one may end after it
MARK_CODE = """
UPDATE esim_profile SET sent_at = CASE WHEN $3::text IS NULL THEN $4 ELSE sent_at END, mail_refused = $3
WHERE id = $1 AND sent_count = $2 RETURNING line_id, item_id, sent_for
"""
MARK_QUESTION = """
UPDATE esim_profile SET mail_refused = $3 WHERE id = $1 AND sent_count = $2 RETURNING line_id, item_id, sent_for
"""
SWAPPED = """
SELECT l.msisdn, u.given_name, u.language FROM line l
LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id WHERE l.id = $1
"""
USER_MEMBERS = """
SELECT l.id, u.member_id FROM line l JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
WHERE l.id = ANY($1) AND u.member_id IS NOT NULL
"""


class MailedProfile(SealedCode, frozen=True):
    """A profile that has codes, with the people and the number that a mail names."""

    email: str
    language: str
    copy_to: str
    confirmed_at: datetime | None
    msisdn: str
    given_name: str | None
    family_name: str | None
    member_id: UUID | None


class ProfileItem(msgspec.Struct, frozen=True):
    """The item that ordered a profile."""

    item_id: UUID | None


class MailedItems(msgspec.Struct, frozen=True):
    """The line of a profile whose mail was sent or refused, and the items that wait for it."""

    line_id: UUID
    item_id: UUID | None
    sent_for: UUID | None


class SwappedLine(msgspec.Struct, frozen=True):
    """The number of a SIM swap, and who uses it."""

    msisdn: str
    given_name: str | None
    language: str | None


class UserMember(msgspec.Struct, frozen=True):
    """The member who uses a line."""

    id: UUID
    member_id: UUID


def qr_png(content: str) -> bytes:
    """A QR code that a camera reads from a screen and from paper."""
    out = io.BytesIO()
    segno.make_qr(content, error="m").save(out, kind="png", scale=8, border=4)
    return out.getvalue()


def mask_sim(number: str) -> str:
    """A SIM number in groups of four digits."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


@idempotent_job(JobName.SEND_ACTIVATION_CODE)
async def send_activation_code(actor: Actor, *, profile_id: str, number: int) -> None:
    """Mail the code to the line's user, in that person's language; a copy where it was asked for."""

    async def to_user(scope: Scope) -> Message | None:
        found = await _mailed(scope, profile_id)
        if found is None or not found.email:
            return None
        return Message(found.email, code_mail(found, open_code(scope, found)), code_notice(found))

    async def to_requester(scope: Scope) -> Message | None:
        found = await _mailed(scope, profile_id)
        if found is None or not found.copy_to:
            return None
        return Message(found.copy_to, code_copy(found, open_code(scope, found)))

    async def record(scope: Scope, refused: str | None) -> None:
        values = (UUID(profile_id), number, refused, clock.now())
        _announce_mail(scope, await scope.fetch_one(MailedItems, MARK_CODE, *values), refused)

    async def record_copy(scope: Scope, refused: str | None) -> None:
        found = await scope.select_one(ProfileItem, EsimProfile, EsimProfile.id == UUID(profile_id))
        if refused is not None and found is not None and found.item_id is not None:
            scope.emit(ItemMailEnded(item_id=found.item_id, refused=True, needed=False))

    key = f"esim/{profile_id}/{number}"
    await send_once(actor, key, to_user, record=record)
    await send_once(actor, f"{key}/copy", to_requester, record=record_copy)


def _announce_mail(scope: Scope, found: MailedItems | None, refused: str | None) -> None:
    """Say of the items that wait for a profile's mail that it was sent or refused."""
    if found is None:
        return
    for item_id in sorted({one for one in (found.item_id, found.sent_for) if one is not None}):
        scope.emit(ItemMailEnded(item_id=item_id, refused=refused is not None, needed=True))
    scope.invalidate(f"line:{found.line_id}")


async def _mailed(scope: Scope, profile_id: str) -> MailedProfile | None:
    """The profile, while it has codes and has not ended."""
    return await scope.fetch_one(MailedProfile, PROFILE, UUID(profile_id), ENDED_STATES)


def code_mail(row: MailedProfile, code: EsimCode) -> MailContent:
    """The mail with an activation code, in the language of the line's user."""
    texts = FileTexts(TEXTS, row.language)
    facts = [
        (texts.text("number"), format_msisdn(row.msisdn) or texts.text("new_number")),
        (texts.text("esim_number"), mask_sim(code.sim_number)),
        (texts.text("address"), code.address),
        (texts.text("matching_id"), code.matching_id),
    ]
    if code.confirmation_code:
        facts.append((texts.text("confirmation_code"), code.confirmation_code))
    if code.valid_until:
        facts.append((texts.text("valid_until"), f"{clock.local(code.valid_until):%d/%m/%Y %H:%M}"))
    return MailContent(
        language=texts.language,
        subject=texts.text("code_subject"),
        title=texts.text("code_title"),
        paragraphs=(_greeting(texts, row.given_name), texts.text("code_lead")),
        picture=InlineImage(qr_png(code.qr), texts.text("code_alt")),
        steps=tuple(texts.text(f"code_step_{number}") for number in range(1, 5)),
        facts=tuple(facts),
        closing=tuple(texts.text(f"code_{what}") for what in ("manual", "compatible", "secret")),
    )


def code_copy(row: MailedProfile, code: EsimCode) -> MailContent:
    """The copy of that mail for whoever asked for the eSIM: of which line and user it is, in the same language."""
    texts, mail = FileTexts(TEXTS, row.language), code_mail(row, code)
    number = format_msisdn(row.msisdn) or texts.text("new_number")
    name = f"{row.given_name or ''} {row.family_name or ''}".strip() or texts.text("user_unnamed")
    title = texts.text("copy_title", number=number, name=name)
    return replace(
        mail,
        subject=title,
        title=title,
        paragraphs=(texts.text("greeting_nobody"), texts.text("copy_lead", number=number, name=name)),
        facts=((texts.text("user"), name), *mail.facts),
        closing=tuple(
            texts.text(what, name=name) for what in ("code_manual", "code_compatible", "copy_secret")
        ),
    )


def code_notice(row: MailedProfile) -> PortalContent | None:
    """What the portal shows of that mail: that the code is there, and never the code."""
    texts = FileTexts(TEXTS, row.language)
    number = format_msisdn(row.msisdn) or texts.text("new_number")
    words = texts.text("code_portal", number=number)
    return own_notice(row.member_id, texts.language, texts.text("code_title"), words)


def _greeting(texts: FileTexts, given_name: str | None) -> str:
    return texts.text("greeting", name=given_name) if given_name else texts.text("greeting_nobody")


@idempotent_job(JobName.SEND_CONFIRMATION_REQUEST)
async def send_confirmation_request(actor: Actor, *, profile_id: str, number: int) -> None:
    """Ask the line's user whether the number may move to an eSIM; until then it is not active there."""

    async def compose(scope: Scope) -> Message | None:
        row = await _mailed(scope, profile_id)
        if row is None or row.confirmed_at or not row.email:
            return None
        until = min(row.valid_until or clock.now() + ANSWER_WITHIN, clock.now() + ANSWER_WITHIN)
        token = await public_links.create_link(scope, PURPOSE, row.id, until)
        texts = FileTexts(TEXTS, row.language)
        mail = MailContent(
            language=texts.language,
            subject=texts.text("confirm_subject"),
            title=texts.text("confirm_title"),
            paragraphs=(_greeting(texts, row.given_name), texts.text("confirm_lead")),
            facts=(
                (texts.text("number"), format_msisdn(row.msisdn) or texts.text("new_number")),
                (texts.text("esim_number"), mask_sim(row.iccid)),
                (texts.text("valid_until"), f"{clock.local(until):%d/%m/%Y %H:%M}"),
            ),
            button=(
                texts.text("confirm_button"),
                public_links.public_address(clients().settings, PURPOSE, token),
            ),
            closing=(texts.text("confirm_not_you", support=clients().settings.operator.support_email),),
        )
        # The link of the mail is the answer, so the portal shows nothing
        return Message(row.email, mail)

    async def record(scope: Scope, refused: str | None) -> None:
        values = (UUID(profile_id), number, refused)
        _announce_mail(scope, await scope.fetch_one(MailedItems, MARK_QUESTION, *values), refused)

    await send_once(actor, f"esim_confirmation/{profile_id}/{number}", compose, record=record)


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
            paragraphs=(_greeting(texts, row.given_name), lead),
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
