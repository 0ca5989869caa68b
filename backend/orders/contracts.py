"""The split-billing contract of a line and its user, to be printed."""

from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.core.errors import NotFound, ValidationFailed
from backend.core.ids import LineId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.contracts import ContractParties, ContractText, contract_of
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


class ContractLine(msgspec.Struct, frozen=True):
    """What a contract says of a line, its user and the company that holds it."""

    msisdn: str
    account: str
    plan: str
    given_name: str | None
    family_name: str | None
    holder: str
    address: str
    enterprise_number: str


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def contract_for(scope: Scope, line_id: LineId | UUID, *, profile: str) -> ContractText:
    """The contract of one line and its user, to be printed (`contract_pdf`, outside the scope).

    Raises NotFound for a line out of reach or an unknown profile, and ValidationFailed (`no_user`) for a line without
    a user.
    """
    catalogue = await catalogue_of(scope)
    split = catalogue.profile.split_profile(profile)
    where = line_queries.SqlFilter()
    where.add("l.id = {0}", line_id)
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    line_queries.add_reach(scope.actor, where)
    line = await scope.fetch_one(ContractLine, f"{PRINTED} WHERE {where.sql}", *where.values)
    if line is None or split is None:
        raise NotFound
    user = f"{line.given_name or ''} {line.family_name or ''}".strip()
    if not user:
        raise ValidationFailed(
            user="First enter the user of this line: the contract is personal.", code="no_user"
        )
    parties = ContractParties(
        holder_name=line.holder,
        holder_address=line.address,
        holder_number=line.enterprise_number,
        user_name=user,
        msisdn=line.msisdn,
        customer_number=line.account,
        plan=line.plan,
    )
    return contract_of(catalogue, settings().operator, split, parties)
