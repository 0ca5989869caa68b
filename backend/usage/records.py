"""Checks the rows of usage files: good ones as tuples, bad ones with column and reason. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from backend.catalog.identifiers import normalise_msisdn
from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.tabular.problems import CellError, RowProblem
from backend.tabular.stream import RowStream, read_stream
from backend.usage.lifecycle import masked, period_from

RECORD_COLUMNS = (
    "record_id", "msisdn", "started_at", "service", "amount", "unit", "zone", "roaming", "bucket",
    "employer_cents", "employee_cents", "counterpart",
)  # fmt: skip
BUCKET_COLUMNS = ("msisdn", "bucket", "period", "allowance", "used", "unit", "measured_at")
SERVICES = ("data", "voice", "sms", "mms", "premium")
UNITS = ("bytes", "seconds", "pieces")
# What each service is counted in
SERVICE_UNITS = {
    "data": ("bytes",),
    "voice": ("seconds",),
    "sms": ("pieces",),
    "mms": ("pieces",),
    "premium": ("pieces", "seconds"),
}
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
ZONE = re.compile(r"[A-Za-z0-9._-]{0,20}")
LONGEST_ID, LARGEST_AMOUNT, LARGEST_CENTS = 100, 10**15, 10**8
# Clocks differ, time zones are mistaken; later than that a record is wrong
AHEAD = timedelta(days=1)
# The year
EARLIEST = 2000


class UsageFileKind(StrEnum):
    """What a usage file holds."""

    RECORDS = "records"
    BUCKETS = "buckets"


COLUMNS = {UsageFileKind.RECORDS: RECORD_COLUMNS, UsageFileKind.BUCKETS: BUCKET_COLUMNS}


class ParsedRow(msgspec.Struct, frozen=True):
    """A good row: its number, and the values after the columns that name the line."""

    row: int
    msisdn: str
    values: tuple[Any, ...]


def open_usage(lines: Iterable[str]) -> tuple[UsageFileKind, Iterator[ParsedRow | RowProblem]]:
    """What the lines of a usage file hold, and its rows. Raises ValidationFailed for any other header."""
    stream = read_stream(lines)
    kind = kind_of(stream.header)
    return kind, read_rows(stream, kind)


def kind_of(header: Sequence[str]) -> UsageFileKind:
    """Which file a header belongs to. Raises ValidationFailed for any other one."""
    for kind, columns in COLUMNS.items():
        if tuple(header) == columns:
            return kind
    either = " or ".join(",".join(columns) for columns in COLUMNS.values())
    raise ValidationFailed(file=f"The first line must be the header of a usage file: {either}.")


def read_rows(stream: RowStream, kind: UsageFileKind) -> Iterator[ParsedRow | RowProblem]:
    """The rows after the header, in their order. Nothing is kept: a file of any size may be read."""
    check, phone_at = _CHECKS[kind], COLUMNS[kind].index("msisdn")
    latest = clock.now() + AHEAD
    known: dict[str, str | None] = {}
    for row in stream.rows:
        if isinstance(row, RowProblem):
            yield row
            continue
        number, cells = row
        try:
            yield ParsedRow(number, _number(cells[phone_at], known), check(cells, latest))
        except CellError as bad:
            yield RowProblem.of(bad, number)


def _number(written: str, known: dict[str, str | None]) -> str:
    if written not in known:
        known[written] = normalise_msisdn(written)
    phone = known[written]
    if phone is None:
        raise CellError.said("This is not a Belgian mobile number.", column="msisdn")
    return phone


def _record(cells: list[str], latest: datetime) -> tuple[Any, ...]:
    record_id, _, started, service, amount, unit, zone, roaming, bucket, employer, employee, counterpart = (
        cells
    )
    if not (0 < len(record_id) <= LONGEST_ID and record_id.isprintable()):
        raise CellError.said(f"Give an id of 1 to {LONGEST_ID} characters.", column="record_id")
    if service not in SERVICES:
        raise CellError.said(f"This is not one of {', '.join(sorted(SERVICES))}.", column="service")
    if not ZONE.fullmatch(zone):
        raise CellError.said("A zone is a code of at most 20 letters and digits.", column="zone")
    if roaming not in {"0", "1"}:
        raise CellError.said("Write 0 or 1.", column="roaming")
    if bucket and not CODE.fullmatch(bucket):
        raise CellError.said("A bucket is a code of letters and digits.", column="bucket")
    if len(counterpart) > 40 or not counterpart.isprintable():
        raise CellError.said("A called number has at most 40 characters.", column="counterpart")
    return (
        record_id,
        _instant("started_at", started, latest),
        service,
        _whole("amount", amount, LARGEST_AMOUNT),
        _unit(unit, service),
        zone,
        roaming == "1",
        bucket,
        _cents("employer_cents", employer),
        _cents("employee_cents", employee),
        masked(counterpart),
    )


def _bucket(cells: list[str], latest: datetime) -> tuple[Any, ...]:
    _, bucket, period, allowance, used, unit, measured = cells
    if not CODE.fullmatch(bucket):
        raise CellError.said("A bucket is a code of letters and digits.", column="bucket")
    month = period_from(period)
    if month is None:
        raise CellError.said("Write the month as yyyy-mm.", column="period")
    return (
        bucket,
        month,
        _whole("allowance", allowance, LARGEST_AMOUNT) if allowance else None,
        _whole("used", used, LARGEST_AMOUNT),
        _unit(unit),
        _instant("measured_at", measured, latest),
    )


_CHECKS = {UsageFileKind.RECORDS: _record, UsageFileKind.BUCKETS: _bucket}


def _unit(text: str, service: str = "") -> str:
    possible = SERVICE_UNITS.get(service, UNITS)
    if text not in possible:
        raise CellError.said(f"Write {' or '.join(possible)}.", column="unit")
    return text


def _whole(column: str, text: str, largest: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) <= largest):
        raise CellError.said(f"Write a whole number from 0 to {largest}.", column=column)
    return int(text)


def _cents(column: str, text: str) -> int:
    """Cents of a charge; below zero, of a credit."""
    sign = -1 if text.startswith("-") else 1
    return sign * _whole(column, text.removeprefix("-"), LARGEST_CENTS)


def _instant(column: str, text: str, latest: datetime) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CellError.said("Write the moment as 2026-11-21T14:05:00+01:00.", column=column) from None
    if instant.tzinfo is None:
        raise CellError.said("The moment lacks its offset, as in 2026-11-21T14:05:00+01:00.", column=column)
    if instant.year < EARLIEST or instant > latest:
        raise CellError.said("The moment lies too far back or in the future.", column=column)
    return instant
