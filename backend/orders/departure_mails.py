"""The mails to a successor: the invitation, another day, withdrawn, what was chosen, and what became of the number."""

from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.core import clock
from backend.core.clock import midnight
from backend.core.facts import ItemMailEnded, JobName
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.core.public_links import create_link, public_address
from backend.notifications.content import MailContent, Message
from backend.notifications.sending import send_once
from backend.orders.departures import DEPARTURE, TEXTS, DepartureRecord, offer_name
from backend.orders.effects.depart import LINK
from backend.orders.kinds.depart import PREPAID, PRIVATE
from backend.orders.lifecycle import OFFERED_DEPARTURES, DepartureState
from backend.orders.tables import Departure
from backend.runtime import clients
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

# The mails that lead to the successor's page
WITH_LINK = frozenset({"invite", "moved", "chosen"})
# The mails that say what happens without an answer
OPEN_CHOICE = frozenset({"invite", "moved"})
# The latest invitation counts: an earlier one may end after it
MARK_INVITATION = (
    "UPDATE departure SET mail_refused = $3 WHERE id = $1 AND invitations = $2 RETURNING item_id"
)


class InvitedItem(msgspec.Struct, frozen=True):
    """The item of a departure whose invitation was sent or refused."""

    item_id: UUID


@idempotent_job(JobName.INVITE_SUCCESSOR)
async def invite_successor(actor: Actor, *, departure_id: str, number: int = 0) -> None:
    """Mail the offers to the successor, once the undo time of the request is over.

    `number`: how often the address was corrected since; each time is a mail of its own.
    """

    async def compose(scope: Scope) -> Message | None:
        found = await _departure(scope, departure_id)
        if found is None or found.state != DepartureState.SUCCESSOR_INVITED or not found.email:
            return None
        await Departure.update({Departure.invited_at: clock.now()}).where(Departure.id == found.id)
        return Message(found.email, await _mail_content(scope, "invite", found))

    async def record(scope: Scope, refused: str | None) -> None:
        found = await scope.fetch_one(InvitedItem, MARK_INVITATION, UUID(departure_id), number, refused)
        if found is not None:
            scope.emit(ItemMailEnded(item_id=found.item_id, refused=refused is not None, needed=True))

    await send_once(actor, invitation_key(departure_id, number), compose, record=record)


def invitation_key(departure_id: object, number: int) -> str:
    """The key of the invitation; `number`: how often its address was corrected before."""
    return f"departure_invite/{departure_id}" + (f"/{number}" if number else "")


@idempotent_job(JobName.NOTIFY_RESCHEDULED)
async def notify_rescheduled(actor: Actor, *, departure_id: str, day: str) -> None:
    """Mail another day to a successor who was invited."""
    await _notify(actor, departure_id, "moved", f"departure_moved/{departure_id}/{day}")


@idempotent_job(JobName.NOTIFY_WITHDRAWN)
async def notify_withdrawn(actor: Actor, *, departure_id: str) -> None:
    """Mail a successor who was invited that the number stays with the company."""
    await _notify(actor, departure_id, "withdrawn", f"departure_withdrawn/{departure_id}")


@idempotent_job(JobName.CONFIRM_CHOICE)
async def confirm_choice(actor: Actor, *, departure_id: str, offer: str, at: str) -> None:
    """Mail the successor what was chosen, unless another choice followed or the day has come."""
    await _notify(actor, departure_id, "chosen", f"departure_choice/{departure_id}/{at}", offer=offer)


@idempotent_job(JobName.NOTIFY_CONVERTED)
async def notify_converted(actor: Actor, *, departure_id: str) -> None:
    """Mail a successor who was invited what became of the number on the day."""
    await _notify(actor, departure_id, "ended", f"departure_ended/{departure_id}")


async def _notify(actor: Actor, departure_id: str, what: str, key: str, *, offer: str = "") -> None:
    async def compose(scope: Scope) -> Message | None:
        found = await _departure(scope, departure_id)
        if found is None or not found.email or not found.invited_at:
            return None
        if offer and (found.offer != offer or found.state not in OFFERED_DEPARTURES):
            return None
        return Message(found.email, await _mail_content(scope, what, found))

    async def record(scope: Scope, refused: str | None) -> None:
        found = await _departure(scope, departure_id)
        # A new day makes the earlier link worthless
        needed = what == "moved" and found is not None and found.state == DepartureState.SUCCESSOR_INVITED
        if needed:
            await Departure.update({Departure.mail_refused: refused}).where(
                Departure.id == UUID(departure_id)
            )
        if found is not None and (needed or refused is not None):
            scope.emit(ItemMailEnded(item_id=found.item_id, refused=refused is not None, needed=needed))

    await send_once(actor, key, compose, record=record)


async def _departure(scope: Scope, departure_id: str) -> DepartureRecord | None:
    return await scope.fetch_one(DepartureRecord, DEPARTURE, UUID(departure_id))


async def _mail_content(scope: Scope, what: str, departure: DepartureRecord) -> MailContent:
    texts, company = FileTexts(TEXTS, departure.language), (await tenant_info(scope)).name
    number, day = format_msisdn(departure.msisdn), f"{departure.leaves_on:%d/%m/%Y}"
    values = {
        "number": number,
        "day": day,
        "company": company,
        "name": departure.given_name,
        "offer": offer_name((await catalogue_of(scope)).profile, departure.offer, texts.language),
    }
    sentence = what
    if what in {"chosen", "ended"}:
        prepaid = departure.offer in {"", PREPAID} or departure.state == DepartureState.CONVERTED_PREPAID
        sentence = f"{what}_{PREPAID if prepaid else PRIVATE}"
    paragraphs = [texts.text("greeting", **values), texts.text(f"{sentence}_lead", **values)]
    if what in OPEN_CHOICE:
        paragraphs.append(texts.text("otherwise", **values))
    button = None
    if what in WITH_LINK:
        # An earlier link ended on an earlier day: a new one is valid until the new day
        token = await create_link(scope, LINK, departure.id, midnight(departure.leaves_on))
        words = texts.text("change_button" if what == "chosen" else "invite_button")
        button = (words, public_address(clients().settings, LINK, token))
    settings = clients().settings
    return MailContent(
        language=texts.language,
        subject=texts.text(f"{what}_subject", **values),
        title=texts.text(f"{what}_title", **values),
        paragraphs=tuple(paragraphs),
        facts=(
            (texts.text("number"), number),
            (texts.text("day"), day),
            (texts.text("company"), company),
        ),
        button=button,
        footer=texts.text("footer", support=settings.operator.support_email, **values),
    )
