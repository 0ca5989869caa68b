"""Decides what a file of a bank is, and reads its statements. Pure."""

from backend.billing.statements.camt import read_camt
from backend.billing.statements.coda import read_coda
from backend.billing.statements.statement import ReadStatement, StatementRefused

# Marks of the byte order before XML
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
UTF_16 = (b"<\x00", b"\x00<")
MOST_STATEMENTS = 1000


def read_statements(content: bytes) -> list[ReadStatement]:
    """Every statement of a file, each with what is wrong with it. Raises StatementRefused where it holds none."""
    if not content.strip():
        raise StatementRefused("The file is empty.")
    found = read_camt(content) if _is_xml(content) else read_coda(content)
    if len(found) > MOST_STATEMENTS:
        raise StatementRefused(f"A file holds at most {MOST_STATEMENTS:,} statements: divide it.")
    return found


def _is_xml(content: bytes) -> bool:
    plain = content
    for mark in MARKS:
        plain = plain.removeprefix(mark)
    return plain.lstrip().startswith((b"<", *UTF_16))
