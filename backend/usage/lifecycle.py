"""Rules of usage: the states of the cap abroad (domain 3.16), when an alert is due, whose part a record is. Pure."""

from datetime import date, datetime
from enum import StrEnum

from backend.core.clock import local
from backend.core.money import vat_on

# Per cent, each told once; a list, since the law may add steps (Regulation 2022/612)
WARN, FULL = 80, 100
THRESHOLDS = (WARN, FULL)
# Including VAT, where nobody chose another (decision of 20 November 2012)
NATIONAL_CEILING_CENTS = 5000


class CapState(StrEnum):
    """Where a line stands against its cap abroad."""

    BELOW = "below"
    WARNED = "warned"
    BLOCKED = "blocked"


def reached(used: int, ceiling: int) -> tuple[int, ...]:
    """The thresholds in per cent that are met. A ceiling of nothing is met from the start."""
    return tuple(threshold for threshold in THRESHOLDS if used * 100 >= ceiling * threshold)


def percent_of(used: int, ceiling: int) -> int:
    """How much of a ceiling is used, in whole per cent and never more than is used; 100 of a ceiling of nothing."""
    return used * 100 // ceiling if ceiling else FULL


def cap_state(spent_cents: int, cap_cents: int | None) -> CapState:
    """Where a line stands against its cap abroad, both excluding VAT.

    Without a cap it is always below. A new period begins with nothing spent: below, or blocked with a cap of 0.
    """
    if cap_cents is None:
        return CapState.BELOW
    met = reached(spent_cents, cap_cents)
    if FULL in met:
        return CapState.BLOCKED
    return CapState.WARNED if WARN in met else CapState.BELOW


def cap_of_period(standing_cents: int | None, *, raised: bool, raised_cents: int | None) -> int | None:
    """The cap that holds in a period: the one chosen for it alone, or else the standing one."""
    return raised_cents if raised else standing_cents


def over_national_ceiling(cents: int, ceiling_incl: int = NATIONAL_CEILING_CENTS) -> bool:
    """Whether use at home beyond the bundle passed the ceiling. The ceiling includes VAT, `cents` does not."""
    return cents + vat_on(cents) > ceiling_incl


def employer_share(amount: int, *, employer_cents: int, bundled: bool, split: bool) -> int:
    """How much of a record's amount the employer may know.

    What comes out of a bucket is the subscription's. Beyond it, the amount is the employer's where it pays and the
    line's bill is not split: with a split bill, amount and public tariff would tell the employee's part. Records
    without bucket and employer's cents may be the employee's alone, so their amount is never the employer's.

    `INSERT_RECORDS` of `loading.py` says the same in SQL (`employer_amount`); a test compares the two.
    """
    if bundled:
        return amount
    return amount if employer_cents and not split else 0


def is_employer_paid(*, employer_cents: int, bundled: bool) -> bool:
    """Whether the employer may know that a record is there at all; the employee's cents never decide it.

    The SQL of `loading.py` (`employer_until`) and `queries.py` (`EMPLOYERS_RECORDS`, `EMPLOYERS_DAYS`) says the same.
    """
    return bundled or employer_cents != 0


def period_of(instant: datetime) -> date:
    """The billing period: the calendar month in Europe/Brussels (decision 27), by its first day."""
    return local(instant).date().replace(day=1)


def month_before(period: date, months: int = 1) -> date:
    """The first day of the month so many months before."""
    index = period.year * 12 + period.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def period_from(text: str) -> date | None:
    """`2026-11` as the first day of that month; None for anything else."""
    year, dash, month = text.partition("-")
    if not (
        dash
        and len(year) == 4
        and len(month) == 2
        and (year + month).isascii()
        and (year + month).isdecimal()
    ):
        return None
    try:
        return date(int(year), int(month), 1)
    except ValueError:
        return None


def masked(counterpart: str) -> str:
    """A called number without its last four digits: enough to know one's own call, too little to call back."""
    return counterpart[:-4] + "••••" if len(counterpart) > 6 else "••••" if counterpart else ""
