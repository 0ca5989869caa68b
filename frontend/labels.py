"""Words, colours and shapes for the stable codes of the business: states, reasons, kinds."""

from datetime import datetime

from reactpy.types import VdomDict

from backend.catalog.schemas import OptionFamily
from backend.core import clock
from backend.core.permissions import Portal
from backend.lines.schemas import EsimView
from backend.orders.lifecycle import OrderState
from frontend.elements import pill
from frontend.i18n import Translator, translatable

PORTALS = {Portal.MANAGER: translatable("Fleet management"), Portal.USER: translatable("My mobile")}
# What people call the formats of a download
FILE_FORMATS = {"xlsx": "Excel", "csv": "CSV"}
LINE_STATES = {
    "ordered": (translatable("Ordered"), "running", "half"),
    "pending_active": (translatable("Activation under way"), "running", "half"),
    "active": (translatable("Active"), "active", "dot"),
    "suspended": (translatable("Suspended"), "", "pause"),
    "pending_release": (translatable("Departure planned"), "attention", "clock"),
    "pending_termination": (translatable("Termination under way"), "attention", "clock"),
    "released_prepaid": (translatable("Moved to prepaid"), "", "minus"),
    "released_private": (translatable("Taken over privately"), "", "minus"),
    "terminated": (translatable("Terminated"), "lost", "trash"),
    "aborted": (translatable("Aborted"), "lost", "close"),
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
    "voice_data": (translatable("Voice and data"), "phone"),
    "data_only": (translatable("Data only"), "tablet"),
}
FAMILIES = {
    OptionFamily.ROAMING: (translatable("Abroad"), "roaming"),
    OptionFamily.DATA: (translatable("Data"), "data"),
    OptionFamily.VOICE: (translatable("Voice"), "voice"),
    OptionFamily.SMS: (translatable("SMS"), "sms"),
    OptionFamily.OTHER: (translatable("Other"), "options"),
}
ESIM_STATES = {
    "requested": translatable("Requested"),
    "allocated": translatable("Being prepared"),
    "released": translatable("Ready to be installed"),
    "downloaded": translatable("Downloaded on the device"),
    "installed": translatable("Installed on the device"),
    "enabled": translatable("Active on the device"),
    "disabled": translatable("Switched off on the device"),
    "deleted": translatable("Deleted from the device"),
    "expired": translatable("The code has expired"),
    "revoked": translatable("Withdrawn"),
    "error": translatable("The download failed"),
}
SIM_STATES = {
    "assigned": translatable("Kept for a request"),
    "active": translatable("Active"),
    "blocked": translatable("Blocked"),
}
AGREEMENT_STATES = {
    "document_pending": translatable("A signed contract is needed"),
    "under_review": translatable("The operator is looking at the contract"),
    "active": translatable("In force"),
}


def esim_state_words(text: Translator, esim: EsimView) -> str:
    """How an eSIM profile is; whose confirmation it waits for comes before its state."""
    if esim.waits_for_user:
        return text("Waiting for the user to confirm")
    return text(ESIM_STATES.get(esim.state, esim.state))


def line_state(text: Translator, code: str) -> VdomDict:
    words, tone, shape = LINE_STATES.get(code, (code, "", "ring"))
    return pill(text(words), tone, shape)


def line_state_words(text: Translator, code: str) -> str:
    return text(LINE_STATES[code][0]) if code in LINE_STATES else code


def lines_in_state(text: Translator, code: str) -> str:
    """The state of several lines, where a language has another form for it."""
    match code:
        case "active":
            return text.context("lines", "Active")
        case "suspended":
            return text.context("lines", "Suspended")
        case _:
            return line_state_words(text, code)


def network_words(text: Translator, at: datetime | None) -> str:
    """How old the carrier's data is; the hour alone while it is today's."""
    if at is None:
        return ""
    today = clock.local(at).date() == clock.today()
    when = text.time(at) if today else text.moment(at)
    return text("Network data of {when}", when=when)
