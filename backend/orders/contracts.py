"""Contracts of split billing: printed for a line and its user, looked at and decided by the operator's staff."""

from uuid import UUID

from backend.catalog.catalogue import catalogue_of
from backend.core.errors import NotFound, ValidationFailed
from backend.core.ids import LineId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.contracts import ContractText, contract_of
from backend.lines import queries as line_queries
from backend.lines.lifecycle import IN_FLEET
from backend.runtime import settings
from tenants.scope import Scope

PRINTED = """
SELECT l.msisdn, l.account, l.plan, u.given_name, u.family_name, o.name AS holder, o.address, o.enterprise_number
FROM line l JOIN billing_account a ON a.tenant_id = l.tenant_id AND a.id = l.billing_account_id
JOIN organisation o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
"""


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def contract_for(scope: Scope, line_id: LineId | UUID, *, profile: str) -> ContractText:
    """The contract of one line and its user, to be printed (`contract_pdf`, outside the scope).

    Raises NotFound for a line out of reach or an unknown profile, Invalid for a line without a user.
    """
    catalogue = await catalogue_of(scope)
    split = catalogue.profile.split_profile(profile)
    where = line_queries.SqlFilter()
    where.add("l.id = {0}", line_id)
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    line_queries.add_reach(scope.actor, where)
    row = await scope.connection.fetchrow(f"{PRINTED} WHERE {where.sql}", *where.values)
    if row is None or split is None:
        raise NotFound
    user = f"{row['given_name'] or ''} {row['family_name'] or ''}".strip()
    if not user:
        raise ValidationFailed(
            user="First enter the user of this line: the contract is personal.", code="no_user"
        )
    return contract_of(
        catalogue,
        settings().operator,
        split,
        holder_name=row["holder"],
        holder_address=row["address"],
        holder_number=row["enterprise_number"],
        user_name=user,
        msisdn=row["msisdn"],
        customer_number=row["account"],
        plan=row["plan"],
    )
