"""Organisations, customer numbers and cost centres of a tenant."""

from uuid import UUID

import asyncpg

from backend.core import audit
from backend.core.errors import Conflict, NotFound
from backend.core.ids import AccountId, MemberId, new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope


@use_case(Permission.MEMBERS_MANAGE)
async def add_organisation(scope: Scope, *, name: str, enterprise_number: str, address: str) -> UUID:
    """Add a legal entity of the customer; its VAT number is BE and the same digits."""
    organisation_id = new_id()
    await scope.connection.execute(
        "INSERT INTO organisation (id, tenant_id, name, enterprise_number, vat_number, address)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        organisation_id,
        scope.tenant_id,
        name,
        enterprise_number,
        f"BE{enterprise_number}",
        address,
    )
    return organisation_id


@use_case(Permission.MEMBERS_MANAGE)
async def add_billing_account(
    scope: Scope,
    *,
    organisation_id: UUID,
    number: str,
    label: str = "",
    kind: str = "line_bearing",
    parent_id: UUID | None = None,
) -> AccountId:
    """Add a customer number. Raises NotFound for a foreign organisation or parent, Conflict for a known number."""
    account_id = new_id()
    try:
        await scope.connection.execute(
            "INSERT INTO billing_account (id, tenant_id, organisation_id, parent_id, number, label, kind)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            account_id,
            scope.tenant_id,
            organisation_id,
            parent_id,
            number,
            label,
            kind,
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotFound from None
    except asyncpg.UniqueViolationError:
        raise Conflict("This customer number exists already.", code="number_exists") from None
    await audit.record(scope, "billing_account.added", "billing_account", account_id, number=number)
    return AccountId(account_id)


@use_case(Permission.MEMBERS_MANAGE)
async def add_cost_centre(scope: Scope, *, code: str, name: str = "") -> UUID:
    """Add a cost centre. Raises Conflict for a known code."""
    centre_id = new_id()
    try:
        await scope.connection.execute(
            "INSERT INTO cost_centre (id, tenant_id, code, name) VALUES ($1, $2, $3, $4)",
            centre_id,
            scope.tenant_id,
            code,
            name,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict("This cost centre exists already.", code="code_exists") from None
    return centre_id


@use_case(Permission.MEMBERS_MANAGE)
async def link_end_user(scope: Scope, *, member_id: MemberId, msisdn: str) -> None:
    """Let a member see the line of this number in the user portal. Raises NotFound for an unknown one."""
    user_id = await scope.connection.fetchval(
        "UPDATE end_user u SET member_id = $1 FROM line l WHERE l.tenant_id = u.tenant_id AND l.end_user_id = u.id"
        " AND l.msisdn = $2 AND EXISTS (SELECT FROM member m WHERE m.id = $1) RETURNING u.id",
        member_id,
        msisdn,
    )
    if user_id is None:
        raise NotFound
    await audit.record(scope, "end_user.linked", "member", member_id)
