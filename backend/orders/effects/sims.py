"""Cards held, activated and given back; profiles ordered, heard of and revoked; the line's user told of every swap."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.catalog.identifiers import sim_number
from backend.catalog.names import Catalogue, catalogue_of
from backend.core import clock
from backend.lines.esim_states import why_not
from backend.lines.esims import NewProfile, hear_profiles, open_profiles, revoke_profiles, send_code
from backend.lines.sim_mails import tell_of_new_sim, tell_of_swap
from backend.lines.sims import activate_sims, block_sims, give_back, hold_sims, sim_use, stock_of
from backend.orders.effects.base import Effects
from backend.orders.kinds.plan import LineNow
from backend.orders.kinds.replace_sim import GONE, Cards, ReplaceSim, SimChoices
from backend.orders.kinds.request_esim import EsimChoices
from backend.orders.kinds.resend_esim import Profiles, Sent
from backend.orders.steps import Ended, Placed, Step
from tenants.scope import Scope


async def cards(scope: Scope, asked: Sequence[ReplaceSim], lines: Sequence[LineNow]) -> Cards:
    rule = (await catalogue_of(scope)).profile.sim_number
    use = await sim_use(scope, [number for one in asked if (number := sim_number(one.sim_number, rule))])
    return Cards(use.taken, use.own, frozenset(line.id for line in lines))


async def card_choices(
    scope: Scope, catalogue: Catalogue, _asked: Any, lines: Sequence[LineNow]
) -> SimChoices:
    return SimChoices(
        present=lines[0].sim_number,
        stock=tuple(await stock_of(scope)),
        example=catalogue.profile.sim_number.example,
    )


async def _tell(scope: Scope, order: Placed) -> None:
    for item_id, planned in order.items:
        await tell_of_swap(scope, item_id, planned.line.id, recipient=planned.line.email, by=scope.actor.name)


async def card_placed(scope: Scope, order: Placed) -> None:
    held = [(item, planned.line.id, planned.change["sim_number"]) for item, planned in order.items]
    await hold_sims(scope, held)
    await _tell(scope, order)


async def card_done(scope: Scope, steps: Sequence[Step]) -> None:
    """The old card, or the old eSIM, is worth nothing from now on."""
    await activate_sims(
        scope, [(step.line_id, step.line["sim_number"], step.change["sim_number"]) for step in steps]
    )
    await revoke_profiles(scope, [step.line_id for step in steps])
    for step in steps:
        await tell_of_new_sim(scope, step.item_id, step.line_id)


async def card_dropped(scope: Scope, ended: Sequence[Ended]) -> None:
    await give_back(scope, [one.item_id for one in ended])


CARDS = Effects(facts=cards, choices=card_choices, placed=card_placed, done=card_done, dropped=card_dropped)


async def esim_choices(
    _scope: Scope, catalogue: Catalogue, _asked: Any, lines: Sequence[LineNow]
) -> EsimChoices:
    line = lines[0]
    return EsimChoices(
        present=line.sim_number,
        email=line.email,
        language=line.language,
        confirmation=catalogue.profile.esim_confirmation,
    )


async def esim_placed(scope: Scope, order: Placed) -> None:
    profiles = [
        NewProfile(
            line_id=planned.line.id,
            item_id=item_id,
            email=planned.change["email"],
            language=planned.change["language"],
            copy_to=scope.actor.email if planned.change["qr_copy"] else "",
        )
        for item_id, planned in order.items
    ]
    await open_profiles(scope, profiles)
    await _tell(scope, order)


async def esim_heard(scope: Scope, steps: Sequence[Step]) -> None:
    await hear_profiles(scope, [(step.item_id, step.told) for step in steps])


async def esim_done(scope: Scope, steps: Sequence[Step]) -> None:
    await activate_sims(
        scope,
        [(step.line_id, step.line["sim_number"], str(step.told.get("simNumber") or "")) for step in steps],
    )
    await revoke_profiles(scope, [step.line_id for step in steps], keep=[step.item_id for step in steps])
    for step in steps:
        await tell_of_new_sim(scope, step.item_id, step.line_id)


async def esim_dropped(scope: Scope, ended: Sequence[Ended]) -> None:
    await revoke_profiles(scope, [one.line_id for one in ended], items=[one.item_id for one in ended])


ESIMS = Effects(
    choices=esim_choices, placed=esim_placed, heard=esim_heard, done=esim_done, dropped=esim_dropped
)


async def sent_profiles(scope: Scope, _asked: Sequence[Any], lines: Sequence[LineNow]) -> Profiles:
    rows = await scope.connection.fetch(
        "SELECT DISTINCT ON (line_id) line_id, id, state, email, valid_until, activation_sealed IS NOT NULL AS sealed"
        " FROM esim_profile WHERE line_id = ANY($1) ORDER BY line_id, created_at DESC, id DESC",
        [line.id for line in lines],
    )
    return Profiles(
        {
            row["line_id"]: Sent(
                why_not(row["state"], row["valid_until"], clock.now(), sealed=row["sealed"]),
                row["id"],
                row["email"],
            )
            for row in rows
        }
    )


async def resent(scope: Scope, steps: Sequence[Step]) -> None:
    """The profile that the request named; one that ended since is not sent (the mail looks again)."""
    for step in steps:
        await send_code(scope, UUID(step.change["profile_id"]))


RESENT = Effects(facts=sent_profiles, done=resent)


async def suspended(scope: Scope, steps: Sequence[Step]) -> None:
    """Lost or stolen: the card is blocked. A profile stays, since the number may come back."""
    lost = [step.line_id for step in steps if step.change.get("reason") in GONE]
    if lost:
        await block_sims(scope, lost, blocked=True)


async def found_again(scope: Scope, steps: Sequence[Step]) -> None:
    await block_sims(scope, [step.line_id for step in steps], blocked=False)


SUSPENDED = Effects(done=suspended)
REACTIVATED = Effects(done=found_again)
