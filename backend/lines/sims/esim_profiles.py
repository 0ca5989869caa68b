"""eSIM profiles of lines (domain 3.5): ordered, moved as the carrier reports, revoked. Their codes: `codes.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from piccolo.columns import Column

from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.errors import NotFound
from backend.core.facts import EsimReleased, JobName
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.sims.esim_lifecycle import ENDED, EsimState, next_state, unusable_reason
from backend.lines.tables import EsimProfile
from backend.lines.timeline_codes import LineTimelineCode
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope
from tenants.tenant_info import tenant_info

PAST_RELEASE = frozenset(EsimState) - {EsimState.REQUESTED, EsimState.ALLOCATED} - ENDED
ENDED_STATES = [str(state) for state in ENDED]

INSERT = """
INSERT INTO esim_profile (id, tenant_id, line_id, item_id, email, language, copy_to, created_at, changed_at)
SELECT id, $1, line_id, item_id, email, language, copy_to, $2, $2
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[])
  AS t (id, line_id, item_id, email, language, copy_to)
"""
LATEST_OF_ITEMS = """
SELECT DISTINCT ON (item_id) id, item_id, line_id, iccid, state, email, language, copy_to
FROM esim_profile WHERE item_id = ANY($1) ORDER BY item_id, created_at DESC, id DESC
"""
LATEST_OF_LINES = """
SELECT DISTINCT ON (line_id) line_id, state, valid_until, activation_sealed IS NOT NULL AS sealed
FROM esim_profile WHERE line_id = ANY($1) ORDER BY line_id, created_at DESC, id DESC
"""
END = """
UPDATE esim_profile SET state = $3, activation_sealed = NULL, confirmation_sealed = NULL, changed_at = $2
WHERE id = ANY($1) AND state <> ALL($4::text[])
"""
LOCK_LIVE = """
SELECT id, line_id FROM esim_profile WHERE line_id = ANY($1) AND state <> ALL($2::text[])
  AND (item_id IS NULL OR item_id <> ALL($3::uuid[])) AND ($4::uuid[] = '{}' OR item_id = ANY($4))
ORDER BY id FOR NO KEY UPDATE
"""
COUNT_SENDING = """
UPDATE esim_profile SET sent_count = sent_count + 1, sent_for = coalesce($2, sent_for),
  email = coalesce(nullif($3, ''), email) WHERE id = $1 RETURNING sent_count, line_id, confirmed_at
"""


class ProfileCode(msgspec.Struct, frozen=True):
    """What decides whether the code of a line's latest profile can be sent again."""

    line_id: UUID
    state: str
    valid_until: datetime | None
    sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProfile:
    """A profile that an item orders for a line; the mail with its code goes to `email`, a copy to `copy_to`."""

    line_id: UUID
    item_id: UUID
    email: str
    language: str
    copy_to: str


class OrderedProfile(msgspec.Struct, frozen=True):
    """The latest profile that an item ordered."""

    id: UUID
    item_id: UUID
    line_id: UUID
    iccid: str
    state: str
    email: str
    language: str
    copy_to: str


class ProfileLine(msgspec.Struct, frozen=True):
    """A profile and its line."""

    id: UUID
    line_id: UUID


class Sending(msgspec.Struct, frozen=True):
    """How often a profile's code was sent, this time included."""

    sent_count: int
    line_id: UUID
    confirmed_at: datetime | None


class Confirmation(msgspec.Struct, frozen=True):
    """A profile that its user confirmed just now."""

    item_id: UUID | None
    line_id: UUID


async def create_profiles(scope: Scope, wanted: Sequence[NewProfile]) -> list[UUID]:
    """Write profiles in one statement, as many as a file may order; returns their ids in the same order."""
    ids = [new_id() for _ in wanted]
    await scope.execute(
        INSERT,
        scope.tenant_id,
        clock.now(),
        ids,
        [one.line_id for one in wanted],
        [one.item_id for one in wanted],
        [one.email for one in wanted],
        [one.language for one in wanted],
        [one.copy_to for one in wanted],
    )
    return ids


async def update_profiles(scope: Scope, news: Sequence[tuple[UUID, Mapping[str, Any]]]) -> None:
    """Apply what the carrier reported of items that order profiles (`simNumber`, `esimState`). Repeats change nothing."""
    latest = {
        one.item_id: one
        for one in await scope.fetch_all(OrderedProfile, LATEST_OF_ITEMS, [item for item, _ in news])
    }
    for item_id, told in news:
        if found := latest.get(item_id):
            latest[item_id] = await _apply(scope, found, told)


