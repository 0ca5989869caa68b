"""What a closed contract means for the request that brought it with a new line: it goes on, or a wish was left out."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.core.facts import JobName
from backend.core.messaging.jobs import job
from backend.lines.lifecycle import AgreementState
from backend.orders.fulfilment.outcomes import CREATING, SHARED_BILLING, settle_order
from backend.orders.lifecycle import OPEN_ORDERS, SUBMITTED_ORDERS, ItemState, OrderState
from tenants.scope import Scope

REFUSED, ENDED = "contract_refused", "contract_ended"
CAME_TO_NOTHING = [ItemState.FAILED, ItemState.CANCELLED, ItemState.SKIPPED]

LOCK_ORDER = """
SELECT o.id, o.state, o.reference FROM change_order o WHERE o.id = (SELECT i.order_id FROM split_agreement s
  JOIN change_order_item i ON i.tenant_id = s.tenant_id AND i.id = s.item_id WHERE s.id = $1)
FOR NO KEY UPDATE
"""
CLOSED = """
SELECT i.id AS item_id, s.state, s.reason, s.decided_at FROM split_agreement s
JOIN change_order_item i ON i.tenant_id = s.tenant_id AND i.id = s.item_id
WHERE s.id = $1 AND i.state <> ALL($2) AND i.kind = ANY($3)
"""
LEAVE_OUT = """
UPDATE change_order_item SET left_out = left_out || jsonb_build_object($2::text, $3::text), detail = $4
WHERE id = $1 AND NOT left_out ? $2 RETURNING order_id
"""


class ReviewedOrder(msgspec.Struct, frozen=True):
    """The order that brought a contract."""

    id: UUID
    state: str
    reference: str


class ClosedContract(msgspec.Struct, frozen=True):
    """A contract of a new line that is done, or still to come."""

    item_id: UUID
    state: str
    # Why it was refused, in the operator's words
    reason: str
    decided_at: datetime | None

    @property
    def left_out(self) -> str:
        """Why the bill is not shared; "" where it is, or was until the agreement ended."""
        if self.state == AgreementState.DOCUMENT_PENDING:
            return REFUSED
        return ENDED if self.state == AgreementState.ENDED and self.decided_at is None else ""


@job(JobName.SETTLE_CONTRACT)
async def settle_contract(scope: Scope, *, agreement_id: str) -> None:
    """Write to a new line's item that its bill is not shared, and move its order on. A repeat changes nothing more."""
    order = await scope.fetch_one(ReviewedOrder, LOCK_ORDER, UUID(agreement_id))
    if order is None or order.state not in OPEN_ORDERS:
        return
    found = await scope.fetch_one(ClosedContract, CLOSED, UUID(agreement_id), CAME_TO_NOTHING, CREATING)
    if found is None:
        return
    if found.left_out:
        values = (found.item_id, SHARED_BILLING, found.left_out, found.reason)
        if await scope.fetch_value(UUID, LEAVE_OUT, *values):
            await scope.execute("UPDATE change_order SET missing = missing + 1 WHERE id = $1", order.id)
    if order.state in SUBMITTED_ORDERS:
        await settle_order(scope, order.id, OrderState(order.state), order.reference)
    scope.invalidate(f"order:{order.id}")
