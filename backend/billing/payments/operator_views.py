"""Online payments of a company, for the operator's staff."""

from uuid import UUID

from backend.billing.payments import service
from backend.billing.payments.schemas import PaymentInfo, PaymentRow
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

MOST_LISTED = service.MOST_LISTED


@use_case(Permission.OPERATOR_PAYMENTS_DECIDE, read_only=True)
async def payments_of_company(scope: Scope, *, limit: int = 50, offset: int = 0) -> list[PaymentRow]:
    """Every payment of the company, the newest first. 200 at most."""
    return await service.payments(scope, limit=limit, offset=offset)


@use_case(Permission.OPERATOR_PAYMENTS_DECIDE, read_only=True)
async def payment_of_company(scope: Scope, payment_id: UUID) -> PaymentInfo:
    """One payment of the company. Raises NotFound."""
    return await service.payment(scope, payment_id)
