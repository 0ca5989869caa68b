"""Words, colours and shapes for the stable codes of the business: states, reasons, actions, kinds."""

from datetime import datetime

from reactpy.types import VdomDict

from backend.catalog.names import Catalogue
from backend.catalog.profiles import profile
from backend.catalog.schemas import Family
from backend.core import clock
from backend.lines.schemas import HistoryEntry
from backend.orders.schemas import ItemState, OrderState
from backend.orders.words import action_words as order_words
from frontend.components.basics import pill
from frontend.text import Text, mark
from frontend.visit import Visit

LINE_STATES = {
    "ordered": (mark("Ordered"), "running", "half"),
    "pending_active": (mark("Activation under way"), "running", "half"),
    "active": (mark("Active"), "active", "dot"),
    "suspended": (mark("Suspended"), "", "pause"),
    "pending_release": (mark("Departure planned"), "attention", "clock"),
    "pending_termination": (mark("Termination under way"), "attention", "clock"),
    "released_prepaid": (mark("Moved to prepaid"), "", "minus"),
    "released_private": (mark("Taken over privately"), "", "minus"),
    "terminated": (mark("Terminated"), "lost", "trash"),
    "aborted": (mark("Aborted"), "lost", "close"),
}
ORDER_STATES = {
    OrderState.DRAFT: (mark("Draft"), "", "ring"),
    OrderState.AWAITING_APPROVAL: (mark("Waiting for approval"), "attention", "clock"),
    OrderState.SCHEDULED: (mark("Planned"), "running", "clock"),
    OrderState.GRACE: (mark("Can still be undone"), "running", "half"),
    OrderState.SUBMITTED: (mark("Being sent"), "running", "half"),
    OrderState.IN_PROGRESS: (mark("In progress"), "running", "half"),
    OrderState.HELD: (mark("Information missing"), "attention", "pause"),
    OrderState.COMPLETED: (mark("Completed"), "active", "check"),
    OrderState.PARTIAL: (mark("Partly completed"), "attention", "alert"),
    OrderState.FAILED: (mark("Failed"), "lost", "close"),
    OrderState.REJECTED: (mark("Refused"), "lost", "close"),
    OrderState.CANCELLED: (mark("Undone"), "", "minus"),
}
ITEM_STATES = {
    ItemState.WAITING: (mark("Waiting"), "", "ring"),
    ItemState.SENT: (mark("Being sent"), "running", "half"),
    ItemState.IN_PROGRESS: (mark("In progress"), "running", "half"),
    ItemState.HELD: (mark("Information missing"), "attention", "pause"),
    ItemState.DONE: (mark("Done"), "active", "check"),
    ItemState.FAILED: (mark("Failed"), "lost", "close"),
    ItemState.CANCELLED: (mark("Undone"), "", "minus"),
    ItemState.SKIPPED: (mark("Skipped"), "", "minus"),
}
RUNNING = frozenset(
    {
        OrderState.GRACE,
        OrderState.SUBMITTED,
        OrderState.IN_PROGRESS,
        OrderState.HELD,
        OrderState.SCHEDULED,
        OrderState.AWAITING_APPROVAL,
    }
)
PRODUCT_TYPES = {
    "voice_data": (mark("Voice and data"), "phone"),
    "data_only": (mark("Data only"), "tablet"),
}
FAMILIES = {
    Family.ROAMING: (mark("Abroad"), "roaming"),
    Family.DATA: (mark("Data"), "data"),
    Family.VOICE: (mark("Voice"), "voice"),
    Family.SMS: (mark("SMS"), "sms"),
    Family.OTHER: (mark("Other"), "options"),
}
ESIM_STATES = {
    "requested": mark("Requested"),
    "allocated": mark("Being prepared"),
    "released": mark("Ready to be installed"),
    "downloaded": mark("Downloaded on the device"),
    "installed": mark("Installed on the device"),
    "enabled": mark("Active on the device"),
    "disabled": mark("Switched off on the device"),
    "deleted": mark("Deleted from the device"),
    "expired": mark("The code has expired"),
    "revoked": mark("Withdrawn"),
    "error": mark("The download failed"),
}
SIM_STATES = {
    "assigned": mark("Kept for a request"),
    "active": mark("Active"),
    "blocked": mark("Blocked"),
}
AGREEMENT_STATES = {
    "document_pending": mark("A signed contract is needed"),
    "under_review": mark("The operator is looking at the contract"),
    "active": mark("In force"),
}
ACTIONS = {
    "line.gone_at_carrier": mark("No longer at the operator"),
    "puk.shown": mark("PUK code shown"),
    "esim.code_shown": mark("eSIM code shown"),
    "esim.confirmed": mark("eSIM confirmed by the user"),
    "contract.looked_at": mark("Contract looked at by the operator"),
    "contract.accepted": mark("Contract accepted by the operator"),
    "contract.refused": mark("Contract refused by the operator"),
    "usage.detail_shown": mark("Detail of usage looked at"),
    "cap.raised": mark("Cap abroad raised for one month"),
}


def line_state(text: Text, code: str) -> VdomDict:
    words, tone, shape = LINE_STATES.get(code, (code, "", "ring"))
    return pill(text(words), tone, shape)


def line_state_words(text: Text, code: str) -> str:
    return text(LINE_STATES[code][0]) if code in LINE_STATES else code


def lines_in_state(text: Text, code: str) -> str:
    """The state of several lines, where a language has another form for it."""
    match code:
        case "active":
            return text.context("lines", "Active")
        case "suspended":
            return text.context("lines", "Suspended")
        case _:
            return line_state_words(text, code)


def counted_items(text: Text, state: ItemState, n: int) -> str:
    """How many lines of a request are in a state: "2 done"."""
    words = {
        ItemState.WAITING: text.plural("{n} waiting", "{n} waiting", n),
        ItemState.SENT: text.plural("{n} being sent", "{n} being sent", n),
        ItemState.IN_PROGRESS: text.plural("{n} in progress", "{n} in progress", n),
        ItemState.HELD: text.plural("{n} with information missing", "{n} with information missing", n),
        ItemState.DONE: text.plural("{n} done", "{n} done", n),
        ItemState.FAILED: text.plural("{n} failed", "{n} failed", n),
        ItemState.CANCELLED: text.plural("{n} undone", "{n} undone", n),
        ItemState.SKIPPED: text.plural("{n} skipped", "{n} skipped", n),
    }
    return words[state]


def order_state(text: Text, state: OrderState) -> VdomDict:
    words, tone, shape = ORDER_STATES[state]
    return pill(text(words), tone, shape)


def item_state(text: Text, state: ItemState) -> VdomDict:
    words, tone, shape = ITEM_STATES[state]
    return pill(text(words), tone, shape)


def action_words(visit: Visit, entry: HistoryEntry) -> str:
    """What happened: orders speak for themselves, in the words of their kind."""
    catalogue = Catalogue(profile(visit.profile.carrier), visit.text.language)
    said = order_words(catalogue, entry.action, entry.detail)
    return said or visit.text(ACTIONS.get(entry.action, mark("Changed")))


def network_words(text: Text, at: datetime | None) -> str:
    """How old the carrier's data is; the hour alone while it is today's."""
    if at is None:
        return ""
    today = clock.local(at).date() == clock.today()
    when = text.time(at) if today else text.moment(at)
    return text("Network data of {when}", when=when)
