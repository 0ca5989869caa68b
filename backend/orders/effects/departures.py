"""Departures (domain 3.6): the line waits for its day, the successor is asked, the day decides."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backend.core import clock
from backend.core.facts import DeparturePlanned, DepartureRescheduled, DepartureWithdrawn, JobName
from backend.core.ids import new_id
from backend.core.public_links import withdraw_link
from backend.lines.lifecycle import LineStatus
from backend.orders.effects.base import Effects
from backend.orders.effects.end_of_line import end_lines, mark_pending, restore_lines
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.depart import PRIVATE, Depart, DepartureChoice
from backend.runtime import settings
from tenants.scope import Scope

# The purpose of the successor's link
LINK = "departure_offer"
OPEN = "('requested', 'successor_invited', 'offer_chosen')"


async def _load_context(
    scope: Scope, _asked: Sequence[Any], lines: Sequence[LineSnapshot]
) -> dict[UUID, DepartureChoice]:
    """What departures under way have come to, by line."""
    rows = await scope.connection.fetch(
        f"SELECT * FROM departure WHERE line_id = ANY($1) AND state IN {OPEN}", [line.id for line in lines]
    )
    return {
        row["line_id"]: DepartureChoice(
            state=row["state"],
            offer=row["offer"],
            given_name=row["given_name"],
            family_name=row["family_name"],
            email=row["email"],
            language=row["language"],
            previous_status=row["previous_status"],
        )
        for row in rows
    }


async def _on_placed(scope: Scope, order: PlacedOrder) -> None:
    """The departure stands: the line says so at once; the successor hears of it when it can no longer be undone."""
    request, now = order.request, clock.now()
    if not isinstance(request, Depart):
        raise TypeError(type(request).__name__)
    for item_id, item in order.items:
        departure = new_id()
        await scope.connection.execute(
            "INSERT INTO departure (id, tenant_id, item_id, line_id, state, leaves_on, previous_status, given_name,"
            " family_name, email, language, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            departure,
            scope.tenant_id,
            item_id,
            item.line.id,
            "successor_invited" if request.knows_successor else "requested",
            request.on,
            item.line.status,
            *(
                (request.given_name, request.family_name, request.email, request.language)
                if request.knows_successor
                else [""] * 4
            ),
            now,
        )
        if request.knows_successor and request.on is not None and request.on > clock.today():
            # Asked as soon as one click no longer undoes it, though it could be withdrawn until the day.
            start = now + timedelta(seconds=settings().grace_seconds)
            scope.emit(DeparturePlanned(departure_id=departure))
            scope.enqueue(JobName.INVITE_SUCCESSOR, not_before=start, departure_id=departure)
    await mark_pending(scope, [item.line.id for _, item in order.items], LineStatus.PENDING_RELEASE)


async def _on_rescheduled(scope: Scope, order_id: UUID, on: date) -> None:
    """Another day: the successor is told."""
    rows = await scope.connection.fetch(
        f"UPDATE departure d SET leaves_on = $2 FROM change_order_item i WHERE i.tenant_id = d.tenant_id"
        f" AND i.id = d.item_id AND i.order_id = $1 AND d.state IN {OPEN} RETURNING d.id, d.email",
        order_id,
        on,
    )
    for row in rows:
        if row["email"]:
            scope.emit(DepartureRescheduled(departure_id=row["id"], day=on))


async def _on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    for update in updates:
        await scope.connection.execute(
            "UPDATE departure SET state = $2, ended_at = $3 WHERE item_id = $1",
            update.item_id,
            "converted_private" if update.change["target"] == PRIVATE else "converted_prepaid",
            clock.now(),
        )
    await end_lines(scope, updates)


async def _on_cancelled(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    """Withdrawn, or refused by the carrier: the line is as it was, and the successor's link leads nowhere."""
    rows = await scope.connection.fetch(
        f"UPDATE departure SET state = 'withdrawn', ended_at = $2 WHERE item_id = ANY($1) AND state IN {OPEN}"
        " RETURNING id, invited_at",
        [one.item_id for one in closed],
        clock.now(),
    )
    for row in rows:
        await withdraw_link(scope, LINK, row["id"])
        if row["invited_at"]:
            scope.emit(DepartureWithdrawn(departure_id=row["id"]))
    await restore_lines(scope, closed)


DEPARTURES_EFFECTS = Effects(
    load_context=_load_context,
    on_placed=_on_placed,
    on_rescheduled=_on_rescheduled,
    on_completed=_on_completed,
    on_cancelled=_on_cancelled,
)
