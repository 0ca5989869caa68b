"""Values of a document, read exactly. What cannot be kept as it stands is refused, never rounded or guessed."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache

from backend.billing.ubl.peppol_rules.context import day, number
from backend.billing.ubl.refusals import Because, DocumentRefused
from backend.billing.ubl.xml import CAC_NAMESPACE, CBC_NAMESPACE, WHITE, Element

# Of a number, a code or an identifier: the database keeps them in indexes
LONGEST_IDENTIFIER = 200
# Ten million million euros
MOST_CENTS = 10**15
NAMESPACES = {"a": CAC_NAMESPACE, "b": CBC_NAMESPACE}
TWO_DECIMALS = "UBL-DT-01"
DATE_FORMAT = "PEPPOL-EN16931-F001"


@cache
def _steps(path: str) -> tuple[str, ...]:
    """The full names on a path of names with the prefix `a:` (aggregate) or `b:` (basic)."""
    names = (name.split(":") for name in path.split("/"))
    return tuple(f"{{{NAMESPACES[prefix]}}}{name}" for prefix, name in names)


def every(element: Element | None, path: str) -> Iterator[Element]:
    """The elements at a path, in their order."""
    # A third of the time of lxml's own `iterfind`
    return iter(()) if element is None else _along(element, _steps(path))


def _along(element: Element, steps: tuple[str, ...]) -> Iterator[Element]:
    if len(steps) == 1:
        yield from element.iterchildren(steps[0])
        return
    for child in element.iterchildren(steps[0]):
        yield from _along(child, steps[1:])


def first(element: Element | None, path: str) -> Element | None:
    """The first element at a path; None where there is none."""
    return next(every(element, path), None)


def text(element: Element | None, path: str) -> str:
    """The text at a path; "" where there is none."""
    found = first(element, path)
    return "" if found is None else (found.text or "").strip(WHITE)


def identifier(element: Element | None, path: str) -> str:
    """The text at a path, which is a number, a code or an identifier. Raises DocumentRefused for a longer one."""
    return short(text(element, path))


def short(found: str) -> str:
    """An identifier. Raises DocumentRefused where it is too long to be one."""
    if len(found) > LONGEST_IDENTIFIER:
        raise _refused(f"An identifier has more than {LONGEST_IDENTIFIER} signs: {found[:40]}…")
    return found


def cents(element: Element | None, path: str) -> int | None:
    """The amount at a path in cents; None where there is none."""
    found = first(element, path)
    if found is None:
        return None
    value = number(found)
    if value is None or abs(value) * 100 >= MOST_CENTS:
        raise _refused(f"An amount cannot be booked: {_shown(found)}.")
    exact = value * 100
    if exact != exact.to_integral_value():
        raise _refused(f"An amount has more than two decimals: {_shown(found)}.", TWO_DECIMALS)
    return int(exact)


def cents_of(element: Element | None, path: str) -> int:
    """The amount at a path in cents. Raises DocumentRefused where there is none."""
    found = cents(element, path)
    if found is None:
        raise _refused(f"The document has no amount at {_plain(path)}.")
    return found


def decimal(element: Element | None, path: str) -> Decimal | None:
    """The number at a path; None where there is none."""
    found = first(element, path)
    if found is None:
        return None
    value = number(found)
    if value is None:
        raise _refused(f"A number cannot be read: {_shown(found)}.")
    return value


def day_at(element: Element | None, path: str) -> date | None:
    """The day at a path; None where there is none."""
    found = first(element, path)
    if found is None:
        return None
    value = day(found)
    if value is None:
        raise _refused(f"A date cannot be read: {_shown(found)}.", DATE_FORMAT)
    return value


def day_of(element: Element | None, path: str) -> date:
    """The day at a path. Raises DocumentRefused where there is none."""
    found = day_at(element, path)
    if found is None:
        raise _refused(f"The document has no date at {_plain(path)}.")
    return found


def _plain(path: str) -> str:
    return path.replace("a:", "").replace("b:", "")


def _shown(element: Element) -> str:
    return (element.text or "").strip(WHITE)[:40]


def _refused(sentence: str, *rules: str) -> DocumentRefused:
    return DocumentRefused(Because.RULES, sentence, rules)
