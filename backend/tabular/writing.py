"""Tables that leave the product: no cell is run as a formula, and spreadsheet programs read every character."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import IO, Any

import xlsxwriter

from backend.tabular.formats import SHEET, FileFormat

FORMULA_STARTS = frozenset("=+-@\t\r\n")


def without_formulas(cells: Iterable[str]) -> list[str]:
    """Cells that a spreadsheet would run as a formula get an apostrophe before them (CWE-1236)."""
    return [f"'{cell}" if _is_formula(cell) else cell for cell in cells]


def _is_formula(cell: str) -> bool:
    """Also where the first sign is a wide or small form of one of those: some programs take it for the plain one."""
    first = cell[:1]
    return first in FORMULA_STARTS or (
        not first.isascii() and unicodedata.normalize("NFKC", first)[:1] in FORMULA_STARTS
    )


class CsvWriter:
    """UTF-8 with a byte order mark, and semicolons: what spreadsheet programs in Belgium open without a question."""

    def __init__(self, file: IO[bytes], headings: Sequence[str]) -> None:
        self._file = file
        file.write("\ufeff".encode())
        self.rows([list(headings)])

    def rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Write more rows."""
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(map(without_formulas, rows))
        self._file.write(text.getvalue().encode())

    def close(self) -> None:
        """Does nothing: every row is written already."""


class XlsxWriter:
    """One sheet, numbers kept as text so that no digit is lost. `hints` become comments of the headings.

    With `as_text` the columns stay text for what is typed into them too.
    """

    def __init__(
        self,
        file: IO[bytes],
        headings: Sequence[str],
        *,
        sheet: str = SHEET,
        hints: Sequence[str] = (),
        as_text: bool = False,
    ) -> None:
        options: dict[str, Any] = {
            # A file with hints is a template: small, and with a further sheet
            "constant_memory": not hints,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        self._book = xlsxwriter.Workbook(file, options)
        self._sheet = self._book.add_worksheet(sheet)
        bold = self._book.add_format({"bold": True, "num_format": "@"})
        text = self._book.add_format({"num_format": "@"}) if as_text else None
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(headings) - 1, 22, text)
        for column, heading in enumerate(without_formulas(headings)):
            self._sheet.write_string(0, column, heading, bold)
        for column, hint in enumerate(hints):
            if hint:
                self._sheet.write_comment(0, column, hint)
        self._text, self._next = text, 1

    def rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Write more rows."""
        for cells in rows:
            for column, cell in enumerate(without_formulas(cells)):
                self._sheet.write_string(self._next, column, cell, self._text)
            self._next += 1

    def lists(self, name: str, columns: Sequence[tuple[str, Sequence[str]]]) -> None:
        """A further sheet with a list in each column, below its heading."""
        sheet = self._book.add_worksheet(name)
        bold, text = (
            self._book.add_format({"bold": True, "num_format": "@"}),
            self._book.add_format({"num_format": "@"}),
        )
        sheet.set_column(0, len(columns) - 1, 32, text)
        for column, (heading, values) in enumerate(columns):
            for row, cell in enumerate(without_formulas([heading, *values])):
                sheet.write_string(row, column, cell, text if row else bold)

    def close(self) -> None:
        """Write the end of the file."""
        self._book.close()


def table_writer(
    file: IO[bytes], headings: Sequence[str], file_format: FileFormat, *, sheet: str
) -> CsvWriter | XlsxWriter:
    """A writer of either format; the header is written at once."""
    return CsvWriter(file, headings) if file_format == "csv" else XlsxWriter(file, headings, sheet=sheet)
