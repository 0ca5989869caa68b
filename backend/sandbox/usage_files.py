"""Usage that a carrier might have rated for its lines: a CSV to try the import with, the same for the same seed."""

import csv
import io
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain

RECORD_COLUMNS = (
    "record_id", "msisdn", "started_at", "service", "amount", "unit", "zone", "roaming", "bucket",
    "employer_cents", "employee_cents", "counterpart",
)  # fmt: skip
BUCKET_COLUMNS = ("msisdn", "bucket", "period", "allowance", "used", "unit", "measured_at")
ALLOWANCES = ((2, 20, 20, 60), 10**9)
ZONES = ("US", "CH", "MA", "TR")
MONTH_HOURS = 720


def records(
    numbers: Sequence[str], seed: str, since: datetime, until: datetime, each: int
) -> Iterator[list[str]]:
    """About `each` records a line between two instants: most inside the bundle, a few abroad, a few paid privately."""
    for number in numbers:
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - invented data
        seconds = max(int((until - since).total_seconds()), 1)
        for index in range(each):
            at = since + timedelta(seconds=chance.randrange(seconds))
            yield _record(chance, f"{seed}-{number.lstrip('+')}-{index}", number, at)


def _record(chance: random.Random, record_id: str, number: str, at: datetime) -> list[str]:
    kind = chance.random()
    head, called = [record_id, number, at.astimezone(UTC).isoformat(timespec="seconds")], ""
    if kind < 0.55:
        amount = str(chance.randint(5, 240) * 1_000_000)
        rest = ["data", amount, "bytes", "BE", "0", "data", "0", "0"]
    elif kind < 0.85:
        rest = ["voice", str(chance.randint(10, 1500)), "seconds", "BE", "0", "voice", "0", "0"]
        called = f"+3249{chance.randrange(10**7):07d}"
    elif kind < 0.95:
        rest = ["sms", "1", "pieces", "BE", "0", "sms", "0", "0"]
        called = f"+3248{chance.randrange(10**7):07d}"
    elif kind < 0.985:
        cents = str(chance.randint(15, 600))
        amount = str(chance.randint(1, 40) * 1_000_000)
        rest = ["data", amount, "bytes", chance.choice(ZONES), "1", "", cents, "0"]
    else:
        rest = ["premium", "1", "pieces", "BE", "0", "", "0", str(chance.randint(50, 400))]
    return [*head, *rest, called]


def buckets(numbers: Sequence[str], seed: str, at: datetime, share: float) -> Iterator[list[str]]:
    """The state of each line's bundles at an instant, `share` of the month gone."""
    period, measured = f"{at:%Y-%m}", at.isoformat(timespec="seconds")
    for number in numbers:
        chance = random.Random(f"{seed}/{number}/{period}")  # noqa: S311 - invented data
        sizes, unit = ALLOWANCES
        allowance = chance.choice(sizes) * unit
        used = int(allowance * min(chance.betavariate(2.2, 2.2) * 1.35 * share, 1.0))
        yield [number, "data", period, str(allowance), str(used), "bytes", measured]
        yield [
            number,
            "voice",
            period,
            "",
            str(int(chance.randint(40, 500) * 60 * share)),
            "seconds",
            measured,
        ]
        yield [number, "sms", period, "", str(int(chance.randint(2, 90) * share)), "pieces", measured]


def csv_of(columns: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    """The file's lines, the header first."""
    for row in chain([list(columns)], rows):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(row)
        yield text.getvalue()


def month_so_far(
    numbers: Sequence[str], *, kind: str, now: datetime, each: int, seed: str = "sandbox"
) -> str:
    """The file that the sandbox hands out for the running month: `records` or `buckets`."""
    since = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if kind == "buckets":
        share = (now - since).total_seconds() / 3600 / MONTH_HOURS
        return "".join(csv_of(BUCKET_COLUMNS, buckets(numbers, seed, now, share)))
    return "".join(csv_of(RECORD_COLUMNS, records(numbers, f"{seed}-{now:%Y%m}", since, now, each)))
