"""States of a line and the moves between them (domain reference 3.2); states of its shared billing (3.7). Pure."""

from enum import StrEnum

from backend.core.lifecycle import Lifecycle


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

# How a line leaves the fleet: the carrier says which. Its last word may come before its acceptance, or that word may
# be lost; a number may be ported out while another end is planned. So each state of a live line may go to each of these.
LEFT = frozenset({S.RELEASED_PREPAID, S.RELEASED_PRIVATE, S.TERMINATED})

LINE_LIFECYCLE = Lifecycle(
    S,
    {
        # ACTIVE: the carrier's acceptance was lost, and its word that the line works is the first that is heard
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
# Lines whose options may be changed
CHANGEABLE = frozenset({S.ACTIVE, S.SUSPENDED})


class AgreementState(StrEnum):
    """States of an agreement of shared billing: signed or not, looked at by the operator, in force, over."""

    DOCUMENT_PENDING = "document_pending"
    UNDER_REVIEW = "under_review"
    ACTIVE = "active"
    ENDED = "ended"
