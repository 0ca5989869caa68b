"""The global table that says who a tenant is. Who belongs to one is its own data: see `backend/members`."""

from piccolo.columns import UUID, Integer, Text, Timestamptz
from piccolo.table import Table


class Tenant(Table):
    """One customer group and the isolation boundary. Its row is visible inside its own scope only."""

    id = UUID(primary_key=True, default=None)
    slug = Text(unique=True)
    name = Text()
    carrier = Text()  # code of the carrier profile; one carrier per tenant
    state = Text(default="active")  # active, suspended
    grace_seconds = Integer(null=True, default=None)  # 0 to 600; null: the deployment's default
    created_at = Timestamptz()
