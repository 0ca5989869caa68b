"""One table from role to permission; the documents show it, a test walks it."""

from enum import StrEnum


class Role(StrEnum):
    """What a member may be in a company; several at once."""

    OWNER = "owner"
    FLEET_MANAGER = "fleet_manager"
    INVOICE_READER = "invoice_reader"
    APPROVER = "approver"
    AUDITOR = "auditor"
    END_USER = "end_user"


class Portal(StrEnum):
    """The pages of managers, or those of people who use a line."""

    MANAGER = "manager"
    USER = "user"


class Permission(StrEnum):
    """What a use case asks of the one who acts."""

    LINES_READ = "lines:read"
    LINES_EXPORT = "lines:export"
    LINES_REFRESH = "lines:refresh"
    LINES_IMPORT = "lines:import"
    PUK_REVEAL = "lines:reveal_puk"
    ESIM_REVEAL = "lines:reveal_esim_code"
    OWN_LINES_READ = "own_lines:read"
    CATALOG_READ = "catalog:read"
    ORDERS_READ = "orders:read"
    ORDERS_PLACE = "orders:place"
    ORDERS_UNDO = "orders:undo"
    HISTORY_READ = "history:read"
    # The employer's part, in sums
    USAGE_READ = "usage:read"
    USAGE_EXPORT = "usage:export"
    # Single records of a line, with a reason that its user sees
    USAGE_DETAIL = "usage:read_detail"
    INVOICES_READ = "invoices:read"
    INVOICES_PAY = "invoices:pay"
    MANDATES_MANAGE = "mandates:manage"
    # How invoices are delivered, per customer number
    DELIVERY_MANAGE = "delivery:manage"
    INVOICES_DISPUTE = "invoices:dispute"
    MEMBERS_MANAGE = "members:manage"
    TOKENS_MANAGE = "tokens:manage"
    # The operator's staff only: no role holds it
    OPERATOR_USAGE_LOAD = "operator:usage_load"
    OPERATOR_CONTRACTS_DECIDE = "operator:contracts_decide"
    OPERATOR_ORDERS_DECIDE = "operator:orders_decide"
    # Messages that were set aside, and readings of the inventory that are held
    OPERATOR_CARRIER_MANAGE = "operator:carrier_manage"
    # Invoices and statements that come in, and those that belong to nobody yet
    OPERATOR_BILLING_IMPORT = "operator:billing_import"
    # Refunds, and money that could not be booked
    OPERATOR_PAYMENTS_DECIDE = "operator:payments_decide"
    OPERATOR_DISPUTES_DECIDE = "operator:disputes_decide"
    # What every member may do with the own session and profile
    SELF = "self"
    # Jobs only: no role holds it
    SYSTEM = "system"


P = Permission
PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.OWNER: frozenset(
        {
            P.LINES_READ,
            P.LINES_EXPORT,
            P.LINES_IMPORT,
            P.CATALOG_READ,
            P.ORDERS_READ,
            P.HISTORY_READ,
            P.USAGE_READ,
            P.USAGE_EXPORT,
            P.INVOICES_READ,
            P.INVOICES_PAY,
            P.MANDATES_MANAGE,
            P.DELIVERY_MANAGE,
            P.INVOICES_DISPUTE,
            P.MEMBERS_MANAGE,
            P.TOKENS_MANAGE,
            P.SELF,
        }
    ),
    Role.FLEET_MANAGER: frozenset(
        {
            P.LINES_READ,
            P.LINES_EXPORT,
            P.LINES_REFRESH,
            P.PUK_REVEAL,
            P.ESIM_REVEAL,
            P.CATALOG_READ,
            P.ORDERS_READ,
            P.ORDERS_PLACE,
            P.ORDERS_UNDO,
            P.HISTORY_READ,
            P.USAGE_READ,
            P.USAGE_EXPORT,
            P.USAGE_DETAIL,
            P.SELF,
        }
    ),
    Role.INVOICE_READER: frozenset(
        {P.USAGE_READ, P.USAGE_EXPORT, P.INVOICES_READ, P.INVOICES_PAY, P.INVOICES_DISPUTE, P.SELF}
    ),
    Role.APPROVER: frozenset({P.LINES_READ, P.CATALOG_READ, P.ORDERS_READ, P.SELF}),
    Role.AUDITOR: frozenset(
        {P.LINES_READ, P.CATALOG_READ, P.ORDERS_READ, P.HISTORY_READ, P.USAGE_READ, P.INVOICES_READ, P.SELF}
    ),
    Role.END_USER: frozenset({P.OWN_LINES_READ, P.SELF}),
}

# What an operator's token may, in the one tenant that a call names.
OPERATOR_PERMISSIONS = frozenset(
    {
        P.OPERATOR_USAGE_LOAD,
        P.OPERATOR_CONTRACTS_DECIDE,
        P.OPERATOR_ORDERS_DECIDE,
        P.OPERATOR_CARRIER_MANAGE,
        P.OPERATOR_BILLING_IMPORT,
        P.OPERATOR_PAYMENTS_DECIDE,
        P.OPERATOR_DISPUTES_DECIDE,
    }
)

MANAGER_ROLES = frozenset(Role) - {Role.END_USER}


def has_permission(roles: frozenset[str], permission: Permission) -> bool:
    """Whether one of the roles holds the permission. Unknown roles hold none."""
    return any(permission in PERMISSIONS.get(role, ()) for role in roles)
