"""Transfers: what may be typed, which promise, on which days, how late."""

from datetime import UTC, date, datetime

import pytest

from backend.catalog.lead_times import working_day
from backend.catalog.profiles import load_profiles
from backend.core.clock import BRUSSELS
from backend.orders.kinds.port_in import compensation_days, days_late, too_late
from backend.orders.kinds.port_in_corrections import donor_sim

HOLIDAYS = load_profiles()["mandarine"].holidays


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    ("agreed", "until", "late", "compensated"),
    [
        ("2026-11-18T09:00", "2026-11-18T23:59", 0, 0),  # the agreed day itself
        ("2026-11-18T09:00", "2026-11-19T00:00", 1, 0),  # the day after: within the legal delay
        ("2026-11-18T09:00", "2026-11-19T23:59", 1, 0),
        ("2026-11-18T09:00", "2026-11-20T00:00", 2, 2),  # more than one working day
        ("2026-11-20T09:00", "2026-11-23T12:00", 1, 0),  # Friday to Monday
        ("2026-11-20T09:00", "2026-11-24T12:00", 2, 2),
        ("2026-11-20T09:00", "2026-11-22T23:59", 0, 0),  # a weekend is no working day
        ("2026-11-10T09:00", "2026-11-12T09:00", 1, 0),  # Armistice Day, 11 November
        ("2026-11-10T09:00", "2026-11-13T09:00", 2, 2),
        ("2026-12-24T09:00", "2026-12-28T09:00", 1, 0),  # Christmas and a weekend
        ("2026-12-31T09:00", "2027-01-05T09:00", 2, 2),  # New Year: the calendar of the next year
        ("2026-10-23T23:30", "2026-10-26T00:10", 1, 0),  # summer time ends on the 25th
        ("2026-03-27T23:30", "2026-03-30T00:10", 1, 0),  # and begins on 29 March
        ("2026-11-20T09:00", "2026-11-18T09:00", 0, 0),  # early
    ],
)
def test_lateness_counts_working_days_after_the_agreed_one(
    agreed: str, until: str, late: int, compensated: int
) -> None:
    assert days_late(at(agreed), at(until), HOLIDAYS) == late
    assert compensation_days(at(agreed), at(until), HOLIDAYS) == compensated


def test_lateness_follows_the_belgian_day_and_not_the_utc_one() -> None:
    agreed = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)  # 00:30 on the 18th in Brussels
    assert days_late(agreed, datetime(2026, 11, 18, 22, 59, tzinfo=UTC), HOLIDAYS) == 0
    assert days_late(agreed, datetime(2026, 11, 18, 23, 0, tzinfo=UTC), HOLIDAYS) == 1
    summer = datetime(2026, 7, 20, 22, 30, tzinfo=UTC)  # 00:30 on the 21st, the national holiday
    assert days_late(summer, datetime(2026, 7, 21, 21, 59, tzinfo=UTC), HOLIDAYS) == 0
    assert days_late(summer, datetime(2026, 7, 21, 22, 0, tzinfo=UTC), HOLIDAYS) == 1


def test_working_days_are_those_of_the_calendar() -> None:
    assert working_day(date(2026, 11, 20), HOLIDAYS)
    assert not working_day(date(2026, 11, 21), HOLIDAYS)
    assert not working_day(date(2026, 11, 22), HOLIDAYS)
    assert not working_day(date(2026, 11, 11), HOLIDAYS)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("8932 0300 0000 0000 018", "8932030000000000018"),
        ("8932030000000000019", ""),  # check digit
        ("9100000123454", "9100000123454"),
        ("123456789012", ""),
        ("891234567890123456789", ""),
        ("８９３２０３００００００００００１８", ""),
        ("", ""),
        ("abc", ""),
    ],
)
def test_the_donors_card_is_checked_as_far_as_it_can_be(typed: str, kept: str) -> None:
    assert donor_sim(typed) == kept


def test_a_transfer_can_be_called_back_until_the_donor_has_agreed() -> None:
    assert not too_late({})
    assert not too_late({"portState": "validating"})
    assert not too_late({"portState": "info_required"})
    assert all(too_late({"portState": state}) for state in ("accepted", "executing", "completed"))
