"""Drafts: requests that are being filled in. They are kept in the database, so that a closed tab loses nothing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core import clock
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.attachments import SubjectKind, detach
from backend.lines.schemas import PlanName, Selection
from backend.orders.effects import effects_of
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import OrderState
from backend.orders.placement.days import possible_days
from backend.orders.placement.draft_rows import (
    FILLED_IN,
    DraftKey,
    insert_draft,
    keep_file,
    load_draft,
    with_fields,
    write_draft,
)
from backend.orders.placement.file_rows import file_rows
from backend.orders.placement.place import place
from backend.orders.placement.preview import preview_of
from backend.orders.placement.quote import check_fields, check_step, quote_order
from backend.orders.placement.selection import load_lines, resolve_targets
from backend.orders.queries import order_head
from backend.orders.schemas import DraftLine, DraftView, OrderDetail, OrderPreview, OrderRequest
from backend.orders.service import LISTED, get_order
from backend.orders.tables import ChangeOrder
from backend.orders.texts import KindTexts, kind_title, support_route
from backend.orders.topics import invalidate_drafts
from tenants.scope import Scope

LISTED_LINES = 50
# Drafts that nobody changed or sent are deleted after that
KEPT = timedelta(days=7)
# A member's others are deleted beyond that: those whose form was only opened first, then the oldest
MOST_DRAFTS = 100
NO_LINES = Selection()

BEGUN = """
SELECT id FROM change_order WHERE requester_id = $1 AND state = $2 AND kind = $3 AND body = $4::jsonb
  AND touched_at = created_at ORDER BY created_at DESC LIMIT 1
"""
SURPLUS = f"""
DELETE FROM change_order WHERE id IN (SELECT id FROM change_order WHERE requester_id = $1 AND state = $2
  ORDER BY id = $4 DESC, {FILLED_IN} DESC, touched_at DESC, id DESC OFFSET $3) RETURNING id
