"""Split-billing contracts that wait for the operator's decision."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.core import audit
from backend.core.errors import NotFound, ValidationFailed
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.service import DocumentContent, StoredFile
from backend.integrations.network import OrderUpdate, OrderUpdateState
from backend.lines.agreements import UNDER_REVIEW, decide_agreement
from backend.lines.lifecycle import ENDED
from backend.orders.fulfilment.updates import apply_updates
from tenants.scope import Scope

LONGEST_REASON = 300


# Not a code with words of its own: the operator's sentence is shown
DECIDED = "operator_decided"


LISTED = """
SELECT s.id, s.profile, s.billing, s.created_at, s.document_id, l.msisdn, l.name, d.file_name, d.media_type, r.reference
FROM split_agreement s JOIN line l ON l.tenant_id = s.tenant_id AND l.id = s.line_id
LEFT JOIN document d ON d.tenant_id = s.tenant_id AND d.id = s.document_id
LEFT JOIN change_order_item i ON i.tenant_id = s.tenant_id AND i.id = s.item_id
LEFT JOIN change_order r ON r.tenant_id = i.tenant_id AND r.id = i.order_id
WHERE s.state = 'under_review' AND l.status <> ALL($1::text[])
"""


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


@use_case(Permission.OPERATOR_CONTRACTS_DECIDE, read_only=True)
async def contracts_under_review(scope: Scope) -> list[ContractUnderReview]:
    """What waits for the operator in this company, the oldest first."""
    rows = await scope.connection.fetch(
        f"{LISTED} ORDER BY s.created_at, s.id LIMIT 1000", [str(one) for one in ENDED]
    )
    return [
        ContractUnderReview(
            id=row["id"],
            msisdn=row["msisdn"],
            user=row["name"],
            profile=row["profile"],
            billing=orjson.loads(row["billing"]),
            file_name=row["file_name"] or "",
            file_type=row["media_type"] or "",
            reference=row["reference"] or "",
            sent_at=row["created_at"],
        )
        for row in rows
    ]


@use_case(Permission.OPERATOR_CONTRACTS_DECIDE)
async def read_contract(scope: Scope, agreement_id: UUID) -> DocumentContent:
    """The scan of a contract under review; the company's audit shows who looked. Raises NotFound."""
    row = await scope.connection.fetchrow(
        "SELECT d.id, d.purpose, d.file_name, d.media_type, d.size, d.created_at, d.content, s.line_id"
        " FROM split_agreement s JOIN document d ON d.tenant_id = s.tenant_id AND d.id = s.document_id"
        " WHERE s.id = $1 AND s.state = $2",
        agreement_id,
        UNDER_REVIEW,
    )
    if row is None:
        raise NotFound
    await audit.record(scope, "contract.looked_at", "line", row["line_id"])
    stored = StoredFile(
        id=row["id"],
        purpose=row["purpose"],
        name=row["file_name"],
        type=row["media_type"],
        size=row["size"],
        stored_at=row["created_at"],
    )
    return DocumentContent(stored, row["content"])


@use_case(Permission.OPERATOR_CONTRACTS_DECIDE)
async def decide_contract(scope: Scope, agreement_id: UUID, *, accepted: bool, reason: str = "") -> None:
    """Accept a contract, which completes the request that waits for it; or refuse it, which fails the request.

    Raises NotFound, Conflict (`not_under_review`), Invalid for a refusal without its reason.
    """
    why = checked_reason(reason, needed=not accepted)
    item = await _waiting_item(scope, agreement_id)
    await decide_agreement(scope, agreement_id, accepted=accepted, reason=why, by=scope.actor.name)
    if item is not None:
        await apply_updates(scope, [decision_update(item, completed=accepted, reason=why)])


async def _waiting_item(scope: Scope, agreement_id: UUID) -> Any:
    """The request that waits for this contract only; a new line's goes its own way."""
    return await scope.connection.fetchrow(
        "SELECT i.id, i.carrier_order_id FROM split_agreement s JOIN change_order_item i"
        " ON i.tenant_id = s.tenant_id AND i.id = s.item_id"
        " WHERE s.id = $1 AND i.state = 'held' AND i.reason = 'contract_under_review'",
        agreement_id,
    )


def checked_reason(reason: str, *, needed: bool) -> str:
    """The operator's sentence in one line. Raises Invalid without one where it is needed, or for one too long."""
    clean = " ".join(reason.split())
    if (needed and not clean) or len(clean) > LONGEST_REASON or not clean.isprintable():
        raise ValidationFailed(
            reason=f"Say why in at most {LONGEST_REASON} characters: the customer reads it."
        )
    return clean


def decision_update(item: Any, *, completed: bool, reason: str) -> OrderUpdate:
    """The operator's word on an item, in the form in which the carrier speaks."""
    return OrderUpdate(
        external_id=str(item["id"]),
        carrier_order_id=item["carrier_order_id"] or "-",
        state=OrderUpdateState.DONE if completed else OrderUpdateState.FAILED,
        code="" if completed else DECIDED,
        message=reason,
    )
