"""Transfers in the database: the authorisation that was given, and how far each transfer is."""

from collections.abc import Sequence
from datetime import date, datetime

from backend.core import clock
from backend.core.ids import new_id
from backend.orders.effects import new_lines
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.effects.new_line_choices import form_choices
from backend.orders.effects.new_line_facts import load_context
from backend.orders.kinds.port_in import AUTHORISATION
from tenants.scope import Scope

FINAL = "('completed', 'rejected', 'cancelled', 'failed')"
STATES = frozenset(
    {"validating", "info_required", "accepted", "executing", "completed", "rejected", "cancelled", "failed"}
)
TAKEN_BACK = frozenset({"", "undone", "cancelled"})

INSERT = """
INSERT INTO port_in_case (id, tenant_id, item_id, line_id, port_case, state, requested_on, authorised_by, authorised_at,
  authorisation_version, created_at) VALUES ($1, $2, $3, $4, $5, 'submitted', $6, $7, $8, $9, $8)
"""
# The order of news is settled before it comes here; a state after which there is none is never left.
MOVE = f"""
UPDATE port_in_case SET state = $2, reason = CASE WHEN $3 <> '' THEN $3 ELSE reason END,
  attempts = attempts + CASE WHEN state = 'info_required' AND $2 <> 'info_required' THEN 1 ELSE 0 END,
  agreed_at = COALESCE($4, agreed_at), requested_on = $5, authorised_by = $6, authorised_at = $7,
  completed_at = CASE WHEN $2 = 'completed' THEN $8::timestamptz END
WHERE item_id = $1 AND state NOT IN {FINAL}
"""


async def _on_placed(scope: Scope, order: PlacedOrder) -> None:
    """As every new line, and the record of the holder's authorisation: who, when, to which words."""
    now = clock.now()
    await new_lines.on_placed(scope, order)
    for item_id, item in order.items:
        change = item.change
        change["authorised_at"] = now.isoformat()
        await scope.connection.execute(
            INSERT,
            new_id(),
            scope.tenant_id,
            item_id,
            item.line.id,
            change["port_case"],
            _day(change["port_on"]),
            change["authorised_by"],
            now,
            AUTHORISATION,
        )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


async def _on_update(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    await new_lines.on_update(scope, updates)
    for update in updates:
        if update.reported.get("portState") in STATES:
            agreed = update.reported.get("agreedAt")
            await scope.connection.execute(
                MOVE,
                update.item_id,
                update.reported["portState"],
                update.reason,
                datetime.fromisoformat(agreed) if agreed else None,
                _day(update.change["port_on"]),
                update.change["authorised_by"],
                datetime.fromisoformat(update.change["authorised_at"]),
                clock.now(),
            )


async def _on_cancelled(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    await new_lines.on_cancelled(scope, closed)
    await scope.connection.executemany(
        f"UPDATE port_in_case SET state = $2, reason = $3 WHERE item_id = $1 AND state NOT IN {FINAL}",
        [
            (one.item_id, "cancelled" if one.reason in TAKEN_BACK else "rejected", one.reason)
            for one in closed
        ],
    )


PORT_INS_EFFECTS = Effects(
    load_context=load_context,
    form_choices=form_choices,
    on_placed=_on_placed,
    on_update=_on_update,
    on_completed=new_lines.on_completed,
    on_cancelled=_on_cancelled,
)
