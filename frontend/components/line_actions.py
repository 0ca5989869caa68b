"""What can be asked for a line, by its state: the same on the line's page, in the row menu and in the selection bar."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.lines.schemas import LineDetail
from backend.orders.kinds import KINDS
from frontend.components.actions import link_button
from frontend.components.basics import Child, icon
from frontend.text import Text, mark
from frontend.visit import Visit

# In the order in which they are offered: kind, icon, words. A kind that loses something is marked as danger.
OFFERS: Sequence[tuple[str, str, str]] = (
    ("change_options", "options", mark("Change options")),
    ("change_plan", "phone", mark("Change plan")),
    ("change_barrings", "lock", mark("Change barrings")),
    ("change_spend_cap", "roaming", mark("Change the cap abroad")),
    ("change_user", "user", mark("Change the user")),
    ("replace_sim", "sim", mark("Replace the SIM card")),
    ("request_esim", "data", mark("Request an eSIM")),
    ("resend_esim", "mail", mark("Send the eSIM mail again")),
    ("split_billing", "half", mark("Share the bill")),
    ("suspend", "pause", mark("Suspend")),
    ("reactivate", "refresh", mark("Reactivate")),
    ("change_cost_centre", "people", mark("Change cost centre")),
    ("move_account", "send", mark("Move to another customer number")),
    ("depart", "signout", mark("The user leaves with the number")),
    ("convert_to_prepaid", "minus", mark("Convert to prepaid")),
    ("terminate", "trash", mark("Terminate")),
)
DANGER = frozenset({"depart", "terminate", "convert_to_prepaid"})


def offered(status: str, *, bulk: bool = False) -> list[tuple[str, str, str]]:
    """What may be asked for a line in this state (any state: "")."""
    return [
        offer
        for offer in OFFERS
        if (not status or status in KINDS[offer[0]].statuses) and (not bulk or KINDS[offer[0]].bulk)
    ]


def start(kind: str, line_id: object) -> str:
    return f"/app/start/{kind}?line={line_id}"


def line_actions(visit: Visit, detail: LineDetail) -> list[Child]:
    """The first as a button, the others in a menu beside it."""
    text = visit.text
    offers = [offer for offer in offered(detail.status) if offer[0] != "resend_esim" or detail.esim]
    if not offers:
        return []
    kind, shape, words = offers[0]
    return [
        link_button(text(words), start(kind, detail.id), mark=shape, kind="primary"),
        html.button(
            {"class": "button", "type": "button", "popovertarget": "line-menu", "key": "more"},
            text("More"),
            icon("down", "icon-small"),
        ),
        html.div(
            {"class": "menu", "id": "line-menu", "popover": "auto", "key": "menu"},
            *(entry(text, *offer, to=start(offer[0], detail.id)) for offer in offers[1:]),
        ),
    ]


def entry(text: Text, kind: str, shape: str, words: str, *, to: str) -> VdomDict:
    danger = {"class": "menu-danger"} if kind in DANGER else {}
    return html.a({"href": to, "key": kind, **danger}, icon(shape), text(words))


def bar_buttons(text: Text) -> list[VdomDict]:
    """The selection bar's: shown by the script for the selection's status."""
    return [
        html.button(
            {
                "type": "button",
                "key": kind,
                "data-start": kind,
                "data-for": " ".join(sorted(KINDS[kind].statuses)),
                "data-work": "",
            },
            icon(shape),
            text(words),
        )
        for kind, shape, words in offered("", bulk=True)
    ]


def row_links(text: Text) -> list[VdomDict]:
    """The row menu's: the script puts the line's address in."""
    return [
        html.a(
            {
                "href": "/app/fleet",
                "key": kind,
                "data-start": kind,
                "data-for": " ".join(sorted(KINDS[kind].statuses)),
                **({"class": "menu-danger"} if kind in DANGER else {}),
            },
            icon(shape),
            text(words),
        )
        for kind, shape, words in OFFERS
    ]
