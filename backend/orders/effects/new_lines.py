"""New lines in the database: the line, user, card, profile and contract that a request makes, and their removal."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.core.ids import new_id
from backend.lines.agreements import open_agreement
from backend.lines.intake.inserts import NewLine
from backend.lines.intake.ordered_lines import (
    abort_lines,
    assign_reserved_numbers,
    create_lines,
    mark_pending_active,
    set_numbers,
)
from backend.lines.lifecycle import LineStatus
from backend.lines.sims.cards import activate_sims, assign_sims, release_sims
from backend.lines.sims.esim_profiles import NewProfile, create_profiles, revoke_profiles, update_profiles
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.effects.new_line_choices import form_choices
from backend.orders.effects.new_line_defaults import draft_defaults
from backend.orders.effects.new_line_facts import load_context
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.new_line import ESIM
from backend.orders.lifecycle import ItemState
from tenants.scope import Scope


async def on_placed(scope: Scope, order: PlacedOrder) -> None:
    """Write the lines as ordered, and assign them their cards, numbers, profiles and contracts."""
    items = [(item_id, item.line, item.change) for item_id, item in order.items]
    users = await create_lines(scope, [_ordered(scope, line, change) for _, line, change in items])
    await assign_sims(scope, [(item, line.id, line.sim_number) for item, line, _ in items if line.sim_number])
    await assign_reserved_numbers(scope, await _from_pool(scope, [line for _, line, _ in items]))
    esims = [
        NewProfile(
            line_id=line.id,
            item_id=item,
            email=line.email,
            language=line.language,
            copy_to=scope.actor.email if change["qr_copy"] else "",
        )
        for item, line, change in items
        if change["sim_kind"] == ESIM
    ]
    if esims:
        await create_profiles(scope, esims)
    for item, line, change in items:
        if change["split_profile"]:
            await open_agreement(
                scope,
                line_id=line.id,
                item_id=item,
                profile=change["split_profile"],
                document_id=UUID(change["document_id"]),
                end_user_id=users[line.id],
                billing=change["billing"],
            )


def _ordered(scope: Scope, line: LineSnapshot, change: Mapping[str, Any]) -> NewLine:
    return NewLine(
        id=line.id,
        end_user_id=new_id(),
        status=LineStatus.ORDERED,
        msisdn=line.msisdn,
        product_type=line.product_type,
        plan=line.plan,
        options=change["options"],
        billing_account_id=line.billing_account_id,
        account=line.account,
        cost_centre_id=line.cost_centre_id,
        name=line.name,
        given_name=line.given_name,
        family_name=line.family_name,
        email=line.email,
        language=line.language or scope.actor.language,
        sim_number=line.sim_number,
        sim_kind=line.sim_kind,
        roaming_cap_cents=line.roaming_cap_cents,
    )


async def _from_pool(scope: Scope, lines: Sequence[LineSnapshot]) -> list[tuple[str, UUID]]:
    """The lines that take one of the tenant's reserved numbers; a ported number is none."""
    wanted = {line.msisdn: line.id for line in lines if line.msisdn}
    numbers = await scope.fetch_all(
        str,
        "SELECT msisdn FROM reserved_number WHERE msisdn = ANY($1::text[]) ORDER BY msisdn",
        list(wanted),
    )
    return [(number, wanted[number]) for number in numbers]


async def on_update(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """Write what the carrier reported: that it has the order, the number, the SIM, the state of the eSIM."""
    under_way = [update for update in updates if update.state in {ItemState.IN_PROGRESS, ItemState.HELD}]
    await mark_pending_active(scope, [update.line_id for update in under_way])
    reported = {
        update.line_id: {
            "msisdn": update.reported.get("msisdn", ""),
            "sim_number": update.reported.get("simNumber", ""),
        }
        for update in under_way
    }
    await set_numbers(scope, reported)
    await scope.execute_many(
        "UPDATE change_order_item SET msisdn = $2 WHERE id = $1 AND msisdn <> $2",
        [(update.item_id, update.reported["msisdn"]) for update in updates if update.reported.get("msisdn")],
    )
    profiles = [(update.item_id, update.reported) for update in updates if update.reported.get("esimState")]
    if profiles:
        await update_profiles(scope, profiles)


async def on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """Activate the cards of lines that are live."""
    await activate_sims(
        scope,
        [
            (update.line_id, "", update.change["sim_number"])
            for update in updates
            if update.change["sim_number"]
        ],
    )


async def on_cancelled(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    """Release cards and numbers, revoke profiles, abort the lines and delete their users."""
    await release_sims(scope, [one.item_id for one in closed])
    lines = [one.line_id for one in closed]
    await revoke_profiles(scope, lines)
    await abort_lines(scope, lines)


NEW_LINES_EFFECTS = Effects(
    load_context=load_context,
    form_choices=form_choices,
    draft_defaults=draft_defaults,
    on_placed=on_placed,
    on_update=on_update,
    on_completed=on_completed,
    on_cancelled=on_cancelled,
)
