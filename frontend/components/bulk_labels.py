"""Words and shapes for the states of a file and of its rows."""

from reactpy.types import VdomDict

from backend.bulk.lifecycle import RowStatus, UploadState
from frontend.elements import pill
from frontend.i18n import Translator, translatable

STATES = {
    UploadState.UPLOADED: (translatable("Waiting to be checked"), "running", "half"),
    UploadState.VALIDATING: (translatable("Being checked"), "running", "half"),
    UploadState.NEEDS_FIX: (translatable("To correct"), "attention", "alert"),
    UploadState.READY: (translatable("Requests ready to send"), "active", "check"),
    UploadState.ORDERED: (translatable("Requests sent"), "active", "check"),
    UploadState.FAILED: (translatable("Cannot be read"), "lost", "close"),
}
ROWS = {
    RowStatus.OK: (translatable("OK"), "active", "check"),
    RowStatus.WARNING: (translatable("Warning"), "attention", "info"),
    RowStatus.ERROR: (translatable("Error"), "lost", "alert"),
    RowStatus.SKIPPED: (translatable("Left out"), "", "minus"),
}


def state_pill(text: Translator, state: UploadState) -> VdomDict:
    words, tone, shape = STATES[state]
    return pill(text(words), tone, shape)


def row_pill(text: Translator, status: RowStatus) -> VdomDict:
    words, tone, shape = ROWS[status]
    return pill(text(words), tone, shape)


def left_out_words(text: Translator, skipped: int) -> str:
    """How many rows of a file are left out; "" where none is."""
    return text.plural("{n} row is left out.", "{n} rows are left out.", skipped) if skipped else ""
