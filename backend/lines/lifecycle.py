"""States of a line and the allowed moves (domain reference 3.2). Pure."""

from enum import StrEnum


class LineStatus(StrEnum):
    ORDERED = "ordered"
    PENDING_ACTIVE = "pending_active"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    PENDING_RELEASE = "pending_release"
    RELEASED_PREPAID = "released_prepaid"
    RELEASED_PRIVATE = "released_private"
    PENDING_TERMINATION = "pending_termination"
    TERMINATED = "terminated"
    ABORTED = "aborted"


S = LineStatus
ENDED = frozenset({S.RELEASED_PREPAID, S.RELEASED_PRIVATE, S.TERMINATED, S.ABORTED})
# What the fleet list shows
IN_FLEET = tuple(status for status in LineStatus if status not in ENDED)
# Lines whose options may be changed
CHANGEABLE = frozenset({S.ACTIVE, S.SUSPENDED})

MOVES: dict[LineStatus, frozenset[LineStatus]] = {
    S.ORDERED: frozenset({S.PENDING_ACTIVE, S.ABORTED}),
    S.PENDING_ACTIVE: frozenset({S.ACTIVE, S.ABORTED}),
    S.ACTIVE: frozenset({S.SUSPENDED, S.PENDING_RELEASE, S.PENDING_TERMINATION, S.TERMINATED}),
    S.SUSPENDED: frozenset({S.ACTIVE, S.PENDING_RELEASE, S.PENDING_TERMINATION}),
    S.PENDING_RELEASE: frozenset({S.ACTIVE, S.SUSPENDED, S.RELEASED_PREPAID, S.RELEASED_PRIVATE}),
    S.PENDING_TERMINATION: frozenset({S.TERMINATED}),
}


def may_move(current: LineStatus, target: LineStatus) -> bool:
    """Whether the move is listed. Staying where one is always is: repeats are harmless."""
    return current == target or target in MOVES.get(current, frozenset())
