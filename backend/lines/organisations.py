"""Organisations, customer numbers and cost centres of a tenant."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from backend.core import audit
from backend.core.errors import Conflict, NotFound
from backend.core.ids import AccountId, MemberId, new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.tables import LINE_BEARING, BillingAccount, CostCentre, Organisation
from tenants.scope import Scope

# The foreign key refuses a member of another tenant.
LINK_USER = """
UPDATE end_user u SET member_id = $1 FROM line l WHERE l.tenant_id = u.tenant_id AND l.end_user_id = u.id
  AND l.msisdn = $2 RETURNING u.id
"""
CENTRES = "SELECT code, name, id FROM cost_centre WHERE $1 OR id = ANY($2::uuid[]) ORDER BY code"


class ReachableCentre(msgspec.Struct, frozen=True):
    """A cost centre within reach."""

    code: str
    name: str
    id: UUID


class AccountRow(msgspec.Struct, frozen=True):
    """A customer number of the company."""

    id: UUID
    number: str


class NumberedAccount(msgspec.Struct, frozen=True):
    """A customer number that somebody may choose."""

    id: UUID
    number: str
    label: str


async def accounts_of(
    scope: Scope, ids: Sequence[UUID] | None = None, *, limit: int
) -> list[NumberedAccount]:
    """The customer numbers of the company by number, or those of these ids."""
    where = None if ids is None else BillingAccount.id.is_in(list(ids))
    return await scope.select_all(
        NumberedAccount, BillingAccount, where, order_by=[BillingAccount.number], limit=limit
    )


async def account_with_number(scope: Scope, number: str) -> AccountRow | None:
    """The customer number, whatever its kind; None where the company has none such."""
    return await scope.select_one(AccountRow, BillingAccount, BillingAccount.number == number)


async def centres_within_reach(scope: Scope) -> list[ReachableCentre]:
    """The cost centres to choose from, by code.

    A member whose reach names cost centres has those only; one whose reach is everything, or customer numbers, has all.
    """
    wanted = scope.actor.reach.cost_centres
    return await scope.fetch_all(ReachableCentre, CENTRES, wanted is None, list(wanted or ()))


@use_case(Permission.MEMBERS_MANAGE)
async def add_organisation(scope: Scope, *, name: str, enterprise_number: str, address: str) -> UUID:
    """Add a legal entity of the customer, whose VAT number is BE and the same digits; returns its id."""
    organisation_id = new_id()
    await Organisation.insert(
        Organisation(
            id=organisation_id,
            tenant_id=scope.tenant_id,
            name=name,
            enterprise_number=enterprise_number,
            vat_number=f"BE{enterprise_number}",
            address=address,
        )
    )
    return organisation_id


@use_case(Permission.MEMBERS_MANAGE)
async def add_billing_account(
    scope: Scope,
    *,
    organisation_id: UUID,
    number: str,
    label: str = "",
    kind: str = LINE_BEARING,
    parent_id: UUID | None = None,
) -> AccountId:
    """Add a customer number; returns its id.

    Raises NotFound for a foreign organisation or parent, Conflict (`number_exists`) for a known number.
    """
    account_id = new_id()
    try:
        await BillingAccount.insert(
            BillingAccount(
                id=account_id,
                tenant_id=scope.tenant_id,
                organisation_id=organisation_id,
                parent_id=parent_id,
                number=number,
                label=label,
                kind=kind,
            )
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotFound from None
    except asyncpg.UniqueViolationError:
        raise Conflict("This customer number exists already.", code="number_exists") from None
    await audit.record(scope, "billing_account.added", "billing_account", account_id, number=number)
    return AccountId(account_id)


@use_case(Permission.MEMBERS_MANAGE)
async def add_cost_centre(scope: Scope, *, code: str, name: str = "") -> UUID:
    """Add a cost centre; returns its id. Raises Conflict (`code_exists`) for a known code."""
    centre_id = new_id()
    try:
        await CostCentre.insert(CostCentre(id=centre_id, tenant_id=scope.tenant_id, code=code, name=name))
    except asyncpg.UniqueViolationError:
        raise Conflict("This cost centre exists already.", code="code_exists") from None
    return centre_id


@use_case(Permission.MEMBERS_MANAGE)
async def link_end_user(scope: Scope, *, member_id: MemberId, msisdn: str) -> None:
    """Let a member see the line of this number in the user portal. Raises NotFound for an unknown line or member."""
    try:
        user_id = await scope.fetch_value(UUID, LINK_USER, member_id, msisdn)
    except asyncpg.ForeignKeyViolationError:
        raise NotFound from None
    if user_id is None:
        raise NotFound
    await audit.record(scope, "end_user.linked", "member", member_id)
