"""Use cases on the delivery of invoices, per customer number (F-152, F-154)."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.billing.delivery.lifecycle import DeliveryMethod, clean_emails, clean_mobile
from backend.billing.queries import accounts_within_reach, invoice_accounts
from backend.core import audit, clock
from backend.core.errors import Conflict, NotFound
from backend.core.i18n import known_language
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.organisations import accounts_of
from tenants.scope import Scope

TOPIC = "invoice_delivery"
MOST = 1000
LIST = f"""
SELECT a.id AS billing_account_id, a.number AS account, a.label, o.name AS organisation, o.enterprise_number,
  coalesce(d.method, '{DeliveryMethod.EMAIL}') AS method, coalesce(d.emails, ARRAY[]::text[]) AS emails,
  coalesce(d.mobile, '') AS mobile, d.changed_at, coalesce(d.changed_by, '') AS changed_by, d.confirmed_at
FROM billing_account a JOIN organisation o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
LEFT JOIN invoice_delivery d ON d.tenant_id = a.tenant_id AND d.billing_account_id = a.id
WHERE {{where}} ORDER BY a.number LIMIT {MOST}
"""
SET = """
INSERT INTO invoice_delivery (id, tenant_id, billing_account_id, method, emails, mobile, language, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, billing_account_id) DO UPDATE SET method = $4, emails = $5, mobile = $6, language = $7,
  changed_at = $8, changed_by = $9,
  confirmed_at = CASE WHEN invoice_delivery.method = $4 THEN invoice_delivery.confirmed_at END
"""
CONFIRM = """
UPDATE invoice_delivery d SET confirmed_at = $3 FROM billing_account a WHERE a.tenant_id = d.tenant_id
  AND a.id = d.billing_account_id AND a.number = $1 AND d.changed_at = $2 RETURNING d.billing_account_id
"""


class DeliveryWish(msgspec.Struct, frozen=True, kw_only=True):
    """How the invoices of a customer number are to reach the company. Addresses count for `email` only."""

    method: DeliveryMethod
    emails: list[str] = []
    mobile: str = ""


class DeliveryInfo(msgspec.Struct, frozen=True):
    """The delivery of one customer number. `changed_at` is null where the company has chosen nothing.

    `confirmed_at`: when the operator's billing system took the present method over.
    """

    billing_account_id: UUID
    account: str
    label: str
    organisation: str
    enterprise_number: str
    method: DeliveryMethod
    emails: list[str]
    mobile: str
    changed_at: datetime | None
    changed_by: str
    confirmed_at: datetime | None

    @property
    def waits(self) -> bool:
        """Whether the operator's billing system has still to take the method over."""
        return self.changed_at is not None and self.confirmed_at is None


@use_case(Permission.INVOICES_READ, read_only=True)
async def list_deliveries(scope: Scope) -> list[DeliveryInfo]:
    """The delivery of each customer number within reach, by number, 1,000 at most."""
    where = accounts_within_reach(scope.actor, first=1)
    return await _read(scope, where.sql, *where.values)


@use_case(Permission.DELIVERY_MANAGE)
async def set_delivery(scope: Scope, billing_account_id: UUID, wish: DeliveryWish) -> None:
    """Choose how the invoices of a customer number are delivered, from the next one that is issued.

    Another method waits until the operator's billing system has taken it over. Raises NotFound, ValidationFailed.
    """
    within = invoice_accounts(scope.actor, Permission.DELIVERY_MANAGE)
    known = await accounts_of(scope, [billing_account_id], limit=1)
    if not known or (within is not None and billing_account_id not in within):
        raise NotFound
    by_mail = wish.method is DeliveryMethod.EMAIL
    emails, mobile = (clean_emails(wish.emails), clean_mobile(wish.mobile)) if by_mail else ([], "")
    await scope.execute(
        SET,
        new_id(),
        scope.tenant_id,
        billing_account_id,
        wish.method,
        emails,
        mobile,
        known_language(scope.actor.language),
        clock.now(),
        scope.actor.name,
    )
    await audit.record(scope, "delivery.changed", "billing_account", billing_account_id, method=wish.method)
    scope.invalidate(TOPIC)


@use_case(Permission.OPERATOR_BILLING_IMPORT, read_only=True)
async def deliveries_to_confirm(scope: Scope) -> list[DeliveryInfo]:
    """The choices of a company that the operator's billing system has not taken over yet."""
    return await _read(scope, "d.id IS NOT NULL AND d.confirmed_at IS NULL")


@use_case(Permission.OPERATOR_BILLING_IMPORT)
async def confirm_delivery(scope: Scope, account: str, changed_at: datetime) -> None:
    """Say that the billing system delivers as chosen at `changed_at`.

    Raises Conflict (`delivery_changed`) where the company chose anew since, or nothing.
    """
    if await scope.fetch_value(UUID, CONFIRM, account, changed_at, clock.now()) is None:
        raise Conflict("The company chose anew since: read the choice again.", code="delivery_changed")
    await audit.record(scope, "delivery.confirmed", "billing_account", None, account=account)
    scope.invalidate(TOPIC)


async def _read(scope: Scope, where: str, *values: object) -> list[DeliveryInfo]:
    return await scope.fetch_all(DeliveryInfo, LIST.format(where=where), *values)
