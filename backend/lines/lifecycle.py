"""States of a line and the moves between them (domain reference 3.2); states of its shared billing (3.7). Pure."""

from enum import StrEnum

from backend.core.lifecycle import Lifecycle


class LineStatus(StrEnum):
    """The state of a line."""

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

# The ends of a live line; the carrier says which. Each live state may go to each of them: the carrier's acceptance may
# be lost or come late, and a number may be ported out while another end is planned.
LEFT = frozenset({S.RELEASED_PREPAID, S.RELEASED_PRIVATE, S.TERMINATED})

LINE_LIFECYCLE = Lifecycle(
    S,
    {
        # ACTIVE: the carrier's acceptance was lost, and its report that the line works is the first to arrive
        S.ORDERED: {S.PENDING_ACTIVE, S.ACTIVE, S.ABORTED},
        S.PENDING_ACTIVE: {S.ACTIVE, S.ABORTED},
        S.ACTIVE: {S.SUSPENDED, S.PENDING_RELEASE, S.PENDING_TERMINATION, *LEFT},
        S.SUSPENDED: {S.ACTIVE, S.PENDING_RELEASE, S.PENDING_TERMINATION, *LEFT},
        # Back to the state before: withdrawn, or refused by the carrier
        S.PENDING_RELEASE: {S.ACTIVE, S.SUSPENDED, *LEFT},
        # Back to the state before: cancelled, or refused by the carrier
        S.PENDING_TERMINATION: {S.ACTIVE, S.SUSPENDED, *LEFT},
    },
)
ENDED = LINE_LIFECYCLE.final
# What the fleet list shows
IN_FLEET = tuple(status for status in LineStatus if status not in ENDED)
# States that a request sets: the carrier's inventory does not know of them
REQUESTED = frozenset({S.ORDERED, S.PENDING_ACTIVE, S.PENDING_RELEASE, S.PENDING_TERMINATION})
# Lines whose options may be changed
CHANGEABLE = frozenset({S.ACTIVE, S.SUSPENDED})


class AgreementState(StrEnum):
    """States of an agreement of shared billing: signed or not, looked at by the operator, in force, over."""

    DOCUMENT_PENDING = "document_pending"
    UNDER_REVIEW = "under_review"
    ACTIVE = "active"
    ENDED = "ended"
