"""Held cases as the operator's staff decides them: carried out after all, or refused with a reason."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.core import audit
from backend.core.errors import Conflict, NotFound
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.agreements import decide_agreement
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds import KINDS
from backend.orders.operator.contracts import checked_reason, decision_update
from tenants.scope import Scope


class HeldItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a request that waits for somebody."""

    id: UUID
    reference: str
    kind: str
    msisdn: str
    name: str
    # The code of what is missing.
    reason: str
    # The carrier's own words
    detail: str
    since: datetime | None


@use_case(Permission.OPERATOR_ORDERS_DECIDE, read_only=True)
async def held_items(scope: Scope) -> list[HeldItem]:
    """What is held in this company, the longest first."""
    rows = await scope.connection.fetch(
        "SELECT i.id, r.reference, i.kind, i.msisdn, i.name, i.reason, i.detail, i.last_contact_at AS since"
        " FROM change_order_item i JOIN change_order r ON r.tenant_id = i.tenant_id AND r.id = i.order_id"
        " WHERE i.state = 'held' ORDER BY i.last_contact_at, i.id LIMIT 1000"
    )
    return [HeldItem(**dict(row)) for row in rows]


@use_case(Permission.OPERATOR_ORDERS_DECIDE)
async def decide_held_item(scope: Scope, item_id: UUID, *, completed: bool, reason: str = "") -> None:
    """Say that a held item is carried out, or that it is refused and why; a contract that it waits for goes with it.

    Raises NotFound, Conflict (`not_held`), Conflict (`carrier_first`) for a new line that the carrier has not made.
    """
    why = checked_reason(reason, needed=True)
    row = await scope.connection.fetchrow(
        "SELECT i.id, i.kind, i.state, i.carrier_order_id, i.line_id, r.reference, i.order_id FROM change_order_item i"
        " JOIN change_order r ON r.tenant_id = i.tenant_id AND r.id = i.order_id WHERE i.id = $1",
        item_id,
    )
    if row is None:
        raise NotFound
    if row["state"] != "held":
        raise Conflict("This case is not held any more.", code="not_held")
    if completed and KINDS[row["kind"]].creates is not None:
        raise Conflict("Only the carrier can make a new line: refuse it, or wait.", code="carrier_first")
    contract = await scope.connection.fetchval(
        "SELECT id FROM split_agreement WHERE item_id = $1 AND state = 'under_review'", item_id
    )
    if contract is not None:
        await decide_agreement(scope, contract, accepted=completed, reason=why, by=scope.actor.name)
    await apply_updates(scope, [decision_update(row, completed=completed, reason=why)])
    await audit.record(
        scope,
        "order.decided",
        "order",
        row["order_id"],
        reference=row["reference"],
        completed=completed,
        reason=why,
    )
