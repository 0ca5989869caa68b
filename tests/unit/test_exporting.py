"""A list as a file: every batch once, in its order; nothing is left behind where one fails."""

import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import openpyxl
import pytest

from backend.tabular.exporting import write_table


async def batches(*sizes: int, fail: bool = False) -> AsyncIterator[list[int]]:
    first = 0
    for size in sizes:
        yield list(range(first, first + size))
        first += size
    if fail:
        raise LookupError


def cells(rows: Sequence[int]) -> Iterator[list[str]]:
    assert threading.current_thread() is not threading.main_thread()
    return ([f"r{row}", "=1"] for row in rows)


async def test_every_batch_is_written_once_in_its_order() -> None:
    file, count = await write_table(batches(3, 2, 1), cells, ["row", "sum"], "csv")
    with file:
        lines = file.read().decode("utf-8-sig").splitlines()
    assert (count, lines) == (6, ["row;sum", *(f"r{row};'=1" for row in range(6))])
    file, count = await write_table(batches(2, 1), cells, ["row", "sum"], "xlsx", sheet="Rows")
    with file:
        sheet: Any = openpyxl.load_workbook(file)["Rows"]
        assert [row[0].value for row in sheet.iter_rows()] == ["row", "r0", "r1", "r2"]
    file, count = await write_table(batches(), cells, ["row"], "csv")
    with file:
        assert (count, file.read()) == (0, b"\xef\xbb\xbfrow\r\n")


@pytest.mark.parametrize("where", ["rows", "cells"])
async def test_a_failure_closes_the_file_and_is_raised(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    real = tempfile.SpooledTemporaryFile

    def opened(**options: Any) -> Any:
        made.append(real(**options))
        return made[-1]

    def broken(rows: Sequence[int]) -> Iterator[list[str]]:
        raise LookupError(rows[0])

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", opened)
    with pytest.raises(LookupError):
        await write_table(
            batches(1, 1, fail=where == "rows"), cells if where == "rows" else broken, ["row"], "csv"
        )
    assert [file.closed for file in made] == [True]
