"""HTML as text: one writer that escapes every word and every attribute, so that no page has to remember it."""

from collections.abc import Mapping
from html import escape

VOID = frozenset({"input", "br", "hr", "img", "meta", "link"})


class Markup(str):
    """Text that is HTML already. Only `element`, `joined` and constants of our own may make it."""

    __slots__ = ()


def element(name: str, attributes: Mapping[str, object], *children: object) -> Markup:
    """An element with its attributes and children, as HTML.

    Of the attributes, None and False are left out and True stands without a value. Children follow the rules of
    `joined`. Elements without content, such as `input`, ignore their children.
    """
    start = f"<{name}{''.join(_attribute(*pair) for pair in attributes.items())}>"
    return Markup(start if name in VOID else f"{start}{joined(*children)}</{name}>")


def joined(*children: object) -> Markup:
    """Children one after the other: Markup as it is, None as nothing, anything else as escaped text."""
    return Markup("".join(_child(child) for child in children))


def document(language: str, head: Markup, body: Markup) -> Markup:
    """A whole HTML document with the two lines that every page needs first."""
    start = joined(
        element("meta", {"charset": "utf-8"}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        head,
    )
    page = element("html", {"lang": language}, element("head", {}, start), element("body", {}, body))
    return Markup(f"<!doctype html>{page}")


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def _child(child: object) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else escape(str(child), quote=False)
