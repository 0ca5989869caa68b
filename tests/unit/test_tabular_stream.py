"""Streams of rows: each line is a row of its own, whatever is in another."""

import io
from typing import IO

import pytest

from backend.tabular.batches import in_batches
from backend.tabular.problems import RowProblem
from backend.tabular.stream import read_stream
from backend.tabular.text import LONGEST_LINE, text_lines

HEADER = "id,name\n"


def found(text: str | bytes) -> list[object]:
    """The cells or the code of every row, by its number."""
    content = text if isinstance(text, bytes) else text.encode()
    with text_lines(io.BytesIO(content)) as lines:
        rows = list(read_stream(lines).rows)
    return [(row.row, row.code) if isinstance(row, RowProblem) else row for row in rows]


def test_plain_rows_and_the_header_come_as_they_are() -> None:
    stream = read_stream(['ID ,"Name"\r\n', "1,An\r\n", "\n", "2,\n", "3,Jo"])
    assert stream.header == ["id", "name"]
    assert list(stream.rows) == [(2, ["1", "An"]), (4, ["2", ""]), (5, ["3", "Jo"])]
    assert read_stream([]).header == [""]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('1,"An, of Ghent"', (2, ["1", "An, of Ghent"])),
        ('1,"say ""yes"""', (2, ["1", 'say "yes"'])),
        ('1,"open', (2, "line_quotes")),
        ('"1",An"', (2, ["1", 'An"'])),
        ('"1" and,An', (2, "line_quotes")),
        ("1,2,3", (2, "cells_counted")),
        ("1", (2, "cells_counted")),
        ("1,\ufffd", (2, "cell_unreadable")),
        ("\ufeff1\u200e,É\u202d", (2, ["1", "É"])),
        ("1," + "x" * LONGEST_LINE, (2, "row_too_long")),
        ("1," + "x" * (LONGEST_LINE - 2), (2, ["1", "x" * (LONGEST_LINE - 2)])),
        ("1," + "x" * LONGEST_LINE * 5, (2, "row_too_long")),
        ('1,"' + "x" * LONGEST_LINE * 5, (2, "row_too_long")),
    ],
)
def test_an_unusual_row_is_read_or_refused_and_the_next_one_is_whole(line: str, expected: object) -> None:
    assert found(f"{HEADER}{line}\n2,Jo\n") == [expected, (3, ["2", "Jo"])]
    assert found(f"{HEADER}{line}") == [expected]


def test_encodings_separators_and_the_sign_that_ends_a_file() -> None:
    rows = [(2, ["1", "É"])]
    text = "id;name\r\n1;É\r\n"
    assert found(text) == rows
    assert found(f"\ufeff{text}") == rows
    assert found(text.encode("utf-16")) == rows
    assert found(f"sep=;\r\n{text}") == rows
    assert found(f"{text}\x1a") == rows
    assert found(f"{text}\x1a\r\n") == rows
    assert found(text.encode("cp1252")) == [(2, "cell_unreadable")]


def test_a_line_without_end_is_not_held_in_memory() -> None:
    class Endless(io.RawIOBase):
        read_so_far = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 - its signature
            self.read_so_far = 0
            return 0

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            if self.read_so_far > 50_000_000:
                return 0
            buffer[:] = b"x" * len(buffer)
            self.read_so_far += len(buffer)
            return len(buffer)

    endless: IO[bytes] = io.BufferedReader(Endless())
    with text_lines(endless) as lines:
        assert [len(line) for line in lines] == [LONGEST_LINE + 2]


async def test_batches_hold_every_row_once() -> None:
    batches = [batch async for batch in in_batches(iter(range(7)), 3)]
    assert batches == [[0, 1, 2], [3, 4, 5], [6]]
