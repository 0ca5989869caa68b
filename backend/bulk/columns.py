"""Columns of a bulk file, and the check of its rows against them. Pure; messages come by code, in texts.toml."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from backend.bulk.lifecycle import RowStatus
from backend.core.i18n import FileTexts, load_texts

TEXTS = Path(__file__).with_name("texts.toml")
# Signs of a cell that are repeated beside what is wrong with it
SHOWN = 100
# In the first cell of a row: the template's own, never carried out
EXAMPLE = "example"
RESULT = ("status", "reason", "reference")
# A value of sentences about a cell that chooses
CHOICES = "choices"
# Language -> words
ColumnTexts = Mapping[str, str]


class BulkCellError(ValueError):
    """A parser's answer: `code` names the sentence in texts.toml, `values` fill it."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, {key: str(value) for key, value in values.items()}


class FileColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column. `parse` turns a filled cell into its value, or raises BulkCellError. `unique`: once in a file."""

    code: str
    labels: ColumnTexts
    parse: Callable[[str], Any] = str
    required: bool = True
    unique: bool = False
    example: ColumnTexts | str = ""
    hint: ColumnTexts = {}
    # Plan, option, barring: codes of the carrier's catalogue, or their names
    names: str = ""

    def label(self, language: str) -> str:
        return self.labels.get(language) or self.labels["en"]

    def example_in(self, language: str) -> str:
        example = self.example
        return example if isinstance(example, str) else example.get(language) or example["en"]


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one cell or row (`column` empty). A row with warnings only may be ordered.

    `given` is what stood in the cell. The code `said` has its sentence in `values`, in the requester's language.
    """

    column: str
    code: str
    values: dict[str, str] = {}
    warning: bool = False
    given: str = ""

    def message(self, language: str) -> str:
        choices = self.values.get(f"{CHOICES}_{language}") or self.values.get(CHOICES, "")
        return column_text(self.code, language, **{**self.values, CHOICES: choices})


class CheckedRow(msgspec.Struct, kw_only=True):
    """One row: what was understood, and what is wrong. Resolving may add to it."""

    row: int
    fields: dict[str, Any]
    problems: list[RowProblem]
    line_id: Any = None
    # As they came
    cells: dict[str, str] = {}

    def wrong(
        self,
        column: str,
        code: str,
        *,
        warning: bool = False,
        values: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Note what is wrong, beside what was given."""
        self.problems.append(
            RowProblem(
                column=column,
                code=code,
                values={key: str(value) for key, value in values.items()},
                warning=warning,
                given=self.cells.get(column, "")[:SHOWN],
            )
        )

    @property
    def status(self) -> RowStatus:
        if any(not problem.warning for problem in self.problems):
            return RowStatus.ERROR
        return RowStatus.WARNING if self.problems else RowStatus.OK


class HeaderError(ValueError):
    """The header does not name the columns; `problems` say which are missing, unknown or there twice."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__("; ".join(problem.code for problem in problems))
        self.problems = list(problems)


def column_text(code: str, language: str, **values: object) -> str:
    """The text of a code in a language, with its placeholders filled."""
    return FileTexts(TEXTS, language).text(code, **values)


def _plain(heading: str) -> str:
    return " ".join(heading.strip().strip("*").split()).casefold()


def match_header(
    columns: Sequence[FileColumn], header: Sequence[str], language: str
) -> list[FileColumn | None]:
    """The column of each cell of the header, by its code or its label in any language.

    None for an empty cell and for the columns that a result file adds.

    Raises HeaderError.
    """
    known = {_plain(word): column for column in columns for word in (column.code, *column.labels.values())}
    ours = {_plain(texts[name]) for texts in load_texts(TEXTS).values() for name in RESULT} - set(known)
    found: list[FileColumn | None] = []
    problems: list[RowProblem] = []
    for cell in header:
        column = known.get(_plain(cell))
        if cell.strip() and column is None and _plain(cell) not in ours:
            problems.append(RowProblem(column="", code="column_unknown", values={"column": cell[:60]}))
        elif column and column in found:
            values = {"column": column.label(language)}
            problems.append(RowProblem(column=column.code, code="column_twice", values=values))
        found.append(column)
    for column in columns:
        if column.required and column not in found:
            values = {"column": column.label(language)}
            problems.append(RowProblem(column=column.code, code="column_missing", values=values))
    if problems:
        raise HeaderError(problems)
    return found


def is_example(cells: Sequence[str], language_words: Iterable[str]) -> bool:
    """Whether this row is the template's example."""
    first = cells[0].casefold() if cells else ""
    return any(first.startswith(word.casefold()) for word in language_words)


def example_marks() -> list[str]:
    return [texts[EXAMPLE] for texts in load_texts(TEXTS).values()]


def check_rows(
    columns: Sequence[FileColumn | None], rows: Iterable[tuple[int, Sequence[str]]]
) -> list[CheckedRow]:
    """Every row with what was understood and what is wrong in it, doubles within the file included."""
    marks = example_marks()
    checked = [_check_row(columns, number, cells) for number, cells in rows if not is_example(cells, marks)]
    for column in columns:
        if column and column.unique:
            _mark_doubles(column.code, checked)
    return checked


def _check_row(columns: Sequence[FileColumn | None], number: int, cells: Sequence[str]) -> CheckedRow:
    row = CheckedRow(row=number, fields={}, problems=[], cells={})
    for index, column in enumerate(columns):
        if column is None:
            continue
        cell = cells[index].strip() if index < len(cells) else ""
        # Our own files neutralise formulas with it
        cell = cell.removeprefix("'")
        if not cell:
            if column.required:
                row.wrong(column.code, "cell_missing")
            continue
        row.cells[column.code] = cell
        try:
            row.fields[column.code] = column.parse(cell)
        except BulkCellError as wrong:
            row.fields[column.code] = cell
            row.wrong(column.code, wrong.code, values={**wrong.values, **_choices(column, wrong)})
    if any(cell.strip() for cell in cells[len(columns) :]):
        row.wrong("", "too_many_cells")
    return row


def _choices(column: FileColumn, wrong: BulkCellError) -> ColumnTexts:
    """What may be chosen, in each language, from the column's hint: a cell may have it in any language."""
    if CHOICES not in wrong.values:
        return {}
    return {f"{CHOICES}_{language}": hint.rstrip(".") for language, hint in column.hint.items()}


def _mark_doubles(code: str, rows: Sequence[CheckedRow]) -> None:
    """A value that stood in an earlier row is an error on the later one."""
    first: dict[str, int] = {}
    for row in rows:
        if code in row.fields and not any(problem.column == code for problem in row.problems):
            earlier = first.setdefault(str(row.fields[code]), row.row)
            if earlier != row.row:
                row.wrong(code, "cell_twice", values={"row": earlier})
