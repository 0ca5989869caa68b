"""eSIM profiles of lines (domain 3.5): ordered, moved as the carrier says, revoked. Their codes: `codes.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.catalog.profiles import profile
from backend.core import audit, clock
from backend.core.facts import EsimReleased, JobName
from backend.core.ids import new_id
from backend.lines.sims.esim_lifecycle import ENDED, EsimState, next_state
from tenants.scope import Scope

PAST_RELEASE = frozenset(EsimState) - {EsimState.REQUESTED, EsimState.ALLOCATED} - ENDED
ENDED_STATES = [str(state) for state in ENDED]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProfile:
    """A profile that an item orders for a line; the mail with its code goes to `email`, a copy to `copy_to`."""

    line_id: UUID
    item_id: UUID
    email: str
    language: str
    copy_to: str


async def create_profiles(scope: Scope, wanted: Sequence[NewProfile]) -> list[UUID]:
    """Write profiles in one statement, as many as a file may order; returns their ids in the same order."""
    ids = [new_id() for _ in wanted]
    await scope.connection.execute(
        "INSERT INTO esim_profile (id, tenant_id, line_id, item_id, email, language, copy_to, created_at, changed_at)"
        " SELECT id, $1, line_id, item_id, email, language, copy_to, $2, $2"
        " FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[])"
        " AS t (id, line_id, item_id, email, language, copy_to)",
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
    """What the carrier told of items that order profiles: `simNumber` and `esimState`. Repeats change nothing."""
    rows = await scope.connection.fetch(
        "SELECT DISTINCT ON (item_id) id, item_id, line_id, iccid, state, email, language, copy_to"
        " FROM esim_profile WHERE item_id = ANY($1) ORDER BY item_id, created_at DESC, id DESC",
        [item for item, _ in news],
    )
    latest = {row["item_id"]: dict(row) for row in rows}
    for item_id, told in news:
        if found := latest.get(item_id):
            await _hear(scope, found, told)


async def _hear(scope: Scope, found: dict[str, Any], told: Mapping[str, Any]) -> None:
    number, said = str(told.get("simNumber") or ""), str(told.get("esimState") or "")
    # Issued anew: the earlier code is worthless
    if number and found["iccid"] and number != found["iccid"]:
        if await _known(scope, found["item_id"], number):
            return
        await _end(scope, [found["id"]])
        found |= {"iccid": "", "state": EsimState.REQUESTED, "id": await _again(scope, found)}
    before = EsimState(found["state"])
    if number and not found["iccid"]:
        said = said or EsimState.ALLOCATED
    after = next_state(before, said) or before
    if after == before and (not number or number == found["iccid"]):
        return
    found |= {"state": after, "iccid": found["iccid"] or number}
    await scope.connection.execute(
        "UPDATE esim_profile SET state = $2, iccid = $3, changed_at = $4,"
        " activation_sealed = CASE WHEN $5 THEN NULL ELSE activation_sealed END,"
        " confirmation_sealed = CASE WHEN $5 THEN NULL ELSE confirmation_sealed END WHERE id = $1",
        found["id"],
        after,
        found["iccid"],
        clock.now(),
        after in ENDED,
    )
    if before not in PAST_RELEASE and after in PAST_RELEASE and found["iccid"]:
        scope.emit(EsimReleased(profile_id=found["id"]))
    scope.invalidate(f"line:{found['line_id']}")


async def _known(scope: Scope, item_id: UUID, number: str) -> bool:
    """Whether it is the number of an earlier profile of the item: news that came late."""
    return bool(
        await scope.connection.fetchval(
            "SELECT EXISTS (SELECT FROM esim_profile WHERE item_id = $1 AND iccid = $2)", item_id, number
        )
    )


async def _again(scope: Scope, found: Mapping[str, Any]) -> UUID:
    names = ("line_id", "item_id", "email", "language", "copy_to")
    [profile_id] = await create_profiles(scope, [NewProfile(**{name: found[name] for name in names})])
    return profile_id


async def _end(scope: Scope, profile_ids: Sequence[UUID]) -> None:
    await scope.connection.execute(
        "UPDATE esim_profile SET state = 'revoked', activation_sealed = NULL, confirmation_sealed = NULL,"
        " changed_at = $2 WHERE id = ANY($1) AND state <> ALL($3::text[])",
        list(profile_ids),
        clock.now(),
        ENDED_STATES,
    )


async def revoke_profiles(
    scope: Scope, line_ids: Sequence[UUID], *, keep: Sequence[UUID] = (), items: Sequence[UUID] = ()
) -> None:
    """The lines have other SIMs, or none, from now on: their profiles and codes are worth nothing any more.

    `keep`: items whose profile replaces the others. `items`: only the profiles that these items ordered.
    """
    rows = await scope.connection.fetch(
        "SELECT id, line_id FROM esim_profile WHERE line_id = ANY($1) AND state <> ALL($2::text[])"
        " AND (item_id IS NULL OR item_id <> ALL($3::uuid[])) AND ($4::uuid[] = '{}' OR item_id = ANY($4))"
        " ORDER BY id FOR NO KEY UPDATE",
        list(line_ids),
        ENDED_STATES,
        list(keep),
        list(items),
    )
    await _end(scope, [row["id"] for row in rows])
    for line_id in {row["line_id"] for row in rows}:
        scope.invalidate(f"line:{line_id}")


async def send_code(scope: Scope, profile_id: UUID) -> None:
    """Have the code mailed, the first time or again; where its user has to agree first, the question instead."""
    row = await scope.connection.fetchrow(
        "UPDATE esim_profile p SET sent_count = sent_count + 1 FROM tenant t WHERE p.id = $1"
        " RETURNING p.sent_count, p.line_id, p.confirmed_at, t.carrier",
        profile_id,
    )
    asks = profile(row["carrier"]).esim_confirmation and row["confirmed_at"] is None
    job = JobName.SEND_CONFIRMATION_REQUEST if asks else JobName.SEND_ACTIVATION_CODE
    scope.enqueue(job, profile_id=profile_id, number=row["sent_count"])
    scope.invalidate(f"line:{row['line_id']}")


async def confirm_profile(scope: Scope, profile_id: UUID) -> None:
    """The user agreed: the carrier is told, and the code goes out. Once only: the caller's link sees to that."""
    now = clock.now()
    row = await scope.connection.fetchrow(
        "UPDATE esim_profile SET confirmed_at = $2, changed_at = $2 WHERE id = $1 AND confirmed_at IS NULL"
        " AND state <> ALL($3::text[]) RETURNING item_id, line_id",
        profile_id,
        now,
        ENDED_STATES,
    )
    if row is None:
        return
    confirmed = {"esimConfirmedAt": now.isoformat()}
    scope.enqueue(JobName.AMEND_AT_CARRIER, item_id=row["item_id"], characteristics=confirmed)
    await audit.record(scope, "esim.confirmed", "line", row["line_id"])
    await send_code(scope, profile_id)
