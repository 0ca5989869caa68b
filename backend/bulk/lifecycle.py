"""The states of a bulk file and of its rows, and the moves between them (domain reference 3.15). Pure."""

from enum import StrEnum

from backend.core.lifecycle import Lifecycle


class UploadState(StrEnum):
    """The state of a bulk file."""

    UPLOADED = "uploaded"
    VALIDATING = "validating"
    NEEDS_FIX = "needs_fix"
    READY = "ready"
    ORDERED = "ordered"
    # The file as a whole cannot be read
    FAILED = "failed"


class RowStatus(StrEnum):
    """What was found in a row. A skipped row has an error and was left out on request."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


S = UploadState
UPLOAD_LIFECYCLE = Lifecycle(
    UploadState,
    {
        S.UPLOADED: {S.VALIDATING},
        S.VALIDATING: {S.NEEDS_FIX, S.READY, S.FAILED},
        # By another file, or by leaving bad rows out
        S.NEEDS_FIX: {S.UPLOADED, S.READY},
        S.READY: {S.UPLOADED, S.ORDERED},
        S.FAILED: {S.UPLOADED},
    },
)
# Rows that are ordered
GOOD_ROWS = [RowStatus.OK, RowStatus.WARNING]


def state_after_validation(*, good: int, errors: int, skip_bad: bool) -> UploadState:
    """The state of a file of which every row was checked.

    `good`: rows to order; `errors`: rows with an error; `skip_bad`: whether those are left out.
    """
    return S.READY if good and (skip_bad or not errors) else S.NEEDS_FIX
