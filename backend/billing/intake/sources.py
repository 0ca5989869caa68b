"""The documents of a file that the operator hands in: one XML, one file of charges, or an archive of many. Pure."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec

from backend.core.errors import FileRejected
from backend.core.visible import visible

MEGABYTE = 1024 * 1024
LARGEST_FILE = 64 * MEGABYTE
# Of one document; its attachments are inside
LARGEST_DOCUMENT = 20 * MEGABYTE
LARGEST_UNPACKED = 512 * MEGABYTE
MOST_MEMBERS = 10_000
LONGEST_NAME = 200
ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
XML, CSV, PDF = ".xml", ".csv", ".pdf"
# What systems add to archives, and nobody means
CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One document or one file of charges. `problem` says why a member of an archive cannot be one."""

    name: str
    content: bytes = b""
    pdf: bytes | None = None
    is_charges: bool = False
    problem: str = ""


def sources_of(name: str, content: bytes) -> list[Source]:
    """The sources of a file, in its order; the files of charges last, since they complete invoices.

    Raises FileRejected where the file as a whole cannot be read. A bad member of an archive is a source with a problem.
    """
    if not content:
        raise FileRejected("file_empty", "The file is empty.")
    if len(content) > LARGEST_FILE:
        raise FileRejected(
            "file_too_large", f"A file holds at most {LARGEST_FILE // MEGABYTE} MB: divide it."
        )
    if not content.startswith(ARCHIVE):
        return [_source(name, content, None)]
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = list(_members(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise FileRejected("file_damaged", "The archive is damaged or encrypted.") from error
    if not found:
        raise FileRejected("file_empty", "The archive holds no document.")
    return sorted(found, key=lambda source: source.is_charges)


def _members(archive: zipfile.ZipFile) -> Iterator[Source]:
    members = [one for one in archive.infolist() if not one.is_dir() and not _is_clutter(one.filename)]
    if len(members) > MOST_MEMBERS:
        raise FileRejected("file_too_large", f"An archive holds at most {MOST_MEMBERS:,} files: divide it.")
    if any(member.flag_bits & 0x1 for member in members):
        raise FileRejected("file_encrypted", "The archive is encrypted.")
    left = LARGEST_UNPACKED
    contents: dict[str, bytes | None] = {}
    for member in members:
        taken = _unpack(archive, member, min(LARGEST_DOCUMENT, left))
        left -= len(taken or b"")
        if left <= 0:
            raise FileRejected("file_too_large", "The archive unpacks to more than it may: divide it.")
        contents[member.filename] = taken
    pdfs = {_stem(name): content for name, content in contents.items() if _ending(name) == PDF}
    used = set()
    for name, content in contents.items():
        if _ending(name) == PDF:
            continue
        if content is None:
            yield Source(name=_shown(name), problem="It is larger than a document may be.")
            continue
        used.add(_stem(name))
        yield _source(name, content, pdfs.get(_stem(name)))
    for stem in pdfs.keys() - used:
        yield Source(name=_shown(f"{stem}{PDF}"), problem="No document has the name of this PDF.")


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes | None:
    """The bytes of a member; None where there are more than `most`. What it says of its size is not believed."""
    with archive.open(member) as stream:
        content = stream.read(most + 1)
    return content if len(content) <= most else None


def _source(name: str, content: bytes, pdf: bytes | None) -> Source:
    is_charges = _ending(name) == CSV
    if pdf is not None and not pdf.startswith(b"%PDF-"):
        return Source(name=_shown(name), problem="The PDF beside it is no PDF.")
    return Source(name=_shown(name), content=content, pdf=pdf, is_charges=is_charges)


def _is_clutter(name: str) -> bool:
    return name.startswith(CLUTTER[0]) or PurePosixPath(name).name in CLUTTER


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.casefold()


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _shown(name: str) -> str:
    return "".join(sign for sign in visible(name) if sign.isprintable())[-LONGEST_NAME:]
