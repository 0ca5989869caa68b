"""What a file is, by its bytes: its name is never believed. Pure; every refusal says what to do."""

from pathlib import PurePosixPath

from backend.core.errors import FileRejected
from backend.tabular.archive import ARCHIVE, MEGABYTE, check_archive, has_password
from backend.tabular.formats import CSV, XLSX
from backend.tabular.refusals import damaged, encrypted, other_type
from backend.tabular.text import is_text

LARGEST = 10 * MEGABYTE
LONGEST_NAME = 100
LONGEST_ENDING = 5
# Of an upload: the file, and what the other fields and the boundaries may take
LARGEST_BODY = LARGEST + 64 * 1024

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
# Not taken as an upload; an electronic invoice may have it attached
ODS = "application/vnd.oasis.opendocument.spreadsheet"
# What a name of each type may end in; another ending could be run by whoever opens the file
KNOWN_ENDINGS = {
    PDF: {".pdf"},
    JPEG: {".jpg", ".jpeg"},
    PNG: {".png"},
    CSV: {".csv", ".txt", ".tsv"},
    XLSX: {".xlsx"},
    ODS: {".ods"},
}
ENDINGS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png", CSV: ".csv", XLSX: ".xlsx", ODS: ".ods"}

# Overrides and isolates of the writing direction show a name other than it is ("gpj.exe" as "exe.jpg").
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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
    if content.startswith(ARCHIVE):
        check_archive(content)
        return XLSX
    if has_password(content):
        raise encrypted()
    if is_text(content):
        return CSV
    raise other_type()


def _whole(media_type: str, complete: bool) -> str:
    if not complete:
        raise damaged()
    return media_type


def clean_name(name: str, media_type: str) -> str:
    """The last part of a path, fit for a list and a download.

    Signs that hide or reorder are left out, it is not too long, and it ends as its content does.
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(sign for sign in last if sign.isprintable() and sign not in BIDI)
    shown = " ".join(shown.split()).strip(". ")
    stem, dot, ending = shown.rpartition(".")
    is_ending = dot and len(ending) <= LONGEST_ENDING and ending[:1].isalpha() and ending.isalnum()
    kept = f".{ending}"
    if not is_ending:
        stem, kept = shown, ""
    if kept.lower() not in KNOWN_ENDINGS[media_type]:
        kept = ENDINGS[media_type]
    stem = stem[: LONGEST_NAME - len(kept)].rstrip(". ") or "file"
    return f"{stem}{kept}"
