"""States of a physical SIM card (domain reference 3.4). Pure."""

from enum import StrEnum


class SimState(StrEnum):
    """The state of a card."""

    STOCK = "stock"
    ASSIGNED = "assigned"
    ACTIVE = "active"
    BLOCKED = "blocked"
    REPLACED = "replaced"
    RETIRED = "retired"


# Of no use any more: the number may be on another record
GONE = frozenset({SimState.REPLACED, SimState.RETIRED})
# Belongs to a line
ON_A_LINE = frozenset({SimState.ASSIGNED, SimState.ACTIVE, SimState.BLOCKED})
