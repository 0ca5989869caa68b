"""States of a tenant."""

from enum import StrEnum


class TenantState(StrEnum):
    """A suspended tenant has no sessions, no tokens and no periodic tasks."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
