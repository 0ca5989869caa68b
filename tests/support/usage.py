"""Usage files as tests write them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from backend.core import clock
from backend.usage.records import BUCKET_COLUMNS, RECORD_COLUMNS


def record(record_id: str, msisdn: str, **changes: Any) -> dict[str, str]:
    """One row of a records file: a minute's call inside the bundle, an instant ago, unless said otherwise."""
    row = {
        "record_id": record_id,
        "msisdn": msisdn,
        "started_at": moment(),
        "service": "voice",
        "amount": "60",
        "unit": "seconds",
        "zone": "BE",
        "roaming": "0",
        "bucket": "voice",
        "employer_cents": "0",
        "employee_cents": "0",
        "counterpart": "+32475123456",
    }
    return row | {name: str(value) for name, value in changes.items()}


def abroad(record_id: str, msisdn: str, cents: int, **changes: Any) -> dict[str, str]:
    """Data abroad outside the bundle."""
    return record(
        record_id,
        msisdn,
        **{
            "service": "data",
            "amount": 1_000_000,
            "unit": "bytes",
            "zone": "US",
            "roaming": 1,
            "bucket": "",
            "employer_cents": cents,
            "counterpart": "",
            **changes,
        },
    )


def bucket(msisdn: str, used: int, allowance: int | str = 1000, **changes: Any) -> dict[str, str]:
    row = {
        "msisdn": msisdn,
        "bucket": "data",
        "period": f"{clock.today():%Y-%m}",
        "allowance": str(allowance),
        "used": str(used),
        "unit": "bytes",
        "measured_at": moment(),
    }
    return row | {name: str(value) for name, value in changes.items()}


def moment(back: timedelta = timedelta()) -> str:
    at: datetime = clock.local(clock.now() - back)
    return at.isoformat()


def file_of(rows: Iterable[dict[str, str]], columns: tuple[str, ...] = RECORD_COLUMNS) -> list[str]:
    return [",".join(columns) + "\n", *(",".join(row[name] for name in columns) + "\n" for row in rows)]


def buckets_of(rows: Iterable[dict[str, str]]) -> list[str]:
    return file_of(rows, BUCKET_COLUMNS)
