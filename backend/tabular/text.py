"""The characters of a text file: its encoding by its first bytes, and marks that nobody sees taken out. Pure."""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from backend.core.visible import visible
from backend.tabular.refusals import damaged, unreadable

# What old programs write after the last row
END_OF_FILE = "\x1a"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CONTROL_BYTES = bytes(byte for byte in (*range(32), 127) if byte not in b"\t\r\n\f\x1a")
CONTROL_SIGNS = re.compile(f"[{re.escape(CONTROL_BYTES.decode('ascii'))}]")
# Characters of one line of a stream
LONGEST_LINE = 2000


def is_text(content: bytes) -> bool:
    """Text in UTF-8, in the Western characters of Windows, or in UTF-16 with its mark: no control characters."""
    if content.startswith(UTF16):
        try:
            return not CONTROL_SIGNS.search(content.decode("utf-16"))
        except UnicodeDecodeError:
            return False
    return not any(byte in content for byte in CONTROL_BYTES)


def decode(content: bytes) -> tuple[str, list[str]]:
    """The visible text, and notes about it (codes). Raises FileRejected where the characters cannot be read."""
    notes = []
    try:
        text = content.decode("utf-16" if content.startswith(UTF16) else "utf-8")
    except UnicodeDecodeError as error:
        if error.encoding != "utf-8":
            raise damaged() from error
        # Old spreadsheets on Western Windows; undefined bytes there are a sign that it is neither.
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise unreadable() from None
        notes.append("read_as_cp1252")
    if "\0" in text:
        raise damaged()
    return visible(text).rstrip(END_OF_FILE), notes


@contextmanager
def text_lines(file: IO[bytes]) -> Iterator[Iterator[str]]:
    """The lines of an open file of any size, in UTF-8 or in UTF-16 with its mark. The file stays open.

    Bytes that cannot be read become U+FFFD. Of a line that is too long the first part comes, longer than
    LONGEST_LINE, and not its rest.
    """
    start = file.read(2)
    file.seek(0)
    encoding = "utf-16" if start in UTF16 else "utf-8-sig"
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="\n")
    try:
        yield _lines(text)
    finally:
        text.detach()


def _lines(text: IO[str]) -> Iterator[str]:
    most = LONGEST_LINE + 2
    while line := text.readline(most):
        yield line
        while len(line) == most and not line.endswith("\n"):
            line = text.readline(most)
