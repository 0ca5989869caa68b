"""Charges of one number and code, the days of their periods, and what days cost. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.billing.proof.history import DAY, History
from backend.billing.proof.schemas import ChargeFact
from backend.catalog.pricing import months_of
from backend.core.money import pro_rata

# Amounts that are compared where a day is uncertain
MOST_AMOUNTS = 400
LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Days:
    """How many days of a charge's period count: at least, at most, and of how many."""

    least: int
    most: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCharges:
    """The charges of one number and code in a document. `taken`: days that earlier documents charged, and which did."""

    code: str
    monthly_cents: int
    history: History
    charges: Sequence[ChargeFact]
    taken: dict[date, str]
    whole_price: Callable[[int, date, date], int]


def readable(first: date, last: date) -> bool:
    """Whether a period can be compared day by day: it ends after it begins, and soon enough."""
    return timedelta() <= last - first <= LONGEST


def period_of_charge(one: ChargeFact) -> tuple[date, date]:
    """The first and the last day that a charge is for."""
    if one.period_start is None or one.period_end is None:
        raise ValueError("a charge without a period is not compared with days")
    return one.period_start, one.period_end


def days_of(one: ChargeFact) -> set[date]:
    """The days that a charge is for."""
    return set(_each_day(*period_of_charge(one)))


def _each_day(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


def amounts_of(
    monthly_cents: int, period: tuple[date, date], least: set[date], most: set[date]
) -> dict[int, int]:
    """What the days of a period may cost, each amount with its number of days: from the least to the most of them."""
    found = {0: 0}
    for start, end, of in months_of(*period):
        fewest = sum(1 for day in least if start <= day <= end)
        many = sum(1 for day in most if start <= day <= end)
        parts = {pro_rata(monthly_cents, days, of): days for days in range(fewest, many + 1)}
        found = {amount + part: days + more for amount, days in found.items() for part, more in parts.items()}
        if len(found) > MOST_AMOUNTS:
            found = dict(list(found.items())[-MOST_AMOUNTS:])
    return found
