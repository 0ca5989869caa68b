"""Departures (domain 3.6): the line waits for its day, the successor is asked, the day decides."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backend.context import settings
from backend.core import clock
from backend.core.ids import new_id
from backend.core.links import withdraw
from backend.lines.lifecycle import LineStatus
from backend.orders.effects.base import Effects
from backend.orders.effects.leaving import gone, pend, stay
from backend.orders.kinds.depart import PRIVATE, Chosen, Depart
from backend.orders.kinds.plan import LineNow
from backend.orders.steps import Ended, Placed, Step
from tenants.scope import Scope

LINK = "departure_offer"  # the purpose of the successor's link
OPEN = "('requested', 'successor_invited', 'offer_chosen')"


async def facts(scope: Scope, _asked: Sequence[Any], lines: Sequence[LineNow]) -> dict[UUID, Chosen]:
    """What departures under way have come to, by line."""
    rows = await scope.connection.fetch(
        f"SELECT * FROM departure WHERE line_id = ANY($1) AND state IN {OPEN}", [line.id for line in lines]
    )
    return {
        row["line_id"]: Chosen(
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


async def placed(scope: Scope, order: Placed) -> None:
    """The departure stands: the line says so at once; the successor hears of it when it can no longer be undone."""
    asked, now = order.asked, clock.now()
    if not isinstance(asked, Depart):
        raise TypeError(type(asked).__name__)
    for item_id, planned in order.items:
        departure = new_id()
        await scope.connection.execute(
            "INSERT INTO departure (id, tenant_id, item_id, line_id, state, leaves_on, previous_status, given_name,"
            " family_name, email, language, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            departure,
            scope.tenant_id,
            item_id,
            planned.line.id,
            "successor_invited" if asked.knows_successor else "requested",
            asked.on,
            planned.line.status,
            *(
                (asked.given_name, asked.family_name, asked.email, asked.language)
                if asked.knows_successor
                else [""] * 4
            ),
            now,
        )
        if asked.knows_successor and asked.on is not None and asked.on > clock.today():
            # Asked as soon as one click no longer undoes it, though it could be withdrawn until the day.
            start = now + timedelta(seconds=settings().grace_seconds)
            scope.announce("departure.planned", departure_id=str(departure), not_before=start)
    await pend(scope, [planned.line.id for _, planned in order.items], LineStatus.PENDING_RELEASE)


async def moved(scope: Scope, order_id: UUID, on: date) -> None:
    """Another day: the successor is told."""
    rows = await scope.connection.fetch(
        f"UPDATE departure d SET leaves_on = $2 FROM change_order_item i WHERE i.tenant_id = d.tenant_id"
        f" AND i.id = d.item_id AND i.order_id = $1 AND d.state IN {OPEN} RETURNING d.id, d.email",
        order_id,
        on,
    )
    for row in rows:
        if row["email"]:
            scope.announce("departure.moved", departure_id=str(row["id"]), day=on.isoformat())


async def done(scope: Scope, steps: Sequence[Step]) -> None:
    for step in steps:
        await scope.connection.execute(
            "UPDATE departure SET state = $2, ended_at = $3 WHERE item_id = $1",
            step.item_id,
            "converted_private" if step.change["target"] == PRIVATE else "converted_prepaid",
            clock.now(),
        )
    await gone(scope, steps)


async def dropped(scope: Scope, ended: Sequence[Ended]) -> None:
    """Withdrawn, or refused by the carrier: the line is as it was, and the successor's link leads nowhere."""
    rows = await scope.connection.fetch(
        f"UPDATE departure SET state = 'withdrawn', ended_at = $2 WHERE item_id = ANY($1) AND state IN {OPEN}"
        " RETURNING id, invited_at",
        [one.item_id for one in ended],
        clock.now(),
    )
    for row in rows:
        await withdraw(scope, LINK, row["id"])
        if row["invited_at"]:
            scope.announce("departure.withdrawn", departure_id=str(row["id"]))
    await stay(scope, ended)


EFFECTS = Effects(facts=facts, placed=placed, moved=moved, done=done, dropped=dropped)
