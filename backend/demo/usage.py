"""The demo's usage: a year of invented records and bundles, through the same import as everybody's."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice

from backend.catalog.profiles import profile
from backend.catalog.schemas import Plan, ProductType
from backend.core import clock
from backend.demo.fleets import DemoTenant, rows_of
from backend.sandbox.usage_files import BUCKET_COLUMNS, MONTH_HOURS, RECORD_COLUMNS, csv_of, records
from backend.usage.lifecycle import month_before, period_of
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.scope import Actor

MONTHS = 12
# Records a line and month, and in months that are long over
EACH, EACH_LATER, RECENT_MONTHS = 45, 15, 3
# Of a large customer
MOST_LINES = 200
GIGABYTE = 10**9
# What a line without a limit uses in a busy month
UNLIMITED = 30 * GIGABYTE
MSISDN, STARTED, SERVICE, AMOUNT, ROAMING, BUCKET, CENTS = (
    RECORD_COLUMNS.index(name)
    for name in ("msisdn", "started_at", "service", "amount", "roaming", "bucket", "employer_cents")
)
UNITS = {"data": "bytes", "voice": "seconds", "sms": "pieces"}


def _months(months: int) -> Iterator[tuple[datetime, datetime, int]]:
    """The first and last instant of each month, the running one up to now, and the records of a line in it."""
    running = period_of(clock.now())
    for back in range(months - 1, -1, -1):
        since = datetime.combine(month_before(running, back), time(0), clock.BRUSSELS)
        after = datetime.combine(month_before(running, back - 1), time(0), clock.BRUSSELS)
        until = min(after - timedelta(seconds=1), clock.local(clock.now()))
        yield since, until, EACH if back < RECENT_MONTHS else EACH_LATER


def _allowance(plan: Plan) -> int | None:
    """The data of a plan in bytes, as its words say it; None: no limit."""
    said = re.search(r"(\d+)\sGB of data", plan.allowance.get("en", ""))
    return int(said[1]) * GIGABYTE if said else None


def _month(
    plans: dict[str, Plan], caps: dict[str, int | None], since: datetime, until: datetime, each: int
) -> tuple[list[list[str]], list[list[str]]]:
    """Records and bundles of one month. A bundle is the sum of the records that it covers."""
    seed, period = f"demo-{since:%Y%m}", f"{since:%Y-%m}"
    share = (until - since).total_seconds() / 3600 / MONTH_HOURS
    drawn = defaultdict[str, list[list[str]]](list)
    for row in records(list(plans), seed, since, until, max(round(each * share), 1)):
        if row[SERVICE] == "data" or plans[row[MSISDN]].product_type is ProductType.VOICE_DATA:
            drawn[row[MSISDN]].append(row)
    by_line = {number: _within_cap(rows, caps[number]) for number, rows in drawn.items()}
    bundles = []
    for number, plan in plans.items():
        chance = random.Random(f"{seed}/{number}/bundle")  # noqa: S311 - invented data
        allowance, rows = _allowance(plan), by_line.get(number, [])
        busy = min(chance.betavariate(2.2, 2.2) * 1.35 * share, 1.0)
        _scale([row for row in rows if row[BUCKET] == "data"], int((allowance or UNLIMITED) * busy))
        for bucket, unit in UNITS.items():
            if bucket == "data" or plan.product_type is ProductType.VOICE_DATA:
                used = sum(int(row[AMOUNT]) for row in rows if row[BUCKET] == bucket)
                limit = str(allowance or "") if bucket == "data" else ""
                measured = until.isoformat(timespec="seconds")
                bundles.append([number, bucket, period, limit, str(used), unit, measured])
    return [row for rows in by_line.values() for row in rows], bundles


def _within_cap(rows: Sequence[list[str]], cap_cents: int | None) -> list[list[str]]:
    """The records without the paid data abroad that the cap would have stopped; None: no cap."""
    spent, kept = 0, []
    for row in sorted(rows, key=lambda one: one[STARTED]):
        cents = int(row[CENTS]) if row[SERVICE] == "data" and row[ROAMING] == "1" else 0
        if cents and cap_cents is not None and spent + cents > cap_cents:
            continue
        spent += cents
        kept.append(row)
    return kept


def _scale(rows: Sequence[list[str]], total: int) -> None:
    """Let the records come to about this much together."""
    present = sum(int(row[AMOUNT]) for row in rows)
    for row in rows:
        row[AMOUNT] = str(max(int(row[AMOUNT]) * total // present, 1))


def months_of(tenant: DemoTenant, months: int = MONTHS) -> Iterator[tuple[list[list[str]], list[list[str]]]]:
    """Records and bundles of each month, for the first lines of a demo customer."""
    carrier = profile(tenant.carrier)
    plans, caps = dict[str, Plan](), dict[str, int | None]()
    for row in islice(rows_of(tenant), MOST_LINES):
        if (plan := carrier.plan(row["plan"])) is not None:
            plans[row["msisdn"]] = plan
            caps[row["msisdn"]] = carrier.cap_in_force(row["options"].split("|"), int(row["roaming_cap"]))
    for since, until, each in _months(months):
        yield _month(plans, caps, since, until, each)


async def seed_usage(
    tenant: DemoTenant, product: Actor, *, months: int = MONTHS
) -> dict[tuple[date, str], int]:
    """Load usage for the first lines of a demo customer; returns what the company pays beyond bundles.

    By the first day of the month and the number, in cents.
    """
    charged: dict[tuple[date, str], int] = defaultdict(int)
    for rated, measured in months_of(tenant, months):
        await load_file(product, csv_of(RECORD_COLUMNS, iter(rated)), kind=UsageFileKind.RECORDS)
        await load_file(product, csv_of(BUCKET_COLUMNS, iter(measured)), kind=UsageFileKind.BUCKETS)
        for row in rated:
            if not row[BUCKET] and (cents := int(row[CENTS])):
                charged[period_of(datetime.fromisoformat(row[STARTED])), row[MSISDN]] += cents
    return charged
