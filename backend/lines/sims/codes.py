"""The secrets of SIMs: fetched from the carrier, sealed at once, shown after a recent sign-in, every showing audited."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound, Unavailable
from backend.core.facts import JobName
from backend.core.ids import LineId
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission
from backend.core.use_case import require_recent_sign_in, use_case
from backend.lines import queries
from backend.lines.lifecycle import IN_FLEET
from backend.lines.queries import one_line_filter
from backend.lines.sims.esim_lifecycle import ENDED, unusable_reason
from backend.lines.sims.esim_profiles import send_code
from backend.runtime import clients, secret_box
from tenants.scope import Actor, Scope

ENDED_STATES = [str(state) for state in ENDED]
# Of the same code as the content of a QR code (GSMA SGP.22, 4.1)
PREFIX = "LPA:"


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


def seal_context(tenant_id: object, what: str, record_id: object) -> str:
    """The context that binds a sealed value to its record."""
    return f"{tenant_id}/{what}/{record_id}"


@idempotent_job(JobName.SEAL_CODES)
async def seal_codes(actor: Actor, *, profile_id: str) -> None:
    """A profile is ready: fetch its codes and seal them, then have them mailed, or have its user asked first."""
    async with job_scope(actor) as scope:
        found = await scope.connection.fetchrow(
            "SELECT p.iccid, t.carrier FROM esim_profile p, tenant t WHERE p.id = $1 AND p.activation_sealed IS NULL"
            " AND p.state <> ALL($2::text[])",
            UUID(profile_id),
            ENDED_STATES,
        )
    if found is None:
        return
    resource = await clients().network.resource(found["carrier"], found["iccid"])
    if resource is None or not resource.activation_code:
        raise Unavailable("The carrier has not made the codes of this profile ready yet.")
    tenant, seal = actor.tenant_id, secret_box().seal
    confirmation = resource.confirmation_code
    async with job_scope(actor) as scope:
        row = await scope.connection.fetchrow(
            "UPDATE esim_profile SET activation_sealed = $3, confirmation_sealed = $4, valid_until = $5"
            " WHERE id = $1 AND iccid = $2 AND activation_sealed IS NULL AND state <> ALL($6::text[])"
            " RETURNING line_id, iccid",
            UUID(profile_id),
            resource.number,
            seal(resource.activation_code.encode(), seal_context(tenant, "esim", profile_id)),
            seal(confirmation.encode(), seal_context(tenant, "esim", profile_id)) if confirmation else None,
            resource.valid_until,
            ENDED_STATES,
        )
        if row is None:
            return
        # A line that has no SIM yet; on others the old one works on, and so does its PUK.
        await _seal_puk(scope, row["line_id"], resource.puk, sims=("", row["iccid"]))
        await send_code(scope, UUID(profile_id))
        scope.invalidate(f"line:{row['line_id']}")


async def _seal_puk(scope: Scope, line_id: UUID, puk: str, *, sims: tuple[str, ...]) -> None:
    """Keep the PUK of the SIM that the line has, if it is one of these."""
    sealed = secret_box().seal(puk.encode(), seal_context(scope.tenant_id, "puk", line_id)) if puk else None
    await scope.connection.execute(
        "UPDATE line SET puk_sealed = $2 WHERE id = $1 AND sim_number = ANY($3::text[])",
        line_id,
        sealed,
        list(sims),
    )
    scope.invalidate(f"line:{line_id}")


@idempotent_job(JobName.READ_PUK)
async def read_puk(actor: Actor, *, line_id: str, sim_number: str) -> None:
    """The line has another SIM now: its PUK in place of the old one's. A still later SIM has a job of its own."""
    async with job_scope(actor) as scope:
        carrier = await scope.connection.fetchval(
            "SELECT t.carrier FROM line l, tenant t WHERE l.id = $1 AND l.sim_number = $2",
            UUID(line_id),
            sim_number,
        )
    if carrier is None:
        return
    resource = await clients().network.resource(carrier, sim_number)
    async with job_scope(actor) as scope:
        await _seal_puk(scope, UUID(line_id), resource.puk if resource else "", sims=(sim_number,))


LATEST = (
    "SELECT p.id, p.state, p.iccid, p.activation_sealed, p.confirmation_sealed, p.valid_until"
    " FROM esim_profile p JOIN line l ON l.tenant_id = p.tenant_id AND l.id = p.line_id"
)


