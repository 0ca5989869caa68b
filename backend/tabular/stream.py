"""Reads rows from a CSV of any size, one line a row, as they come: nothing is kept. Pure."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backend.core.visible import visible
from backend.tabular.problems import CellError, RowProblem
from backend.tabular.reading import SEPARATOR, delimiter_of
from backend.tabular.text import END_OF_FILE, LONGEST_LINE

UNREADABLE = "\ufffd"
# The number and the cells of a row, or what is wrong with it
StreamRow = tuple[int, list[str]] | RowProblem


@dataclass(frozen=True, slots=True)
class RowStream:
    """The header's cells, and the rows after it."""

    header: list[str]
    rows: Iterator[StreamRow]


def read_stream(lines: Iterable[str]) -> RowStream:
    """The rows of these lines, delimited as the header is. A bad row never touches another: no cell spans lines."""
    text = iter(lines)
    first = next(text, "")
    if separator := SEPARATOR.fullmatch(visible(first).strip()):
        first, delimiter = next(text, ""), separator[1]
    else:
        delimiter = delimiter_of(first)
    first = visible(first[:LONGEST_LINE]).replace('"', "")
    header = [name.strip().lower() for name in first.split(delimiter)]
    return RowStream(header, _rows(text, delimiter, len(header)))


def _rows(lines: Iterator[str], delimiter: str, width: int) -> Iterator[StreamRow]:
    # This runs once for each of millions of rows: most are plain, and cut by str.split.
    for number, line in enumerate(lines, start=2):
        if line.isascii() and '"' not in line and len(line) <= LONGEST_LINE:
            cells = line.rstrip("\r\n").split(delimiter)
        else:
            try:
                cells = _unusual(line.rstrip("\r\n"), delimiter)
            except CellError as wrong:
                yield RowProblem.of(wrong, number)
                continue
        if len(cells) == width:
            yield number, cells
        elif len(cells) > 1 or cells[0].strip(END_OF_FILE + " "):
            values = {"cells": str(len(cells)), "columns": str(width)}
            yield RowProblem(row=number, code="cells_counted", values=values)


def _unusual(line: str, delimiter: str) -> list[str]:
    """The cells of a line with quotation marks, with marks that nobody sees, or too long. Raises CellError."""
    if len(line) > LONGEST_LINE:
        raise CellError("row_too_long", most=LONGEST_LINE)
    if UNREADABLE in line:
        raise CellError("cell_unreadable")
    line = visible(line)
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line.replace("\0", "?").replace("\r", "")], delimiter=delimiter, strict=True))
    except csv.Error:
        raise CellError("line_quotes") from None
