"""From the same component functions to plain HTML, for first views and table rows."""

from collections.abc import Mapping
from typing import Any

from backend.web.html import Markup, element, joined

BROWSER_NAMES = {"defaultValue": "value", "defaultChecked": "checked", "className": "class"}
NOT_WRITTEN = frozenset({"key", "dangerouslySetInnerHTML"})


def to_html(node: Any) -> Markup:
    """The HTML of a tree of elements. Raises ValueError for an event handler: plain HTML has no place for it."""
    if not isinstance(node, Mapping):
        return joined(node)
    if node.get("eventHandlers"):
        raise ValueError("an element with handlers cannot be plain HTML")
    children = [to_html(child) for child in node.get("children", ())]
    if not node["tagName"]:
        return joined(*children)
    attributes = node.get("attributes", {})
    if raw := attributes.get("dangerouslySetInnerHTML"):
        children = [Markup(raw["__html"])]
    written = {
        BROWSER_NAMES.get(name, name): value for name, value in attributes.items() if name not in NOT_WRITTEN
    }
    return element(node["tagName"], written, *children)
