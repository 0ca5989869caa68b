"""What can be asked for a line: the same on the line's page, in the row menu and in the selection bar."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.lines.schemas import LineDetail
from backend.orders.kinds import KINDS
from frontend.components.actions import button, link_button
from frontend.elements import Child, icon
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext

# A kind, its icon, its words
Offer = tuple[str, str, str]
# In the order in which they are offered, in groups with a name. What loses something stands last.
PLAN_GROUP: Sequence[Offer] = (
    ("change_options", "options", translatable("Change options")),
    ("change_plan", "phone", translatable("Change plan")),
    ("change_barrings", "lock", translatable("Change barrings")),
    ("change_spend_cap", "roaming", translatable("Change the cap abroad")),
)
USER_GROUP: Sequence[Offer] = (
    ("change_user", "user", translatable("Change the user")),
    ("change_cost_centre", "people", translatable("Change cost centre")),
    ("split_billing", "half", translatable("Share the bill")),
)
LINE_GROUP: Sequence[Offer] = (
    ("suspend", "pause", translatable("Suspend")),
    ("reactivate", "refresh", translatable("Reactivate")),
    ("replace_sim", "sim", translatable("Replace the SIM card")),
    ("request_esim", "data", translatable("Request an eSIM")),
    ("resend_esim", "mail", translatable("Send the eSIM mail again")),
)
LEAVE_GROUP: Sequence[Offer] = (
    ("move_account", "send", translatable("Move to another customer number")),
    ("convert_to_prepaid", "minus", translatable("Convert to prepaid")),
    ("depart", "signout", translatable("Departure with the number")),
)
LOSS_GROUP: Sequence[Offer] = (("terminate", "trash", translatable("Terminate")),)

Group = tuple[str, Sequence[Offer]]
# On the line's page these stand beside their values
BESIDE_VALUES: Sequence[Group] = (
    (translatable("Plan and options"), PLAN_GROUP),
    (translatable("User and invoice"), USER_GROUP),
)
IN_MENU: Sequence[Group] = (
    (translatable("SIM card and state"), LINE_GROUP),
    (translatable("Transfer or release"), LEAVE_GROUP),
    (translatable("Loss"), LOSS_GROUP),
)
GROUPS: Sequence[Group] = (*BESIDE_VALUES, *IN_MENU)
OFFERS: Sequence[Offer] = tuple(offer for _, offers in GROUPS for offer in offers)
DANGER = frozenset(kind for kind, _, _ in LOSS_GROUP)
# Directly in the selection bar, without its menu
IN_BAR = ("change_options", "suspend", "reactivate", "convert_to_prepaid")


def in_portal(kind: str, carrier: str) -> bool:
    """Whether it can be asked for here; else the carrier does it through support, and the action says so."""
    return KINDS[kind].in_portal(profile(carrier))


def offered(detail: LineDetail, kind: str) -> bool:
    """Whether it makes sense for this line."""
    if kind == "resend_esim" and (detail.esim is None or detail.esim.why_not):
        return False
    return detail.status in KINDS[kind].statuses


def start(kind: str, line_id: object) -> str:
    return f"/app/start/{kind}?line={line_id}"


def line_actions(page: PageContext, detail: LineDetail) -> list[Child]:
    """The first as a button, and the menu of what has no value beside which it could stand."""
    text, carrier = page.text, page.profile.carrier
    first = [offer for offer in PLAN_GROUP[:1] if offered(detail, offer[0])]
    groups = [(words, [offer for offer in offers if offered(detail, offer[0])]) for words, offers in IN_MENU]
    buttons: list[Child] = [
        link_button(text(words), start(kind, detail.id), mark=shape, kind="primary")
        for kind, shape, words in first
    ]
    if not any(offers for _, offers in groups):
        return buttons
    parts = [
        part
        for title, offers in groups
        if offers
        for part in (
            menu_title(text, title),
            *(
                entry(text, *offer, to=start(offer[0], detail.id), here=in_portal(offer[0], carrier))
                for offer in offers
            ),
        )
    ]
    return [
        *buttons,
        html.button(
            {"class": "button", "type": "button", "popovertarget": "line-menu", "key": "more"},
            text("More"),
            icon("down", "icon-small"),
        ),
        html.div({"class": "menu menu-grouped", "id": "line-menu", "popover": "auto", "key": "menu"}, *parts),
    ]


def menu_title(text: Translator, words: str) -> VdomDict:
    """The name of a group in a menu."""
    return html.p({"class": "menu-title", "key": words}, text(words))


def entry(
    text: Translator, kind: str, shape: str, words: str, *, to: str, here: bool = True, **more: str
) -> VdomDict:
    """One action of a menu. What the carrier does through support (not `here`) leads to the page that says how."""
    danger = {"class": "menu-danger"} if kind in DANGER else {}
    said: Child = text(words)
    if not here:
        said = html.span(text(words), " ", html.small(text("through support")))
    return html.a({"href": to, "key": kind, **danger, **more}, icon(shape), said)


def bar_buttons(text: Translator, carrier: str) -> list[VdomDict]:
    """What the selection bar offers first: shown by the script for the selection's status."""
    shapes = {kind: (shape, words) for kind, shape, words in OFFERS}
    return [
        button(
            text(shapes[kind][1]),
            mark=shapes[kind][0],
            more={"key": kind, **_for_script(kind), "data-work": ""},
        )
        for kind in IN_BAR
        if in_portal(kind, carrier)
    ]


def bar_menu(text: Translator, carrier: str) -> list[VdomDict]:
    """The selection bar's menu: everything else that several lines may be asked for at once."""
    return _grouped(
        text,
        [
            (
                title,
                [
                    _bar_entry(text, carrier, offer)
                    for offer in offers
                    if KINDS[offer[0]].bulk and (offer[0] not in IN_BAR or not in_portal(offer[0], carrier))
                ],
            )
            for title, offers in GROUPS
        ],
    )


def _bar_entry(text: Translator, carrier: str, offer: Offer) -> VdomDict:
    kind, shape, words = offer
    if not in_portal(kind, carrier):
        return entry(text, *offer, to=f"/app/start/{kind}", here=False, **_for_script(kind))
    danger = {"class": "menu-danger"} if kind in DANGER else {}
    attributes = {"type": "button", "key": kind, **danger, **_for_script(kind), "data-work": ""}
    return html.button(attributes, icon(shape), text(words))


def row_links(text: Translator, carrier: str) -> list[VdomDict]:
    """The row menu's: the script puts the line's address in."""
    return _grouped(
        text,
        [
            (
                title,
                [
                    entry(
                        text,
                        *offer,
                        to="/app/fleet",
                        here=in_portal(offer[0], carrier),
                        **_for_script(offer[0]),
                    )
                    for offer in offers
                ],
            )
            for title, offers in GROUPS
        ],
    )


def _grouped(text: Translator, groups: Sequence[tuple[str, Sequence[VdomDict]]]) -> list[VdomDict]:
    """Entries under the names of their groups; the script hides a name under which nothing is shown."""
    return [part for title, entries in groups if entries for part in (menu_title(text, title), *entries)]


def _for_script(kind: str) -> dict[str, str]:
    """What it starts, and for which lines: their states, and whether their eSIM mail can be sent again."""
    esim = {"data-esim": ""} if kind == "resend_esim" else {}
    return {"data-start": kind, "data-for": " ".join(sorted(KINDS[kind].statuses)), **esim}
