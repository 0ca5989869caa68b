"""Use cases of the operator's staff on held items: complete one, or refuse it with a reason."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.core import audit
from backend.core.errors import Conflict, NotFound
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.agreements import UNDER_REVIEW, decide_agreement
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState
from backend.orders.operator.decisions import DecidedItem, checked_reason, decision_update
from tenants.scope import Scope

HELD_ITEMS = """
SELECT i.id, r.reference, i.kind, i.msisdn, i.name, i.reason, i.detail, i.last_contact_at AS since
FROM change_order_item i JOIN change_order r ON r.tenant_id = i.tenant_id AND r.id = i.order_id
WHERE i.state = $1 ORDER BY i.last_contact_at, i.id LIMIT 1000
"""
CASE = """
SELECT i.id, i.carrier_order_id, i.kind, i.state, i.order_id, r.reference FROM change_order_item i
JOIN change_order r ON r.tenant_id = i.tenant_id AND r.id = i.order_id WHERE i.id = $1
"""


class HeldItem(msgspec.Struct, frozen=True):
    """One line of a request that waits for somebody."""

    id: UUID
    reference: str
    kind: str
    msisdn: str
    name: str
    # The code of what is missing
    reason: str
    # The carrier's own words
    detail: str
    since: datetime | None


class HeldCase(DecidedItem, frozen=True):
    """A held item with what its decision depends on."""

    kind: str
    state: str
    order_id: UUID
    reference: str


@use_case(Permission.OPERATOR_ORDERS_DECIDE, read_only=True)
async def held_items(scope: Scope) -> list[HeldItem]:
    """The held items of this company, the longest first."""
    return await scope.fetch_all(HeldItem, HELD_ITEMS, ItemState.HELD)


@use_case(Permission.OPERATOR_ORDERS_DECIDE)
async def decide_held_item(scope: Scope, item_id: UUID, *, completed: bool, reason: str = "") -> None:
    """Complete a held item, or refuse it with a reason; a contract that it waits for is accepted or refused too.

    Raises NotFound, Conflict (`not_held`), Conflict (`carrier_first`) for a new line that the carrier has not made.
    """
    why = checked_reason(reason, needed=True)
    case = await scope.fetch_one(HeldCase, CASE, item_id)
    if case is None:
        raise NotFound
    if case.state != ItemState.HELD:
        raise Conflict("This case is not held any more.", code="not_held")
    if completed and KINDS[case.kind].creates is not None:
        raise Conflict("Only the carrier can make a new line: refuse it, or wait.", code="carrier_first")
    contract = await scope.fetch_value(
        UUID, "SELECT id FROM split_agreement WHERE item_id = $1 AND state = $2", item_id, UNDER_REVIEW
    )
    if contract is not None:
        await decide_agreement(scope, contract, accepted=completed, reason=why, by=scope.actor.name)
    await apply_updates(scope, [decision_update(case, completed=completed, reason=why)])
    await audit.record(
        scope,
        "order.decided",
        "order",
        case.order_id,
        reference=case.reference,
        completed=completed,
        reason=why,
    )