async def _apply(scope: Scope, found: OrderedProfile, told: Mapping[str, Any]) -> OrderedProfile:
    """Write one report; returns the item's latest profile as it is then."""
    number, said = str(told.get("simNumber") or ""), str(told.get("esimState") or "")
    # Issued anew: the earlier code is worthless
    if number and found.iccid and number != found.iccid:
        if await _is_known(found.item_id, number):
            return found
        await _end(scope, [found.id])
        found = await _reissue(scope, found)
    before = EsimState(found.state)
    if number and not found.iccid:
        said = said or EsimState.ALLOCATED
    after = next_state(before, said) or before
    if after == before and (not number or number == found.iccid):
        return found
    found = msgspec.structs.replace(found, state=after, iccid=found.iccid or number)
    changed: dict[Column | str, Any] = {
        EsimProfile.state: after,
        EsimProfile.iccid: found.iccid,
        EsimProfile.changed_at: clock.now(),
    }
    if after in ENDED:
        changed |= {EsimProfile.activation_sealed: None, EsimProfile.confirmation_sealed: None}
    await EsimProfile.update(changed).where(EsimProfile.id == found.id)
    if before not in PAST_RELEASE and after in PAST_RELEASE and found.iccid:
        scope.emit(EsimReleased(profile_id=found.id))
    scope.invalidate(f"line:{found.line_id}")
    return found


async def _is_known(item_id: UUID, number: str) -> bool:
    """Whether it is the number of an earlier profile of the item: a report that came late."""
    return await EsimProfile.exists().where(EsimProfile.item_id == item_id, EsimProfile.iccid == number)


async def _reissue(scope: Scope, found: OrderedProfile) -> OrderedProfile:
    new = NewProfile(
        line_id=found.line_id,
        item_id=found.item_id,
        email=found.email,
        language=found.language,
        copy_to=found.copy_to,
    )
    [profile_id] = await create_profiles(scope, [new])
    return msgspec.structs.replace(found, id=profile_id, iccid="", state=EsimState.REQUESTED)


async def _end(scope: Scope, profile_ids: Sequence[UUID]) -> None:
    await scope.execute(END, list(profile_ids), clock.now(), EsimState.REVOKED, ENDED_STATES)


async def with_sendable_code(scope: Scope, line_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the lines whose eSIM mail can be sent again."""
    now = clock.now()
    return frozenset(
        one.line_id
        for one in await scope.fetch_all(ProfileCode, LATEST_OF_LINES, list(line_ids))
        if not unusable_reason(one.state, one.valid_until, now, sealed=one.sealed)
    )


async def revoke_profiles(
    scope: Scope, line_ids: Sequence[UUID], *, keep: Sequence[UUID] = (), items: Sequence[UUID] = ()
) -> None:
    """Revoke the profiles of lines that have other SIMs from now on, or none, and delete their codes.

    `keep`: items whose profile replaces the others. `items`: only the profiles that these items ordered.
    """
    live = await scope.fetch_all(
        ProfileLine, LOCK_LIVE, list(line_ids), ENDED_STATES, list(keep), list(items)
    )
    await _end(scope, [one.id for one in live])
    for line_id in {one.line_id for one in live}:
        scope.invalidate(f"line:{line_id}")


async def send_code(scope: Scope, profile_id: UUID, *, item_id: UUID | None = None, email: str = "") -> None:
    """Have the code mailed, the first time or again; where its user has to agree first, the question instead.

    `item_id`: the item that asks for it again; `email`: another address than before.
    """
    sending = await scope.fetch_one(Sending, COUNT_SENDING, profile_id, item_id, email)
    if sending is None:
        return
    carrier = profile((await tenant_info(scope)).carrier)
    asks = carrier.esim_confirmation and sending.confirmed_at is None
    job = JobName.SEND_CONFIRMATION_REQUEST if asks else JobName.SEND_ACTIVATION_CODE
    scope.enqueue(job, profile_id=profile_id, number=sending.sent_count)
    scope.invalidate(f"line:{sending.line_id}")


class ProfileToConfirm(msgspec.Struct, frozen=True):
    """What a user is asked to confirm: a profile, and the number that moves to it."""

    id: UUID
    state: str
    language: str
    confirmed_at: datetime | None
    msisdn: str


TO_CONFIRM = """
SELECT p.id, p.state, p.language, p.confirmed_at, l.msisdn FROM esim_profile p
JOIN line l ON l.tenant_id = p.tenant_id AND l.id = p.line_id WHERE p.id = $1
"""


@use_case(Permission.SYSTEM, read_only=True)
async def profile_to_confirm(scope: Scope, profile_id: UUID) -> ProfileToConfirm:
    """The profile that a confirmation link is about. Raises NotFound."""
    found = await scope.fetch_one(ProfileToConfirm, TO_CONFIRM, profile_id)
    if found is None:
        raise NotFound
    return found


async def confirm_profile(scope: Scope, profile_id: UUID) -> None:
    """Write that the user agreed: the carrier is told, and the code is mailed. A second time changes nothing."""
    now = clock.now()
    open_profile = (
        (EsimProfile.id == profile_id)
        & EsimProfile.confirmed_at.is_null()
        & EsimProfile.state.not_in(list(ENDED_STATES))
    )
    now_confirmed = EsimProfile.update({EsimProfile.confirmed_at: now, EsimProfile.changed_at: now})
    found = await scope.change_all(Confirmation, now_confirmed.where(open_profile))
    if not found:
        return
    confirmed = found[0]
    characteristics = {"esimConfirmedAt": now.isoformat()}
    scope.enqueue(JobName.AMEND_AT_CARRIER, item_id=confirmed.item_id, characteristics=characteristics)
    await timeline.record(scope, TimelineSubject.LINE, confirmed.line_id, LineTimelineCode.ESIM_CONFIRMED)
    await send_code(scope, profile_id)
