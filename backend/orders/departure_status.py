"""What the manager sees of a departure whose successor is known: the invitation, whether it was opened, the choice."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.notifications.content import Channel
from backend.orders import queries
from backend.orders.departure_mails import invitation_key
from backend.orders.departures import offer_name
from backend.orders.kinds.depart import PREPAID
from backend.orders.tables import ChangeOrderItem, Departure
from tenants.scope import Scope

SENT_AT = "SELECT sent_at FROM notification WHERE key = $1 AND channel = $2"


class DepartureStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One departure. `offer`: the name of the chosen offer, "" where none is; `prepaid`: the offers were declined."""

    state: str
    leaves_on: date
    successor: str
    email: str
    # When the mail server took the invitation, or why it did not
    sent_at: datetime | None
    refused: str
    opened_at: datetime | None
    offer: str
    prepaid: bool
    chosen_at: datetime | None


class DepartingItem(msgspec.Struct, frozen=True):
    """The item of a departure."""

    id: UUID


class SuccessorRecord(msgspec.Struct, frozen=True):
    """The columns of a departure and its successor."""

    id: UUID
    state: str
    leaves_on: date
    given_name: str
    family_name: str
    email: str
    offer: str
    opened_at: datetime | None
    chosen_at: datetime | None
    invited_at: datetime | None
    invitations: int
    mail_refused: str | None


@use_case(Permission.ORDERS_READ, read_only=True)
async def departure_status(scope: Scope, reference: str) -> DepartureStatus | None:
    """The departure of a request; None where nobody was named as successor. Raises NotFound."""
    order_id = await queries.find(scope, reference)
    items = await scope.select_all(
        DepartingItem, ChangeOrderItem, ChangeOrderItem.order_id == order_id, limit=1
    )
    found = (
        await scope.select_one(SuccessorRecord, Departure, Departure.item_id == items[0].id)
        if items
        else None
    )
    if found is None or not (found.email or found.invited_at):
        return None
    key = invitation_key(found.id, found.invitations)
    catalogue = await catalogue_of(scope)
    return DepartureStatus(
        state=found.state,
        leaves_on=found.leaves_on,
        successor=f"{found.given_name} {found.family_name}".strip(),
        email=found.email,
        sent_at=await scope.fetch_value(datetime, SENT_AT, key, Channel.MAIL),
        refused=found.mail_refused or "",
        opened_at=found.opened_at,
        offer=offer_name(catalogue.profile, found.offer, catalogue.language),
        prepaid=found.offer == PREPAID,
        chosen_at=found.chosen_at,
    )
