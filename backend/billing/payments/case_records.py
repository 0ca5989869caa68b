"""Cases of money that could not be booked, in the operator's scope: written once by kind and payment."""

from uuid import UUID

import msgspec
import structlog

from backend.billing.payments.case_states import CaseKind, CaseState
from backend.core import clock
from backend.core.ids import new_id
from backend.core.messaging.jobs import job_scope
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor

log = structlog.get_logger()

RECORD = """
INSERT INTO payment_case (id, tenant_id, kind, provider_id, state, cents, currency, detail, customer_id, payment_id,
  received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, kind, provider_id) DO NOTHING RETURNING id
"""


class NewCase(msgspec.Struct, frozen=True, kw_only=True):
    """Money that could not be booked: the operator decides. `provider_id`: the payment at the service."""

    kind: CaseKind
    provider_id: str
    cents: int
    currency: str
    detail: str
    customer_id: UUID | None = None
    payment_id: UUID | None = None


async def record_case(case: NewCase) -> None:
    """Keep a case; one that is there already stays as it is, whatever was decided."""
    async with job_scope(Actor(OPERATOR_SCOPE)) as scope:
        written = await scope.fetch_value(
            UUID,
            RECORD,
            new_id(),
            OPERATOR_SCOPE,
            case.kind,
            case.provider_id,
            CaseState.OPEN,
            case.cents,
            case.currency,
            case.detail,
            case.customer_id,
            case.payment_id,
            clock.now(),
        )
    if written is not None:
        log.warning("payment not booked", case=str(written), kind=case.kind, payment=case.provider_id)
