"""Builds elements of UBL. Nothing empty is written: Peppol refuses it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from lxml import etree

from backend.billing.ubl.xml import Element, cac, cbc


def put(parent: Element, name: str, value: str, attributes: Mapping[str, str] | None = None) -> None:
    """Write a basic element with its text, unless the text is empty."""
    if value:
        given = {key: text for key, text in (attributes or {}).items() if text}
        etree.SubElement(parent, cbc(name), given).text = value


def group(name: str) -> Element:
    """An aggregate that stands nowhere yet."""
    return etree.Element(cac(name))


def attach(parent: Element, child: Element) -> None:
    """Put an aggregate where it belongs, unless it is empty."""
    if len(child):
        parent.append(child)


def put_day(parent: Element, name: str, value: date | None) -> None:
    """Write a date, where there is one."""
    put(parent, name, "" if value is None else value.isoformat())


def put_cents(parent: Element, name: str, cents: int | None, currency: str) -> None:
    """Write an amount with two decimals, where there is one."""
    if cents is not None:
        sign, whole = "-" if cents < 0 else "", abs(cents)
        put(parent, name, f"{sign}{whole // 100}.{whole % 100:02d}", {"currencyID": currency})


def plain(value: Decimal | None) -> str:
    """A number without an exponent; "" where there is none."""
    return "" if value is None else f"{value:f}"
