"""Why a document is not taken."""

from collections.abc import Sequence
from enum import StrEnum


class Because(StrEnum):
    """Where the reading of a document ended."""

    TOO_LARGE = "too_large"
    NOT_WELL_FORMED = "not_well_formed"
    # A document type declaration: nothing of the document was read
    DOCTYPE = "doctype"
    SCHEMA = "schema"
    RULES = "rules"
    CURRENCY = "currency"


class DocumentRefused(Exception):
    """The document is not taken. `rules` names those that it fails, `sentence` says it to the operator's staff."""

    def __init__(self, because: Because, sentence: str, rules: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.because, self.sentence, self.rules = because, sentence, list(rules)

    def __reduce__(self) -> tuple[type["DocumentRefused"], tuple[Because, str, list[str]]]:
        # It comes back from another process
        return type(self), (self.because, self.sentence, self.rules)
