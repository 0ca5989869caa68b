"""Values of CAMT.053, found by local names whatever the version. Pure."""

import re
from datetime import date
from decimal import Decimal

from backend.billing.ubl.xml import WHITE, Element

# Few enough digits that sums of them are exact
NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{0,8})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DEBIT = "DBIT"


def children(element: Element | None, name: str) -> list[Element]:
    """The children with a local name, in their order."""
    return [] if element is None else list(element.iterchildren(f"{{*}}{name}"))


def child(element: Element | None, path: str) -> Element | None:
    """The first element at a path of local names; None where there is none."""
    for name in path.split("/"):
        if element is None:
            return None
        element = next(element.iterchildren(f"{{*}}{name}"), None)
    return element


def text(element: Element | None, path: str = "") -> str:
    """The text at a path with single spaces; "" where there is none."""
    found = child(element, path) if path else element
    return "" if found is None else " ".join((found.text or "").split())


def money(element: Element | None) -> tuple[Decimal | None, str]:
    """An amount and its currency; None where it is no number."""
    if element is None:
        return None, ""
    found = (element.text or "").strip(WHITE)
    return Decimal(found) if NUMBER.fullmatch(found) else None, element.get("Ccy", "")


def signed(amount: Decimal, indicator: str) -> Decimal:
    """The amount as the account sees it: a debit is negative."""
    return -amount if indicator == DEBIT else amount


def day(element: Element | None, path: str) -> date | None:
    """The day at a path, of a date or of an instant; None where there is none."""
    found = child(element, path)
    plain = (text(found, "Dt") or text(found, "DtTm"))[:10]
    try:
        return date.fromisoformat(plain) if DAY.fullmatch(plain) else None
    except ValueError:
        return None