async def open_code(scope: Scope, row: Any) -> EsimCode:
    """The opened codes of a profile's row, which has some."""
    context = seal_context(scope.tenant_id, "esim", row["id"])
    code = secret_box().open(row["activation_sealed"], context).decode()
    parts = code.split("$")
    sealed = row["confirmation_sealed"]
    return EsimCode(
        sim_number=row["iccid"],
        qr=PREFIX + code,
        address=parts[1],
        matching_id=parts[2] if len(parts) > 2 else "",
        confirmation_code=secret_box().open(sealed, context).decode() if sealed else "",
        valid_until=row["valid_until"],
    )


def check_usable(row: Any) -> None:
    """Raises Conflict with the reason why there is no code to show or send."""
    why = unusable_reason(
        row["state"], row["valid_until"], clock.now(), sealed=row["activation_sealed"] is not None
    )
    if why == "esim_not_ready":
        raise Conflict("The code of this eSIM is not ready yet: try again in a moment.", code=why)
    if why:
        raise Conflict(
            "The code of this eSIM was used or has expired: request a new eSIM for this line.", code=why
        )


@use_case(Permission.ESIM_REVEAL)
async def reveal_activation_code(scope: Scope, line_id: LineId | UUID) -> EsimCode:
    """The activation code of the line's latest eSIM, for its QR and for typing; audited at each showing.

    Raises NotFound, Conflict where the code cannot be used, and SignInAgain without a recent sign-in.
    """
    where = queries.SqlFilter()
    where.add("l.id = {0}", line_id)
    queries.add_reach(scope.actor, where)
    return await _reveal(scope, line_id, where)


@use_case(Permission.OWN_LINES_READ)
async def reveal_own_activation_code(scope: Scope, line_id: LineId | UUID) -> EsimCode:
    """The same for one's own line, in the user portal."""
    return await _reveal(scope, line_id, _own(scope, line_id))


@use_case(Permission.OWN_LINES_READ)
async def reveal_own_puk(scope: Scope, line_id: LineId | UUID) -> str:
    """The PUK of one's own line. Raises NotFound, and SignInAgain without a recent sign-in; audited."""
    where = _own(scope, line_id)
    sealed = await scope.connection.fetchval(
        f"SELECT l.puk_sealed FROM line l WHERE {where.sql}", *where.values
    )
    if sealed is None:
        raise NotFound
    require_recent_sign_in(scope.actor)
    await audit.record(scope, "puk.shown", "line", line_id, to="user")
    scope.invalidate(f"line:{line_id}")
    return secret_box().open(sealed, seal_context(scope.tenant_id, "puk", line_id)).decode()


def _own(scope: Scope, line_id: UUID) -> queries.SqlFilter:
    where = queries.SqlFilter()
    where.add("l.id = {0}", line_id)
    where.add("l.end_user_id = {0}", scope.actor.end_user_id or queries.NOBODY)
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    return where


async def _reveal(scope: Scope, line_id: UUID, where: queries.SqlFilter) -> EsimCode:
    row = await scope.connection.fetchrow(
        f"{LATEST} WHERE {where.sql} ORDER BY p.created_at DESC, p.id DESC LIMIT 1", *where.values
    )
    if row is None:
        raise NotFound
    require_recent_sign_in(scope.actor)
    check_usable(row)
    code = await open_code(scope, row)
    await audit.record(scope, "esim.code_shown", "line", line_id)
    scope.invalidate(f"line:{line_id}")
    return code


@use_case(Permission.PUK_REVEAL)
async def reveal_puk(scope: Scope, line_id: LineId | UUID) -> str:
    """The eight-digit PUK (ETSI TS 102 221), audited at each showing.

    Raises NotFound, and SignInAgain unless the person signed in within five minutes.
    """
    # The keys are this process's
    from backend.runtime import secret_box

    where = one_line_filter(scope, line_id)
    sealed = await scope.connection.fetchval(
        f"SELECT l.puk_sealed FROM line l WHERE {where.sql}", *where.values
    )
    if sealed is None:
        raise NotFound
    require_recent_sign_in(scope.actor)
    await audit.record(scope, "puk.shown", "line", line_id)
    scope.invalidate(f"line:{line_id}")
    return secret_box().open(sealed, f"{scope.tenant_id}/puk/{line_id}").decode()
