"""Who belongs to a tenant, with which roles and reach; their sessions and tokens."""

from piccolo.columns import UUID, Array, Bytea, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.core.permissions import Portal
from backend.members.lifecycle import MemberState
from tenants.checks import one_of


class Member(Table):
    """A person with a login in a tenant. Reach columns are null for everything."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    account_id = UUID(default=None)
    name = Text()
    email = Text()
    language = Text(default="en")
    roles = Array(base_column=Text())
    state = Text(default="active")
    reach_billing_accounts = Array(base_column=UUID(default=None), null=True, default=None)
    reach_cost_centres = Array(base_column=UUID(default=None), null=True, default=None)
    # The customer numbers whose invoices the role of invoice reader opens; null: as the reach
    invoice_accounts = Array(base_column=UUID(default=None), null=True, default=None)
    created_at = Timestamptz()

    member_tenant_id_id_key = Unique(["tenant_id", "id"])
    member_tenant_id_account_id_key = Unique(["tenant_id", "account_id"])
    member_state_check = one_of("state", MemberState)


class PortalSession(Table):
    """A signed-in browser in the portal, in one membership. The cookie's SHA-256 is stored, never the cookie."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    token_hash = Bytea(unique=True)
    member_id = UUID(default=None)
    portal = Text(default="manager")
    # Chosen in this session
    language = Text(null=True, default=None)
    auth_time = Timestamptz()
    created_at = Timestamptz()
    seen_at = Timestamptz()
    expires_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)

    portal_session_portal_check = one_of("portal", Portal)


class ApiToken(Table):
    """A bearer token for /api/v1, bound to a member and that member's roles."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    token_hash = Bytea(unique=True)
    member_id = UUID(default=None)
    label = Text(default="")
    created_at = Timestamptz()
    expires_at = Timestamptz()
    last_used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class OperatorToken(Table):
    """A bearer token of the operator's staff, who are members of no tenant. Only its SHA-256 is stored."""

    id = UUID(primary_key=True, default=None)
    name = Text()
    token_hash = Bytea(unique=True)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    last_used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)

    operator_token_name_check = Check("name <> ''")
