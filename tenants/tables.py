"""The global table that says who a tenant is. Who belongs to one is its own data: see `backend/members`."""

from piccolo.columns import UUID, Integer, Text, Timestamptz
from piccolo.constraints import Check
from piccolo.table import Table

from tenants.checks import one_of
from tenants.tenant_state import TenantState


class Tenant(Table):
    """One customer group and the isolation boundary. Its row is visible inside its own scope only."""

    id = UUID(primary_key=True, default=None)
    slug = Text(unique=True)
    name = Text()
    # Code of the carrier profile; one carrier per tenant
    carrier = Text()
    state = Text(default="active")
    # 0 to 600; null: the deployment's default
    grace_seconds = Integer(null=True, default=None)
    created_at = Timestamptz()

    tenant_state_check = one_of("state", TenantState)
    tenant_grace_seconds_check = Check("grace_seconds BETWEEN 0 AND 600")
