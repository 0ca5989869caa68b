"""Use cases of the operator's staff on split-billing contracts that wait for a decision."""

from datetime import datetime
from uuid import UUID

import msgspec
import orjson

from backend.core import audit
from backend.core.errors import NotFound
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.service import DocumentContent, StoredFile
from backend.lines.agreements import UNDER_REVIEW, decide_agreement
from backend.lines.lifecycle import ENDED
from backend.lines.timeline_codes import LineTimelineCode
from backend.orders.fulfilment.updates import apply_updates
from backend.orders.kinds.split_billing import UNDER_REVIEW as HELD_FOR_REVIEW
from backend.orders.lifecycle import ItemState
from backend.orders.operator.decisions import DecidedItem, checked_reason, decision_update
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope

LISTED = """
SELECT s.id, l.msisdn, l.name, s.profile, s.billing, d.file_name, d.media_type, r.reference, s.created_at
FROM split_agreement s JOIN line l ON l.tenant_id = s.tenant_id AND l.id = s.line_id
LEFT JOIN document d ON d.tenant_id = s.tenant_id AND d.id = s.document_id
LEFT JOIN change_order_item i ON i.tenant_id = s.tenant_id AND i.id = s.item_id
LEFT JOIN change_order r ON r.tenant_id = i.tenant_id AND r.id = i.order_id
WHERE s.state = $1 AND l.status <> ALL($2::text[]) ORDER BY s.created_at, s.id LIMIT 1000
"""
SCAN = """
SELECT d.id, d.purpose, d.file_name, d.media_type, d.size, d.created_at, d.content, s.line_id
FROM split_agreement s JOIN document d ON d.tenant_id = s.tenant_id AND d.id = s.document_id
WHERE s.id = $1 AND s.state = $2
"""
# Only the request that waits for this contract: a new line is ordered whatever the decision
WAITING_ITEM = """
SELECT i.id, i.carrier_order_id FROM split_agreement s
JOIN change_order_item i ON i.tenant_id = s.tenant_id AND i.id = s.item_id
WHERE s.id = $1 AND i.state = $2 AND i.reason = $3
"""


class ReviewedContract(msgspec.Struct, frozen=True):
    """The columns of a contract under review, its line, its scan and its request."""

    id: UUID
    msisdn: str
    name: str
    profile: str
    billing: str
    file_name: str | None
    media_type: str | None
    reference: str | None
    created_at: datetime


class ContractUnderReview(msgspec.Struct, frozen=True, kw_only=True):
    """A signed contract that waits for the operator. `msisdn` is "" while a new line has no number yet."""

    id: UUID
    msisdn: str
    user: str
    profile: str
    # The user's address, where the carrier bills them
    billing: dict[str, str]
    file_name: str
    file_type: str
    # Of the request
    reference: str
    sent_at: datetime


class ContractScan(msgspec.Struct, frozen=True):
    """The scan of a contract, and the line that it is about."""

    id: UUID
    purpose: str
    file_name: str
    media_type: str
    size: int
    created_at: datetime
    content: bytes
    line_id: UUID


@use_case(Permission.OPERATOR_CONTRACTS_DECIDE, read_only=True)
async def contracts_under_review(scope: Scope) -> list[ContractUnderReview]:
    """The contracts of this company that wait for a decision, the oldest first."""
    found = await scope.fetch_all(ReviewedContract, LISTED, UNDER_REVIEW, [str(one) for one in ENDED])
    return [
        ContractUnderReview(
            id=one.id,
            msisdn=one.msisdn,
            user=one.name,
            profile=one.profile,
            billing=orjson.loads(one.billing),
            file_name=one.file_name or "",
            file_type=one.media_type or "",
            reference=one.reference or "",
            sent_at=one.created_at,
        )
        for one in found
    ]


@use_case(Permission.OPERATOR_CONTRACTS_DECIDE)
async def read_contract(scope: Scope, agreement_id: UUID) -> DocumentContent:
    """The scan of a contract under review; the company's audit shows who read it. Raises NotFound."""
    scan = await scope.fetch_one(ContractScan, SCAN, agreement_id, UNDER_REVIEW)
    if scan is None:
        raise NotFound
    await audit.record(scope, LineTimelineCode.CONTRACT_LOOKED_AT, "line", scan.line_id)
    await timeline.record(scope, TimelineSubject.LINE, scan.line_id, LineTimelineCode.CONTRACT_LOOKED_AT)
    stored = StoredFile(
        id=scan.id,
        purpose=scan.purpose,
        name=scan.file_name,
        type=scan.media_type,
        size=scan.size,
        stored_at=scan.created_at,
    )
    return DocumentContent(stored, scan.content)


@use_case(Permission.OPERATOR_CONTRACTS_DECIDE)
async def decide_contract(scope: Scope, agreement_id: UUID, *, accepted: bool, reason: str = "") -> None:
    """Accept a contract, which completes the item that waits for it; or refuse it, which fails the item.

    Raises NotFound, Conflict (`not_under_review`), ValidationFailed for a refusal without a reason.
    """
    why = checked_reason(reason, needed=not accepted)
    item = await scope.fetch_one(DecidedItem, WAITING_ITEM, agreement_id, ItemState.HELD, HELD_FOR_REVIEW)
    await decide_agreement(scope, agreement_id, accepted=accepted, reason=why, by=scope.actor.name)
    if item is not None:
        await apply_updates(scope, [decision_update(item, completed=accepted, reason=why)])
