"""Reads usage files: the header, then each row; good ones as tuples, bad ones with column and reason. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from backend.catalog.identifiers import normalise_msisdn
from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.usage.lifecycle import masked, period_from

RECORD_COLUMNS = (
    "record_id", "msisdn", "started_at", "service", "amount", "unit", "zone", "roaming", "bucket",
    "employer_cents", "employee_cents", "counterpart",
)  # fmt: skip
BUCKET_COLUMNS = ("msisdn", "bucket", "period", "allowance", "used", "unit", "measured_at")
SERVICES = ("data", "voice", "sms", "mms", "premium")
UNITS = ("bytes", "seconds", "pieces")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
ZONE = re.compile(r"[A-Za-z0-9._-]{0,20}")
LONGEST_ID, LARGEST_AMOUNT, LARGEST_CENTS = 100, 10**15, 10**8
# Clocks differ, time zones are mistaken; later than that a record is wrong
AHEAD = timedelta(days=1)
# Characters
LONGEST_LINE = 2000
# The year
EARLIEST = 2000


class UsageFileKind(StrEnum):
    """What a usage file holds."""

    RECORDS = "records"
    BUCKETS = "buckets"


COLUMNS = {UsageFileKind.RECORDS: RECORD_COLUMNS, UsageFileKind.BUCKETS: BUCKET_COLUMNS}


@dataclass(frozen=True, slots=True)
class RowRejection:
    """One row that was not taken (counted as in a spreadsheet, the header being row 1)."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A good row: its number, and the values after the columns that name the line."""

    row: int
    msisdn: str
    values: tuple[Any, ...]


class CellError(Exception):
    """A value that does not hold."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def kind_of(header: str) -> UsageFileKind:
    """Which file a header belongs to. Raises ValidationFailed for any other line."""
    names = tuple(
        name.strip().lower() for name in header.lstrip("\ufeff").replace('"', "").strip().split(",")
    )
    for kind, columns in COLUMNS.items():
        if names == columns:
            return kind
    raise ValidationFailed(
        file=f"The first line must be the header of a usage file: {','.join(RECORD_COLUMNS)} or {','.join(BUCKET_COLUMNS)}."
    )


def read_rows(lines: Iterator[str], kind: UsageFileKind) -> Iterator[ParsedRow | RowRejection]:
    """The rows after the header, in their order. Nothing is kept: a file of any size may be read."""
    columns, check = COLUMNS[kind], _CHECKS[kind]
    latest = clock.now() + AHEAD
    known: dict[str, str | None] = {}
    for number, cells in enumerate(csv.reader(_bounded(lines)), start=2):
        if not cells:
            continue
        try:
            _count(cells, columns)
            phone = _number(cells[columns.index("msisdn")], known)
            yield ParsedRow(number, phone, check(cells, latest))
        except CellError as bad:
            yield RowRejection(number, bad.column, bad.reason)


def _count(cells: list[str], columns: tuple[str, ...]) -> None:
    if len(cells) != len(columns):
        raise CellError("", f"The row has {len(cells)} cells, the header {len(columns)}.")


def _number(written: str, known: dict[str, str | None]) -> str:
    if written not in known:
        known[written] = normalise_msisdn(written)
    phone = known[written]
    if phone is None:
        raise CellError("msisdn", "This is not a Belgian mobile number.")
    return phone


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    """A line without end is cut, so that its row is refused; a NUL or a quotation mark left open joins no rows."""
    for line in lines:
        yield line[:LONGEST_LINE].replace("\0", "?").replace('"', "").replace("\r", "").rstrip("\n") + "\n"


def _record(cells: list[str], latest: datetime) -> tuple[Any, ...]:
    record_id, _, started, service, amount, unit, zone, roaming, bucket, employer, employee, counterpart = (
        cells
    )
    if not (0 < len(record_id) <= LONGEST_ID and record_id.isprintable()):
        raise CellError("record_id", f"Give an id of 1 to {LONGEST_ID} characters.")
    if service not in SERVICES:
        raise CellError("service", f"This is not one of {', '.join(sorted(SERVICES))}.")
    if not ZONE.fullmatch(zone):
        raise CellError("zone", "A zone is a code of at most 20 letters and digits.")
    if roaming not in {"0", "1"}:
        raise CellError("roaming", "Write 0 or 1.")
    if bucket and not CODE.fullmatch(bucket):
        raise CellError("bucket", "A bucket is a code of letters and digits.")
    if len(counterpart) > 40 or not counterpart.isprintable():
        raise CellError("counterpart", "A called number has at most 40 characters.")
    return (
        record_id,
        _instant("started_at", started, latest),
        service,
        _whole("amount", amount, LARGEST_AMOUNT),
        _unit(unit),
        zone,
        roaming == "1",
        bucket,
        _whole("employer_cents", employer, LARGEST_CENTS),
        _whole("employee_cents", employee, LARGEST_CENTS),
        masked(counterpart),
    )


def _bucket(cells: list[str], latest: datetime) -> tuple[Any, ...]:
    _, bucket, period, allowance, used, unit, measured = cells
    if not CODE.fullmatch(bucket):
        raise CellError("bucket", "A bucket is a code of letters and digits.")
    month = period_from(period)
    if month is None:
        raise CellError("period", "Write the month as yyyy-mm.")
    return (
        bucket,
        month,
        _whole("allowance", allowance, LARGEST_AMOUNT) if allowance else None,
        _whole("used", used, LARGEST_AMOUNT),
        _unit(unit),
        _instant("measured_at", measured, latest),
    )


_CHECKS = {UsageFileKind.RECORDS: _record, UsageFileKind.BUCKETS: _bucket}


def _unit(text: str) -> str:
    if text not in UNITS:
        raise CellError("unit", f"This is not one of {', '.join(sorted(UNITS))}.")
    return text


def _whole(column: str, text: str, largest: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) <= largest):
        raise CellError(column, f"Write a whole number from 0 to {largest}.")
    return int(text)


def _instant(column: str, text: str, latest: datetime) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CellError(column, "Write the moment as 2026-11-21T14:05:00+01:00.") from None
    if instant.tzinfo is None:
        raise CellError(column, "The moment lacks its offset, as in 2026-11-21T14:05:00+01:00.")
    if instant.year < EARLIEST or instant > latest:
        raise CellError(column, "The moment lies too far back or in the future.")
    return instant
