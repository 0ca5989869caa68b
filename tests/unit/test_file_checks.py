import pytest

from backend.core.errors import FileRejected
from backend.documents.file_checks import JPEG, LARGEST, PDF, PNG, clean_name, media_type_of
from backend.tabular.formats import CSV, XLSX
from tests.support import files

# How a workbook with a password begins, and the name in it
PROTECTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (files.PDF, PDF),
        (files.png(), PNG),
        (files.jpeg(), JPEG),
        (files.xlsx(("number",), ("0470123456",)), XLSX),
        (b"number;cost_centre\r\n0470123456;A\r\n", CSV),
        ("n° ; é\n".encode("cp1252"), CSV),
        ("\ufeffnumber\n".encode(), CSV),
        ("number\n0470123456\n".encode("utf-16"), CSV),
    ],
)
def test_the_bytes_say_what_a_file_is(content: bytes, expected: str) -> None:
    assert media_type_of(content) == expected


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"a" * (LARGEST + 1), "file_too_large"),
        (b"%PDF-1.7\n", "file_damaged"),
        (files.PDF[: len(files.PDF) // 2], "file_damaged"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "file_damaged"),
        (files.jpeg()[:-40], "file_damaged"),
        (files.png_header(), "file_damaged"),
        (files.png()[:-12], "file_damaged"),
        (b"PK\x03\x04 and no archive", "file_damaged"),
        (files.xlsx(("number",))[:-30], "file_damaged"),
        (files.bomb(), "file_unpacks_too_large"),
        (files.lying_bomb(), "file_damaged"),
        (files.many_members(), "file_unpacks_too_large"),
        (files.encrypted(), "file_encrypted"),
        (b"MZ\x90\x00\x03", "file_type"),
        (b"GIF89a\x01\x00", "file_type"),
        ("number\0\n".encode("utf-16"), "file_type"),
        ("number\n".encode("utf-16")[:-1], "file_type"),
        (PROTECTED, "file_encrypted"),
        (b"\x7fELF", "file_type"),
    ],
    ids=range(20),
)
def test_what_is_empty_large_damaged_dangerous_or_other_is_refused_with_a_sentence(
    content: bytes, code: str
) -> None:
    with pytest.raises(FileRejected) as refused:
        media_type_of(content)
    assert refused.value.code == code
    assert refused.value.fields["file"].endswith(".")


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    with pytest.raises(FileRejected) as refused:
        media_type_of(files.with_parts(files.xlsx(("a",))).replace(b"xl/workbook.xml", b"xl/workbook.xmI"))
    assert refused.value.code == "file_type"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("contract.pdf", "contract.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\An\\scan.pdf", "scan.pdf"),
        ("exe.\u202efdp.pdf", "exe.fdp.pdf"),
        ("a\x00b\x1f\r\nc.pdf", "abc.pdf"),
        ("  .hidden. ", "hidden.pdf"),
        ("", "file.pdf"),
        ("..", "file.pdf"),
        ("/", "file.pdf"),
        ("é" * 300 + ".pdf", "é" * 96 + ".pdf"),
        ("x" * 300, "x" * 96 + ".pdf"),
        ("invoice.exe", "invoice.pdf"),
        ("invoice.pdf.exe", "invoice.pdf.pdf"),
        ("page.HTML", "page.pdf"),
        ("Scan.PDF", "Scan.PDF"),
        ("contract v1.2", "contract v1.2.pdf"),
        ("no. 12 b", "no. 12 b.pdf"),
    ],
)
def test_of_a_name_only_the_last_part_and_its_visible_signs_are_kept(given: str, kept: str) -> None:
    assert clean_name(given, PDF) == kept
