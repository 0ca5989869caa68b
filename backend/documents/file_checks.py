"""What a file is, by its bytes: its name is never believed. Pure; every refusal says what to do."""

import codecs
import io
import zipfile
import zlib
from pathlib import PurePosixPath

from backend.core.errors import ValidationFailed
from backend.core.spreadsheets import CSV, XLSX

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE
LARGEST_UNPACKED = 100 * MEGABYTE
MOST_MEMBERS = 1000
PIECE = 64 * 1024
LONGEST_NAME = 100
# Of an upload: the file, and what the other fields and the boundaries may take
LARGEST_BODY = LARGEST + 64 * 1024

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
ENDINGS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png", CSV: ".csv", XLSX: ".xlsx"}

# Overrides and isolates of the writing direction show a name other than it is ("gpj.exe" as "exe.jpg").
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class FileRejected(ValidationFailed):
    """A file that is not taken: `field` names the place where a form shows the sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence, code=code, file=sentence)


def check_size(size: int) -> None:
    """Raises FileRejected for an empty file and for one that is too large."""
    if size == 0:
        raise FileRejected("file_empty", "The file is empty. Choose another one.")
    if size > LARGEST:
        raise too_large()


def too_large() -> FileRejected:
    """The refusal of a file that is too large."""
    refused = FileRejected("file_too_large", "The file is larger than 10 MB. Choose a smaller one.")
    refused.status = 413
    return refused


def media_type_of(content: bytes) -> str:
    """One of the types above. Raises FileRejected for any other content, and for one that is damaged or dangerous."""
    check_size(len(content))
    if content.startswith(b"%PDF-"):
        return _whole(PDF, b"%%EOF" in content[-1024:] and b"startxref" in content[-2048:])
    if content.startswith(b"\xff\xd8\xff"):
        return _whole(JPEG, len(content) > 100 and b"\xff\xd9" in content[-32:] and b"\xff\xda" in content)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _whole(PNG, content[12:16] == b"IHDR" and b"IDAT" in content and b"IEND" in content[-32:])
    if content.startswith(b"PK\x03\x04"):
        check_archive(content)
        return XLSX
    if _is_text(content):
        return CSV
    raise FileRejected("file_type", "This kind of file cannot be used here.")


def _whole(media_type: str, complete: bool) -> str:
    if not complete:
        raise FileRejected(
            "file_damaged", "The file is damaged or incomplete. Make it again and choose it anew."
        )
    return media_type


def _is_text(content: bytes) -> bool:
    """Text in UTF-8 or in the Western character set of Windows: no control characters but those of lines and tabs."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    return not any(byte in content for byte in (*range(32), 127) if byte not in b"\t\r\n\f\x1a")


def check_archive(content: bytes) -> None:
    """Really unpack every member, in pieces and to nowhere: what an archive says of its own size is not believed.

    Raises FileRejected for a bomb, for encryption, and for what is no workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise _bomb()
            if any(member.flag_bits & 0x1 for member in members):
                raise FileRejected(
                    "file_encrypted", "The file is protected by a password. Save it without one."
                )
            names = {member.filename for member in members}
            if not {"[Content_Types].xml", "xl/workbook.xml"} <= names or len(names) != len(members):
                raise FileRejected("file_type", "This kind of file cannot be used here.")
            _unpack(archive, members)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise FileRejected(
            "file_damaged", "The file is damaged or incomplete. Make it again and choose it anew."
        ) from error


def _unpack(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    left = LARGEST_UNPACKED
    for member in members:
        # What it admits itself needs no unpacking
        if member.file_size > left:
            raise _bomb()
        with archive.open(member) as stream:
            while piece := stream.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise _bomb()


def _bomb() -> FileRejected:
    return FileRejected(
        "file_unpacks_too_large", "The file unpacks to far more than it should. Save it anew."
    )


def clean_name(name: str, media_type: str) -> str:
    """The last part of a path, without signs that hide or reorder, and not too long: fit for a list and a download."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(sign for sign in last if sign.isprintable() and sign not in BIDI)
    shown = " ".join(shown.split()).strip(". ")
    if len(shown) > LONGEST_NAME:
        stem, dot, ending = shown.rpartition(".")
        shown = (
            f"{stem[: LONGEST_NAME - 1 - len(ending)]}.{ending}"
            if dot and len(ending) <= 5
            else shown[:LONGEST_NAME]
        )
    return shown or f"file{ENDINGS.get(media_type, '')}"
