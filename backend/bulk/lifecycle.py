"""States of a bulk file and the allowed moves (domain reference 3.15). Pure."""

from enum import StrEnum


class UploadState(StrEnum):
    UPLOADED = "uploaded"
    VALIDATING = "validating"
    NEEDS_FIX = "needs_fix"
    READY = "ready"
    ORDERED = "ordered"
    # The file as a whole cannot be read
    FAILED = "failed"


class RowStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


S = UploadState
MOVES: dict[UploadState, frozenset[UploadState]] = {
    S.UPLOADED: frozenset({S.VALIDATING}),
    S.VALIDATING: frozenset({S.NEEDS_FIX, S.READY, S.FAILED}),
    # A new file, or "skip bad rows"
    S.NEEDS_FIX: frozenset({S.UPLOADED, S.READY}),
    S.READY: frozenset({S.UPLOADED, S.ORDERED}),
    S.FAILED: frozenset({S.UPLOADED}),
    S.ORDERED: frozenset(),
}
REPLACEABLE = frozenset(state for state, targets in MOVES.items() if S.UPLOADED in targets)
GOOD = (RowStatus.OK, RowStatus.WARNING)


def may_move(current: UploadState, target: UploadState) -> bool:
    """Whether the move is listed. Staying where one is always is: repeats are harmless."""
    return current == target or target in MOVES[current]


def state_after_validation(*, good: int, errors: int, skip_bad: bool) -> UploadState:
    """Where a file stands once every row was checked. Without one good row there is nothing to order."""
    if good and (not errors or skip_bad):
        return S.READY
    return S.NEEDS_FIX
