"""Services, bundles, months and amounts in words."""

from datetime import date

from babel.dates import format_date

from backend.catalog.profiles import profile
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext

SERVICES = {
    "data": translatable("Mobile data"),
    "voice": translatable("Calls"),
    "sms": translatable("SMS"),
    "mms": translatable("MMS"),
    "premium": translatable("Third-party services"),
}
MEGABYTE, GIGABYTE = 10**6, 10**9


def service_words(text: Translator, code: str) -> str:
    return text(SERVICES[code]) if code in SERVICES else code


def bucket_words(page: PageContext, code: str) -> str:
    """A bundle's name: of a service, an option or a plan; or its code."""
    if code in SERVICES:
        return service_words(page.text, code)
    known = profile(page.profile.carrier)
    found = known.option(code) or known.plan(code)
    return page.text.pick(found.name, code) if found and isinstance(found.name, dict) else code


def month_words(text: Translator, month: date) -> str:
    """A month inside a sentence: "novembre 2026"."""
    return str(format_date(month, "MMMM yyyy", locale=text.locale))


def month_title(text: Translator, month: date) -> str:
    """A month that stands alone: "Novembre 2026"."""
    words = month_words(text, month)
    return words[:1].upper() + words[1:]


def amount_words(text: Translator, amount: int, unit: str) -> str:
    """As people count it: "11.4 GB", "214 min", "38".

    Data is rounded down, as its share of a bundle is: it never stands as a whole bundle that is not used up.
    """
    match unit:
        case "bytes" if amount >= GIGABYTE:
            return text("{n} GB", n=text.decimal(amount * 10 // GIGABYTE / 10))
        case "bytes":
            return text("{n} MB", n=text.decimal(amount * 10 // MEGABYTE / 10))
        case "seconds":
            return text("{n} min", n=text.number(-(-amount // 60)))
        case _:
            return text.number(amount)
