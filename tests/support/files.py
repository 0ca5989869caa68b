"""Small real files of each kind, and hostile ones."""

import io
import struct
import zipfile
import zlib

import typst
import xlsxwriter
from PIL import Image

PDF = typst.compile(b"= Signed", format="pdf")


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, "PNG")
    return file.getvalue()


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, "JPEG")
    return file.getvalue()


def xlsx(*rows: tuple[object, ...], sheet: str = "Fleetline") -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False}) as book:
        page = book.add_worksheet(sheet)
        for number, cells in enumerate(rows):
            page.write_row(number, 0, cells)
    return file.getvalue()


def with_parts(workbook: bytes, **parts: bytes) -> bytes:
    """The workbook with some of its parts replaced or added."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return file.getvalue()


def sheet(cells: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData></worksheet>"
    ).encode()


def bomb() -> bytes:
    """A hundred and fifty megabytes of nothing in a few kilobytes."""
    return with_parts(xlsx(("number",)), **{"xl/worksheets/sheet1.xml": b"0" * (150 * 1024 * 1024)})


def lying_bomb() -> bytes:
    """The same, with its admitted sizes made small."""
    content = bytearray(bomb())
    real = struct.pack("<I", 150 * 1024 * 1024)
    while (at := content.find(real)) >= 0:
        content[at : at + 4] = struct.pack("<I", 100)
    return bytes(content)


def many_members() -> bytes:
    return with_parts(xlsx(("number",)), **{f"m{index}": b"" for index in range(1001)})


def encrypted() -> bytes:
    """The flag of encryption set on every member."""
    content = bytearray(xlsx(("number",)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    return bytes(content)


def png_header() -> bytes:
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
