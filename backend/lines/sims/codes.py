"""The secrets of SIMs: fetched from the carrier, sealed, shown after a recent sign-in; each showing is audited."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from backend.catalog.profiles import profile
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, Unavailable
from backend.core.facts import JobName
from backend.core.ids import LineId
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import require_recent_sign_in, use_case
from backend.lines.queries import SqlFilter, one_line_filter, own_lines_filter
from backend.lines.sims.esim_lifecycle import unusable_reason, waits_for_user
from backend.lines.sims.esim_profiles import ENDED_STATES, send_code
from backend.lines.sims.resources import fetch_resource
from backend.lines.tables import Line
from backend.lines.timeline_codes import LineTimelineCode
from backend.runtime import secret_box
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Actor, Scope
from tenants.tenant_info import tenant_info

# Of the same code as the content of a QR code (GSMA SGP.22, 4.1)
PREFIX = "LPA:"
UNSEALED = """
SELECT iccid FROM esim_profile WHERE id = $1 AND activation_sealed IS NULL AND state <> ALL($2::text[])
"""
SEAL_CODES = """
UPDATE esim_profile SET activation_sealed = $3, confirmation_sealed = $4, valid_until = $5
WHERE id = $1 AND iccid = $2 AND activation_sealed IS NULL AND state <> ALL($6::text[]) RETURNING line_id, iccid
"""
SEAL_PUK = "UPDATE line SET puk_sealed = $2 WHERE id = $1 AND sim_number = ANY($3::text[])"
LATEST = """
SELECT p.id, p.state, p.iccid, p.activation_sealed, p.confirmation_sealed, p.valid_until, p.confirmed_at
FROM esim_profile p JOIN line l ON l.tenant_id = p.tenant_id AND l.id = p.line_id
"""


class EsimCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a device needs to download a profile: whoever holds it can take over the number."""

    sim_number: str
    # The content of the QR code
    qr: str
    # The SM-DP+ server, for typing it in
    address: str
    matching_id: str
    confirmation_code: str = ""
    valid_until: datetime | None = None

    def __repr__(self) -> str:
        return f"EsimCode(sim_number={self.sim_number!r})"


class SealedCode(msgspec.Struct, frozen=True):
    """A profile with its codes, sealed; `activation_sealed` is None while it has none."""

    id: UUID
    state: str
    iccid: str
    activation_sealed: bytes | None
    confirmation_sealed: bytes | None
    valid_until: datetime | None


class LatestCode(SealedCode, frozen=True):
    """The latest profile of a line, and when its user confirmed it."""

    confirmed_at: datetime | None


class SealedProfile(msgspec.Struct, frozen=True):
    """The profile whose codes were sealed just now."""

    line_id: UUID
    iccid: str


class LineSim(msgspec.Struct, frozen=True):
    """A line and the SIM that it has."""

    id: UUID
    sim_number: str


def seal_context(tenant_id: object, what: str, record_id: object) -> str:
    """The context that binds a sealed value to its record."""
    return f"{tenant_id}/{what}/{record_id}"


@idempotent_job(JobName.SEAL_CODES)
async def seal_codes(actor: Actor, *, profile_id: str) -> None:
    """Fetch the codes of a profile that is ready and seal them; then have them mailed, or its user asked first.

    Raises Unavailable where the carrier has no codes yet.
    """
    key = UUID(profile_id)
    async with job_scope(actor) as scope:
        carrier = (await tenant_info(scope)).carrier
        number = await scope.fetch_value(str, UNSEALED, key, ENDED_STATES)
    if number is None:
        return
    resource = await fetch_resource(actor, carrier, number)
    if resource is None or not resource.activation_code:
        raise Unavailable("The carrier has not made the codes of this profile ready yet.")
    context, seal = seal_context(actor.tenant_id, "esim", profile_id), secret_box().seal
    confirmation = resource.confirmation_code
    async with job_scope(actor) as scope:
        sealed = await scope.fetch_one(
            SealedProfile,
            SEAL_CODES,
            key,
            resource.number,
            seal(resource.activation_code.encode(), context),
            seal(confirmation.encode(), context) if confirmation else None,
            resource.valid_until,
            ENDED_STATES,
        )
        if sealed is None:
            return
        # Only of a line that has no SIM yet: on others the old SIM works on, and so does its PUK
        await _seal_puk(scope, sealed.line_id, resource.puk, sims=("", sealed.iccid))
        await send_code(scope, key)
        scope.invalidate(f"line:{sealed.line_id}")


async def _seal_puk(scope: Scope, line_id: UUID, puk: str, *, sims: tuple[str, ...]) -> None:
    """Keep the PUK of the SIM that the line has, if it is one of these."""
    sealed = secret_box().seal(puk.encode(), seal_context(scope.tenant_id, "puk", line_id)) if puk else None
    await scope.execute(SEAL_PUK, line_id, sealed, list(sims))
    scope.invalidate(f"line:{line_id}")


