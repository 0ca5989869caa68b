"""Writes a reading of the carrier's inventory to the lines. The customer's own fields are never touched.

A state that a request has set stays. A number that the inventory ended and brings back is the same line again, with its
user, name, address and cost centre.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.schemas import CarrierProfile, ProductType
from backend.core import clock
from backend.core.ids import LineId, new_id
from backend.integrations.network import InventoryLine, UnreadableService
from backend.lines.intake.inventory_reading import InventoryReading
from backend.lines.lifecycle import ENDED, LineStatus
from backend.lines.sims.codes import seal_context
from backend.lines.timeline_codes import LineTimelineCode
from backend.runtime import secret_box
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope

# A number is not given to somebody else before that (Royal Decree: six to twelve months)
QUARANTINE = timedelta(days=180)

INCOMING = """
CREATE TEMPORARY TABLE incoming (msisdn text, account text, status text, product_type text, plan text, options text[],
  barrings text[], sim_number text, sim_kind text, roaming_cap_cents int, companion_sim text, split_profile text,
  activated_on date, read_at timestamptz, new_id uuid, puk_sealed bytea) ON COMMIT DROP
"""

KNOWN = "SELECT msisdn, id FROM line WHERE status <> ALL($1::text[])"
TAKEN_ELSEWHERE = "SELECT n FROM directory_numbers_taken($1::text[]) AS n"
# The last line of each number
LATEST = """
SELECT DISTINCT ON (msisdn) msisdn, id, sim_number, gone_at, puk_sealed IS NOT NULL AS has_puk
FROM line WHERE msisdn = ANY($1::text[]) ORDER BY msisdn, id DESC
"""

BRING_BACK = """
UPDATE line l SET status = i.status, gone_at = NULL, puk_sealed = COALESCE(l.puk_sealed, i.puk_sealed)
FROM incoming i JOIN billing_account a ON a.number = i.account
WHERE l.id = i.new_id AND l.id = ANY($1) RETURNING l.id
"""
# How a line ends is not written here: it may have to be asked about
UPDATE_KNOWN = """
UPDATE line l SET account = a.number, billing_account_id = a.id, product_type = i.product_type,
  status = CASE WHEN l.status_requested OR i.status = ANY($1::text[]) THEN l.status ELSE i.status END,
  plan = i.plan, options = i.options, barrings = i.barrings, sim_number = i.sim_number, sim_kind = i.sim_kind,
  roaming_cap_cents = i.roaming_cap_cents, companion_sim = i.companion_sim, split_profile = i.split_profile,
  split_ended_at = CASE WHEN l.split_profile <> '' AND i.split_profile = '' THEN now() ELSE l.split_ended_at END,
  activated_on = i.activated_on, puk_sealed = COALESCE(i.puk_sealed, l.puk_sealed)
FROM incoming i JOIN billing_account a ON a.number = i.account
WHERE l.msisdn = i.msisdn AND (l.confirmed_at IS NULL OR l.confirmed_at < i.read_at)
  AND l.status <> ALL($1::text[])
"""

INSERT_NEW = """
INSERT INTO line (id, tenant_id, msisdn, status, product_type, plan, options, barrings, billing_account_id, account,
  name, name_key, search, sim_number, sim_kind, roaming_cap_cents, companion_sim, split_profile, debt_block,
  activated_on, puk_sealed)
SELECT i.new_id, $1, i.msisdn, i.status, i.product_type, i.plan, i.options, i.barrings, a.id, a.number, '', '', '',
  i.sim_number, i.sim_kind, i.roaming_cap_cents, i.companion_sim, i.split_profile, false, i.activated_on, i.puk_sealed
FROM incoming i JOIN billing_account a ON a.number = i.account
WHERE i.status <> ALL($2::text[])
  AND NOT EXISTS (SELECT FROM line l WHERE l.msisdn = i.msisdn AND l.status <> ALL($2::text[]))
