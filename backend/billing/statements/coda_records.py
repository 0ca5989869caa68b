"""The records of a file in CODA: which belong to one statement, and what they must be before they are read. Pure.

`febelfin-coda` checks with `assert`, which `python -O` leaves out, and takes a file that ends in the middle. So all
checks are here, and it is given only what passed them.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from backend.billing.statements.statement import StatementRefused

RECORD = 128
LARGEST = 20 * 1024 * 1024
VERSION = "2"
# Of the records of one statement by their first signs: header, old balance, movements and information, new balance,
# free communications (the banks do not agree where), trailer
ORDER = re.compile(r"01[234]*(?:84*)?9")
AMOUNT = re.compile(r"[01][0-9]{15}")
TOTAL = re.compile(r"[0-9]{15}")
NO_DAY = "000000"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def records_of(content: bytes) -> list[list[str]]:
    """The records of each statement of a file. Raises StatementRefused for what is no file in CODA."""
    if len(content) > LARGEST:
        raise StatementRefused("The file is larger than 20 MB.")
    text = _text(content)
    if CONTROL.search(text):
        raise StatementRefused("The file is not a bank statement: it has signs that no text has.")
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    records = [line for line in lines if line]
    if not records:
        raise StatementRefused("The file is empty.")
    if not is_header(records[0]):
        raise StatementRefused("The file is neither CODA nor CAMT.053.")
    groups: list[list[str]] = []
    for record in records:
        if record.startswith("0"):
            groups.append([])
        groups[-1].append(record if len(record) > RECORD else record.ljust(RECORD))
    return groups


def is_header(record: str) -> bool:
    """Whether a line is the first record of a statement: five zeros, and its version at the end."""
    return record.startswith("00000") and len(record) == RECORD and record[127].isdecimal()


def _text(content: bytes) -> str:
    """The text of a file. Banks write Windows-1252, programs UTF-8; a mark of the byte order is none of it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    # What DOS puts at the end of a file
    return text.removesuffix("\x1a")


def wrong_records(records: Sequence[str]) -> list[str]:
    """What is wrong with the records of one statement; without that, every field of them can be read."""
    if records[0][127] != VERSION:
        return [f"It is CODA of version {records[0][127]}, which is not read."]
    kinds = "".join(record[0] for record in records)
    found = []
    if not kinds.endswith("9"):
        found.append("It has no trailer: the file ends in the middle.")
    elif not ORDER.fullmatch(kinds):
        found.append("Its records do not follow each other as they must.")
    for index, record in enumerate(records, 1):
        if (problem := _wrong(record)) is not None:
            found.append(f"Record {index} of it cannot be read: {problem}.")
            break
    return found


def _wrong(record: str) -> str | None:
    """Why the fields of a record cannot be read; None where they can."""
    if len(record) != RECORD:
        return f"it is longer than {RECORD} signs"
    kind = record[0]
    checks: list[tuple[str, bool]] = []
    if kind == "1":
        checks = [
            ("kind of account", record[1] in "0123"),
            ("amount", _is_amount(record[42:58])),
            ("date", _is_day(record[58:64])),
        ]
    elif kind == "2":
        checks = [("article", record[1] in "123")]
        if record[1] == "1":
            checks += [
                ("amount", _is_amount(record[31:47])),
                ("value date", _is_day(record[47:53], none=True)),
                ("kind of movement", record[53] in "012356789"),
                ("date", _is_day(record[115:121])),
            ]
    elif kind == "8":
        checks = [("amount", _is_amount(record[41:57])), ("date", _is_day(record[57:63]))]
    elif kind == "9":
        checks = [
            ("number of records", bool(re.fullmatch("[0-9]{6}", record[16:22]))),
            ("sum of debits", bool(TOTAL.fullmatch(record[22:37]))),
            ("sum of credits", bool(TOTAL.fullmatch(record[37:52]))),
        ]
    return next((f"it has no {name}" for name, right in checks if not right), None)


def _is_amount(text: str) -> bool:
    return bool(AMOUNT.fullmatch(text))


def _is_day(text: str, *, none: bool = False) -> bool:
    """Whether a text is a day; with `none` also where the bank does not know it."""
    if none and text == NO_DAY:
        return True
    try:
        datetime.strptime(text, "%d%m%y")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
    return text.isascii() and text.isdecimal()


def wrong_movements(records: Sequence[str]) -> list[str]:
    """Movements whose records do not belong together: each goes on from its first record, a detail from its parent."""
    parent = current = ""
    for record in records:
        if record[0] != "2":
            continue
        if record[1] == "1":
            current = record[2:10]
            if record[53] in "0123":
                parent = record[2:6]
            elif record[2:6] != parent:
                return [f"Its movement {current} is the detail of none."]
        elif record[2:10] != current:
            return [f"Its record {record[2:10]} continues no movement."]
    return []
