"""A request being filled in: kept in the database, so that a reconnect or a closed tab loses nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.names import catalogue_of
from backend.core import clock
from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.schemas import PlanName, Selection
from backend.orders.effects import effects_of
from backend.orders.kinds import KINDS, AnyAsked
from backend.orders.placing import place
from backend.orders.preview import check_step, prepare, view
from backend.orders.schemas import Asked, DraftLine, DraftView, OrderDetail, OrderPreview
from backend.orders.selection import file_rows, lines_of, targets_of
from backend.orders.service import LISTED, get_order
from backend.orders.words import kind_title, support_route
from tenants.scope import Scope

LISTED_LINES = 50
NO_LINES = Selection()


@use_case(Permission.ORDERS_PLACE)
async def start_draft(
    scope: Scope,
    kind: str,
    selection: Selection = NO_LINES,
    *,
    wishes: Mapping[str, Any] | None = None,
    upload_id: UUID | None = None,
) -> UUID:
    """Begin a request of a kind, on a selection or a checked file where it changes lines; returns the draft's id.

    Raises NotFound for an unknown kind, Invalid (`through_support`) where the carrier has it done by support, and
    what the selection or the file raises: unknown lines, none, or lines that cannot be changed together.
    """
    known = KINDS.get(kind)
    if known is None:
        raise NotFound
    if route := support_route(await catalogue_of(scope), kind):
        raise Invalid(kind=route, code="through_support")
    asked = msgspec.convert(
        {
            "kind": kind,
            **(wishes or {}),
            "line_ids": selection.line_ids,
            "filter": selection.filter,
            "upload_id": upload_id,
        },
        known.asked,
        from_attributes=True,
    )
    if upload_id is not None:
        await file_rows(scope, asked)
    elif known.creates is None:
        await lines_of(scope, asked)
    draft_id, now = new_id(), clock.now()
    await scope.connection.execute(
        "INSERT INTO change_order (id, tenant_id, kind, state, requester_id, requester_name, requester_email,"
        " language, body, created_at, lines, promise_code) VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, 0, '')",
        draft_id,
        scope.tenant_id,
        kind,
        scope.actor.member_id,
        scope.actor.name,
        scope.actor.email,
        scope.actor.language,
        msgspec.json.encode(asked).decode(),
        now,
    )
    return draft_id


async def _load(scope: Scope, draft_id: UUID) -> Asked:
    """The own draft. Raises NotFound, and Conflict (`already_placed`, with its reference) once it was sent."""
    row = await scope.connection.fetchrow(
        "SELECT body, state, reference FROM change_order WHERE id = $1 AND requester_id = $2",
        draft_id,
        scope.actor.member_id,
    )
    if row is None:
        raise NotFound
    if row["state"] != "draft":
        raise Conflict("This request has been sent.", code="already_placed", reference=row["reference"])
    asked: Asked = msgspec.json.decode(row["body"], type=AnyAsked)
    return asked


async def _save(scope: Scope, draft_id: UUID, asked: Asked) -> None:
    await scope.connection.execute(
        "UPDATE change_order SET body = $2 WHERE id = $1 AND state = 'draft'",
        draft_id,
        msgspec.json.encode(asked).decode(),
    )


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def get_draft(scope: Scope, draft_id: UUID) -> DraftView:
    """What is being filled in, and what may be chosen for these lines."""
    return await _view(scope, draft_id, await _load(scope, draft_id))


@use_case(Permission.ORDERS_PLACE)
async def save_draft(
    scope: Scope, draft_id: UUID, wishes: Mapping[str, Any], *, complete: bool = False, step: str = ""
) -> DraftView:
    """Keep what is chosen so far: fields of the kind, and `on`. With `complete` all of it has to hold; with `step`
    the fields of that page of the form.

    Raises Invalid with the fields that cannot be.
    """
    asked = await _load(scope, draft_id)
    names = {*asked.wishes, "on"}
    given = {name: value for name, value in wishes.items() if name in names}
    try:
        asked = msgspec.convert({**msgspec.to_builtins(asked), **given}, type(asked))
    except msgspec.ValidationError as error:
        raise Invalid(str(error), code="malformed") from None
    if complete:
        await prepare(scope, asked)
    elif step:
        await check_step(scope, asked, step)
    await _save(scope, draft_id, asked)
    return await _view(scope, draft_id, asked)


@use_case(Permission.ORDERS_PLACE)
async def drop_draft_line(scope: Scope, draft_id: UUID, line_id: UUID) -> DraftView:
    """Take one line out of the selection. Raises Invalid when it is the last one."""
    asked = await _load(scope, draft_id)
    if asked.line_ids:
        changed = msgspec.structs.replace(
            asked, line_ids=tuple(known for known in asked.line_ids if known != line_id)
        )
    else:
        changed = msgspec.structs.replace(asked, except_ids=tuple({*asked.except_ids, line_id}))
    if not changed.line_ids and changed.filter is None:
        raise Invalid(line_ids="A request needs at least one line.", code="nothing_selected")
    draft = await _view(scope, draft_id, changed)
    await _save(scope, draft_id, changed)
    return draft


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def preview_draft(scope: Scope, draft_id: UUID) -> OrderPreview:
    """Check answers for a draft, its first 200 lines listed."""
    return view(await prepare(scope, await _load(scope, draft_id)), listed=LISTED)


@use_case(Permission.ORDERS_PLACE)
async def submit_draft(
    scope: Scope, draft_id: UUID, *, fingerprint: str, confirmed: bool = False
) -> OrderDetail:
    """Send the draft as it was shown. A second click, a resend or a reconnect finds the order already placed.

    Raises Conflict (`price_changed`) where the effect or price shown is no longer true.
    """
    try:
        asked = await _load(scope, draft_id)
    except Conflict as placed:
        return await get_order(scope, str(placed.details["reference"]))
    keyed = msgspec.structs.replace(
        asked, request_key=str(draft_id), fingerprint=fingerprint, confirmed=confirmed
    )
    order_id = await place(scope, keyed, draft_id=draft_id)
    reference = await scope.connection.fetchval("SELECT reference FROM change_order WHERE id = $1", order_id)
    return await get_order(scope, reference)


async def _view(scope: Scope, draft_id: UUID, asked: Asked) -> DraftView:
    kind, catalogue = KINDS[asked.kind], await catalogue_of(scope)
    lines = [] if kind.creates else [target.line for target in await targets_of(scope, asked)]
    plans = sorted({line.plan for line in lines})
    return DraftView(
        id=draft_id,
        kind=kind.code,
        title=kind_title(catalogue, kind.code),
        asked=asked,
        total_lines=len(lines),
        lines=[
            DraftLine(line_id=line.id, msisdn=line.msisdn, name=line.name) for line in lines[:LISTED_LINES]
        ],
        plans=[PlanName(code, catalogue.name("plan", code)) for code in plans],
        product_type=lines[0].product_type if lines else "",
        status=lines[0].status if lines else "",
        choices=None
        if asked.upload_id
        else await effects_of(kind.code).choices(scope, catalogue, asked, lines),
        creates=kind.creates is not None,
        dated=kind.dated,
    )


@use_case(Permission.SYSTEM)
async def forget_drafts(scope: Scope) -> None:
    """Delete drafts that nobody sent within a week; a sweep calls this for each tenant."""
    await scope.connection.execute(
        "DELETE FROM change_order WHERE state = 'draft' AND created_at < now() - interval '7 days'"
    )
