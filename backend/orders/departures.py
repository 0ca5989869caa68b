"""The successor's side of a departure: the offers, the choice, and the deletion of personal data."""

from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.schemas import CarrierProfile
from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.core.facts import DepartureChosen
from backend.core.ids import ItemId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders.kinds.depart import PREPAID
from backend.orders.lifecycle import OFFERED_DEPARTURES, OPEN_DEPARTURES, DepartureState
from backend.orders.tables import Departure
from backend.orders.timeline_codes import OrderTimelineCode
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope
from tenants.tenant_info import tenant_info

TEXTS = Path(__file__).with_name("departure_texts.toml")
# The time after the end in which a release can be disputed; then the successor's data is deleted
KEPT = timedelta(days=60)

DEPARTURE = """
SELECT d.id, d.state, d.leaves_on, d.given_name, d.email, d.language, d.offer, d.invited_at, l.msisdn, d.item_id
FROM departure d JOIN line l ON l.tenant_id = d.tenant_id AND l.id = d.line_id WHERE d.id = $1
"""
OPENED = "UPDATE departure SET opened_at = $2 WHERE id = $1 AND opened_at IS NULL RETURNING line_id"
REQUEST = """
SELECT i.order_id FROM departure d JOIN change_order_item i ON i.tenant_id = d.tenant_id AND i.id = d.item_id
WHERE d.id = $1
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
    item_id: UUID


class ChosenOffer(msgspec.Struct, frozen=True):
    """What a successor chose so far, and the line that is released."""

    line_id: UUID
    offer: str


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


def offer_name(profile: CarrierProfile, code: str, language: str) -> str:
    """The name of a private subscription; "" for a prepaid card, or where nothing was chosen."""
    found = next((offer for offer in profile.private_offers if offer.code == code), None)
    return Catalogue(profile, language).text(found.name) if found else ""


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
    its_row = (
        (Departure.id == departure_id)
        & Departure.state.is_in(list(OFFERED_DEPARTURES))
        & (Departure.leaves_on > clock.today())
    )
    before = await scope.select_one(ChosenOffer, Departure, its_row, lock=True)
    if before is None:
        return False
    now = clock.now()
    await Departure.update({Departure.state: state, Departure.offer: offer, Departure.chosen_at: now}).where(
        its_row
    )
    if offer != before.offer:
        scope.emit(DepartureChosen(departure_id=departure_id, offer=offer, at=now))
    await timeline.record(
        scope, TimelineSubject.LINE, before.line_id, OrderTimelineCode.OFFER_CHOSEN, offer=offer
    )
    scope.invalidate(f"line:{before.line_id}")
    await _wake_request(scope, departure_id)
    return True


async def mark_opened(scope: Scope, departure_id: UUID) -> None:
    """Write when the page behind the invitation was first opened in a browser."""
    if await scope.fetch_value(UUID, OPENED, departure_id, clock.now()) is not None:
        await _wake_request(scope, departure_id)


async def _wake_request(scope: Scope, departure_id: UUID) -> None:
    """Wake the page of the request that the departure belongs to."""
    order_id = await scope.fetch_value(UUID, REQUEST, departure_id)
    scope.invalidate(f"order:{order_id}")


@use_case(Permission.SYSTEM)
async def erase_successors(scope: Scope) -> None:
    """Delete successors' data 60 days after the end of their departures, also from the requests that named them."""
    items = await scope.fetch_all(ItemId, ERASE, clock.now() - KEPT, clock.now(), OPEN_DEPARTURES)
    await scope.execute(ERASE_ITEMS, items)
    await scope.execute(ERASE_ORDERS, items)
