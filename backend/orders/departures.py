"""The successor's side of a departure: the offer, the choice, the mails, and the deletion of personal data."""

from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.core import clock
from backend.core.clock import midnight
from backend.core.errors import ValidationFailed
from backend.core.facts import JobName
from backend.core.i18n import FileTexts
from backend.core.ids import ItemId
from backend.core.messaging.jobs import idempotent_job
from backend.core.permissions import Permission
from backend.core.public_links import create_link, public_address
from backend.core.use_case import use_case
from backend.notifications.content import MailContent, Message
from backend.notifications.sending import send_once
from backend.orders.effects.depart import LINK
from backend.orders.kinds.depart import PREPAID
from backend.orders.lifecycle import OFFERED_DEPARTURES, OPEN_DEPARTURES, DepartureState
from backend.orders.tables import Departure
from backend.orders.timeline_codes import OrderTimelineCode
from backend.runtime import clients
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

TEXTS = Path(__file__).with_name("departure_texts.toml")
# The time after the end in which a release can be disputed; then the successor's data is deleted
KEPT = timedelta(days=60)

DEPARTURE = """
SELECT d.id, d.state, d.leaves_on, d.given_name, d.email, d.language, d.offer, d.invited_at, l.msisdn
FROM departure d JOIN line l ON l.tenant_id = d.tenant_id AND l.id = d.line_id WHERE d.id = $1
"""
ERASE = """
UPDATE departure SET given_name = '', family_name = '', email = '', forgotten_at = $2
WHERE ended_at < $1 AND forgotten_at IS NULL AND state <> ALL($3) RETURNING item_id
"""
ERASED_FIELDS = "- 'given_name' - 'family_name' - 'email'"
ERASE_ITEMS = f"UPDATE change_order_item SET change = change {ERASED_FIELDS} WHERE id = ANY($1)"
ERASE_ORDERS = f"""
UPDATE change_order SET body = body {ERASED_FIELDS}
WHERE id IN (SELECT order_id FROM change_order_item WHERE id = ANY($1))
"""


class DepartureRecord(msgspec.Struct, frozen=True):
    """One departure and the number that is released."""

    id: UUID
    state: str
    leaves_on: date
    given_name: str
    email: str
    language: str
    offer: str
    invited_at: datetime | None
    msisdn: str


class DepartingLine(msgspec.Struct, frozen=True):
    """The line of a departure."""

    line_id: UUID


class SuccessorOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a successor may choose. `monthly_cents` includes VAT, as consumers are shown it; 0 for prepaid."""

    code: str
    name: str
    about: str
    monthly_cents: int = 0


class DepartureView(msgspec.Struct, frozen=True, kw_only=True):
    """What the successor's page shows."""

    id: UUID
    state: str
    msisdn: str
    company: str
    carrier: str
    leaves_on: date
    given_name: str
    language: str
    offer: str
    offers: list[SuccessorOffer]
    open: bool


def offers_of(catalogue: Catalogue) -> list[SuccessorOffer]:
    """Private subscriptions of the carrier."""
    return [
        SuccessorOffer(
            code=offer.code,
            name=catalogue.text(offer.name),
            about=catalogue.text(offer.about),
            monthly_cents=offer.monthly_cents,
        )
        for offer in catalogue.profile.private_offers
    ]


@use_case(Permission.SYSTEM, read_only=True)
async def departure_of(scope: Scope, departure_id: UUID) -> DepartureView | None:
    """The departure behind a successor's link; None where it is not there any more."""
    found = await scope.fetch_one(DepartureRecord, DEPARTURE, departure_id)
    if found is None:
        return None
    catalogue = Catalogue((await catalogue_of(scope)).profile, found.language or scope.actor.language)
    return DepartureView(
        id=found.id,
        state=found.state,
        msisdn=found.msisdn,
        company=(await tenant_info(scope)).name,
        carrier=catalogue.profile.name,
        leaves_on=found.leaves_on,
        given_name=found.given_name,
        language=found.language,
        offer=found.offer,
        offers=offers_of(catalogue),
        open=found.state in OFFERED_DEPARTURES and found.leaves_on > clock.today(),
    )


