"""Checks a workbook before a library reads it, so that a small file cannot need much memory or time.

The unpacked size is limited (`archive.py`). Two things are left: a value in the last corner of a sheet makes a table
of seventeen thousand million cells, and one long text may stand in a million cells.
"""

import codecs
import io
import re
import zipfile
from collections.abc import Callable
from xml.parsers import expat

from backend.tabular.archive import MEGABYTE, check_archive
from backend.tabular.refusals import damaged, no_table, too_many_columns, too_many_rows, unpacks_too_large

# Characters in all cells of a sheet together
MOST_TEXT = 32 * MEGABYTE
MOST_CELLS = 1_000_000
PIECE = 64 * 1024
# How spreadsheet programs write a cell. A sheet with any other cell is parsed as XML, which is slow
ATTRIBUTE = rb'(?: (?:s|t|cm|vm|ph)="[A-Za-z0-9]*")*'
PLAIN_CELL = re.compile(rb"<c" + ATTRIBUTE + rb' r="([A-Z]{1,3})([0-9]{1,7})"' + ATTRIBUTE + rb" ?/?>")
ANY_CELL = re.compile(rb"<(?:[^\s<>/:!?]+:)?c[\s/>]")
SHARED_CELL = re.compile(rb't="s"[^<>]*><v>([0-9]{1,9})</v>')
# Parts of other formats that are ZIP archives too
FOREIGN = frozenset({"content.xml", "mimetype", "xl/workbook.bin"})
HIDDEN_ROW = re.compile(rb"<(?:[^\s<>/:!?]+:)?row\s[^<>]*\bhidden=[\"'](?:1|true)[\"']")
COORDINATE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def check_workbook(content: bytes, *, most_rows: int, most_columns: int) -> None:
    """Raises FileRejected for a workbook that is damaged, or larger than a table may be."""
    check_archive(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        if names & FOREIGN:
            raise no_table()
        lengths: list[int] = []
        for name in sorted(names):
            if name.lower().endswith("sharedstrings.xml"):
                lengths += _lengths(archive, name)
        for name in sorted(names):
            # By content and not by name: the list of sheets may name any part
            if _is_markup(archive, name) and not _plainly_small(
                archive.read(name), lengths, most_rows, most_columns
            ):
                _parse(archive, name, _Sheet(lengths, most_rows, most_columns).parser)


def has_hidden_rows(content: bytes) -> bool:
    """Whether a sheet of a checked workbook has rows that are not shown, by a filter or by hand."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return any(
            HIDDEN_ROW.search(archive.read(name)) for name in archive.namelist() if "/worksheets/" in name
        )


def _lengths(archive: zipfile.ZipFile, name: str) -> list[int]:
    """The length of every shared text with its markup, which is an upper limit."""
    content = archive.read(name)
    if b"<!DOCTYPE" in content:
        raise damaged()
    if b":si" in content:
        strings = _Strings()
        _parse(archive, name, strings.parser)
        return strings.lengths
    return [len(part) for part in re.split(rb"<si(?=[\s/>])", content)[1:]]


def _plainly_small(content: bytes, lengths: list[int], most_rows: int, most_columns: int) -> bool:
    """Whether a sheet is within every limit and written as spreadsheet programs write; it is not parsed."""
    if b"<!DOCTYPE" in content:
        raise damaged()
    cells = PLAIN_CELL.findall(content)
    if len(cells) != len(ANY_CELL.findall(content)) or len(content) > MOST_TEXT:
        return False
    if any(_column(letters) > most_columns for letters in {cell[0] for cell in cells}):
        return False
    if any(int(row) > most_rows for row in {cell[1] for cell in cells}):
        return False
    shared = SHARED_CELL.findall(content)
    if len(shared) != content.count(b't="s"'):
        return False
    signs = sum(lengths[number] for number in map(int, shared) if number < len(lengths))
    return len(content) + signs <= MOST_TEXT


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column


def _is_markup(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as stream:
        start = stream.read(200)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise damaged()
    # Old drawings (.vml) are not always well-formed XML; no sheet has that name
    drawing = name.endswith(".vml")
    if drawing and b".vml" in archive.read("xl/_rels/workbook.xml.rels"):
        raise damaged()
    return not drawing and start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")


def _parse(archive: zipfile.ZipFile, name: str, parser: expat.XMLParserType) -> None:
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        with archive.open(name) as stream:
            while piece := stream.read(PIECE):
                parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise damaged() from error


def _no_doctype(*_: object) -> None:
    raise damaged()


class _Strings:
    """The length of every shared text."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.CharacterDataHandler = self._text

    def _start(self, name: str, _: object) -> None:
        if name.rpartition(":")[2] == "si":
            self.lengths.append(0)

    def _text(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


class _Sheet:
    """Counts as the library does: the last row and column with a value, and the characters of all cells."""

    def __init__(self, lengths: list[int], most_rows: int, most_columns: int) -> None:
        self.lengths, self.most_rows, self.most_columns = lengths, most_rows, most_columns
        self.row = self.column = self.signs = self.cells = 0
        self.shared, self.text = False, ""
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.starts: dict[str, Callable[[dict[str, str]], None]] = {"row": self._row, "c": self._cell}

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local in self.starts:
            self.starts[local](attributes)
        elif local in {"v", "t"}:
            self.text = ""
            self.parser.CharacterDataHandler = self._take

    def _take(self, text: str) -> None:
        self.text += text

    def _row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        self.row = int(number) if number.isdecimal() and len(number) < 8 else self.row + 1
        self.column = 0

    def _cell(self, attributes: dict[str, str]) -> None:
        self.column += 1
        self.cells += 1
        if self.cells > MOST_CELLS:
            raise unpacks_too_large()
        self.shared = attributes.get("t") == "s"
        if found := COORDINATE.fullmatch(attributes.get("r", "")):
            self.column, self.row = _column(found[1].encode()), int(found[2])

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] not in {"v", "t"}:
            return
        self.parser.CharacterDataHandler = None
        if not self.text:
            return
        if self.row > self.most_rows:
            raise too_many_rows(self.most_rows)
        if self.column > self.most_columns:
            raise too_many_columns(self.most_columns)
        self.signs += len(self.text)
        if self.shared and self.text.isdecimal() and int(self.text[:9]) < len(self.lengths):
            self.signs += self.lengths[int(self.text[:9])]
        if self.signs > MOST_TEXT:
            raise unpacks_too_large()
