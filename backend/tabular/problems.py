"""What is wrong in a table: one cell, one row, or the file as a whole. Pure; sentences come by code, from texts.toml."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from backend.core.errors import FileRejected
from backend.core.i18n import known_language, load_texts

TEXTS = Path(__file__).with_name("texts.toml")
# A value of sentences about a cell that chooses
CHOICES = "choices"
# The code whose sentence is in its values
SAID = "said"


class CellError(ValueError):
    """A cell that does not hold: `code` names the sentence, `values` fill it. `column` where the caller needs it."""

    def __init__(self, code: str, *, column: str = "", **values: object) -> None:
        super().__init__(code)
        self.code, self.column = code, column
        self.values = {key: str(value) for key, value in values.items()}

    @classmethod
    def said(cls, words: str, *, column: str = "") -> "CellError":
        """With its sentence as it stands, in the language of the reader."""
        return cls(SAID, column=column, words=words)


class TableTexts:
    """The sentences of tables in one language, with those of a feature's own file."""

    def __init__(self, language: str, more: Path | None = None) -> None:
        self.language = known_language(language)
        own = load_texts(TEXTS)[self.language]
        self._texts = {**own, **load_texts(more)[self.language]} if more else own

    def text(self, code: str, **values: object) -> str:
        """The sentence of a code, with its placeholders filled. Raises KeyError for a code that is not there."""
        return self._texts[code].format(**values)


# For the operator's commands and for programs
ENGLISH = TableTexts("en")


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one cell or row (`column` empty). A row with warnings only may be used.

    `row` counts as a spreadsheet does, the header being row 1; 0: the file as a whole. `given` is what stood in the
    cell. The code `said` has its sentence in `values`.
    """

    row: int = 0
    column: str = ""
    code: str
    values: dict[str, str] = {}
    warning: bool = False
    given: str = ""

    @classmethod
    def of(cls, error: CellError, row: int) -> "RowProblem":
        """The problem that an error in a row is."""
        return cls(row=row, column=error.column, code=error.code, values=error.values)

    def message(self, texts: TableTexts = ENGLISH) -> str:
        """The sentence, in the language of `texts`."""
        choices = self.values.get(f"{CHOICES}_{texts.language}") or self.values.get(CHOICES, "")
        return texts.text(self.code, **{**self.values, CHOICES: choices})


def said(row: int, column: str, words: str) -> RowProblem:
    """A problem with its sentence as it stands."""
    return RowProblem(row=row, column=column, code=SAID, values={"words": words})


class TableRejected(FileRejected):
    """A table that is refused as a whole; `problems` say where and why."""

    def __init__(self, code: str, problems: Sequence[RowProblem]) -> None:
        self.problems = list(problems)
        super().__init__(code, " ".join(problem.message() for problem in problems))


class HeaderError(TableRejected):
    """The header does not name the columns; `problems` say which are missing, unknown or there twice."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__("file_header", problems)