ON CONFLICT DO NOTHING
"""

PRODUCT_TYPES = frozenset(map(str, ProductType))


class KnownLine(msgspec.Struct, frozen=True):
    """A live line by its number."""

    msisdn: str
    id: UUID


class EndedLine(msgspec.Struct, frozen=True):
    """The last line of a number that has no live one. `gone_at`: when the inventory ended it."""

    msisdn: str
    id: UUID
    sim_number: str
    gone_at: datetime | None
    has_puk: bool


async def write_lines(scope: Scope, reading: InventoryReading) -> None:
    """Write what the inventory says of its lines, and add the new ones. Ends no line.

    What cannot be written is moved to the unreadable services of the reading. `incoming` holds the rest until the
    transaction ends.
    """
    ended = [str(status) for status in ENDED]
    known = {line.msisdn: line.id for line in await scope.fetch_all(KnownLine, KNOWN, ended)}
    await _leave_out_unusable(scope, reading, known)
    back = await _coming_back(scope, reading, known)
    await scope.connection.execute(INCOMING)
    profile = (await catalogue_of(scope)).profile
    # COPY is refused on a table under policies, so rows go through a temporary one.
    await scope.connection.copy_records_to_table(
        "incoming",
        records=[
            _record(scope, with_cap(profile, line), read_at, known.get(number), back.get(number))
            for number, (line, read_at) in reading.lines.items()
        ],
    )
    returned = await scope.fetch_all(LineId, BRING_BACK, [line.id for line in back.values()])
    await timeline.record_many(
        scope,
        TimelineSubject.LINE,
        LineTimelineCode.BACK_AT_CARRIER,
        [(line_id, dict[str, str]()) for line_id in returned],
    )
    await scope.execute(UPDATE_KNOWN, ended)
    await scope.execute(INSERT_NEW, scope.tenant_id, ended)


async def _leave_out_unusable(scope: Scope, reading: InventoryReading, known: Collection[str]) -> None:
    """Take out what the database would refuse: it must not stop the rest."""
    new = [number for number in reading.lines if number not in known]
    taken = set(await scope.fetch_all(str, TAKEN_ELSEWHERE, new)) if new else set()
    for number, (line, _) in list(reading.lines.items()):
        why = ""
        if line.product_type not in PRODUCT_TYPES:
            why = "its productType is not one that we know"
        elif number in taken:
            why = "the number is live on another line"
        if why:
            del reading.lines[number]
            body = msgspec.json.encode(msgspec.structs.replace(line, puk="")).decode()
            reading.unreadable.append(UnreadableService(msisdn=number, why=why, body=body))


async def _coming_back(
    scope: Scope, reading: InventoryReading, known: Collection[str]
) -> dict[str, EndedLine]:
    """By number, the lines that the inventory ended and lists again: with the same SIM, or while nobody else can have it."""
    new = [
        number
        for number, (line, _) in reading.lines.items()
        if number not in known and LineStatus(line.status) not in ENDED
    ]
    found = await scope.fetch_all(EndedLine, LATEST, new) if new else []
    since = clock.now() - QUARANTINE
    return {
        one.msisdn: one
        for one in found
        if one.gone_at
        and (
            one.gone_at > since
            or (one.sim_number and one.sim_number == reading.lines[one.msisdn][0].sim_number)
        )
    }


def with_cap(profile: CarrierProfile, line: InventoryLine) -> InventoryLine:
    """The line with the amount of its cap, where the carrier tells of the cap as an option only."""
    cap = profile.cap_in_force(line.options, line.roaming_cap_cents)
    return msgspec.structs.replace(line, roaming_cap_cents=cap)


def _record(
    scope: Scope, line: InventoryLine, read_at: datetime, known: UUID | None, back: EndedLine | None
) -> tuple[object, ...]:
    line_id = known or (back.id if back else new_id())
    # Only a line that has no PUK here brings one along: it cannot change (ETSI TS 102 221).
    wanted = line.puk and not known and not (back and back.has_puk)
    sealed = None
    if wanted:
        sealed = secret_box().seal(line.puk.encode(), seal_context(scope.tenant_id, "puk", line_id))
    return (
        line.msisdn,
        line.billing_account,
        line.status,
        line.product_type,
        line.plan,
        list(line.options),
        list(line.barrings),
        line.sim_number,
        line.sim_kind,
        line.roaming_cap_cents,
        line.companion_sim,
        line.split_profile,
        line.activated_on,
        read_at,
        line_id,
        sealed,
    )


def numbers_of(unreadable: Collection[UnreadableService]) -> list[str]:
    """The numbers of services that could not be read: their lines are not known to be gone."""
    return [one.msisdn for one in unreadable if one.msisdn]
