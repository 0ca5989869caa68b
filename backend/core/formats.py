"""How amounts, SIM numbers and days are written for people. Pure."""

from datetime import date
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_currency

from backend.core.i18n import locale_of

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


# A request of many lines names few prices, many times.
@lru_cache(maxsize=4096)
def format_money(cents: int, language: str, *, currency: str = "EUR", signed: bool = False) -> str:
    """An amount as its language writes it; `signed` puts + or − before it, and nothing before zero."""
    if not signed:
        return str(format_currency(cents / 100, currency, locale=locale_of(language)))
    sign = f"+{NO_BREAK_SPACE}" if cents > 0 else f"−{NO_BREAK_SPACE}" if cents < 0 else ""
    return sign + str(format_currency(abs(cents) / 100, currency, locale=locale_of(language)))


def format_day(day: date, language: str) -> str:
    """A day in figures, such as "30/11/2026"."""
    return str(format_date(day, "dd/MM/yyyy", locale=locale_of(language)))


def format_month(day: date, language: str) -> str:
    """The month of a day with its year, such as "novembre 2026"."""
    return str(format_date(day, "MMMM yyyy", locale=locale_of(language)))


def labelled(language: str, name: str, value: str) -> str:
    """A name and its value; French puts a space that does not break before the colon."""
    colon = f"{NO_BREAK_SPACE}:" if language == "fr" else ":"
    return f"{name}{colon} {value}"


def format_sim(number: str) -> str:
    """A SIM number in groups of four, as printed on the card."""
    digits = number.replace(" ", "")
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
