"""Departures in the database (domain 3.6): the line's status, the successor's link, and the outcome on the day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.facts import (
    DepartureEnded,
    DeparturePlanned,
    DepartureRescheduled,
    DepartureWithdrawn,
    JobName,
)
from backend.core.ids import new_id
from backend.lines.lifecycle import LineStatus
from backend.orders.effects.base import Effects
from backend.orders.effects.end_of_line import end_lines, mark_pending, restore_lines
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.depart import PRIVATE, Depart, DepartureChoice
from backend.orders.lifecycle import OPEN_DEPARTURES, DepartureState
from backend.orders.tables import Departure
from backend.runtime import settings
from tenants.scope import Scope

# The purpose of the successor's link
LINK = "departure_offer"

OPEN_OF_LINES = """
SELECT line_id, state, offer, given_name, family_name, email, language, previous_status FROM departure
WHERE line_id = ANY($1) AND state = ANY($2)
"""
RESCHEDULE = """
UPDATE departure d SET leaves_on = $2 FROM change_order_item i
WHERE i.tenant_id = d.tenant_id AND i.id = d.item_id AND i.order_id = $1 AND d.state = ANY($3)
RETURNING d.id, d.email
"""
WITHDRAW = """
UPDATE departure SET state = $2, ended_at = $3 WHERE item_id = ANY($1) AND state = ANY($4) RETURNING id, invited_at
"""


class LineDeparture(msgspec.Struct, frozen=True):
    """A line's departure that has not ended."""

    line_id: UUID
    state: str
    offer: str
    given_name: str
    family_name: str
    email: str
    language: str
    previous_status: str


class RescheduledDeparture(msgspec.Struct, frozen=True):
    """A departure that got another day."""

    id: UUID
    email: str


class WithdrawnDeparture(msgspec.Struct, frozen=True):
    """A departure that was withdrawn."""

    id: UUID
    invited_at: datetime | None


async def _load_context(
    scope: Scope, _request: Sequence[Any], lines: Sequence[LineSnapshot]
) -> dict[UUID, DepartureChoice]:
    """The departures of these lines that have not ended, by line."""
    found = await scope.fetch_all(LineDeparture, OPEN_OF_LINES, [line.id for line in lines], OPEN_DEPARTURES)
    return {
        one.line_id: DepartureChoice(
            state=one.state,
            offer=one.offer,
            given_name=one.given_name,
            family_name=one.family_name,
            email=one.email,
            language=one.language,
            previous_status=one.previous_status,
        )
        for one in found
    }


async def _on_placed(scope: Scope, order: PlacedOrder) -> None:
    """Write the departures and the lines' status; plan the mail to each successor for the end of the undo time."""
    request, now = order.request, clock.now()
    if not isinstance(request, Depart):
        raise TypeError(type(request).__name__)
    invited = bool(request.knows_successor)
    for item_id, item in order.items:
        departure_id = new_id()
        await Departure.insert(
            Departure(
                id=departure_id,
                tenant_id=scope.tenant_id,
                item_id=item_id,
                line_id=item.line.id,
                state=DepartureState.SUCCESSOR_INVITED if invited else DepartureState.REQUESTED,
                leaves_on=request.on,
                previous_status=item.line.status,
                given_name=request.given_name if invited else "",
                family_name=request.family_name if invited else "",
                email=request.email if invited else "",
                language=request.language if invited else "",
                created_at=now,
            )
        )
        if invited:
            start = now + timedelta(seconds=settings().grace_seconds)
            scope.emit(DeparturePlanned(departure_id=departure_id))
            scope.enqueue(JobName.INVITE_SUCCESSOR, not_before=start, departure_id=departure_id)
    await mark_pending(scope, [item.line.id for _, item in order.items], LineStatus.PENDING_RELEASE)


async def _on_rescheduled(scope: Scope, order_id: UUID, on: date) -> None:
    """Write the other day, and emit it where a successor is known."""
    for one in await scope.fetch_all(RescheduledDeparture, RESCHEDULE, order_id, on, OPEN_DEPARTURES):
        if one.email:
            scope.emit(DepartureRescheduled(departure_id=one.id, day=on))


async def _on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    for update in updates:
        private = update.change["target"] == PRIVATE
        ended = (
            await Departure.update(
                {
                    Departure.state: DepartureState.CONVERTED_PRIVATE
                    if private
                    else DepartureState.CONVERTED_PREPAID,
                    Departure.ended_at: clock.now(),
                }
            )
            .where(Departure.item_id == update.item_id)
            .returning(Departure.id)
        )
        for row in ended:
            scope.emit(DepartureEnded(departure_id=row["id"]))
    await end_lines(scope, updates)


async def _on_cancelled(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    """Withdraw the departures; the lines get their earlier status back.

    The successors' links stay until the day: their page says that the company has withdrawn.
    """
    withdrawn = await scope.fetch_all(
        WithdrawnDeparture,
        WITHDRAW,
        [one.item_id for one in closed],
        DepartureState.WITHDRAWN,
        clock.now(),
        OPEN_DEPARTURES,
    )
    for one in withdrawn:
        if one.invited_at:
            scope.emit(DepartureWithdrawn(departure_id=one.id))
    await restore_lines(scope, closed)


DEPARTURES_EFFECTS = Effects(
    load_context=_load_context,
    on_placed=_on_placed,
    on_rescheduled=_on_rescheduled,
    on_completed=_on_completed,
    on_cancelled=_on_cancelled,
)
