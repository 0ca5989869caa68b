"""Money as integer cents with its currency and its VAT marker; the rounding rules of prices live here."""

from enum import StrEnum
from fractions import Fraction

import msgspec

# Belgian standard rate for telecom services
VAT_RATE_PERCENT = 21


class Vat(StrEnum):
    """Whether an amount contains value added tax."""

    EXCLUDED = "excl"
    INCLUDED = "incl"


class Money(msgspec.Struct, frozen=True):
    """An amount: integer cents, ISO 4217 currency, and whether VAT is in it."""

    cents: int
    currency: str = "EUR"
    vat: Vat = Vat.EXCLUDED

    def __add__(self, other: "Money") -> "Money":
        if (self.currency, self.vat) != (other.currency, other.vat):
            raise ValueError(f"cannot add {other.currency} {other.vat} to {self.currency} {self.vat}")
        return Money(self.cents + other.cents, self.currency, self.vat)

    def __neg__(self) -> "Money":
        return Money(-self.cents, self.currency, self.vat)


def round_half_away(amount: Fraction) -> int:
    """Round to a whole cent, halves away from zero (half up for charges, mirrored for credits)."""
    doubled = abs(amount) * 2
    cents = int((doubled + 1) // 2)
    return cents if amount >= 0 else -cents


def vat_on(cents: int, rate_percent: int = VAT_RATE_PERCENT) -> int:
    """VAT on a sum excluding VAT, rounded once (Royal Decree of 8 July 2025: on the total per rate)."""
    return round_half_away(Fraction(cents * rate_percent, 100))


def pro_rata(monthly_cents: int, days_left: int, days_in_month: int) -> int:
    """The part of a monthly charge for the days left, start day included, rounded per charge and line."""
    return round_half_away(Fraction(monthly_cents * days_left, days_in_month))
