"""Working days, the expected completion of a request, and how long it may be held."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from backend.catalog.schemas import CarrierProfile
from backend.catalog.schemas import LeadTime as CarrierPromise
from backend.core.clock import BRUSSELS, local


class ExpectedCompletion(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a request will be done: the code of the lead time, and the instant where one is known."""

    code: str
    due_at: datetime | None


def working_day(day: date, holidays: Sequence[str]) -> bool:
    """Monday to Friday, except the profile's public holidays (domain reference 4.2, 12)."""
    return day.weekday() < 5 and day.isoformat() not in holidays


def expected_completion(
    promise: CarrierPromise | None, at: datetime, holidays: Sequence[str]
) -> ExpectedCompletion:
    """When it will be done, from a submission at that instant.

    A promise of working days falls at the end of the last one, 24:00 in Brussels; one that names no time (on the
    chosen day) at the end of that day.
    """
    if promise is None:
        return ExpectedCompletion(code="", due_at=None)
    if promise.working_days or not promise.minutes:
        return ExpectedCompletion(
            code=promise.code,
            due_at=_end_of(after_working_days(local(at).date(), promise.working_days, holidays)),
        )
    return ExpectedCompletion(code=promise.code, due_at=at + timedelta(minutes=promise.minutes))


def after_working_days(day: date, number: int, holidays: Sequence[str]) -> date:
    """The last of so many working days after a day."""
    while number:
        day += timedelta(days=1)
        number -= working_day(day, holidays)
    return day


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BRUSSELS) + timedelta(days=1)


def hold_deadline(profile: CarrierProfile, since: datetime) -> datetime:
    """Until when a request that is held since then may wait: the end of its last day in Brussels."""
    day, patience = local(since).date(), profile.held_for
    if patience.working_days:
        return _end_of(after_working_days(day, patience.working_days, profile.holidays))
    return _end_of(day + timedelta(days=patience.days))
