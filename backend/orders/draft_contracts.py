"""The printable split-billing contract of a line that is still being asked for."""

from uuid import UUID

from backend.catalog.names import Catalogue, catalogue_of
from backend.catalog.profiles import profile
from backend.context import settings
from backend.core.errors import Invalid
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.contracts import Contract, contract_of
from backend.orders.drafts import get_draft
from backend.orders.kinds.new_line import NewLine
from tenants.scope import Scope


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def contract_of_draft(scope: Scope, draft_id: UUID) -> Contract:
    """The contract for this line and user, in the user's language. Raises NotFound, and Invalid where no profile is chosen."""
    asked = (await get_draft(scope, draft_id)).asked
    catalogue = await catalogue_of(scope)
    chosen = catalogue.profile.split_profile(asked.split_profile) if isinstance(asked, NewLine) else None
    if chosen is None or not isinstance(asked, NewLine):
        raise Invalid(split_profile="Choose how the bill is shared first.")
    reach = scope.actor.reach
    holder = await scope.connection.fetchrow(
        "SELECT o.name, o.address, o.enterprise_number FROM billing_account a JOIN organisation o"
        " ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id"
        " WHERE a.number = $1 AND ($2 OR a.id = ANY($3::uuid[]))",
        asked.account,
        reach.everything,
        list(reach.billing_accounts or ()),
    )
    words = Catalogue(profile(catalogue.profile.code), asked.language or scope.actor.language)
    return contract_of(
        words,
        settings().operator,
        chosen,
        holder_name=holder["name"] if holder else "",
        holder_address=holder["address"] if holder else "",
        holder_number=holder["enterprise_number"] if holder else "",
        user_name=f"{asked.given_name} {asked.family_name}".strip(),
        msisdn=asked.wishes.get("number", ""),
        customer_number=asked.account,
        plan=asked.plan,
    )
