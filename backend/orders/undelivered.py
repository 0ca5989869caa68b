"""Items whose result has not reached its user: the mail server refused the mail with the code or the link.

Whoever manages the fleet gives another address, or the same again. Nothing waits any more once the code was used, the
profile has ended, or the successor's day has come.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from backend.lines.sims.esim_lifecycle import SENDABLE
from backend.orders.lifecycle import DepartureState
from tenants.scope import Scope

# Every one of the tenant: `order_id`, `item_id`. The partial indexes of refused mails make it a short list.
UNDELIVERED = f"""
SELECT i.order_id, i.id AS item_id FROM esim_profile p
JOIN change_order_item i ON i.tenant_id = p.tenant_id AND i.id IN (p.item_id, p.sent_for)
WHERE p.mail_refused IS NOT NULL AND p.state IN ({", ".join(f"'{state}'" for state in sorted(SENDABLE))})
UNION ALL SELECT i.order_id, i.id FROM departure d
JOIN change_order_item i ON i.tenant_id = d.tenant_id AND i.id = d.item_id
WHERE d.mail_refused IS NOT NULL AND d.state = '{DepartureState.SUCCESSOR_INVITED}'
"""
COUNTS = f"""
SELECT u.order_id, count(*) AS items FROM ({UNDELIVERED}) u WHERE u.order_id = ANY($1) GROUP BY u.order_id
"""


class UndeliveredCount(msgspec.Struct, frozen=True):
    """How many items of an order have not reached their users."""

    order_id: UUID
    items: int


async def undelivered_counts(scope: Scope, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Of these orders: how many items have not reached their users. Orders without one are left out."""
    found = await scope.fetch_all(UndeliveredCount, COUNTS, list(order_ids))
    return {one.order_id: one.items for one in found}
