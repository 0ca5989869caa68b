"""Reads usage files: the header, then each row checked, good ones as tuples and bad ones with column and reason. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from backend.catalog.identifiers import msisdn
from backend.core import clock
from backend.core.errors import Invalid
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
AHEAD = timedelta(days=1)  # clocks differ, time zones are mistaken; later than that a record is wrong
LONGEST_LINE = 2000  # characters
EARLIEST = 2000  # the year


class Kind(StrEnum):
    RECORDS = "records"
    BUCKETS = "buckets"


COLUMNS = {Kind.RECORDS: RECORD_COLUMNS, Kind.BUCKETS: BUCKET_COLUMNS}


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not taken (counted as in a spreadsheet, the header being row 1)."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A good row: its number, and the values after the columns that name the line."""

    row: int
    msisdn: str
    values: tuple[Any, ...]


class BadCell(Exception):
    """A value that does not hold."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def kind_of(header: str) -> Kind:
    """Which file a header belongs to. Raises Invalid for any other line."""
    names = tuple(
        name.strip().lower() for name in header.lstrip("\ufeff").replace('"', "").strip().split(",")
    )
    for kind, columns in COLUMNS.items():
        if names == columns:
            return kind
    raise Invalid(
        file=f"The first line must be the header of a usage file: {','.join(RECORD_COLUMNS)} or {','.join(BUCKET_COLUMNS)}."
    )


def read_rows(lines: Iterator[str], kind: Kind) -> Iterator[Checked | Rejected]:
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
            yield Checked(number, phone, check(cells, latest))
        except BadCell as bad:
            yield Rejected(number, bad.column, bad.reason)


def _count(cells: list[str], columns: tuple[str, ...]) -> None:
    if len(cells) != len(columns):
        raise BadCell("", f"The row has {len(cells)} cells, the header {len(columns)}.")


def _number(written: str, known: dict[str, str | None]) -> str:
    if written not in known:
        known[written] = msisdn(written)
    phone = known[written]
    if phone is None:
        raise BadCell("msisdn", "This is not a Belgian mobile number.")
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
        raise BadCell("record_id", f"Give an id of 1 to {LONGEST_ID} characters.")
    if service not in SERVICES:
        raise BadCell("service", f"This is not one of {', '.join(sorted(SERVICES))}.")
    if not ZONE.fullmatch(zone):
        raise BadCell("zone", "A zone is a code of at most 20 letters and digits.")
    if roaming not in {"0", "1"}:
        raise BadCell("roaming", "Write 0 or 1.")
    if bucket and not CODE.fullmatch(bucket):
        raise BadCell("bucket", "A bucket is a code of letters and digits.")
    if len(counterpart) > 40 or not counterpart.isprintable():
        raise BadCell("counterpart", "A called number has at most 40 characters.")
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
        raise BadCell("bucket", "A bucket is a code of letters and digits.")
    month = period_from(period)
    if month is None:
        raise BadCell("period", "Write the month as yyyy-mm.")
    return (
        bucket,
        month,
        _whole("allowance", allowance, LARGEST_AMOUNT) if allowance else None,
        _whole("used", used, LARGEST_AMOUNT),
        _unit(unit),
        _instant("measured_at", measured, latest),
    )


_CHECKS = {Kind.RECORDS: _record, Kind.BUCKETS: _bucket}


def _unit(text: str) -> str:
    if text not in UNITS:
        raise BadCell("unit", f"This is not one of {', '.join(sorted(UNITS))}.")
    return text


def _whole(column: str, text: str, largest: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) <= largest):
        raise BadCell(column, f"Write a whole number from 0 to {largest}.")
    return int(text)


def _instant(column: str, text: str, latest: datetime) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadCell(column, "Write the moment as 2026-11-21T14:05:00+01:00.") from None
    if instant.tzinfo is None:
        raise BadCell(column, "The moment lacks its offset, as in 2026-11-21T14:05:00+01:00.")
    if instant.year < EARLIEST or instant > latest:
        raise BadCell(column, "The moment lies too far back or in the future.")
    return instant