@idempotent_job(JobName.READ_PUK)
async def read_puk(actor: Actor, *, line_id: str, sim_number: str) -> None:
    """Fetch and keep the PUK of the SIM that the line has got. A SIM that came still later has a job of its own."""
    key = UUID(line_id)
    async with job_scope(actor) as scope:
        carrier = (await tenant_info(scope)).carrier
        line = await scope.select_one(LineSim, Line, Line.id == key)
    if line is None or line.sim_number != sim_number:
        return
    resource = await fetch_resource(actor, carrier, sim_number)
    async with job_scope(actor) as scope:
        await _seal_puk(scope, key, resource.puk if resource else "", sims=(sim_number,))


def open_code(scope: Scope, profile: SealedCode) -> EsimCode:
    """The opened codes of a profile that has some. Raises NotFound where it has none."""
    if profile.activation_sealed is None:
        raise NotFound
    context = seal_context(scope.tenant_id, "esim", profile.id)
    code = secret_box().open(profile.activation_sealed, context).decode()
    parts = code.split("$")
    confirmation = profile.confirmation_sealed
    return EsimCode(
        sim_number=profile.iccid,
        qr=PREFIX + code,
        address=parts[1],
        matching_id=parts[2] if len(parts) > 2 else "",
        confirmation_code=secret_box().open(confirmation, context).decode() if confirmation else "",
        valid_until=profile.valid_until,
    )


def check_usable(profile: SealedCode) -> None:
    """Raise Conflict with the reason where there is no code to show."""
    sealed = profile.activation_sealed is not None
    why = unusable_reason(profile.state, profile.valid_until, clock.now(), sealed=sealed)
    if why == "esim_not_ready":
        raise Conflict("The code of this eSIM is not ready yet: try again in a moment.", code=why)
    if why:
        raise Conflict(
            "The code of this eSIM was used or has expired: request a new eSIM for this line.", code=why
        )


@use_case(Permission.ESIM_REVEAL)
async def reveal_activation_code(scope: Scope, line_id: LineId | UUID) -> EsimCode:
    """The activation code of the line's latest eSIM, for its QR code and for typing; each showing is audited.

    Raises NotFound, Conflict where the code cannot be used, and ReauthenticationRequired without a sign-in of the
    last five minutes.
    """
    return await _reveal_code(scope, line_id, one_line_filter(scope, line_id))


@use_case(Permission.OWN_LINES_READ)
async def reveal_own_activation_code(scope: Scope, line_id: LineId | UUID) -> EsimCode:
    """The same for one's own line, in the user portal."""
    return await _reveal_code(scope, line_id, own_lines_filter(scope, line_id), to="user")


@use_case(Permission.PUK_REVEAL)
async def reveal_puk(scope: Scope, line_id: LineId | UUID) -> str:
    """The eight-digit PUK (ETSI TS 102 221); each showing is audited.

    Raises NotFound, and ReauthenticationRequired without a sign-in of the last five minutes.
    """
    return await _reveal_puk(scope, line_id, one_line_filter(scope, line_id))


@use_case(Permission.OWN_LINES_READ)
async def reveal_own_puk(scope: Scope, line_id: LineId | UUID) -> str:
    """The same for one's own line, in the user portal."""
    return await _reveal_puk(scope, line_id, own_lines_filter(scope, line_id), to="user")


async def _reveal_code(scope: Scope, line_id: UUID, where: SqlFilter, **shown: str) -> EsimCode:
    latest = await scope.fetch_one(
        LatestCode,
        f"{LATEST} WHERE {where.sql} ORDER BY p.created_at DESC, p.id DESC LIMIT 1",
        *where.values,
    )
    if latest is None:
        raise NotFound
    require_recent_sign_in(scope.actor)
    check_usable(latest)
    asks = profile((await tenant_info(scope)).carrier).esim_confirmation
    if waits_for_user(latest.state, latest.confirmed_at, carrier_asks=asks):
        raise Conflict(
            "The user has to confirm this eSIM first, by the link in the mail.", code="esim_not_confirmed"
        )
    code = open_code(scope, latest)
    await _record(scope, LineTimelineCode.ESIM_CODE_SHOWN, line_id, shown)
    return code


async def _reveal_puk(scope: Scope, line_id: UUID, where: SqlFilter, **shown: str) -> str:
    sealed = await scope.fetch_value(
        bytes, f"SELECT l.puk_sealed FROM line l WHERE {where.sql}", *where.values
    )
    if sealed is None:
        raise NotFound
    require_recent_sign_in(scope.actor)
    await _record(scope, LineTimelineCode.PUK_SHOWN, line_id, shown)
    return secret_box().open(sealed, seal_context(scope.tenant_id, "puk", line_id)).decode()


async def _record(scope: Scope, code: LineTimelineCode, line_id: UUID, shown: Mapping[str, str]) -> None:
    await audit.record(scope, code, "line", line_id, **shown)
    await timeline.record(scope, TimelineSubject.LINE, line_id, code, **shown)
    scope.invalidate(f"line:{line_id}")
