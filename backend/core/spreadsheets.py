"""Tables that leave the product: no cell is run as a formula, and spreadsheet programs read every character."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import IO, Any

import xlsxwriter

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_formula(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it (CWE-1236)."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class CsvWriter:
    """UTF-8 with a byte order mark, and semicolons: what spreadsheet programs in Belgium open without a question."""

    def __init__(self, file: IO[bytes], headings: Sequence[str]) -> None:
        self._file = file
        file.write("\ufeff".encode())
        self.rows([list(headings)])

    def rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Write more rows."""
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
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
        sheet: str = "Fleet",
        hints: Sequence[str] = (),
        as_text: bool = False,
    ) -> None:
        options: dict[str, Any] = {
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
        for column, heading in enumerate(headings):
            self._sheet.write_string(0, column, heading, bold)
        for column, hint in enumerate(hints):
            if hint:
                self._sheet.write_comment(0, column, hint)
        self._text, self._next = text, 1

    def rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Write more rows."""
        for cells in rows:
            for column, cell in enumerate(cells):
                self._sheet.write_string(self._next, column, cell, self._text)
            self._next += 1

    def close(self) -> None:
        """Write the end of the file."""
        self._book.close()


CSV = "text/csv"


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


TYPES = {"csv": CSV, "xlsx": XLSX}
