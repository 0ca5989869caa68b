"""Transfers in the database: the holder's authorisation, and the state of each transfer."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from backend.core import clock
from backend.core.errors import Conflict
from backend.core.facts import JobName
from backend.core.ids import new_id
from backend.orders.effects import new_lines
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.effects.new_line_choices import form_choices
from backend.orders.effects.new_line_defaults import draft_defaults
from backend.orders.effects.new_line_facts import load_context
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.new_line import NewLineFacts, NewLineRequest
from backend.orders.kinds.port_in import AUTHORISATION
from backend.orders.lifecycle import ENDED_PORT_INS, PortInState
from backend.orders.tables import PortInCase
from tenants.scope import Scope

# What the carrier may report; `submitted` is our own
REPORTED_STATES = frozenset(PortInState) - {PortInState.SUBMITTED}
# Refusals in a day after which a member asks for no more transfers
MOST_REFUSED = 20
REFUSED_PORT_INS = [PortInState.INFO_REQUIRED, PortInState.REJECTED]
# Transfers of a member whose proof nobody has checked yet: each may still be a refusal
MOST_UNANSWERED = 40
UNANSWERED_PORT_INS = [PortInState.SUBMITTED, PortInState.VALIDATING]
# Why an item ended that a person took back
TAKEN_BACK = frozenset({"", "undone", "cancelled"})

# Updates come here in their order; a final state stays
MOVE = """
UPDATE port_in_case SET state = $2, reason = CASE WHEN $3 <> '' THEN $3 ELSE reason END,
  attempts = attempts + CASE WHEN state = $10 AND $2 <> $10 THEN 1 ELSE 0 END,
  agreed_at = COALESCE($4, agreed_at), requested_on = $5, authorised_by = $6, authorised_at = $7,
  completed_at = CASE WHEN $2 = $11 THEN $8::timestamptz END
WHERE item_id = $1 AND state <> ALL($9)
"""
# The first try is no refusal; each correction follows one.
TRIES_LATELY = """
SELECT coalesce(sum(p.attempts - 1 + CASE WHEN p.state = ANY($2) THEN 1 ELSE 0 END), 0)::int AS refused,
  count(*) FILTER (WHERE p.state = ANY($3))::int AS unanswered FROM port_in_case p
JOIN change_order_item i ON i.tenant_id = p.tenant_id AND i.id = p.item_id
JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
WHERE o.requester_id = $1 AND p.created_at > now() - interval '1 day'
"""
# The tries of a member are counted one after the other, also where they come at the same moment
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7142, hashtext($1::uuid::text))"
CLOSE = "UPDATE port_in_case SET state = $2, reason = $3 WHERE item_id = $1 AND state <> ALL($4)"


class Tries(msgspec.Struct, frozen=True):
    """Of a member's transfers of a day: refusals, and those that nobody has looked at yet."""

    refused: int
    unanswered: int


async def _on_placed(scope: Scope, order: PlacedOrder) -> None:
    """What every new line needs, and the record of the authorisation: who, when, which words."""
    now = clock.now()
    await new_lines.on_placed(scope, order)
    for item_id, item in order.items:
        change = item.change
        change["authorised_at"] = now.isoformat()
        await PortInCase.insert(
            PortInCase(
                id=new_id(),
                tenant_id=scope.tenant_id,
                item_id=item_id,
                line_id=item.line.id,
                port_case=change["port_case"],
                state=PortInState.SUBMITTED,
                requested_on=_day(change["port_on"]),
                authorised_by=change["authorised_by"],
                authorised_at=now,
                authorisation_version=AUTHORISATION,
                created_at=now,
            )
        )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


async def _on_update(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    await new_lines.on_update(scope, updates)
    for update in updates:
        state, agreed = update.reported.get("portState"), update.reported.get("agreedAt")
        if state in REPORTED_STATES:
            await scope.execute(
                MOVE,
                update.item_id,
                state,
                update.reason,
                datetime.fromisoformat(agreed) if agreed else None,
                _day(update.change["port_on"]),
                update.change["authorised_by"],
                datetime.fromisoformat(update.change["authorised_at"]),
                clock.now(),
                ENDED_PORT_INS,
                PortInState.INFO_REQUIRED,
                PortInState.COMPLETED,
            )


async def _on_cancelled(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    await new_lines.on_cancelled(scope, closed)
    for one in closed:
        state = PortInState.CANCELLED if one.reason in TAKEN_BACK else PortInState.REJECTED
        await scope.execute(CLOSE, one.item_id, state, one.reason, ENDED_PORT_INS)


async def _on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """What every new line needs; and whoever had the number here asks its carrier, which says that it is gone."""
    await new_lines.on_completed(scope, updates)
    for update in updates:
        if number := update.reported.get("msisdn"):
            scope.enqueue(JobName.READ_AFTER_TRANSFER, msisdn=number)


async def _load_context(
    scope: Scope, requests: Sequence[NewLineRequest], lines: Sequence[LineSnapshot]
) -> NewLineFacts:
    await _refuse_guessing(scope)
    return await load_context(scope, requests, lines)


async def _refuse_guessing(scope: Scope) -> None:
    """Raise Conflict for a member whose proofs were refused too often in a day (`too_many_transfers`), or too many of
    whose transfers of a day were not looked at yet (`many_transfers_open`).

    Each answer says whether a number and a proof go together.
    """
    member = scope.actor.member_id
    if member is None:
        return
    await scope.execute(ONE_AT_A_TIME, member)
    tries = await scope.fetch_one(Tries, TRIES_LATELY, member, REFUSED_PORT_INS, UNANSWERED_PORT_INS)
    refused, unanswered = (tries.refused, tries.unanswered) if tries else (0, 0)
    if unanswered >= MOST_UNANSWERED:
        raise Conflict(
            "Many of your transfers still wait for their check. Ask for the next one when some are answered.",
            code="many_transfers_open",
        )
    if refused >= MOST_REFUSED:
        raise Conflict(
            "Too many of your transfers were refused lately. Try again tomorrow, or ask your operator.",
            code="too_many_transfers",
        )


PORT_INS_EFFECTS = Effects(
    load_context=_load_context,
    before_correction=_refuse_guessing,
    form_choices=form_choices,
    draft_defaults=draft_defaults,
    on_placed=_on_placed,
    on_update=_on_update,
    on_completed=_on_completed,
    on_cancelled=_on_cancelled,
)
