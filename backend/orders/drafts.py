"""A request being filled in: kept in the database, so that a reconnect or a closed tab loses nothing."""

from uuid import UUID

import msgspec

from backend.catalog.names import Catalogue, catalogue_of
from backend.catalog.rules import allowed
from backend.catalog.schemas import Family, Option
from backend.core import clock
from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.schemas import PlanName, Selection
from backend.orders.kinds.change_options import check
from backend.orders.kinds.plan import LineNow
from backend.orders.placing import place
from backend.orders.preview import prepare, view
from backend.orders.schemas import (
    ChangeOptions,
    DraftLine,
    DraftView,
    OptionChoice,
    OrderDetail,
    OrderPreview,
)
from backend.orders.selection import lines_of
from backend.orders.service import LISTED, get_order
from tenants.scope import Scope

LISTED_LINES = 50


@use_case(Permission.ORDERS_PLACE)
async def start_change(scope: Scope, selection: Selection) -> UUID:
    """Begin a change of options on a selection; returns the draft's id.

    Raises what the selection raises: unknown lines, none, or lines that cannot be changed together.
    """
    asked = ChangeOptions(line_ids=selection.line_ids, filter=selection.filter)
    found = await lines_of(scope, asked)
    busy = tuple(line.id for line in found if line.open_kinds)
    if selection.filter is not None and len(busy) < len(found):  # as on the list: these cannot join
        asked = msgspec.structs.replace(asked, except_ids=busy)
    draft_id, now = new_id(), clock.now()
    await scope.connection.execute(
        "INSERT INTO change_order (id, tenant_id, kind, state, requester_id, requester_name, requester_email,"
        " language, body, created_at, lines, promise_code) VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, 0, '')",
        draft_id,
        scope.tenant_id,
        asked.kind,
        scope.actor.member_id,
        scope.actor.name,
        scope.actor.email,
        scope.actor.language,
        msgspec.json.encode(asked).decode(),
        now,
    )
    return draft_id


async def _load(scope: Scope, draft_id: UUID) -> ChangeOptions:
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
    return msgspec.json.decode(row["body"], type=ChangeOptions)


async def _save(scope: Scope, draft_id: UUID, asked: ChangeOptions) -> None:
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
    scope: Scope, draft_id: UUID, *, add: tuple[str, ...], remove: tuple[str, ...]
) -> DraftView:
    """Keep what is ticked and unticked so far. Raises Invalid for options that cannot go together."""
    asked = msgspec.structs.replace(await _load(scope, draft_id), add=add, remove=remove)
    if add or remove:
        check((await catalogue_of(scope)).profile, asked)
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
async def submit_draft(scope: Scope, draft_id: UUID, *, fingerprint: str) -> OrderDetail:
    """Send the draft as it was shown. A second click, a resend or a reconnect finds the order already placed.

    Raises Conflict (`price_changed`) where the effect or price shown is no longer true.
    """
    try:
        asked = await _load(scope, draft_id)
    except Conflict as placed:
        return await get_order(scope, str(placed.details["reference"]))
    keyed = msgspec.structs.replace(asked, request_key=str(draft_id), fingerprint=fingerprint)
    order_id = await place(scope, keyed, draft_id=draft_id)
    reference = await scope.connection.fetchval("SELECT reference FROM change_order WHERE id = $1", order_id)
    return await get_order(scope, reference)


async def _view(scope: Scope, draft_id: UUID, asked: ChangeOptions) -> DraftView:
    lines = await lines_of(scope, asked)
    catalogue = await catalogue_of(scope)
    plans = sorted({line.plan for line in lines})
    return DraftView(
        id=draft_id,
        total_lines=len(lines),
        lines=[
            DraftLine(line_id=line.id, msisdn=line.msisdn, name=line.name) for line in lines[:LISTED_LINES]
        ],
        plans=[PlanName(code, catalogue.name("plan", code)) for code in plans],
        product_type=lines[0].product_type,
        choices=_choices(catalogue, lines),
        add=list(asked.add),
        remove=list(asked.remove),
    )


def _choices(catalogue: Catalogue, lines: list[LineNow]) -> list[OptionChoice]:
    """Every option of this product type, by family; those that no line may have come with `allowed_on` 0."""
    families = list(Family)

    def choice(option: Option) -> OptionChoice:
        return OptionChoice(
            code=option.code,
            name=catalogue.text(option.name),
            description=catalogue.text(option.description),
            zone=catalogue.text(option.zone),
            family=option.family,
            charge=option.charge,
            price_cents=option.price_cents,
            active_on=sum(option.code in line.options for line in lines),
            allowed_on=sum(allowed(option, line.plan, line.product_type) for line in lines),
        )

    options = [
        option for option in catalogue.profile.options if lines[0].product_type in option.product_types
    ]
    return [choice(option) for option in sorted(options, key=lambda option: families.index(option.family))]


@use_case(Permission.SYSTEM)
async def forget_drafts(scope: Scope) -> None:
    """Delete drafts that nobody sent within a week; a sweep calls this for each tenant."""
    await scope.connection.execute(
        "DELETE FROM change_order WHERE state = 'draft' AND created_at < now() - interval '7 days'"
    )
