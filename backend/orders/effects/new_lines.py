"""New lines in the database: the line, user, card, profile and contract that a request makes, and their undoing."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.lines.agreements import open_agreement
from backend.lines.esims import NewProfile, hear_profiles, open_profiles, revoke_profiles
from backend.lines.ordering import (
    OrderedLine,
    abort_lines,
    mark_sent,
    number_lines,
    order_lines,
    reserve_numbers,
)
from backend.lines.sims import activate_sims, give_back, hold_sims
from backend.orders.effects.base import Effects
from backend.orders.effects.new_line_choices import choices
from backend.orders.effects.new_line_facts import facts
from backend.orders.kinds.new_line import ESIM
from backend.orders.kinds.plan import LineNow
from backend.orders.schemas import ItemState
from backend.orders.steps import Ended, Placed, Step
from tenants.scope import Scope


async def placed(scope: Scope, order: Placed) -> None:
    """The lines exist, as ordered; what they need is kept for them."""
    items = [(item_id, planned.line, planned.change) for item_id, planned in order.items]
    users = await order_lines(scope, [_ordered(scope, line, change) for _, line, change in items])
    await hold_sims(scope, [(item, line.id, line.sim_number) for item, line, _ in items if line.sim_number])
    await reserve_numbers(scope, await _from_pool(scope, [line for _, line, _ in items]))
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
        await open_profiles(scope, esims)
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


def _ordered(scope: Scope, line: LineNow, change: Mapping[str, Any]) -> OrderedLine:
    return OrderedLine(
        id=line.id,
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


async def _from_pool(scope: Scope, lines: Sequence[LineNow]) -> list[tuple[str, UUID]]:
    """Which of the lines take a number of the tenant's pool; a ported number is not of it."""
    wanted = {line.msisdn: line.id for line in lines if line.msisdn}
    rows = await scope.connection.fetch(
        "SELECT msisdn FROM reserved_number WHERE msisdn = ANY($1::text[]) ORDER BY msisdn", list(wanted)
    )
    return [(row["msisdn"], wanted[row["msisdn"]]) for row in rows]


async def heard(scope: Scope, steps: Sequence[Step]) -> None:
    """The carrier has the order, says the number, prepares the eSIM: in whatever order it is told."""
    under_way = [step for step in steps if step.state in {ItemState.IN_PROGRESS, ItemState.HELD}]
    await mark_sent(scope, [step.line_id for step in under_way])
    told = {
        step.line_id: {"msisdn": step.told.get("msisdn", ""), "sim_number": step.told.get("simNumber", "")}
        for step in under_way
    }
    await number_lines(scope, told)
    await scope.connection.executemany(
        "UPDATE change_order_item SET msisdn = $2 WHERE id = $1 AND msisdn <> $2",
        [(step.item_id, step.told["msisdn"]) for step in steps if step.told.get("msisdn")],
    )
    profiles = [(step.item_id, step.told) for step in steps if step.told.get("esimState")]
    if profiles:
        await hear_profiles(scope, profiles)


async def done(scope: Scope, steps: Sequence[Step]) -> None:
    await activate_sims(
        scope, [(step.line_id, "", step.change["sim_number"]) for step in steps if step.change["sim_number"]]
    )


async def dropped(scope: Scope, ended: Sequence[Ended]) -> None:
    """Card back to stock, number free, profile worthless, nobody remembered."""
    await give_back(scope, [one.item_id for one in ended])
    lines = [one.line_id for one in ended]
    await revoke_profiles(scope, lines)
    await abort_lines(scope, lines)


EFFECTS = Effects(facts=facts, choices=choices, placed=placed, heard=heard, done=done, dropped=dropped)
