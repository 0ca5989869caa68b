"""What a page may send over its socket: events of the client, so large, so many, over so many sockets. Pure."""

import time
from typing import Any

import orjson

# A selection of 20,000 lines by their ids
LARGEST = 1024 * 1024
# A target is a path of keys
LONGEST_TARGET = 4 * 1024
# Of one object of an event: the fields of a form
MOST_FIELDS = 300
# Values of an event, and of those the ones that are no id of a line
MOST_VALUES, MOST_OTHER_VALUES = 20_500, 1000
# Signs of one value: what somebody pastes into a field
LONGEST_VALUE = 64 * 1024
DEEPEST = 8
LENGTH_OF_ID = 36
# Typing makes about ten a second
MESSAGES, MESSAGES_A_SECOND = 300.0, 30.0
BYTES, BYTES_A_SECOND = 4.0 * 1024 * 1024, 128.0 * 1024
# Of one member in one process: pages in tabs, of several browsers
SOCKETS = 40


def is_event(text: object) -> bool:
    """Whether a message is an event as our client sends it: {"type": "layout-event", "target": …, "data": […]}."""
    if not isinstance(text, str) or len(text) > LARGEST:
        return False
    try:
        message = orjson.loads(text)
    except ValueError:
        return False
    if not isinstance(message, dict) or message.get("type") != "layout-event":
        return False
    target, data = message.get("target"), message.get("data")
    return (
        isinstance(target, str)
        and len(target) <= LONGEST_TARGET
        and isinstance(data, list)
        and len(message) <= MOST_FIELDS
        and is_small(data)
    )


def is_small(data: list[Any]) -> bool:
    """Whether what an event carries is no more than a form or a selection: what handles it may look at all of it."""
    values = others = 0
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for found in level:
            if isinstance(found, dict):
                if len(found) > MOST_FIELDS or any(len(name) > LONGEST_VALUE for name in found):
                    return False
                below += found.values()
            elif isinstance(found, list):
                below += found
            elif isinstance(found, str) and len(found) > LONGEST_VALUE:
                return False
        values += len(below)
        others += sum(not (isinstance(one, str) and len(one) == LENGTH_OF_ID) for one in below)
        if values > MOST_VALUES or others > MOST_OTHER_VALUES:
            return False
        if not below:
            return True
        level = below
    return False


class MessageBudget:
    """How long the next message has to wait. A burst is free, and fills up again with time."""

    def __init__(self) -> None:
        self._messages, self._bytes, self._at = MESSAGES, BYTES, time.monotonic()

    def wait_for(self, size: int) -> float:
        """Take one message of so many bytes; returns the seconds to wait before it is handed on."""
        now = time.monotonic()
        passed, self._at = now - self._at, now
        self._messages = min(MESSAGES, self._messages + passed * MESSAGES_A_SECOND) - 1
        self._bytes = min(BYTES, self._bytes + passed * BYTES_A_SECOND) - size
        return max(0.0, -self._messages / MESSAGES_A_SECOND, -self._bytes / BYTES_A_SECOND)
