"""What stands where data will be, or could not be: one answer for every page and panel."""

from typing import Any

from reactpy.types import VdomDict

from frontend.components.actions import button, link_button
from frontend.components.layout import empty, skeleton
from frontend.hooks import Query
from frontend.text import Text


def not_ready(text: Text, query: Query[Any]) -> VdomDict:
    """A skeleton while it loads, "not found", or what went wrong with a way to try again."""
    if query.error is None:
        return skeleton(text)
    if query.missing:
        return empty(
            text("This was not found"),
            query.error.words,
            action=link_button(text("Go to the home page"), "/app", kind="primary"),
        )
    return empty(
        text("This could not be loaded"),
        query.error.words,
        action=button(text("Try again"), mark="refresh", on_click=lambda _event: query.refetch()),
        mark="alert",
    )
