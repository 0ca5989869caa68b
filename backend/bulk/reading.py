"""Reads a table from a CSV or XLSX file as rows of text, as people see the cells."""

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, load_workbook

from backend.bulk.workbook import check_workbook, too_many_columns, too_many_rows
from backend.core.spreadsheets import XLSX
from backend.documents.file_checks import FileRejected

# The header is one
MOST_ROWS = 20_001
MOST_COLUMNS = 40
LONGEST_CELL = 1000
SHEET = "Fleetline"
DELIMITERS = (";", ",", "\t")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows, each with its number in the file (the first is 1), and notes about the whole file."""

    rows: Iterator[tuple[int, list[str]]]
    notes: list[str] = field(default_factory=list)
    delimiter: str = ";"


def read_table(content: bytes, media_type: str) -> Table:
    """Every row that is not empty. Raises FileRejected for an unreadable file, also while its rows are read."""
    return _xlsx(content) if media_type == XLSX else _csv(content)


def _csv(content: bytes) -> Table:
    notes = []
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        # Old spreadsheets on Western Windows; undefined bytes there are a sign that it is neither.
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise FileRejected(
                "file_characters", "The characters cannot be read. Save the file as UTF-8."
            ) from None
        notes.append("read_as_cp1252")
    if "\0" in text:
        raise FileRejected(
            "file_damaged", "The file is damaged or incomplete. Make it again and choose it anew."
        )
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    return Table(_bounded(_numbered(reader)), notes, delimiter)


def _delimiter(text: str) -> str:
    """The delimiter that is most frequent in the header, outside quotes."""
    header = next((line for line in itertools.islice(text.splitlines(), 100) if line.strip()), "")
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """With the number that a spreadsheet shows: a cell of several lines is still one row."""
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileRejected(
                "file_damaged", "The file is damaged or incomplete. Make it again and choose it anew."
            ) from error


def _bounded(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    count = 0
    for number, cells in rows:
        kept = [cell.strip() for cell in cells]
        while kept and not kept[-1]:
            kept.pop()
        if not kept:
            continue
        count += 1
        if count > MOST_ROWS:
            raise too_many_rows(MOST_ROWS)
        if len(kept) > MOST_COLUMNS:
            raise too_many_columns(MOST_COLUMNS)
        if any(len(cell) > LONGEST_CELL for cell in kept):
            kept = [cell[:LONGEST_CELL] for cell in kept]
        yield number, kept


def _xlsx(content: bytes) -> Table:
    check_workbook(content, most_rows=MOST_ROWS, most_columns=MOST_COLUMNS)
    try:
        book = load_workbook(io.BytesIO(content))
        names = book.sheet_names
        if not names:
            raise FileRejected("file_type_table", "Choose a CSV or XLSX file.")
        sheet = book.get_sheet_by_name(SHEET) if SHEET in names else book.get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError) as error:
        raise FileRejected(
            "file_damaged", "The file is damaged or incomplete. Make it again and choose it anew."
        ) from error
    numbered = (
        (number, [display_text(cell) for cell in cells]) for number, cells in enumerate(rows, start=1)
    )
    return Table(_bounded(numbered))


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
