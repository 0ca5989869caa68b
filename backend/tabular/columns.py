"""The columns of a table, its header matched with them, and the check of its rows. Pure; messages come by code."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from backend.core.i18n import load_texts
from backend.tabular.problems import CHOICES, TEXTS, CellError, HeaderError, RowProblem
from backend.tabular.reading import LONGEST_CELL, Table

# Signs of a cell that are repeated beside what is wrong with it
SHOWN = 100
# In the first cell of a row: the template's own, never carried out
EXAMPLE = "example"
RESULT = ("status", "reason", "reference")
# Language -> words
ColumnTexts = Mapping[str, str]


class FileColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column. `parse` turns a filled cell into its value, or raises CellError. `unique`: once in a file."""

    code: str
    labels: ColumnTexts = {}
    parse: Callable[[str], Any] = str
    required: bool = True
    unique: bool = False
    example: ColumnTexts | str = ""
    hint: ColumnTexts = {}
    # What a cell may have, as people write it; empty where that is not one of a few
    allowed: tuple[str, ...] = ()

    def label(self, language: str) -> str:
        return self.labels.get(language) or self.labels.get("en") or self.code

    def example_in(self, language: str) -> str:
        example = self.example
        return example if isinstance(example, str) else example.get(language) or example["en"]


# A feature may derive a column that knows more
Column = TypeVar("Column", bound=FileColumn)


class CheckedRow(msgspec.Struct, kw_only=True):
    """One row: what was understood, and what is wrong. A feature may add to it."""

    row: int
    fields: dict[str, Any]
    problems: list[RowProblem]
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
                row=self.row,
                column=column,
                code=code,
                values={key: str(value) for key, value in values.items()},
                warning=warning,
                given=self.cells.get(column, "")[:SHOWN],
            )
        )

    @property
    def bad(self) -> bool:
        """Whether anything is an error, and no warning only."""
        return any(not problem.warning for problem in self.problems)


def read_checked(columns: Sequence[FileColumn], table: Table, language: str) -> list[CheckedRow]:
    """The rows of a table with their problems. Raises HeaderError for other columns or no row, FileRejected as reading."""
    _, header = next(table.rows, (1, list[str]()))
    rows = check_rows(match_header(columns, header, language), table.rows)
    if not rows:
        raise HeaderError([RowProblem(code="no_rows")])
    return rows


def _plain(heading: str) -> str:
    return " ".join(heading.strip().strip("*").split()).casefold()


def match_header(columns: Sequence[Column], header: Sequence[str], language: str) -> list[Column | None]:
    """The column of each cell of the header, by its code or its label in any language.

    None for an empty cell and for the columns that a result file adds.

    Raises HeaderError.
    """
    known = {_plain(word): column for column in columns for word in (column.code, *column.labels.values())}
    ours = {_plain(texts[name]) for texts in load_texts(TEXTS).values() for name in RESULT} - set(known)
    found: list[Column | None] = []
    problems: list[RowProblem] = []
    for cell in header:
        column = known.get(_plain(cell))
        if cell.strip() and column is None and _plain(cell) not in ours:
            problems.append(RowProblem(code="column_unknown", values={"column": cell[:60]}))
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
    """What begins a template's example row, in every language."""
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
            row.fields[column.code] = _parsed(column, cell)
        except CellError as wrong:
            row.fields[column.code] = cell
            row.wrong(column.code, wrong.code, values={**wrong.values, **_choices(column, wrong)})
    if any(cell.strip() for cell in cells[len(columns) :]):
        row.wrong("", "too_many_cells")
    return row


def _parsed(column: FileColumn, cell: str) -> Any:
    # The reader cuts behind one more
    if len(cell) > LONGEST_CELL:
        raise CellError("cell_too_long", most=LONGEST_CELL)
    return column.parse(cell)


def _choices(column: FileColumn, wrong: CellError) -> ColumnTexts:
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