"""


@use_case(Permission.ORDERS_PLACE)
async def start_draft(
    scope: Scope,
    kind: str,
    selection: Selection = NO_LINES,
    *,
    kind_fields: Mapping[str, Any] | None = None,
    upload_id: UUID | None = None,
    except_ids: tuple[UUID, ...] = (),
) -> UUID:
    """Begin a request of a kind, on a selection or a checked file where it changes lines; returns the draft's id.

    `except_ids`: lines that match the filter and are left out.

    The same request begun again finds its draft, unless that one was filled in since. A hundred drafts of a member are
    kept: this one, then the newest that were filled in, then the others.

    Raises NotFound for an unknown kind, ValidationFailed (`through_support`) for one that the support does, and
    what the selection or the file raises: unknown lines, none, or lines that cannot be changed together.
    """
    known = KINDS.get(kind)
    if known is None:
        raise NotFound
    if route := support_route(await catalogue_of(scope), kind):
        raise ValidationFailed(kind=route, code="through_support")
    asked = {**(kind_fields or {}), "line_ids": selection.line_ids, "filter": selection.filter}
    request = msgspec.convert(
        {"kind": kind, **asked, "except_ids": except_ids, "upload_id": upload_id},
        known.request,
        from_attributes=True,
    )
    lines = 0
    if upload_id is not None:
        lines = len(await file_rows(scope, request))
    elif known.creates is None:
        lines = len(await load_lines(scope, request))
    else:
        known_before = await effects_of(kind).draft_defaults(scope, request)
        request = with_fields(request, {**known_before, **(kind_fields or {})})
    body, own = msgspec.json.encode(request).decode(), scope.actor.member_id
    begun = await scope.fetch_value(UUID, BEGUN, own, OrderState.DRAFT, kind, body)
    if begun is not None:
        return begun
    draft_id = await insert_draft(scope, kind, body, lines)
    await keep_file(scope, draft_id, request)
    surplus = await scope.fetch_all(DraftKey, SURPLUS, own, OrderState.DRAFT, MOST_DRAFTS, draft_id)
    await detach(scope, subject_kind=SubjectKind.ORDER, subject_ids=[draft.id for draft in surplus])
    invalidate_drafts(scope)
    return draft_id


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def get_draft(scope: Scope, draft_id: UUID) -> DraftView:
    """What is being filled in, and what may be chosen for these lines."""
    return await _view(scope, draft_id, await load_draft(scope, draft_id))


@use_case(Permission.ORDERS_PLACE)
async def save_draft(
    scope: Scope,
    draft_id: UUID,
    kind_fields: Mapping[str, Any],
    *,
    complete: bool = False,
    step: str | None = None,
    next_page: str = "",
) -> DraftView:
    """Save the fields that are filled in so far: those of the kind, and `on`.

    `complete`: check the whole request; `step`: check the fields of that page of the form. `next_page`: the page that
    comes after it, where an unfinished request is taken up again.

    Raises ValidationFailed with the wrong fields.
    """
    request = with_fields(await load_draft(scope, draft_id, lock=True), kind_fields)
    if complete:
        await quote_order(scope, request)
    elif step is not None:
        await check_step(scope, request, step)
    await write_draft(scope, draft_id, request, page=next_page)
    return await _view(scope, draft_id, request)


@use_case(Permission.ORDERS_PLACE)
async def save_draft_choices(
    scope: Scope, draft_id: UUID, kind_fields: Mapping[str, Any], *, complete: bool
) -> OrderRequest:
    """Save what is ticked so far; returns what the draft asks now.

    The lines are not read, so that a tick takes the same time for one line and for thousands. `complete`: check the
    fields for themselves; what they do to each line is worked out by the preview.

    Raises ValidationFailed with the wrong fields.
    """
    request = with_fields(await load_draft(scope, draft_id, lock=True), kind_fields)
    if complete:
        await check_fields(scope, request)
    await write_draft(scope, draft_id, request)
    return request


@use_case(Permission.ORDERS_PLACE)
async def drop_draft_line(scope: Scope, draft_id: UUID, line_id: UUID) -> DraftView:
    """Take one line out of the selection. Raises ValidationFailed when it is the last one."""
    request = await load_draft(scope, draft_id, lock=True)
    if request.line_ids:
        changed = msgspec.structs.replace(
            request, line_ids=tuple(known for known in request.line_ids if known != line_id)
        )
    else:
        changed = msgspec.structs.replace(request, except_ids=tuple({*request.except_ids, line_id}))
    if not changed.line_ids and changed.filter is None:
        raise ValidationFailed(line_ids="A request needs at least one line.", code="nothing_selected")
    draft = await _view(scope, draft_id, changed)
    await write_draft(scope, draft_id, changed, lines=draft.total_lines)
    return draft


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def preview_draft(scope: Scope, draft_id: UUID) -> OrderPreview:
    """Check answers for a draft, its first 200 lines listed."""
    return await preview_of(scope, await quote_order(scope, await load_draft(scope, draft_id)), listed=LISTED)


@use_case(Permission.ORDERS_PLACE)
async def submit_draft(
    scope: Scope, draft_id: UUID, *, fingerprint: str, confirmed: bool = False
) -> OrderDetail:
    """Send the draft as it was shown. A second click, a resend or a reconnect finds the order already placed.

    Raises Conflict (`price_changed`) where the effect or price is no longer the one shown, and what `place` raises.
    """
    try:
        request = await load_draft(scope, draft_id)
    except Conflict as placed:
        return await get_order(scope, str(placed.details["reference"]))
    keyed = msgspec.structs.replace(
        request, request_key=str(draft_id), fingerprint=fingerprint, confirmed=confirmed
    )
    order_id = await place(scope, keyed, draft_id=draft_id)
    return await get_order(scope, (await order_head(scope, order_id)).reference)


async def _view(scope: Scope, draft_id: UUID, request: OrderRequest) -> DraftView:
    kind, catalogue = KINDS[request.kind], await catalogue_of(scope)
    lines = [] if kind.creates else [target.line for target in await resolve_targets(scope, request)]
    plans = sorted({line.plan for line in lines})
    return DraftView(
        id=draft_id,
        kind=kind.code,
        title=kind_title(catalogue, kind.code),
        asked=request,
        total_lines=len(lines),
        lines=[
            DraftLine(line_id=line.id, msisdn=line.msisdn, name=line.name) for line in lines[:LISTED_LINES]
        ],
        plans=[PlanName(code, catalogue.name("plan", code)) for code in plans],
        product_type=lines[0].product_type if lines else "",
        status=lines[0].status if lines else "",
        choices=None
        if request.upload_id
        else await effects_of(kind.code).form_choices(scope, catalogue, request, lines),
        creates=kind.creates is not None,
        dated=kind.dated,
        days=possible_days(kind, KindTexts(catalogue, kind.code), request, clock.today()),
    )


@use_case(Permission.SYSTEM)
async def purge_drafts(scope: Scope) -> None:
    """Delete drafts that nobody changed or sent within a week. A periodic task calls this for each tenant."""
    old = (ChangeOrder.state == OrderState.DRAFT) & (ChangeOrder.touched_at < clock.now() - KEPT)
    purged = await scope.change_all(DraftKey, ChangeOrder.delete().where(old))
    await detach(scope, subject_kind=SubjectKind.ORDER, subject_ids=[draft.id for draft in purged])
