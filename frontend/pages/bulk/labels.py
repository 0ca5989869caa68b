"""Words and shapes for the states of a file and of its rows."""

from reactpy.types import VdomDict

from backend.bulk.lifecycle import RowStatus, UploadState
from frontend.components.basics import pill
from frontend.text import Text, mark

STATES = {
    UploadState.UPLOADED: (mark("Waiting to be checked"), "running", "half"),
    UploadState.VALIDATING: (mark("Being checked"), "running", "half"),
    UploadState.NEEDS_FIX: (mark("To correct"), "attention", "alert"),
    UploadState.READY: (mark("Ready to order"), "active", "check"),
    UploadState.ORDERED: (mark("Ordered"), "active", "check"),
    UploadState.FAILED: (mark("Cannot be read"), "lost", "close"),
}
ROWS = {
    RowStatus.OK: (mark("OK"), "active", "check"),
    RowStatus.WARNING: (mark("Warning"), "attention", "info"),
    RowStatus.ERROR: (mark("Error"), "lost", "alert"),
    RowStatus.SKIPPED: (mark("Left out"), "", "minus"),
}


def state_pill(text: Text, state: UploadState) -> VdomDict:
    words, tone, shape = STATES[state]
    return pill(text(words), tone, shape)


def row_pill(text: Text, status: RowStatus) -> VdomDict:
    words, tone, shape = ROWS[status]
    return pill(text(words), tone, shape)
