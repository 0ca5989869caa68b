"""What decisions of the operator's staff share: the reason, and the decision as an update of the item."""

from uuid import UUID

import msgspec

from backend.core.errors import ValidationFailed
from backend.integrations.network import OrderUpdate, OrderUpdateState

LONGEST_REASON = 300
# No sentence of our own belongs to this code: the operator's is shown
DECIDED = "operator_decided"


class DecidedItem(msgspec.Struct, frozen=True):
    """An item on which the operator decides."""

    id: UUID
    carrier_order_id: str | None


def checked_reason(reason: str, *, needed: bool) -> str:
    """The reason in one line. Raises ValidationFailed where it is needed and missing, too long, or not printable."""
    clean = " ".join(reason.split())
    if (needed and not clean) or len(clean) > LONGEST_REASON or not clean.isprintable():
        raise ValidationFailed(
            reason=f"Say why in at most {LONGEST_REASON} characters: the customer reads it."
        )
    return clean


def decision_update(item: DecidedItem, *, completed: bool, reason: str) -> OrderUpdate:
    """The decision on an item in the form of a carrier's update: done, or failed with the reason."""
    return OrderUpdate(
        external_id=str(item.id),
        carrier_order_id=item.carrier_order_id or "-",
        state=OrderUpdateState.DONE if completed else OrderUpdateState.FAILED,
        code="" if completed else DECIDED,
        message=reason,
    )
