"""What every order kind works with: a line as it is now, and what will happen to it. Pure."""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.catalog.schemas import CarrierProfile, Charge
from backend.catalog.schemas import Promise as CarrierPromise
from backend.core.clock import BRUSSELS, local
from backend.core.money import VAT_RATE_PERCENT, pro_rata, vat_on
from backend.orders.schemas import ItemState, Price, Promise, VatAmount


@dataclass(frozen=True, slots=True)
class LineNow:
    """A line as it stands when an order is previewed or placed."""

    id: UUID
    msisdn: str
    name: str
    status: str
    product_type: str
    plan: str
    options: tuple[str, ...]
    open_kinds: tuple[str, ...] = ()  # kinds of the open orders on it


@dataclass(slots=True)
class Planned:
    """What an order does to one line. Cents exclude VAT; `change` is what the carrier is asked."""

    line: LineNow
    state: ItemState = ItemState.WAITING
    reason: str = ""
    change: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    monthly_before: int = 0
    monthly_after: int = 0
    one_off: int = 0
    pro_rata: int = 0

    def skip(self, reason: str) -> "Planned":
        self.state, self.reason = ItemState.SKIPPED, reason
        self.change = {}
        self.monthly_after, self.one_off, self.pro_rata = self.monthly_before, 0, 0
        return self


@dataclass(frozen=True, slots=True)
class Kind:
    """What one order kind says of itself; the pipeline asks these and knows no kind by name. All pure."""

    code: str
    promise: str  # key among the profile's promises
    check: Callable[[CarrierProfile, Any], None]  # refuses what no line could follow
    plan_line: Callable[[CarrierProfile, Any, LineNow, "Month"], Planned]
    confirm: Callable[[Mapping[str, Any], Mapping[str, Any], Sequence[str] | None], dict[str, Any]]
    """From the line's columns, the item's change and what the carrier told: the columns that are now other."""
    audit_words: Callable[[Mapping[str, Any]], dict[str, str]]  # a change, for the trail
    done: str  # the trail's action when the carrier has carried it out


@dataclass(frozen=True, slots=True)
class Month:
    """The running billing period: the calendar month in Europe/Brussels."""

    days_left: int  # submission day included
    days: int

    @classmethod
    def of(cls, day: date) -> "Month":
        days = monthrange(day.year, day.month)[1]
        return cls(days - day.day + 1, days)

    def part(self, monthly_cents: int) -> int:
        return pro_rata(monthly_cents, self.days_left, self.days)


def monthly_cost(profile: CarrierProfile, plan: str, options: Sequence[str]) -> int:
    """What a line costs each month, in cents excluding VAT. Codes that the profile lost cost nothing."""
    found = profile.plan(plan)
    total = found.monthly_cents if found else 0
    for code in options:
        option = profile.option(code)
        if option and option.charge is Charge.MONTHLY:
            total += option.price_cents
    return total


def price_of(items: Sequence[Planned], month: Month) -> Price:
    """The price of an order: sums over its lines, VAT once per rate on the sum."""
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
    )


def promised(promise: CarrierPromise | None, at: datetime, holidays: Sequence[str]) -> Promise:
    """When it will be done, from a submission at that instant.

    Working days are Monday to Friday except the profile's public holidays (domain reference 4.2, 12); the
    promise then falls at the end of the last one, 24:00 in Brussels.
    """
    if promise is None:
        return Promise(code="", due_at=None)
    if promise.working_days:
        day, left = local(at).date(), promise.working_days
        while left:
            day += timedelta(days=1)
            if day.weekday() < 5 and day.isoformat() not in holidays:
                left -= 1
        midnight = datetime(day.year, day.month, day.day, tzinfo=BRUSSELS) + timedelta(days=1)
        return Promise(code=promise.code, due_at=midnight)
    return Promise(code=promise.code, due_at=at + timedelta(minutes=promise.minutes))
