"""From the same component functions to plain HTML, for first views and table rows; escaping happens here only."""

from collections.abc import Mapping
from html import escape
from typing import Any

VOID = frozenset({"input", "br", "hr", "img", "meta", "link"})
BROWSER_NAMES = {"defaultValue": "value", "defaultChecked": "checked", "className": "class"}


def _attributes(attributes: Mapping[str, Any]) -> str:
    parts = []
    for name, value in attributes.items():
        if value is None or value is False or name in {"key", "dangerouslySetInnerHTML"}:
            continue
        shown = BROWSER_NAMES.get(name, name)
        # Single quotes need no escaping in JSON, and a list is a thousand attributes.
        parts.append(f" {shown}" if value is True else f" {shown}='{escape(str(value))}'")
    return "".join(parts)


def to_html(node: Any) -> str:
    """The HTML of a tree of elements. Event handlers have no place in it and are refused."""
    if node is None:
        return ""
    if not isinstance(node, Mapping):
        return escape(str(node), quote=False)
    if node.get("eventHandlers"):
        raise ValueError("an element with handlers cannot be plain HTML")
    inner = "".join(to_html(child) for child in node.get("children", ()))
    tag = node["tagName"]
    if not tag:
        return inner
    attributes = node.get("attributes", {})
    raw = attributes.get("dangerouslySetInnerHTML")
    opening = f"<{tag}{_attributes(attributes)}>"
    return opening if tag in VOID else f"{opening}{raw['__html'] if raw else inner}</{tag}>"
