"""Where a message that is set aside came from, and what became of it. Pure."""

from enum import StrEnum


class SetAsideSource(StrEnum):
    """How a carrier's message came to us."""

    # A signed callback of the carrier
    CALLBACK = "callback"
    # What it answered about an order: to a request of ours, or when it was asked
    ANSWER = "answer"
    # One service of its inventory, or the whole page
    INVENTORY = "inventory"
    # A SIM card or eSIM profile
    SIM = "sim"


class SetAsideState(StrEnum):
    """What became of a message that was set aside."""

    OPEN = "open"
    # Applied, or the carrier said it again in a form that could be read
    DONE = "done"
    DISMISSED = "dismissed"
