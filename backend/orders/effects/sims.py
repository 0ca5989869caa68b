"""SIM cards and eSIM profiles: assigned, activated, released, blocked; the line's user is notified of every swap."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.identifiers import sim_number
from backend.core import clock
from backend.lines.sims.cards import activate_sims, assign_sims, block_sims, release_sims, sim_use, stock_of
from backend.lines.sims.esim_lifecycle import unusable_reason
from backend.lines.sims.esim_profiles import (
    NewProfile,
    create_profiles,
    revoke_profiles,
    send_code,
    update_profiles,
)
from backend.lines.sims.swap_notices import (
    members_using,
    notify_sim_active,
    notify_swap_requested,
    notify_swap_withdrawn,
)
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.replace_sim import GONE, ReplaceSim, SimChoices, SimStock
from backend.orders.kinds.request_esim import EsimChoices
from backend.orders.kinds.resend_esim import ResendChoices, SentProfile, SentProfiles
from tenants.scope import Scope

LATEST_PROFILES = """
SELECT DISTINCT ON (line_id) line_id, id, state, email, valid_until, activation_sealed IS NOT NULL AS sealed,
  mail_refused
FROM esim_profile WHERE line_id = ANY($1) AND state <> 'revoked' ORDER BY line_id, created_at DESC, id DESC
"""


class LatestProfile(msgspec.Struct, frozen=True):
    """The latest eSIM profile of a line, but for those that were revoked."""

    line_id: UUID
    id: UUID
    state: str
    email: str
    valid_until: datetime | None
    sealed: bool
    mail_refused: str | None


async def _load_cards(scope: Scope, request: Sequence[ReplaceSim], lines: Sequence[LineSnapshot]) -> SimStock:
    rule = (await catalogue_of(scope)).profile.sim_number
    use = await sim_use(scope, [number for one in request if (number := sim_number(one.sim_number, rule))])
    return SimStock(use.taken, use.own, frozenset(line.id for line in lines))


async def _card_choices(
    scope: Scope, catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> SimChoices:
    return SimChoices(
        present=lines[0].sim_number,
        stock=tuple(await stock_of(scope)),
        example=catalogue.profile.sim_number.example,
    )


async def _notify(scope: Scope, order: PlacedOrder) -> None:
    members = await members_using(scope, [item.line.id for _, item in order.items])
    for item_id, item in order.items:
        await notify_swap_requested(
            scope,
            item_id,
            item.line.id,
            recipient=item.line.email,
            member_id=members.get(item.line.id),
            by=scope.actor.name,
        )


async def _notify_withdrawn(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    """Whoever was warned of the swap is told that it does not happen."""
    for one in closed:
        await notify_swap_withdrawn(scope, one.item_id, one.line_id)


async def _card_placed(scope: Scope, order: PlacedOrder) -> None:
    held = [(item_id, item.line.id, item.change["sim_number"]) for item_id, item in order.items]
    await assign_sims(scope, held)
    await _notify(scope, order)


async def _card_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """Activate the new card, retire the old card or eSIM, and notify the user."""
    await activate_sims(
        scope,
        [(update.line_id, update.before.sim_number, update.change["sim_number"]) for update in updates],
    )
    await revoke_profiles(scope, [update.line_id for update in updates])
    for update in updates:
        await notify_sim_active(scope, update.item_id, update.line_id)


async def _card_cancelled(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    await release_sims(scope, [one.item_id for one in closed])
    await _notify_withdrawn(scope, closed)


CARDS = Effects(
    load_context=_load_cards,
    form_choices=_card_choices,
    on_placed=_card_placed,
    on_completed=_card_completed,
    on_cancelled=_card_cancelled,
)


async def _esim_choices(
    _scope: Scope, catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> EsimChoices:
    line = lines[0]
    return EsimChoices(
        present=line.sim_number,
        email=line.email,
        language=line.language,
        confirmation=catalogue.profile.esim_confirmation,
    )


async def _esim_placed(scope: Scope, order: PlacedOrder) -> None:
    profiles = [
        NewProfile(
            line_id=item.line.id,
            item_id=item_id,
            email=item.change["email"],
            language=item.change["language"],
            copy_to=scope.actor.email if item.change["qr_copy"] else "",
        )
        for item_id, item in order.items
    ]
    await create_profiles(scope, profiles)
    await _notify(scope, order)


async def _esim_updated(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    await update_profiles(scope, [(update.item_id, update.reported) for update in updates])


async def _esim_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    await activate_sims(
        scope,
        [
            (update.line_id, update.before.sim_number, str(update.reported.get("simNumber") or ""))
            for update in updates
        ],
    )
    await revoke_profiles(
        scope, [update.line_id for update in updates], keep=[update.item_id for update in updates]
    )
    for update in updates:
        await notify_sim_active(scope, update.item_id, update.line_id)


async def _esim_cancelled(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    await revoke_profiles(scope, [one.line_id for one in closed], items=[one.item_id for one in closed])
    await _notify_withdrawn(scope, closed)


ESIMS = Effects(
    form_choices=_esim_choices,
    on_placed=_esim_placed,
    on_update=_esim_updated,
    on_completed=_esim_completed,
    on_cancelled=_esim_cancelled,
)


async def _load_sent_profiles(
    scope: Scope, _request: Sequence[Any], lines: Sequence[LineSnapshot]
) -> SentProfiles:
    """The latest profile of each line, and whether its code can be sent again."""
    found = await scope.fetch_all(LatestProfile, LATEST_PROFILES, [line.id for line in lines])
    return SentProfiles(
        {
            one.line_id: SentProfile(
                unusable_reason(one.state, one.valid_until, clock.now(), sealed=one.sealed),
                one.id,
                one.email,
            )
            for one in found
        }
    )


async def _resend(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """Send the code of the profile that the request named; the mail checks that it is still valid."""
    for update in updates:
        profile_id, email = UUID(update.change["profile_id"]), update.change["email"]
        await send_code(scope, profile_id, item_id=update.item_id, email=email)


async def _resend_choices(
    scope: Scope, _catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> ResendChoices:
    found = await scope.fetch_all(LatestProfile, LATEST_PROFILES, [line.id for line in lines[:1]])
    return ResendChoices(
        email=(found[0].email if found else "") or lines[0].email,
        refused=bool(found and found[0].mail_refused),
    )


RESENT = Effects(load_context=_load_sent_profiles, form_choices=_resend_choices, on_completed=_resend)


async def _block_lost(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """Block the card of a lost or stolen telephone. An eSIM profile stays, since the line may be reactivated."""
    lost = [update.line_id for update in updates if update.change.get("reason") in GONE]
    if lost:
        await block_sims(scope, lost, blocked=True)


async def _unblock(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    await block_sims(scope, [update.line_id for update in updates], blocked=False)


SUSPENDED = Effects(on_completed=_block_lost)
REACTIVATED = Effects(on_completed=_unblock)
