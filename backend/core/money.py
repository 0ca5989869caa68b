"""The rounding rules of prices. Amounts are integer cents of euros, excluding VAT unless they say otherwise."""

from fractions import Fraction

# Belgian standard rate for telecom services
VAT_RATE_PERCENT = 21


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
