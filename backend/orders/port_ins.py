"""The transfers of a request: state, agreed time, delay, what is missing and how to correct it."""

from datetime import date, datetime
from uuid import UUID

import msgspec
import orjson

from backend.catalog.catalogue import catalogue_of
from backend.core import clock
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.orders import queries
from backend.orders.kinds.port_in import compensation_days, days_late
from backend.orders.kinds.port_in_corrections import CORRECTIONS
from backend.orders.lifecycle import PortInState
from backend.orders.texts import KindTexts
from tenants.scope import Scope

LISTED = 50
UNDER_WAY = frozenset({PortInState.ACCEPTED, PortInState.EXECUTING})
EXPLAINED = frozenset({PortInState.INFO_REQUIRED, PortInState.REJECTED, PortInState.FAILED})

PORTS = """
SELECT p.item_id, p.port_case, p.state, p.reason, p.attempts, p.requested_on, p.agreed_at, p.authorised_by,
  p.authorised_at, p.authorisation_version, p.completed_at, i.msisdn, i.change FROM port_in_case p
JOIN change_order_item i ON i.tenant_id = p.tenant_id AND i.id = p.item_id
WHERE i.order_id = $1 ORDER BY i.position LIMIT $2
"""


class PortInRecord(msgspec.Struct, frozen=True):
    """The columns of one transfer and its item."""

    item_id: UUID
    port_case: str
    state: str
    reason: str
    attempts: int
    requested_on: date | None
    agreed_at: datetime | None
    authorised_by: str
    authorised_at: datetime
    authorisation_version: str
    completed_at: datetime | None
    msisdn: str
    change: str


class PortInView(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer, with sentences in the actor's language. `correct` names the field that may be corrected."""

    item_id: UUID
    msisdn: str
    state: str
    state_words: str
    case: str
    donor: str
    requested_on: date | None
    agreed_at: datetime | None
    completed_at: datetime | None
    authorised_by: str
    authorised_at: datetime
    authorisation_version: str
    attempts: int
    # Working days after the agreed one
    late_days: int
    compensation_days: int
    why: str
    fix: str
    correct: str = ""
    correct_label: str = ""
    correct_value: str = ""


@use_case(Permission.ORDERS_READ, read_only=True)
async def port_in_of(scope: Scope, reference: str) -> list[PortInView]:
    """The transfers of a request, the first 50. Raises NotFound for a request that is missing or out of reach."""
    order_id, catalogue = await queries.find(scope, reference), await catalogue_of(scope)
    rows = await scope.fetch_all(PortInRecord, PORTS, order_id, LISTED)
    texts, holidays = KindTexts(catalogue, "port_in"), catalogue.profile.holidays
    return [_view(texts, holidays, row) for row in rows]


def _view(texts: KindTexts, holidays: tuple[str, ...], row: PortInRecord) -> PortInView:
    change, state, reason = orjson.loads(row.change), row.state, row.reason
    until = row.completed_at or (clock.now() if state in UNDER_WAY else None)
    span = (row.agreed_at, until, holidays) if row.agreed_at and until else None
    correct = CORRECTIONS.get(reason, "") if state == PortInState.INFO_REQUIRED else ""
    reported = reason if state in EXPLAINED else ""
    return PortInView(
        item_id=row.item_id,
        msisdn=row.msisdn,
        state=state,
        state_words=texts.text(f"state_{state}"),
        case=texts.text(f"case_{row.port_case}", carrier=texts.carrier),
        donor=change.get("donor_operator") or (texts.carrier if row.port_case == "same_carrier" else ""),
        requested_on=row.requested_on,
        agreed_at=row.agreed_at,
        completed_at=row.completed_at,
        authorised_by=row.authorised_by,
        authorised_at=row.authorised_at,
        authorisation_version=row.authorisation_version,
        attempts=row.attempts,
        late_days=days_late(*span) if span else 0,
        compensation_days=compensation_days(*span) if span else 0,
        why=texts.why(reported),
        fix=texts.text(f"fix_{reported}") if reported and texts.has(f"fix_{reported}") else "",
        correct=correct,
        correct_label=texts.text(correct) if correct else "",
        correct_value=str(change.get(correct, "")) if correct else "",
    )
