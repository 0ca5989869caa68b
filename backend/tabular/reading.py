"""Reads a whole table from a CSV or XLSX file as rows of text, as people see the cells. Pure."""

import csv
import io
import itertools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from backend.core.visible import visible
from backend.tabular.archive import ARCHIVE
from backend.tabular.formats import CSV, SHEET, XLSX
from backend.tabular.problems import RowProblem, TableRejected
from backend.tabular.refusals import damaged, no_table, too_many_columns, too_many_rows
from backend.tabular.text import decode, is_text
from backend.tabular.workbook import check_workbook, has_hidden_rows

# The header is one
MOST_ROWS = 20_001
MOST_COLUMNS = 40
LONGEST_CELL = 1000
DELIMITERS = (";", ",", "\t")
# What spreadsheets take from the first line, which is no row then
SEPARATOR = re.compile(r'"?sep=([;,\t|])"?', re.IGNORECASE)

Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows, each with its number as a spreadsheet shows it (the first is 1), and notes about the whole file.

    A cell that is too long is cut after LONGEST_CELL + 1 characters, which `columns.check_rows` refuses; a table that is
    read `whole` has it as it came.
    """

    rows: Rows
    notes: list[str] = field(default_factory=list)
    delimiter: str = ";"


def media_type_of_table(content: bytes) -> str:
    """CSV or XLSX, by the bytes. Raises FileRejected for anything else."""
    if content.startswith(ARCHIVE):
        return XLSX
    if is_text(content):
        return CSV
    raise no_table()


def read_table(content: bytes, media_type: str, *, most_rows: int = MOST_ROWS, whole: bool = False) -> Table:
    """Every row that is not empty. `whole`: no cell is cut, to hand the file back.

    Raises FileRejected for an unreadable file, also while its rows are read.
    """
    longest = sys.maxsize if whole else LONGEST_CELL
    table = _xlsx(content, most_rows) if media_type == XLSX else _csv(content, most_rows)
    return replace(table, rows=_cut(table.rows, longest))


def _csv(content: bytes, most_rows: int) -> Table:
    text, notes = decode(content)
    first, _, rest = text.partition("\n")
    if separator := SEPARATOR.fullmatch(first.strip("\r ")):
        text, delimiter = rest, separator[1]
    else:
        delimiter = delimiter_of(next(_filled(text), ""))
    return Table(_bounded(_records(text, delimiter), most_rows), notes, delimiter)


def _filled(text: str) -> Iterator[str]:
    return (line for line in itertools.islice(io.StringIO(text), 100) if line.strip())


def delimiter_of(header: str) -> str:
    """The delimiter that is most frequent in a header, outside quotation marks."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _records(text: str, delimiter: str) -> Rows:
    """With the number that a spreadsheet shows: a cell of several lines is still one row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = before = width = 0
    while True:
        number, before = number + 1, reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # One cell without quotation marks may be too long too
            if reader.line_num > before + 1 or not str(error).startswith("field larger"):
                raise _quotes(number) from error
            raise damaged() from error
        width = width or len(cells)
        if reader.line_num > before + 1 and _swallows(cells, delimiter, width):
            raise _quotes(number)
        yield number, cells


def _swallows(cells: list[str], delimiter: str, width: int) -> bool:
    """Whether a cell of several lines holds a line that is a whole row by itself: its quotation mark closes too late."""
    lines = (line for cell in cells for line in cell.splitlines()[1:])
    return width > 1 and any(line.count(delimiter) >= width - 1 for line in lines)


def _quotes(row: int) -> TableRejected:
    return TableRejected("file_quotes", [RowProblem(row=row, code="quotes", values={"row": str(row)})])


def _bounded(rows: Rows, most_rows: int) -> Rows:
    count = 0
    for number, cells in rows:
        kept = [visible(cell).strip() for cell in cells]
        while kept and not kept[-1]:
            kept.pop()
        if not kept:
            continue
        count += 1
        if count > most_rows:
            raise too_many_rows(most_rows)
        if len(kept) > MOST_COLUMNS:
            raise too_many_columns(MOST_COLUMNS)
        yield number, kept


def _cut(rows: Rows, longest: int) -> Rows:
    for number, cells in rows:
        long = any(len(cell) > longest for cell in cells)
        yield number, [cell[: longest + 1] for cell in cells] if long else cells


def _xlsx(content: bytes, most_rows: int) -> Table:
    check_workbook(content, most_rows=most_rows, most_columns=MOST_COLUMNS)
    try:
        book = load_workbook(io.BytesIO(content))
        name = _sheet(book)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        notes = ["rows_hidden"] if has_hidden_rows(content) else []
        if name != SHEET and _has_more(book, name):
            notes.append("more_sheets")
    except (CalamineError, ValueError, OSError) as error:
        raise damaged() from error
    numbered = (
        (number, [display_text(cell) for cell in cells]) for number, cells in enumerate(rows, start=1)
    )
    return Table(_bounded(numbered, most_rows), notes)


def _has_more(book: CalamineWorkbook, name: str) -> bool:
    """Whether another sheet that people see holds something."""
    others = [sheet.name for sheet in _seen(book) if sheet.name != name]
    return any(book.get_sheet_by_name(other).start is not None for other in others)


def _seen(book: CalamineWorkbook) -> list[SheetMetadata]:
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    return [sheet for sheet in sheets if sheet.visible is SheetVisibleEnum.Visible]


def _sheet(book: CalamineWorkbook) -> str:
    """Ours by its name, else the first one that people see. Raises FileRejected where there is no sheet of cells."""
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    seen = [sheet.name for sheet in _seen(book)]
    names = seen or [sheet.name for sheet in sheets]
    if not names:
        raise no_table()
    return SHEET if SHEET in names else names[0]


def display_text(cell: object) -> str:
    """A cell as people see it: whole numbers without a fraction, dates as yyyy-mm-dd."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        # Sixteen digits and more are not exact in a spreadsheet's number: what it holds is what it shows.
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e17 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
