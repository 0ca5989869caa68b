"""Use cases of a member's own drafts: list them, delete one."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core.errors import NotFound, ValidationFailed
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.attachments import SubjectKind, detach
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import OrderState
from backend.orders.placement.draft_rows import FILLED_IN, DraftKey
from backend.orders.placement.drafts import KEPT
from backend.orders.tables import ChangeOrder
from backend.orders.texts import kind_title
from backend.orders.topics import invalidate_drafts
from tenants.scope import Scope

LISTED = 50
LIST = f"""
SELECT id, kind, lines, touched_at, draft_page, body->>'upload_id' IS NOT NULL AS from_file FROM change_order
WHERE requester_id = $1 AND state = $2 AND {FILLED_IN} ORDER BY touched_at DESC, id DESC LIMIT $3 OFFSET $4
"""
COUNT = f"SELECT count(*) FROM change_order WHERE requester_id = $1 AND state = $2 AND {FILLED_IN}"


class DraftRow(msgspec.Struct, frozen=True):
    """The columns of one draft in the list."""

    id: UUID
    kind: str
    lines: int
    touched_at: datetime
    draft_page: str
    from_file: bool


class UnfinishedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A draft in a list. `page`: the page of its form where it stopped, "" for the first one.

    `lines`: how many it was about when it was changed last; 0 for a new line.
    """

    id: UUID
    kind: str
    title: str
    lines: int
    creates: bool
    from_file: bool
    touched_at: datetime
    expires_at: datetime
    page: str


class UnfinishedPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of drafts, the last changed first, and their number."""

    items: list[UnfinishedRequest]
    total: int


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def list_unfinished(scope: Scope, *, page: int = 1, limit: int = LISTED) -> UnfinishedPage:
    """The member's own drafts that were filled in or hold a file. Raises ValidationFailed for a page below 1."""
    if page < 1:
        raise ValidationFailed(page="Pages count from 1.")
    own, catalogue = (scope.actor.member_id, OrderState.DRAFT), await catalogue_of(scope)
    rows = await scope.fetch_all(DraftRow, LIST, *own, limit, (page - 1) * limit)
    return UnfinishedPage(
        items=[
            UnfinishedRequest(
                id=row.id,
                kind=row.kind,
                title=kind_title(catalogue, row.kind),
                lines=row.lines,
                creates=KINDS[row.kind].creates is not None,
                from_file=row.from_file,
                touched_at=row.touched_at,
                expires_at=row.touched_at + KEPT,
                page=row.draft_page,
            )
            for row in rows
        ],
        total=await scope.fetch_value(int, COUNT, *own) or 0,
    )


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def count_unfinished(scope: Scope) -> int:
    """How many drafts the member has that were filled in or hold a file."""
    return await scope.fetch_value(int, COUNT, scope.actor.member_id, OrderState.DRAFT) or 0


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def find_draft(scope: Scope, draft_id: UUID) -> UUID:
    """The id of one of the member's own drafts, or of the request that it has become. Raises NotFound."""
    own = (ChangeOrder.id == draft_id) & (ChangeOrder.requester_id == scope.actor.member_id)
    found = await scope.select_one(DraftKey, ChangeOrder, own)
    if found is None:
        raise NotFound
    return found.id


@use_case(Permission.ORDERS_PLACE)
async def delete_unfinished(scope: Scope, draft_id: UUID) -> None:
    """Delete one of the member's own drafts with its file. Raises NotFound, also for one that was sent."""
    its_row = (
        (ChangeOrder.id == draft_id)
        & (ChangeOrder.requester_id == scope.actor.member_id)
        & (ChangeOrder.state == OrderState.DRAFT)
    )
    deleted = await scope.change_all(DraftKey, ChangeOrder.delete().where(its_row))
    if not deleted:
        raise NotFound
    await detach(scope, subject_kind=SubjectKind.ORDER, subject_ids=[draft_id])
    invalidate_drafts(scope)
