"""Checks an archive before anything is read from it. Pure; every refusal says what to do."""

import io
import zipfile
import zlib

from backend.tabular.refusals import damaged, encrypted, other_type, unpacks_too_large

MEGABYTE = 1024 * 1024
ARCHIVE = b"PK\x03\x04"
# The older container of Office: a workbook with a password is one, and holds this name
OLE_CONTAINER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
LARGEST_UNPACKED = 100 * MEGABYTE
MOST_MEMBERS = 1000
PIECE = 64 * 1024


def check_archive(content: bytes) -> None:
    """Really unpack every member, in pieces and to nowhere: what an archive says of its own size is not believed.

    Raises FileRejected for a bomb, for encryption, and for what is no workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise unpacks_too_large()
            if any(member.flag_bits & 0x1 for member in members):
                raise encrypted()
            names = {member.filename for member in members}
            if not {"[Content_Types].xml", "xl/workbook.xml"} <= names or len(names) != len(members):
                raise other_type()
            _unpack(archive, members)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise damaged() from error


def _unpack(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    left = LARGEST_UNPACKED
    for member in members:
        # What it admits itself needs no unpacking
        if member.file_size > left:
            raise unpacks_too_large()
        with archive.open(member) as stream:
            while piece := stream.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise unpacks_too_large()


def has_password(content: bytes) -> bool:
    """Whether this is a workbook that Office has encrypted with a password."""
    return content.startswith(OLE_CONTAINER) and ENCRYPTED_PACKAGE in content
