"""Prices of requests and of lines. All amounts are integer cents."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol

import msgspec

from backend.catalog.schemas import CarrierProfile, ChargeType
from backend.core.money import VAT_RATE_PERCENT, pro_rata, vat_on


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What an order costs, in integer cents. All but `total` exclude VAT.

    `pro_rata` is the monthly difference for the days left in the calendar month, submission day
    included; `total` is one_off + pro_rata with VAT: what the next invoice shows.
    """

    currency: str = "EUR"
    vat_marker: Literal["excl"] = "excl"
    one_off: int = 0
    monthly_difference: int = 0
    pro_rata: int = 0
    vat: list["VatAmount"] = []
    # Including VAT
    total: int = 0
    monthly_difference_incl: int = 0
    days_left: int = 0
    days_in_month: int = 0
    # The first day that counts: of submission, or the day it is planned for
    from_day: date | None = None
    # The split profiles of lines whose bill is shared: of these lines the amounts are the company's part only
    shared_by: list[str] = []

    @property
    def last_day(self) -> date | None:
        """The last day of the month that `pro_rata` is for."""
        first = self.from_day
        return first.replace(day=monthrange(first.year, first.month)[1]) if first else None


class VatAmount(msgspec.Struct, frozen=True, kw_only=True):
    """The VAT of one rate."""

    # Per cent
    rate: int
    # Cents excluding VAT
    base: int
    # Cents of VAT
    amount: int


@dataclass(frozen=True, slots=True)
class BillingMonth:
    """The running billing period: the calendar month in Europe/Brussels."""

    # First day included
    days_left: int
    days: int
    # The day from which it counts
    first: date

    @classmethod
    def of(cls, day: date) -> "BillingMonth":
        """The rest of the month from this day on."""
        days = monthrange(day.year, day.month)[1]
        return cls(days - day.day + 1, days, day)

    def part(self, monthly_cents: int) -> int:
        """The part of a monthly amount for the days left."""
        return pro_rata(monthly_cents, self.days_left, self.days)


def monthly_cost(profile: CarrierProfile, plan: str, options: Sequence[str]) -> int:
    """What a line costs each month, in cents excluding VAT. Codes that the profile lost cost nothing."""
    found = profile.plan(plan)
    total = found.monthly_cents if found else 0
    for code in options:
        option = profile.option(code)
        if option and option.charge is ChargeType.MONTHLY:
            total += option.price_cents
    return total


class PricedItem(Protocol):
    """What one line costs with a request, in integer cents without VAT."""

    monthly_before: int
    monthly_after: int
    one_off: int
    pro_rata: int


def price_of(items: Sequence[PricedItem], month: BillingMonth, shared_by: Iterable[str] = ()) -> Price:
    """The price of an order: sums over its lines, VAT once per rate on the sum. `shared_by`: split profiles of lines."""
    one_off = sum(item.one_off for item in items)
    difference = sum(item.monthly_after - item.monthly_before for item in items)
    part = sum(item.pro_rata for item in items)
    base = one_off + part
    vat = vat_on(base)
    return Price(
        one_off=one_off,
        monthly_difference=difference,
        pro_rata=part,
        vat=[VatAmount(rate=VAT_RATE_PERCENT, base=base, amount=vat)],
        total=base + vat,
        monthly_difference_incl=difference + vat_on(difference),
        days_left=month.days_left,
        days_in_month=month.days,
        from_day=month.first,
        shared_by=sorted(shared_by),
    )


def months_of(first: date, last: date) -> Iterator[tuple[date, date, int]]:
    """The parts of a period by calendar month: first and last day of the part, and the days of the whole month."""
    while first <= last:
        days = monthrange(first.year, first.month)[1]
        end = min(last, first.replace(day=days))
        yield first, end, days
        first = end + timedelta(days=1)


def price_of_period(monthly_cents: int, first: date, last: date) -> int:
    """A monthly amount for the days of a period, rounded once for each calendar month of it."""
    return sum(
        pro_rata(monthly_cents, (end - start).days + 1, days) for start, end, days in months_of(first, last)
    )
