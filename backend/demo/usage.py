"""The demo's usage: three months of invented records and bundles, through the same import as everybody's."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from backend.core import clock
from backend.demo.fleets import DemoTenant
from backend.sandbox.usage import BUCKET_COLUMNS, MONTH_HOURS, RECORD_COLUMNS, buckets, csv_of, records
from backend.usage.lifecycle import month_before, period_of
from backend.usage.loading import load_file
from backend.usage.records import Kind
from tenants.scope import Actor

MONTHS = 3
EACH = 45  # records a line and month
MOST_LINES = 200  # of a large customer


def _months() -> Iterator[tuple[datetime, datetime]]:
    """From the first to the last instant of each month, the running one up to now."""
    running = period_of(clock.now())
    for back in range(MONTHS - 1, -1, -1):
        since = datetime.combine(month_before(running, back), time(0), clock.BRUSSELS)
        after = datetime.combine(month_before(running, back - 1), time(0), clock.BRUSSELS)
        yield since, min(after - timedelta(seconds=1), clock.local(clock.now()))


async def seed_usage(tenant: DemoTenant, product: Actor) -> None:
    """Load usage for the first lines of a demo customer."""
    numbers = [f"+32{tenant.first_number + index}" for index in range(min(tenant.lines, MOST_LINES))]
    for since, until in _months():
        seed = f"demo-{since:%Y%m}"
        share = (until - since).total_seconds() / 3600 / MONTH_HOURS
        each = max(round(EACH * share), 1)
        rated = csv_of(RECORD_COLUMNS, records(numbers, seed, since, until, each))
        await load_file(product, rated, kind=Kind.RECORDS)
        measured = csv_of(BUCKET_COLUMNS, buckets(numbers, seed, until, share))
        await load_file(product, measured, kind=Kind.BUCKETS)
