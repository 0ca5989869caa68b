"""The one loop of every list that leaves as a file: batches of rows to an open temporary file."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import IO, TypeVar

from backend.tabular.formats import SHEET, FileFormat
from backend.tabular.writing import CsvWriter, XlsxWriter, table_writer

R = TypeVar("R")

# Rows read at once
BATCH = 2000
# Bytes before a file goes to disk
IN_MEMORY = 1024 * 1024


async def write_table(
    batches: AsyncIterator[Sequence[R]],
    cells: Callable[[Sequence[R]], Iterable[Sequence[str]]],
    headings: Sequence[str],
    file_format: FileFormat,
    *,
    sheet: str = SHEET,
) -> tuple[IO[bytes], int]:
    """Write batches as they come; returns the open file, at its start, and the number of rows.

    `cells` makes the cells of a batch, in a thread: it may not use the scope. The caller closes the file.
    """
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - handed to the caller
    writing: asyncio.Task[None] | None = None
    count = 0
    try:
        writer = await asyncio.to_thread(table_writer, file, headings, file_format, sheet=sheet)
        async for rows in batches:
            # The database reads the next batch meanwhile
            if writing:
                await writing
            writing = asyncio.create_task(asyncio.to_thread(_write, writer, cells, rows))
            count += len(rows)
        if writing:
            await writing
        await asyncio.to_thread(writer.close)
    except BaseException:
        if writing:
            await asyncio.gather(writing, return_exceptions=True)
        file.close()
        raise
    file.seek(0)
    return file, count


def _write(
    writer: CsvWriter | XlsxWriter,
    cells: Callable[[Sequence[R]], Iterable[Sequence[str]]],
    rows: Sequence[R],
) -> None:
    writer.rows(cells(rows))
