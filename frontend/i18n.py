"""Words and figures in the reader's language: gettext catalogues, and locale formats for money, dates, numbers."""

import functools
import gettext
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from backend.core.clock import local
from backend.core.formats import format_sim

LOCALES = Path(__file__).parent / "locales"
MINUS, PLUS, GAP = "−", "+", "\u00a0"


def translatable(message: str) -> str:
    """Name a message for the catalogues where it is translated later."""
    return message


class Catalog(gettext.NullTranslations):
    """A catalogue read from its .po file at start-up, so that no compiled file is kept."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.stem)
        self.messages: dict[tuple[str | None, str], str] = {}
        self.forms: dict[tuple[str, int], str] = {}
        self.form_of = gettext.c2py(catalog.plural_expr)
        for message in catalog:
            if not message.id or message.fuzzy:
                continue
            if isinstance(message.id, (list, tuple)):
                self.forms.update(
                    {(message.id[0], n): form for n, form in enumerate(message.string or ()) if form}
                )
            elif message.string:
                self.messages[message.context, message.id] = str(message.string)

    def gettext(self, message: str) -> str:
        return self.messages.get((None, message), message)

    def pgettext(self, context: str, message: str) -> str:
        return self.messages.get((context, message), message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        fallback = msgid1 if n == 1 else msgid2
        return self.forms.get((msgid1, self.form_of(n)), fallback)


class Translator:
    """Everything that depends on the language. Call it to translate: `text("Fleet")`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = Locale.parse(f"{language}_BE")
        path = LOCALES / f"{language}.po"
        self._catalog: gettext.NullTranslations = (
            Catalog(path) if language != "en" else gettext.NullTranslations()
        )

    def __call__(self, message: str, **values: object) -> str:
        return self._fill(self._catalog.gettext(message), values)

    def context(self, context: str, message: str, **values: object) -> str:
        """A word that means different things in different places."""
        found = self._catalog.pgettext(context, message)
        return self._fill(found, values)

    def plural(self, one: str, many: str, n: int, **values: object) -> str:
        """A sentence that counts; `{n}` stands for the number."""
        return self._fill(self._catalog.ngettext(one, many, n), {"n": self.number(n), **values})

    @staticmethod
    def _fill(message: str, values: Mapping[str, object]) -> str:
        return message.format(**values) if values else message

    def pick(self, words: Mapping[str, str], fallback: str = "") -> str:
        """The right language of a text that a carrier profile brings along."""
        return words.get(self.language) or words.get("en") or next(iter(words.values()), fallback)

    def number(self, value: int) -> str:
        return str(format_decimal(value, locale=self.locale)).replace("\u202f", GAP)

    def decimal(self, value: float) -> str:
        """A figure with at most one digit after the mark: "11,4"."""
        return str(format_decimal(value, format="#,##0.#", locale=self.locale)).replace("\u202f", GAP)

    def percent(self, value: int) -> str:
        return str(format_percent(value / 100, locale=self.locale))

    def money(self, cents: int, currency: str = "EUR") -> str:
        """An amount as "24,79 €" (the sign's side follows the language)."""
        amount = format_currency(abs(cents) / 100, currency, locale=self.locale).replace("\u202f", GAP)
        return f"{MINUS}{GAP}{amount}" if cents < 0 else str(amount)

    def difference(self, cents: int) -> str:
        """An amount with its sign, unless it is nothing."""
        return f"{PLUS}{GAP}{self.money(cents)}" if cents > 0 else self.money(cents)

    def date(self, value: datetime | date) -> str:
        """dd/mm/yyyy, as in every language of Belgium."""
        return f"{local(value) if isinstance(value, datetime) else value:%d/%m/%Y}"

    def time(self, value: datetime, *, seconds: bool = False) -> str:
        return f"{local(value):{'%H:%M:%S' if seconds else '%H:%M'}}"

    def moment(self, value: datetime) -> str:
        return self(translatable("{date} at {time}"), date=self.date(value), time=self.time(value))

    def due(self, value: datetime) -> str:
        """Before when: a day that is promised whole ends at midnight, which is said as the day after it."""
        return self.date(value) if local(value).time() == time() else self.moment(value)

    def long_date(self, value: datetime) -> str:
        """A day in words, first letter raised: "Vendredi 20 novembre 2026"."""
        words = str(format_date(local(value), "full", locale=self.locale))
        return words[:1].upper() + words[1:]

    def month(self, value: datetime) -> str:
        return str(format_date(local(value), "MMMM", locale=self.locale))

    def msisdn(self, number: str) -> str:
        """A Belgian mobile number as people write it: +32470123456 is "0470 12 34 56"."""
        digits = number.removeprefix("+")
        if digits.startswith("32") and len(digits) == 11:
            d = f"0{digits[2:]}"
            return f"{d[:4]} {d[4:6]} {d[6:8]} {d[8:]}"
        return number

    def sim(self, number: str) -> str:
        """A SIM number in groups of four."""
        return format_sim(number)


@functools.cache
def translator_for(language: str) -> Translator:
    return Translator(language)
