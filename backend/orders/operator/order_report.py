"""What an operator needs of one request to see where it stands: state, items, jobs, messages set aside. No secrets."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.core.errors import NotFound
from backend.core.messaging.set_aside_states import SetAsideState
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders.lifecycle import ITEM_LIFECYCLE
from tenants.scope import Scope
from tenants.tenant_info import tenant_info

MOST_ITEMS = 100
MOST_OTHERS = 100

ORDER = """
SELECT id, reference, kind, state, flag, end_reason, lines, requested_at, grace_until, due_on::text, submitted_at, ended_at
FROM change_order WHERE reference = $1
"""
# Those that have not ended stand first
ITEMS = f"""
SELECT i.id, i.position, i.state, i.reason, i.msisdn, COALESCE(i.carrier_order_id, '') AS carrier_order_id, i.batch_id, i.detail,
  i.last_contact_at, i.reported_at
FROM change_order_item i WHERE i.order_id = $1 ORDER BY (i.state = ANY($2::text[])) DESC, i.position LIMIT {MOST_ITEMS}
"""
OF_ORDER = """
(SELECT $1::text AS id UNION ALL SELECT i.id::text FROM change_order_item i WHERE i.order_id = $1::uuid
  UNION ALL SELECT DISTINCT i.batch_id::text FROM change_order_item i WHERE i.order_id = $1::uuid AND i.batch_id IS NOT NULL)
"""
# Jobs name ids as `order_id`, `item_id`, or a list `item_ids`
JOBS = f"""
SELECT j.id, j.job, j.not_before, j.sent_at, j.attempts, j.failed_at, COALESCE(j.last_error, '') AS last_error FROM outbox j
WHERE j.data->>'order_id' = $1::text OR j.data->>'item_id' IN (SELECT id FROM {OF_ORDER} AS known)
  OR j.data->'item_ids' ?| ARRAY(SELECT id FROM {OF_ORDER} AS known)
ORDER BY j.not_before, j.id LIMIT {MOST_OTHERS}
"""
MESSAGES = f"""
SELECT m.id, m.source, m.subject, m.why, m.times, m.last_at FROM set_aside_message m
WHERE m.state = $2 AND right(m.subject, 36) IN (SELECT id FROM {OF_ORDER} AS known)
ORDER BY m.last_at DESC, m.id LIMIT {MOST_OTHERS}
"""


class ReportedOrder(msgspec.Struct, frozen=True):
    """The request itself. `lines`: how many items it has."""

    id: UUID
    reference: str
    kind: str
    state: str
    flag: str
    end_reason: str
    lines: int
    requested_at: datetime
    grace_until: datetime | None
    due_on: str | None
    submitted_at: datetime | None
    ended_at: datetime | None


class ItemReport(msgspec.Struct, frozen=True):
    """One item, as it stands here and at the carrier."""

    id: UUID
    position: int
    state: str
    reason: str
    msisdn: str
    carrier_order_id: str
    batch_id: UUID | None
    detail: str
    last_contact_at: datetime | None
    reported_at: datetime | None


class JobReport(msgspec.Struct, frozen=True):
    """A job about it that has not finished."""

    id: UUID
    job: str
    not_before: datetime
    sent_at: datetime | None
    attempts: int
    failed_at: datetime | None
    last_error: str


class MessageReport(msgspec.Struct, frozen=True):
    """A carrier's message about it that was set aside and is open."""

    id: UUID
    source: str
    subject: str
    why: str
    times: int
    last_at: datetime


class OrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """One request with what is open about it. At most 100 items, those that have not ended first."""

    tenant: str
    carrier: str
    order: ReportedOrder
    items: list[ItemReport]
    jobs: list[JobReport]
    messages: list[MessageReport]


@use_case(Permission.SYSTEM, read_only=True)
async def order_report(scope: Scope, reference: str) -> OrderReport:
    """Where a request of this company stands. Raises NotFound."""
    order = await scope.fetch_one(ReportedOrder, ORDER, reference)
    if order is None:
        raise NotFound
    tenant = await tenant_info(scope)
    return OrderReport(
        tenant=tenant.slug,
        carrier=tenant.carrier,
        order=order,
        items=await scope.fetch_all(ItemReport, ITEMS, order.id, sorted(ITEM_LIFECYCLE.open)),
        jobs=await scope.fetch_all(JobReport, JOBS, str(order.id)),
        messages=await scope.fetch_all(MessageReport, MESSAGES, str(order.id), SetAsideState.OPEN),
    )
