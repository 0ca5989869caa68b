"""Names of options from the tenant's carrier profile, in the reader's language."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from frontend.visit import Visit


def option_name(visit: Visit, code: str) -> str:
    option = profile(visit.profile.carrier).option(code)
    return visit.text.pick(option.name, code) if option else code


def option_price(visit: Visit, code: str) -> str:
    """As in "24,79 € a month excl. VAT", or "" for an option that is no longer sold."""
    option, text = profile(visit.profile.carrier).option(code), visit.text
    if option is None:
        return ""
    if not option.price_cents:
        return text("free of charge")
    amount = text.money(option.price_cents)
    return (
        text("{amount} a month excl. VAT", amount=amount)
        if option.charge == "monthly"
        else text("{amount} once excl. VAT", amount=amount)
    )


def change_list(visit: Visit, add: Sequence[str], remove: Sequence[str]) -> VdomDict:
    """What changes on a line: "+ Voyage Europe Plus", "− Données + 5 Go"."""
    entries = [f"+ {option_name(visit, code)}" for code in add] + [
        f"− {option_name(visit, code)}" for code in remove
    ]
    return html.ul(*(html.li({"key": entry}, entry) for entry in entries))


def names(visit: Visit, codes: Sequence[str]) -> str:
    return ", ".join(option_name(visit, code) for code in codes)
