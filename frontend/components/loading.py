"""What stands where data will be, or could not be: one answer for every page and panel."""

from typing import Any

from reactpy import html, use_effect
from reactpy.types import Component, VdomDict

from backend.core.errors import Unavailable
from backend.core.permissions import Portal
from backend.web.origin import LONGEST_PATH
from frontend.components.actions import button, link_button
from frontend.components.layout import empty, skeleton
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.labels import PORTALS
from frontend.page_address import TOO_LONG_WORDS
from frontend.page_context import PageContext
from frontend.queries import Query


def not_ready(text: Translator, query: Query[Any], *, alone: bool = False) -> VdomDict:
    """A skeleton while it loads, "not found", or what went wrong with a way to try again.

    `alone`: nothing else is on the page, and what went wrong is its title.
    """
    if query.error is None:
        return skeleton(text)
    if query.missing:
        return empty(
            text("This was not found"),
            query.error.words,
            action=link_button(text("Go to the home page"), "/app", kind="primary"),
            alone=alone,
        )
    return empty(
        text("This could not be loaded"),
        query.error.words,
        action=button(text("Try again"), mark="refresh", on_click=lambda _event: query.refetch()),
        mark="alert",
        alone=alone,
    )


def view_not_shown(text: Translator, words: str, action: VdomDict) -> VdomDict:
    """In place of a list: without a part of what its address names it would show more than was meant."""
    return html.section(
        {"class": "panel"}, empty(text("This view cannot be shown"), words, action=action, mark="alert")
    )


def page_refused(text: Translator) -> VdomDict:
    """The whole page at an address that is too long, or names too much."""
    way_on = link_button(text("Go to the home page"), "/app", kind="primary")
    return html.div(
        {"data-missing": ""},
        html.h1({"class": "visually-hidden"}, text("This view cannot be shown")),
        view_not_shown(text, text(TOO_LONG_WORDS), way_on),
    )


def page_not_found(text: Translator) -> VdomDict:
    """The whole page at an address where there is nothing, or nothing that the person may see."""
    return html.div(
        {"data-missing": ""},
        html.h1({"class": "visually-hidden"}, text("Page not found")),
        empty(
            text("There is nothing at this address"),
            text("It may have moved, or it is not yours to see."),
            action=link_button(text("Go to the home page"), "/app", kind="primary"),
        ),
    )


def draft_not_ready(text: Translator, query: Query[Any], back: VdomDict) -> VdomDict | Component:
    """As `not_ready`, for a request being filled in: one that was sent leads to it, one that cannot be (any more) `back`."""
    error = query.error
    if error is not None and error.code == "already_placed":
        return SentNotice(str(error.details["reference"]))
    if error is not None and not (query.missing or error.reference or error.code == Unavailable.code):
        return empty(text("This is not possible here"), error.words, action=back, mark="alert", alone=True)
    return not_ready(text, query, alone=True)


def page_elsewhere(page: PageContext, portal: Portal, address: str) -> VdomDict:
    """The whole page at an address of the person's other portal: says so, and one press opens it there."""
    text = page.text
    there, here = text(PORTALS[portal]), text(PORTALS[page.profile.portal])
    # Nobody is led to a longer one
    kept = address if len(address) <= LONGEST_PATH else address.partition("?")[0]
    return html.div(
        {"data-missing": ""},
        html.h1({"class": "visually-hidden"}, text("Page of the other portal")),
        empty(
            text("This page is in {portal}", portal=there),
            text("You are in {portal} now.", portal=here),
            action=html.form(
                {"method": "post", "action": "/auth/switch"},
                html.input({"type": "hidden", "name": "next", "value": kept}),
                html.input({"type": "hidden", "name": "portal", "value": portal.value}),
                html.button(
                    {"class": "button button-primary", "type": "submit"},
                    text("Open it in {portal}", portal=there),
                ),
            ),
        ),
    )


@component
def SentNotice(reference: str) -> VdomDict:
    """Goes on to the request that a draft became, where the draft was opened again."""
    page = use_page()

    def go() -> None:
        page.run_in_background(page.navigate(f"/app/requests/{reference}", replace=True))

    use_effect(go, [])
    return skeleton(page.text)
