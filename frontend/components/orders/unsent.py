"""Back from the sign-in that sending asked for: the page says that nothing was sent, and what is left to do."""

from reactpy import html, use_connection
from reactpy.types import VdomDict

from frontend.elements import notice
from frontend.i18n import Translator
from frontend.page_address import first_values

# In the query of such a page: the fingerprint of what had been confirmed, or a word where nothing was to be confirmed
UNSENT, UNCONFIRMED = "unsent", "unconfirmed"


def unsent_query(fingerprint: str = UNCONFIRMED) -> str:
    """The query with which somebody comes back from the sign-in."""
    return f"?{UNSENT}={fingerprint}"


def unsent_in(query: str) -> str:
    """What the query of a page says: "" where nobody comes back from a sign-in."""
    return first_values(query).get(UNSENT, "")


def use_unsent(path: str) -> str:
    """What the page at `path` was opened with."""
    opened = use_connection().location
    return unsent_in(opened.query_string) if opened.path == path else ""


def unsent_notice(text: Translator, *, to_confirm: bool = False) -> VdomDict:
    """Says it above the columns of a page. `to_confirm`: there is a sentence to be confirmed."""
    todo = (
        text("Confirm again, and send the request.")
        if to_confirm
        else text("Send the request when it is right.")
    )
    words = html.strong(text("You have signed in again. Nothing was sent yet."))
    return html.div(
        {"class": "before-columns", "key": "unsent"},
        notice(words, " ", todo, tone="attention", mark="alert", live=True),
    )
