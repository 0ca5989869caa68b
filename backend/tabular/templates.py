"""Writes what people download: templates to fill in, and their own file with the result beside each row.

CSV is UTF-8 with its mark and semicolons in every language: spreadsheets set to Belgium open it without asking, and
reading takes commas and tabs as well.
"""

import io
from collections.abc import Mapping, Sequence

from backend.tabular.columns import EXAMPLE, RESULT, FileColumn
from backend.tabular.formats import XLSX, FileFormat
from backend.tabular.problems import TableTexts
from backend.tabular.reading import read_table
from backend.tabular.writing import CsvWriter, XlsxWriter


def template(columns: Sequence[FileColumn], language: str, format: FileFormat) -> bytes:  # noqa: A002 - the word people use
    """A header and one row marked as an example.

    In XLSX hints at the headings, every column as text, and on a second sheet what the cells of a column may have.
    """
    file = io.BytesIO()
    headings = [column.label(language) + (" *" if column.required else "") for column in columns]
    example = [column.example_in(language) for column in columns]
    if example:
        example[0] = f"{TableTexts(language).text(EXAMPLE)} {example[0]}".strip()
    writer: CsvWriter | XlsxWriter
    if format == "csv":
        writer = CsvWriter(file, headings)
    else:
        hints = [column.hint.get(language, column.hint.get("en", "")) for column in columns]
        writer = XlsxWriter(file, headings, hints=hints, as_text=True)
    writer.rows([example])
    if isinstance(writer, XlsxWriter) and (lists := [one for one in columns if one.allowed]):
        writer.lists(
            TableTexts(language).text("allowed"), [(one.label(language), one.allowed) for one in lists]
        )
    writer.close()
    return file.getvalue()


def result(content: bytes, media_type: str, results: Mapping[int, Sequence[str]], language: str) -> bytes:
    """The file with status, reason and reference after its columns, by row number. No cell runs as a formula."""
    texts = TableTexts(language)
    rows = list(read_table(content, media_type, whole=True).rows)
    width = max((len(cells) for _, cells in rows), default=0)
    header = _wide(rows[0][1] if rows else [], width)
    headings = [*header, *(texts.text(word) for word in RESULT)]
    file = io.BytesIO()
    writer = XlsxWriter(file, headings, as_text=True) if media_type == XLSX else CsvWriter(file, headings)
    writer.rows([*_wide(cells, width), *results.get(number, ())] for number, cells in rows[1:])
    writer.close()
    return file.getvalue()


def _wide(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]
