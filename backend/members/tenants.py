"""Creates a tenant: what `fleetline tenant create` and the demo do."""

import re
from uuid import UUID

from backend.core import audit, clock
from backend.core.errors import Conflict, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.directory import find_tenant
from tenants.scope import Actor, Scope, TenantId
from tenants.tenant_info import TenantInfo, tenant_info
from tenants.tenant_state import TenantState

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")

INSERT = """
INSERT INTO tenant (id, slug, name, carrier, state, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (slug) DO NOTHING RETURNING id
"""


async def create_tenant(slug: str, name: str, carrier: str) -> TenantId:
    """Create a company on one carrier; returns its id. The caller knows which carriers there are.

    Raises ValidationFailed for a slug or name that does not hold, Conflict (`tenant_exists`) for a slug in use.
    """
    if not SLUG.fullmatch(slug):
        raise ValidationFailed(slug="Use small letters, digits and hyphens, 40 at most.")
    if not name.strip():
        raise ValidationFailed(name="Give the company's name.")
    if await find_tenant(slug):
        raise Conflict(f"The company {slug!r} exists already.", code="tenant_exists")
    tenant_id = TenantId(new_id())
    await _create(Actor(tenant_id), slug, name.strip(), carrier)
    return tenant_id


@use_case(Permission.SYSTEM)
async def _create(scope: Scope, slug: str, name: str, carrier: str) -> None:
    created = await scope.fetch_value(
        UUID, INSERT, scope.tenant_id, slug, name, carrier, TenantState.ACTIVE, clock.now()
    )
    if created is None:
        raise Conflict(f"The company {slug!r} exists already.", code="tenant_exists")
    await audit.record(scope, "tenant.created", "tenant", scope.tenant_id)


@use_case(Permission.SYSTEM, read_only=True)
async def read_tenant(scope: Scope) -> TenantInfo:
    """The company of this scope: what `fleetline tenant list` prints."""
    return await tenant_info(scope)
