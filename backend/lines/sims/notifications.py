"""Messages about eSIMs: the code to its user, with a copy where it was asked for, and the question before it."""

import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import segno

from backend.catalog.identifiers import format_msisdn
from backend.core import clock, public_links
from backend.core.facts import ItemMailEnded, JobName
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.lines.notifications import own_notice
from backend.lines.sims.codes import EsimCode, SealedCode, open_code
from backend.lines.sims.esim_profiles import ENDED_STATES
from backend.lines.tables import EsimProfile
from backend.notifications.content import InlineImage, MailContent, Message, PortalContent
from backend.notifications.sending import send_once
from backend.runtime import clients
from tenants.scope import Actor, Scope

TEXTS = Path(__file__).with_name("texts.toml")
# Of the public link
PURPOSE = "esim_confirmation"
ANSWER_WITHIN = timedelta(days=30)

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
        paragraphs=(greeting(texts, row.given_name), texts.text("code_lead")),
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


def greeting(texts: FileTexts, given_name: str | None) -> str:
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
            paragraphs=(greeting(texts, row.given_name), texts.text("confirm_lead")),
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
