"""The split-billing contract of a draft for a new line."""

from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.core.errors import ValidationFailed
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.documents.contracts import ContractParties, ContractText, contract_of
from backend.orders.kinds.new_line import NewLineRequest
from backend.orders.placement.drafts import get_draft
from backend.runtime import settings
from tenants.scope import Scope

HOLDER = """
SELECT o.name, o.address, o.enterprise_number FROM billing_account a
JOIN organisation o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
WHERE a.number = $1 AND ($2 OR a.id = ANY($3::uuid[]))
"""


class ContractHolder(msgspec.Struct, frozen=True):
    """The company that holds a customer number."""

    name: str = ""
    address: str = ""
    enterprise_number: str = ""


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def contract_of_draft(scope: Scope, draft_id: UUID) -> ContractText:
    """The contract for the draft's line and user, in the user's language.

    Raises NotFound, and ValidationFailed where no way to share the bill is chosen.
    """
    request, catalogue = (await get_draft(scope, draft_id)).asked, await catalogue_of(scope)
    chosen = (
        catalogue.profile.split_profile(request.split_profile)
        if isinstance(request, NewLineRequest)
        else None
    )
    if chosen is None or not isinstance(request, NewLineRequest):
        raise ValidationFailed(split_profile="Choose how the bill is shared first.")
    reach = scope.actor.reach
    holder = await scope.fetch_one(
        ContractHolder, HOLDER, request.account, reach.everything, list(reach.billing_accounts or ())
    )
    holder = holder or ContractHolder()
    texts = Catalogue(catalogue.profile, request.language or scope.actor.language)
    parties = ContractParties(
        holder_name=holder.name,
        holder_address=holder.address,
        holder_number=holder.enterprise_number,
        user_name=f"{request.given_name} {request.family_name}".strip(),
        msisdn=request.kind_fields.get("number", ""),
        customer_number=request.account,
        plan=request.plan,
    )
    return contract_of(texts, settings().operator, chosen, parties)