@use_case(Permission.SYSTEM)
async def choose_offer(scope: Scope, departure_id: UUID, *, offer: str) -> bool:
    """Choose a private subscription, or prepaid, which declines the offers. The choice may change until the day.

    Returns False where the day has come or the departure was withdrawn. Raises ValidationFailed for an unknown offer.
    """
    known = {one.code for one in offers_of(await catalogue_of(scope))}
    if offer != PREPAID and offer not in known:
        raise ValidationFailed(offer="Choose one of the offers.")
    state = DepartureState.OFFER_CHOSEN if offer != PREPAID else DepartureState.SUCCESSOR_INVITED
    chosen = await scope.change_all(
        DepartingLine,
        Departure.update(
            {Departure.state: state, Departure.offer: offer, Departure.chosen_at: clock.now()}
        ).where(
            (Departure.id == departure_id)
            & Departure.state.is_in(list(OFFERED_DEPARTURES))
            & (Departure.leaves_on > clock.today())
        ),
    )
    if not chosen:
        return False
    line_id = chosen[0].line_id
    await timeline.record(scope, TimelineSubject.LINE, line_id, OrderTimelineCode.OFFER_CHOSEN, offer=offer)
    scope.invalidate(f"line:{line_id}")
    return True


@idempotent_job(JobName.INVITE_SUCCESSOR)
async def invite_successor(actor: Actor, *, departure_id: str) -> None:
    """Mail the offers to the successor, once the undo time of the request is over."""

    async def compose(scope: Scope) -> Message | None:
        found = await scope.fetch_one(DepartureRecord, DEPARTURE, UUID(departure_id))
        if found is None or found.state != DepartureState.SUCCESSOR_INVITED or not found.email:
            return None
        await scope.execute("UPDATE departure SET invited_at = now() WHERE id = $1", found.id)
        return Message(found.email, await _mail_content(scope, "invite", found, link=True))

    await send_once(actor, f"departure_invite/{departure_id}", compose)


@idempotent_job(JobName.NOTIFY_RESCHEDULED)
async def notify_rescheduled(actor: Actor, *, departure_id: str, day: str) -> None:
    """Mail another day to a successor who was invited."""
    await _notify(actor, departure_id, "moved", f"departure_moved/{departure_id}/{day}")


@idempotent_job(JobName.NOTIFY_WITHDRAWN)
async def notify_withdrawn(actor: Actor, *, departure_id: str) -> None:
    """Mail a successor who was invited that the number stays with the company."""
    await _notify(actor, departure_id, "withdrawn", f"departure_withdrawn/{departure_id}")


async def _notify(actor: Actor, departure_id: str, what: str, key: str) -> None:
    async def compose(scope: Scope) -> Message | None:
        found = await scope.fetch_one(DepartureRecord, DEPARTURE, UUID(departure_id))
        if found is None or not found.email or not found.invited_at:
            return None
        # The first link ended on the first day: a new one is valid until the new day
        return Message(found.email, await _mail_content(scope, what, found, link=what == "moved"))

    await send_once(actor, key, compose)


async def _mail_content(scope: Scope, what: str, departure: DepartureRecord, *, link: bool) -> MailContent:
    texts, company = FileTexts(TEXTS, departure.language), (await tenant_info(scope)).name
    number, day = format_msisdn(departure.msisdn), f"{departure.leaves_on:%d/%m/%Y}"
    values = {"number": number, "day": day, "company": company, "name": departure.given_name}
    paragraphs = [texts.text("greeting", **values), texts.text(f"{what}_lead", **values)]
    if what != "withdrawn":
        paragraphs.append(texts.text("otherwise", **values))
    button = None
    if link:
        token = await create_link(scope, LINK, departure.id, midnight(departure.leaves_on))
        button = (texts.text("invite_button"), public_address(clients().settings, LINK, token))
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
    )


@use_case(Permission.SYSTEM)
async def erase_successors(scope: Scope) -> None:
    """Delete successors' data 60 days after the end of their departures, also from the requests that named them."""
    items = await scope.fetch_all(ItemId, ERASE, clock.now() - KEPT, clock.now(), OPEN_DEPARTURES)
    await scope.execute(ERASE_ITEMS, items)
    await scope.execute(ERASE_ORDERS, items)
