"""What can be asked for a line, by its state: the same on the line's page, in the row menu and in the selection bar."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.lines.schemas import LineDetail
from backend.orders.kinds import KINDS
from frontend.components.actions import link_button
from frontend.elements import Child, icon
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext

# In the order in which they are offered: kind, icon, words. A kind that loses something is marked as danger.
OFFERS: Sequence[tuple[str, str, str]] = (
    ("change_options", "options", translatable("Change options")),
    ("change_plan", "phone", translatable("Change plan")),
    ("change_barrings", "lock", translatable("Change barrings")),
    ("change_spend_cap", "roaming", translatable("Change the cap abroad")),
    ("change_user", "user", translatable("Change the user")),
    ("replace_sim", "sim", translatable("Replace the SIM card")),
    ("request_esim", "data", translatable("Request an eSIM")),
    ("resend_esim", "mail", translatable("Send the eSIM mail again")),
    ("split_billing", "half", translatable("Share the bill")),
    ("suspend", "pause", translatable("Suspend")),
    ("reactivate", "refresh", translatable("Reactivate")),
    ("change_cost_centre", "people", translatable("Change cost centre")),
    ("move_account", "send", translatable("Move to another customer number")),
    ("depart", "signout", translatable("The user leaves with the number")),
    ("convert_to_prepaid", "minus", translatable("Convert to prepaid")),
    ("terminate", "trash", translatable("Terminate")),
)
DANGER = frozenset({"depart", "terminate", "convert_to_prepaid"})


def in_portal(kind: str, carrier: str) -> bool:
    """Whether it can be asked for here; else the carrier does it through support, and the action says so."""
    return KINDS[kind].in_portal(profile(carrier))


def offered(status: str, *, bulk: bool = False) -> list[tuple[str, str, str]]:
    """What may be asked for a line in this state (any state: "")."""
    return [
        offer
        for offer in OFFERS
        if (not status or status in KINDS[offer[0]].statuses) and (not bulk or KINDS[offer[0]].bulk)
    ]


def start(kind: str, line_id: object) -> str:
    return f"/app/start/{kind}?line={line_id}"


def line_actions(page: PageContext, detail: LineDetail) -> list[Child]:
    """The first as a button, the others in a menu beside it."""
    text = page.text
    offers = [offer for offer in offered(detail.status) if offer[0] != "resend_esim" or detail.esim]
    if not offers:
        return []
    carrier = page.profile.carrier
    kind, shape, words = next(offer for offer in offers if in_portal(offer[0], carrier))
    return [
        link_button(text(words), start(kind, detail.id), mark=shape, kind="primary"),
        html.button(
            {"class": "button", "type": "button", "popovertarget": "line-menu", "key": "more"},
            text("More"),
            icon("down", "icon-small"),
        ),
        html.div(
            {"class": "menu", "id": "line-menu", "popover": "auto", "key": "menu"},
            *(
                entry(text, *offer, to=start(offer[0], detail.id), here=in_portal(offer[0], carrier))
                for offer in offers
                if offer[0] != kind
            ),
        ),
    ]


def entry(
    text: Translator, kind: str, shape: str, words: str, *, to: str, here: bool = True, **more: str
) -> VdomDict:
    """One action of a menu. What the carrier does through support (not `here`) leads to the page that says how."""
    danger = {"class": "menu-danger"} if here and kind in DANGER else {}
    said: Child = text(words)
    if not here:
        said = html.span(text(words), " ", html.small(text("through support")))
    return html.a({"href": to, "key": kind, **danger, **more}, icon(shape), said)


def bar_buttons(text: Translator, carrier: str) -> list[VdomDict]:
    """The selection bar's: shown by the script for the selection's status."""
    return [
        html.button(
            {"type": "button", "key": offer[0], **_for_script(offer[0]), "data-work": ""},
            icon(offer[1]),
            text(offer[2]),
        )
        if in_portal(offer[0], carrier)
        else entry(text, *offer, to=f"/app/start/{offer[0]}", here=False, **_for_script(offer[0]))
        for offer in offered("", bulk=True)
    ]


def row_links(text: Translator, carrier: str) -> list[VdomDict]:
    """The row menu's: the script puts the line's address in."""
    return [
        entry(text, *offer, to="/app/fleet", here=in_portal(offer[0], carrier), **_for_script(offer[0]))
        for offer in OFFERS
    ]


def _for_script(kind: str) -> dict[str, str]:
    """What it starts, and for which states of a line."""
    return {"data-start": kind, "data-for": " ".join(sorted(KINDS[kind].statuses))}
