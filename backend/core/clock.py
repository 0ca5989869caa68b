"""The one place that reads the time: UTC instants, and the Belgian calendar day for calendar rules."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def local(instant: datetime) -> datetime:
    """The same instant in Belgian time."""
    return instant.astimezone(BRUSSELS)


def today() -> date:
    """The calendar day in Europe/Brussels: due dates, pro rata and departures count in these."""
    return local(now()).date()


def midnight(day: date) -> datetime:
    """When a day begins in Belgium."""
    return datetime.combine(day, time(), BRUSSELS)
