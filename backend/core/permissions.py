"""One table from role to permission; the documents show it, a test walks it."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    FLEET_MANAGER = "fleet_manager"
    INVOICE_READER = "invoice_reader"
    APPROVER = "approver"
    AUDITOR = "auditor"
    END_USER = "end_user"


class Permission(StrEnum):
    LINES_READ = "lines:read"
    LINES_EXPORT = "lines:export"
    LINES_REFRESH = "lines:refresh"
    LINES_IMPORT = "lines:import"
    PUK_REVEAL = "lines:reveal_puk"
    OWN_LINES_READ = "own_lines:read"
    CATALOG_READ = "catalog:read"
    ORDERS_READ = "orders:read"
    ORDERS_PLACE = "orders:place"
    ORDERS_UNDO = "orders:undo"
    HISTORY_READ = "history:read"
    MEMBERS_MANAGE = "members:manage"
    TOKENS_MANAGE = "tokens:manage"
    SELF = "self"  # what every member may do with the own session and profile
    SYSTEM = "system"  # jobs only: no role holds it


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
            P.CATALOG_READ,
            P.ORDERS_READ,
            P.ORDERS_PLACE,
            P.ORDERS_UNDO,
            P.HISTORY_READ,
            P.SELF,
        }
    ),
    Role.INVOICE_READER: frozenset({P.SELF}),
    Role.APPROVER: frozenset({P.LINES_READ, P.CATALOG_READ, P.ORDERS_READ, P.SELF}),
    Role.AUDITOR: frozenset({P.LINES_READ, P.CATALOG_READ, P.ORDERS_READ, P.HISTORY_READ, P.SELF}),
    Role.END_USER: frozenset({P.OWN_LINES_READ, P.SELF}),
}

MANAGER_ROLES = frozenset(Role) - {Role.END_USER}


def holds(roles: frozenset[str], permission: Permission) -> bool:
    """Whether one of the roles carries the permission. Unknown roles carry nothing."""
    return any(permission in PERMISSIONS.get(role, ()) for role in roles)
