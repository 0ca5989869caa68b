"""What the product knows of the tenant of a scope."""

from uuid import UUID

import msgspec

from tenants.scope import Scope

# On the path of every page, callback and batch, so in SQL (decision 0007)
TENANT = "SELECT id, slug, name, carrier, state, grace_seconds FROM tenant WHERE id = $1"


class TenantInfo(msgspec.Struct, frozen=True):
    """One tenant. `carrier` is the code of its carrier profile; `grace_seconds` the time to undo a request."""

    id: UUID
    slug: str
    name: str
    carrier: str
    state: str
    grace_seconds: int | None


async def tenant_info(scope: Scope) -> TenantInfo:
    """The scope's own tenant, read once a transaction. Raises LookupError where the tenant is not there."""
    if scope.tenant is None:
        scope.tenant = await scope.fetch_one(TenantInfo, TENANT, scope.tenant_id)
    if scope.tenant is None:
        raise LookupError(f"no tenant {scope.tenant_id}")
    found: TenantInfo = scope.tenant
    return found
