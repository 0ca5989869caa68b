"""Writes what people download: templates to fill in, and their own file with the result beside each row.

CSV is UTF-8 with its mark and semicolons in every language: spreadsheets set to Belgium open it without asking, and
reading takes commas and tabs as well.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Literal

from backend.bulk.columns import EXAMPLE, RESULT, FileColumn, column_text
from backend.bulk.reading import SHEET, read_table
from backend.core.spreadsheets import XLSX, CsvWriter, XlsxWriter, escape_formula

TemplateFormat = Literal["csv", "xlsx"]


def template(columns: Sequence[FileColumn], language: str, format: TemplateFormat) -> bytes:  # noqa: A002 - the word people use
    """A header and one row marked as an example; in XLSX hints at the headings, and every column as text."""
    file = io.BytesIO()
    headings = [column.label(language) + (" *" if column.required else "") for column in columns]
    example = [column.example_in(language) for column in columns]
    if example:
        example[0] = f"{column_text(EXAMPLE, language)} {example[0]}".strip()
    writer: CsvWriter | XlsxWriter
    if format == "csv":
        writer = CsvWriter(file, headings)
    else:
        hints = [column.hint.get(language, column.hint.get("en", "")) for column in columns]
        writer = XlsxWriter(file, headings, sheet=SHEET, hints=hints, as_text=True)
    writer.rows([[escape_formula(cell) for cell in example]])
    writer.close()
    return file.getvalue()


def result(content: bytes, media_type: str, results: Mapping[int, Sequence[str]], language: str) -> bytes:
    """The file with status, reason and reference after its columns, by row number. No cell runs as a formula."""
    rows = list(read_table(content, media_type).rows)
    width = max((len(cells) for _, cells in rows), default=0)
    header = _wide(rows[0][1] if rows else [], width)
    headings = [*header, *(column_text(word, language) for word in RESULT)]
    file = io.BytesIO()
    writer: CsvWriter | XlsxWriter
    if media_type == XLSX:
        writer = XlsxWriter(file, [escape_formula(cell) for cell in headings], sheet=SHEET, as_text=True)
    else:
        writer = CsvWriter(file, [escape_formula(cell) for cell in headings])
    writer.rows(
        [escape_formula(cell) for cell in (*_wide(cells, width), *results.get(number, ()))]
        for number, cells in rows[1:]
    )
    writer.close()
    return file.getvalue()


def _wide(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]
